"""The bot as a process: Socket Mode, HTTP or both, until it is told to stop; then it drains."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import datetime
from functools import partial

import structlog
import uvicorn
from fastapi import FastAPI
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from adapters.credentials import Secret
from adapters.errors import ConfigurationError
from bot.http import http_app
from bot.line import LINE_S
from bot.metrics import Metrics
from bot.periodic import repeated
from bot.runs import POLL_S, Runs
from bot.settings import Settings
from bot.slack.app import build_app, clients_of, web_client
from bot.slack.approval.listeners import APPROVED, start
from bot.slack.approval.reminders import sweeping
from bot.slack.catalogs import CatalogWatch
from bot.slack.clients import ClientOfSockets
from bot.slack.conversation import Conversation, now
from bot.slack.listeners.events import QUESTION
from bot.slack.pace import PacedClient, reason
from bot.slack.plan_preview import PLAN, PLANNED, PlanPreview
from bot.slack.review import Reviews
from bot.slack.schedule import due
from bot.slack.secrets import app_secrets
from bot.slack.sharing import SHARED, Sharing
from bot.slack.standing import SlackStanding
from bot.wiring import opened_pipeline
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import SemanticModel
from orchestrator.store import Pace, Queue, Schedules, Spending, Stops

log = structlog.get_logger(__name__)

CONNECTIONS = 2  # a client closes its connection before it opens the next
DRAIN_S = 20.0
CLEAN_EVERY_S = 3600.0


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
    poll_s: float = POLL_S,
) -> AsyncGenerator[str]:
    """The whole bot while the block lasts; yields the address of its HTTP side.

    At the end it first stops listening, then lets the questions under way end; what has not
    ended after `drain_s` goes back to the queue. Every `poll_s` it looks for work and for stops.
    """
    metrics, engine = Metrics(pipeline.executor.load), pipeline.store.engine
    queue, pace = Queue(engine, lease_s=settings.lease_seconds), Pace(engine)
    runs = Runs(queue, poll_s=poll_s)
    stops, spending = Stops(engine), Spending(engine, settings.budget())
    secrets = await app_secrets(settings, pipeline.vault)
    async with (
        web_client(settings, secrets.bot, pace) as client,
        _cleaned(queue, pace, stops, spending),
    ):
        clients, installations = await clients_of(settings, client, pipeline.store)
        pipeline.people = SlackStanding(clients)
        conversation = Conversation(
            pipeline,
            clients,
            metrics,
            time_zone=time_zone,
            clock=clock,
            min_interval_s=min_interval_s,
            most_file_bytes=int(settings.file_mb * 1e6),
        )
        runs.handle(QUESTION, conversation.answer, conversation.say, conversation.wait)
        reviews = Reviews(pipeline, clients, conversation.desk, settings.feedback_channel)
        run_approved = reviews.after(conversation.run_approved)
        runs.handle(APPROVED, run_approved, conversation.say_of_run)
        preview = PlanPreview(pipeline, conversation)
        runs.handle(PLAN, preview.show, conversation.say, conversation.wait)
        runs.handle(PLANNED, reviews.after(preview.run), conversation.say_of_run)
        schedules = Schedules(engine)
        scheduled = due.Scheduled(pipeline, clients, schedules, runs, clock)
        runs.handle(due.SCHEDULED, scheduled.do, scheduled.tell)
        watch = CatalogWatch(pipeline, clients, settings.feedback_channel, settings.catalog_seconds)
        await watch.begin()
        sharing = Sharing(pipeline, conversation)
        runs.handle(SHARED, sharing.do, sharing.tell)
        app = build_app(
            settings,
            client,
            pipeline,
            conversation,
            runs,
            preview,
            sharing,
            reviews,
            installations,
        )
        listening = asyncio.Event()
        installs = installations is not None
        routes = http_app(app, secrets.signing, metrics, listening.is_set, installs=installs)
        runs.start()
        try:
            async with (
                _http(settings, routes) as url,
                _sockets(app, client, secrets.app),
                sweeping(conversation.desk, pipeline.approvals, partial(start, pipeline, runs)),
                repeated(lambda: due.sweep(schedules, runs, clock()), due.SWEEP_S),
                repeated(runs.line.tell, LINE_S),
                repeated(watch.step, watch.step_s),
                repeated(lambda: conversation.running.obey(stops), poll_s),
            ):
                listening.set()
                yield url
                listening.clear()
        finally:
            await runs.drain(drain_s)


@contextlib.asynccontextmanager
async def _cleaned(*tables: Queue | Pace | Stops | Spending) -> AsyncGenerator[None]:
    """Forget what is long past, now and every hour while the block lasts."""

    async def clean() -> None:
        for table in tables:
            await table.clean()

    async with repeated(clean, CLEAN_EVERY_S):
        yield


@contextlib.asynccontextmanager
async def _sockets(app: AsyncApp, like: PacedClient, token: Secret | None) -> AsyncGenerator[None]:
    if token is None:
        yield
        return
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            client = ClientOfSockets(like, token)
            handler = AsyncSocketModeHandler(app, await token.value(), web_client=client)
            stack.push_async_callback(handler.close_async)
            try:
                opened = await client.apps_connections_open()
            except SlackApiError as error:
                raise ConfigurationError(
                    f"Slack refused SLACK_APP_TOKEN ({reason(error)}). Make an app-level "
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
