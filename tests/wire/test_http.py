"""The same bot over HTTP: signed events in, answers out; and what is not signed is refused."""

import asyncio
import time

import aiohttp

from bot.serve import running
from orchestrator.pipeline import Pipeline
from sandbox.sandbox import Sandbox
from tests.conftest import NOON
from tests.wire.conftest import ask, bot_settings, table_of


async def test_a_mention_over_http_is_answered(sandbox: Sandbox, pipeline: Pipeline) -> None:
    """Without Socket Mode a signed event is answered all the same."""
    settings = bot_settings(sandbox, CROSSTALK_HTTP_PORT="0")
    settings = settings.model_copy(update={"slack_app_token": None})
    slack = sandbox.slack
    async with running(settings, pipeline, clock=lambda: NOON, min_interval_s=0.0) as url:
        slack.request_url = f"{url}/slack/events"
        try:
            states = await ask(sandbox, "how many customers in Germany?")
        finally:
            slack.request_url = None
    assert table_of(states[-1])[1:] == [["1,106"]]


async def test_what_is_not_signed_is_refused(sandbox: Sandbox, pipeline: Pipeline) -> None:
    """A wrong signature and a timestamp that is no number give 401; health needs neither."""
    settings = bot_settings(sandbox).model_copy(update={"slack_app_token": None})
    async with (
        running(settings, pipeline) as url,
        aiohttp.ClientSession() as session,
    ):
        for stamp in (str(int(time.time())), "yesterday"):
            headers = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": stamp}
            sent = session.post(f"{url}/slack/events", data=b"{}", headers=headers)
            async with sent as response:
                assert response.status == 401
        async with session.get(f"{url}/healthz") as response:
            assert response.status == 200


async def test_two_questions_in_one_thread_are_answered_in_order(
    sandbox: Sandbox, bot: str
) -> None:
    """A second question in a thread waits for the first, and both are answered there."""
    changes = sandbox.slack.workspace.subscribe()
    first = await sandbox.slack.post_as("U0MARCO", "C0SALES", "@crosstalk how many products?")
    await sandbox.slack.post_as(
        "U0MARCO", "C0SALES", "@crosstalk how many customers in Germany?", first
    )
    answers: list[list[list[str]]] = []
    async with asyncio.timeout(60):
        async for change in changes:
            message = change.get("message") or {}
            if message.get("thread_ts") == first and table_of(message):
                answers.append(table_of(message))
            if len(answers) == 2:
                break
    sandbox.slack.workspace.unsubscribe(changes)
    assert [answer[1] for answer in answers] == [["120"], ["1,106"]]
