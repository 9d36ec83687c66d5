"""The bot as a process: Socket Mode, HTTP or both, until it is told to stop; then it drains."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import datetime

import structlog
import uvicorn
from fastapi import FastAPI
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from adapters.errors import ConfigurationError
from bot.http import http_app
from bot.metrics import Metrics
from bot.runs import Runs
from bot.settings import Settings
from bot.slack.app import build_app, check_token, web_client
from bot.slack.approval.reminders import sweeping
from bot.slack.conversation import Conversation, now
from bot.wiring import opened_pipeline
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import SemanticModel

log = structlog.get_logger(__name__)

CONNECTIONS = 2  # a client closes its connection before it opens the next
DRAIN_S = 20.0


async def serve(settings: Settings, model: SemanticModel) -> None:
    """Run the bot until SIGTERM or SIGINT. Raises ConfigurationError when it can't start."""
    settings.check_reachable()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with (
        opened_pipeline(settings, model) as pipeline,
        running(settings, pipeline, time_zone=model.time_zone) as url,
    ):
        log.info("serving", http=url, socket_mode=settings.app_token() is not None)
        await stop.wait()
        log.info("draining")


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    pipeline: Pipeline,
    *,
    time_zone: str = "UTC",
    clock: Callable[[], datetime] = now,
    min_interval_s: float = 3.0,
    drain_s: float = DRAIN_S,
) -> AsyncGenerator[str]:
    """The whole bot while the block lasts; yields the address of its HTTP side.

    At the end it first stops listening, then lets the questions under way end.
    """
    client, metrics, runs = web_client(settings), Metrics(pipeline.executor.limits), Runs()
    await check_token(client)
    conversation = Conversation(
        pipeline,
        client,
        metrics,
        time_zone=time_zone,
        clock=clock,
        min_interval_s=min_interval_s,
    )
    app = build_app(settings, client, pipeline, conversation, runs)
    listening = asyncio.Event()
    signed = app if settings.signing_secret() is not None else None
    try:
        async with (
            _http(settings, http_app(signed, metrics, listening.is_set)) as url,
            _sockets(app, settings.app_token()),
            sweeping(conversation.desk, pipeline.approvals),
        ):
            listening.set()
            yield url
            listening.clear()
    finally:
        await runs.drain(drain_s)


@contextlib.asynccontextmanager
async def _sockets(app: AsyncApp, token: str | None) -> AsyncGenerator[None]:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CONNECTIONS if token is not None else 0):
            handler = AsyncSocketModeHandler(app, token)
            stack.push_async_callback(handler.close_async)
            try:
                opened = await app.client.apps_connections_open(app_token=token or "")
            except SlackApiError as error:
                raise ConfigurationError(
                    f"Slack refused SLACK_APP_TOKEN ({error.response['error']}). Make an app-level "
                    "token with the scope connections:write on the page “Basic Information”."
                ) from None
            handler.client.wss_uri = opened["url"]
            await handler.connect_async()
        yield


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers of its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@contextlib.asynccontextmanager
async def _http(settings: Settings, app: FastAPI) -> AsyncGenerator[str]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.http_host, settings.http_port))
        except OSError as error:
            raise ConfigurationError(
                f"Can't listen on {settings.http_host}:{settings.http_port} ({error.strerror}). "
                "Set CROSSTALK_HTTP_HOST and CROSSTALK_HTTP_PORT to a free address."
            ) from None
        listener.listen()
        host, port = listener.getsockname()[:2]
        server = _Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            await task
