"""Logging of a process: structlog and the standard library, to stderr, with secrets blanked.

Only entry points call `set_up_logs`; everything else asks structlog for a logger.
"""

import logging
import re
import sys
from typing import Any, Literal, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

BLANK = "[redacted]"
BOLT = "slack_bolt"
SECRETS = re.compile(
    r"""xox[a-z](?:\.xox[a-z])?-[\w-]+   # Slack bot, user and refresh tokens
    |xapp-[\w-]+                         # Slack app tokens
    |sk-ant-[\w-]+                       # Anthropic keys
    |hv[sbr]\.[\w-]+                     # Vault tokens
    |(?<=://)[^/\s:@]+:[^/\s@]+(?=@)     # user:password in an address
    """,
    re.VERBOSE,
)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A structlog processor: blanks whatever looks like a secret, however deep it lies."""
    return {key: _blanked(value) for key, value in event.items()}


def _blanked(value: Any) -> Any:
    if isinstance(value, str):
        return SECRETS.sub(BLANK, value)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {key: _blanked(item) for key, item in items}
    if isinstance(value, list | tuple):
        return [_blanked(item) for item in cast("list[Any]", value)]
    if isinstance(value, Exception):
        return _blanked(repr(value))
    return value


def set_up_logs(form: Literal["console", "json"], level: int = logging.INFO) -> None:
    """Send every log line of this process to stderr in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in (
        "httpx",
        "httpx2",
        "uvicorn.access",
        "sentence_transformers",
        "alembic",
        "faiss",
    ):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    # Bolt warns of every event without a listener, and of the token in the environment.
    logging.getLogger(BOLT).setLevel(logging.ERROR)
