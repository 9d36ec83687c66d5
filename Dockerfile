# The bot alone: no sandbox, no tests. Give it a semantic model at /app/semantic_model.yaml.
# The base is pinned by its exact version; whoever builds for production should pin its digest too
# (`docker buildx imagetools inspect python:3.11.14-slim-bookworm`).
ARG BASE=python:3.11.14-slim-bookworm
FROM ${BASE} AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/crosstalk
WORKDIR /src
COPY requirements-bot.lock requirements-cpu.lock pyproject.toml README.md LICENSE ./
RUN /opt/crosstalk/bin/pip install --no-deps --require-hashes --index-url "$TORCH_INDEX" \
    -r requirements-cpu.lock \
    && /opt/crosstalk/bin/pip install --no-deps --require-hashes -r requirements-bot.lock
COPY adapters adapters
COPY orchestrator orchestrator
COPY bot bot
COPY sandbox sandbox
RUN /opt/crosstalk/bin/pip install --no-deps .

FROM ${BASE}
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/crosstalk crosstalk
COPY --from=build /opt/crosstalk /opt/crosstalk
ENV PATH=/opt/crosstalk/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/var/lib/crosstalk/hub \
    CROSSTALK_MODEL=/app/semantic_model.yaml \
    CROSSTALK_STORE_URL=sqlite+aiosqlite:////var/lib/crosstalk/crosstalk.db \
    CROSSTALK_INDEX_FOLDER=/var/lib/crosstalk/index \
    CROSSTALK_SPILL_FOLDER=/var/lib/crosstalk \
    CROSSTALK_HTTP_HOST=0.0.0.0 \
    CROSSTALK_HTTP_PORT=8080 \
    CROSSTALK_LOG_FORMAT=json
WORKDIR /app
USER crosstalk
VOLUME /var/lib/crosstalk
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['CROSSTALK_HTTP_PORT'] + '/healthz', timeout=2)"]
CMD ["crosstalk", "serve"]
