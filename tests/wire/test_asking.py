"""Mentions and what they bring: eyes and a status, one progress message, an answer in the thread.

The rest of what a question can look like is in test_followups.py and test_commands.py.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.errors import SourceUnreachable
from adapters.query import NativeQuery
from orchestrator.registry import Source
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, Transport, both_ways, is_progress, table_of
from tests.wire.office import Message, Office, opened_office, opened_slack

SPENT = "which enterprise customers with open P1 tickets spent the most last quarter?"
ALL_THREE = (
    "which enterprise customers with open P1 tickets who complained about invoices "
    "spent the most last quarter?"
)


class Away:
    """An adapter whose database can't be reached."""

    def __init__(self, inner: Any) -> None:
        self.source, self.kind = inner.source, inner.kind
        self.capabilities = inner.capabilities
        self.introspect = inner.introspect

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Fail as the real adapters do."""
        raise SourceUnreachable(
            f"{self.source} can't be reached. What it would have added is missing from the answer. "
            "Check that the database is up, then ask again."
        )


@pytest.fixture
async def office(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, transport: Transport
) -> AsyncGenerator[Office]:
    """The company's office."""
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, model, tmp_path, transport) as one,
    ):
        yield one


def is_answer(message: Message) -> bool:
    """Whether a message is a whole answer."""
    return bool(table_of(message)) and message.get("streaming_state") != "in_progress"


@both_ways
async def test_a_mention_is_answered_in_its_thread(office: Office) -> None:
    """Eyes and a status come first, then one progress message, and the answer under it."""
    ts = await office.slack.post_as(MARCO, SALES, f"@crosstalk {SPENT}")
    answer = await office.until(is_answer)
    asked = office.slack.workspace.channels[SALES].messages[ts]
    assert [reaction["name"] for reaction in asked["reactions"]] == ["eyes"]
    called = [name for name, _ in office.slack.calls]
    assert called.index("assistant.threads.setStatus") < called.index("chat.postMessage")
    progress, last = office.slack.workspace.channels[SALES].thread(ts)[1:]
    assert last["ts"] == answer["ts"]
    cards = {card["title"]: card["status"] for card in progress["blocks"][0]["tasks"]}
    assert set(cards) == {"sales: order, customer", "support: ticket", "Join", "Answer"}
    assert set(cards.values()) == {"complete"}
    kinds = [block["type"] for block in answer["blocks"]]
    for kind in ("section", "data_table", "context", "container", "actions", "context_actions"):
        assert kind in kinds


@both_ways
async def test_two_questions_in_one_thread_are_answered_in_order(office: Office) -> None:
    """A second mention in a thread waits for the first, and both are answered there."""
    first = await office.slack.post_as(MARCO, SALES, "@crosstalk how many products?")
    await office.until(is_progress)
    second = "@crosstalk how many customers in Germany?"
    await office.slack.post_as(MARCO, SALES, second, first)
    answers = [await office.until(is_answer) for _ in range(2)]
    assert [answer["thread_ts"] for answer in answers] == [first, first]
    assert [table_of(answer)[1] for answer in answers] == [["120"], ["1,106"]]


@both_ways
async def test_a_mentioned_source_is_the_only_one(office: Office) -> None:
    """With “@support” a category is that of tickets, and the answer says what was looked at."""
    await office.slack.post_as(MARCO, SALES, "@crosstalk @support how many tickets by category?")
    answer = await office.until(is_answer)
    assert "only what lies in @support" in str(answer["blocks"])
    (progress,) = {m["ts"]: m for m in office.seen if is_progress(m)}.values()
    titles = [card["title"] for card in progress["blocks"][0]["tasks"]]
    assert titles == ["support: ticket", "Answer"]


@both_ways
@pytest.mark.parametrize("breaks", ["", "chat.appendStream", "chat.stopStream"])
async def test_a_long_answer_is_streamed(office: Office, breaks: str) -> None:
    """What there is much to say about comes as it would be spoken; where the stream breaks, the
    message begun becomes the answer, and there is one."""
    sources = office.pipeline.sources
    for name in ("support", "notes"):
        sources[name] = Source(name, sources[name].spec, Away(sources[name].adapter))
    if breaks:
        office.slack.inject(breaks, "message_not_in_streaming_state")
    ts = await office.slack.post_as(MARCO, SALES, f"@crosstalk {ALL_THREE}")
    answer = await office.until(is_answer)
    assert "chat.startStream" in [name for name, _ in office.slack.calls]
    assert "artial answer" in answer["text"]
    posted = office.slack.workspace.channels[SALES].thread(ts)[1:]
    assert [is_answer(message) for message in posted] == [False, True]
