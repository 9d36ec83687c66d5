"""Conversations with the planning model are recorded once, and replayed with no key.

What these tests record is a server that was scripted by hand, and is named so.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.errors import PlannerError
from evals.asking import claude_planner, run
from evals.case import DOMAINS, Case, cases
from evals.domain import Domain, open_domain
from evals.recording import RECORDED, conversation, recording, replaying
from evals.report import kept, page
from evals.run import Outcome, ask
from evals.score import score
from tests.messages_api import ScriptedMessagesApi, asked

KEY = "sk-ant-of-a-person"
COUNT = "SELECT COUNT(*) AS customers FROM customer AS c"
SCRIPT = {
    "how many customers do we have?": COUNT,
    "how many customers are there?": "SELECT c.nam FROM customer AS c",
    "and in Germany?": f"{COUNT} WHERE c.country = 'Germany'",
}
CASES = [
    Case("meridian", "single_source", text, held_out=False, after=after, checks=(check,))
    for text, after, check in (
        ("how many customers do we have?", (), "SELECT COUNT(*) FROM customer"),
        ("how many customers are there?", (), "SELECT COUNT(*) FROM customer"),
        (
            "and in Germany?",
            ("how many customers do we have?",),
            "SELECT COUNT(*) FROM customer WHERE country = 'Germany'",
        ),
    )
]


@pytest.fixture(scope="module")
def domain() -> Domain:
    """The demo company with its rows."""
    return open_domain("meridian")


async def outcomes(domain: Domain, url: str, several: Sequence[Case] = CASES) -> list[Outcome]:
    """What becomes of the cases at an address."""
    planner = claude_planner(KEY, "claude-sonnet-5-5", url)(domain.model)
    try:
        return [await ask(domain, planner, case) for case in several]
    finally:
        await planner.close()


async def recorded(api: ScriptedMessagesApi, domain: Domain, path: Path) -> list[Outcome]:
    """What becomes of the cases while the scripted answers are kept; the first try is refused."""
    api.fails(529, "overloaded_error")
    for case in CASES:
        for text in (*case.after, case.text):
            template = "There are {customers} customers."
            draft = {"kind": "draft", "sql": SCRIPT[text], "template": template}
            api.says(draft | {"assumptions": [], "confidence": 0.9})
    async with recording(path, api.url) as url:
        return await outcomes(domain, url)


async def test_what_is_replayed_is_what_was_said(
    api: ScriptedMessagesApi, domain: Domain, tmp_path: Path
) -> None:
    """Every question comes out as when it was recorded, with the API gone, and none is missing."""
    path = tmp_path / "recordings" / "one.jsonl"
    then = await recorded(api, domain, path)
    calls = len(api.received)
    async with replaying(path) as replay:
        now = await outcomes(domain, replay.url)
    assert [one.verdict for one in then] == ["right", "asked", "right"]
    assert now == then
    assert (replay.stale, replay.missing) == ([], [])
    assert len(api.received) == calls


async def test_what_was_recorded_holds_no_key_and_no_error(
    api: ScriptedMessagesApi, domain: Domain, tmp_path: Path
) -> None:
    """The file has the answers alone, in order, and says that they were scripted by hand."""
    path = tmp_path / "recordings" / "one.jsonl"
    await recorded(api, domain, path)
    assert KEY not in path.read_text()
    held = conversation(path)
    assert held.kind == "scripted"
    assert [json.loads(one.asked) for one in held.exchanges] == [
        asked(request) for request in api.received[1:]
    ]
    assert {one.answer["type"] for one in held.exchanges} == {"message"}


async def test_a_changed_prompt_is_told_and_still_replayed(
    api: ScriptedMessagesApi, domain: Domain, tmp_path: Path
) -> None:
    """When descriptions have changed since, the answers are given and named as stale."""
    path = tmp_path / "recordings" / "one.jsonl"
    await recorded(api, domain, path)
    customer = domain.model.entities["customer"].model_copy(update={"description": "A client"})
    entities = dict(domain.model.entities) | {"customer": customer}
    model = domain.model.model_copy(update={"entities": entities})
    changed = Domain(domain.name, model, domain.compiler, domain.database)
    async with replaying(path) as replay:
        now = await outcomes(changed, replay.url)
    assert [one.verdict for one in now] == ["right", "asked", "right"]
    assert len(replay.stale) == 4


async def test_what_was_not_recorded_is_refused(
    api: ScriptedMessagesApi, domain: Domain, tmp_path: Path
) -> None:
    """Another question has no answer: it is an error and named, never some other answer."""
    path = tmp_path / "recordings" / "one.jsonl"
    await recorded(api, domain, path)
    other = Case("meridian", "single_source", "how many orders?", held_out=False)
    async with replaying(path) as replay:
        with pytest.raises(PlannerError, match="HTTP 400"):
            await outcomes(domain, replay.url, [other])
    assert [json.loads(one)["question"] for one in replay.missing] == ["how many orders?"]


async def test_a_recording_that_broke_off_is_not_kept(tmp_path: Path) -> None:
    """With the API out of reach nothing is written, and what was kept before stays."""
    path = tmp_path / "one.jsonl"
    path.write_text("before")
    with pytest.raises(PlannerError):
        async with recording(path, "http://127.0.0.1:9") as url:
            await outcomes(open_domain("meridian"), url)
    assert path.read_text() == "before"


async def test_the_recording_of_the_repository_still_holds() -> None:
    """Replayed, every question comes out as in the kept score; while nothing has been recorded,
    the page says so and holds no score of Claude's."""
    if not RECORDED.exists():
        assert "Nothing has been recorded yet" in page()
        assert "## claude" not in page()
        return
    held = conversation(RECORDED)
    assert held.kind == "recorded"
    name = held.exchanges[0].model
    async with replaying(RECORDED) as replay:
        make = claude_planner("none", name, replay.url)
        found = [
            one
            for domain in map(open_domain, DOMAINS)
            for one in await run(domain, make(domain.model))
        ]
    assert replay.missing == []
    assert len(found) == sum(len(cases(name)) for name in DOMAINS)
    assert score("claude", found, {}).plain()["total"] == kept("claude")["total"]
