"""What is not signed is refused; that what is signed is answered, the tests `both_ways` hold."""

import time

import aiohttp

from bot.serve import running
from orchestrator.pipeline import Pipeline
from sandbox.sandbox import Sandbox
from tests.wire.conftest import bot_settings


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
