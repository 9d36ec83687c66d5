"""A table's file that Slack does not take."""

import pytest

from bot.slack.answer.files import TableFile
from bot.slack.answer.post import upload_file
from bot.slack.thread import Thread
from tests.unit.bot.builders import FakeClient

FILE = TableFile("answer-r1.csv", b"a\n1\n", 1, 1, "")


@pytest.mark.parametrize(
    ("error", "told"), [("missing_scope", "missing_scope"), ("upstream error", "HTTP 503")]
)
async def test_a_file_that_is_not_taken_costs_a_sentence(error: str, told: str) -> None:
    """Whether Slack refuses it or something before Slack fails, the thread is told why."""
    client = FakeClient({"files_upload_v2": error})
    await upload_file(Thread(client.port, "C1", "1.1"), FILE)
    (post,) = client.of("chat_postMessage")
    assert f"Slack did not take answer-r1.csv ({told})" in post["text"]
