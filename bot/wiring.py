"""Settings and a semantic model to a pipeline that is closed when its block ends."""

import contextlib
from collections.abc import AsyncGenerator

from bot.settings import Settings
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import SemanticModel


@contextlib.asynccontextmanager
async def opened_pipeline(
    settings: Settings, model: SemanticModel, *, warm: bool = True
) -> AsyncGenerator[Pipeline]:
    """The pipeline of these settings; `warm` loads the embedding model behind the scenes."""
    from bot.slack.history import history_kind
    from orchestrator.wire import open_pipeline

    pipeline = await open_pipeline(
        model=model,
        vault=settings.vault(),
        store_url=settings.store_url,
        embedding_model=settings.embedding_model,
        anthropic_api_key=settings.anthropic_key(),
        anthropic_model=settings.anthropic_model,
        staging=settings.staging(),
        cache_seconds=settings.cache_seconds,
        cache_bytes=settings.cache_bytes,
        warm=warm,
        kinds={"slack": history_kind(settings)},
    )
    try:
        yield pipeline
    finally:
        await pipeline.close()
