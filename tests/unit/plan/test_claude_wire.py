"""What can go wrong between the Claude planner and the Messages API, scripted at the wire."""

import asyncio
import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.credentials import Secret, Vault
from adapters.errors import CredentialError, PlannerError, VaultSealed
from orchestrator.plan import Draft
from orchestrator.plan.claude import ClaudePlanner
from orchestrator.question import Question, Requester
from orchestrator.retrieve import Candidates
from orchestrator.semantic import load
from tests.messages_api import Raw, ScriptedMessagesApi, message

MODEL = load(Path(__file__).parents[3] / "semantic_model.yaml", {})
QUESTION = Question("how many customers?", Requester("T1", "U1"))
CANDIDATES = Candidates(("customer",))
SQL = "SELECT COUNT(*) AS customers FROM customer AS c"
DRAFT = {"kind": "draft", "sql": SQL, "template": "", "assumptions": [], "confidence": 0.9}
WHOLE = json.dumps(message(json.dumps({"reply": DRAFT}), "end_turn")).encode()
HALF = WHOLE[: len(WHOLE) // 2]


async def drafted(api: ScriptedMessagesApi, timeout_s: float = 30.0) -> Draft:
    """The draft of a planner that calls the scripted API."""
    claude = ClaudePlanner(MODEL, api_key="secret-key", base_url=api.url, timeout_s=timeout_s)
    try:
        draft = await claude.draft(QUESTION, CANDIDATES)
    finally:
        await claude.close()
    assert isinstance(draft, Draft)
    return draft


async def test_the_time_that_the_api_asks_for_is_waited(api: ScriptedMessagesApi) -> None:
    """After a 429 the second try comes no sooner than the API said."""
    api.headers = {"retry-after-ms": "150"}
    api.fails(429, "rate_limit_error")
    api.says(DRAFT)
    assert (await drafted(api)).sql == SQL
    one, other = api.received_at
    assert other - one >= 0.15


@pytest.mark.parametrize("status", [429, 529])
async def test_a_wait_beyond_the_deadline_is_not_waited(
    api: ScriptedMessagesApi, status: int
) -> None:
    """When the API asks for more patience than a question has, the asker is told at the deadline,
    and there is no second try."""
    api.headers = {"retry-after": "30"}
    api.fails(status, "overloaded_error")
    with pytest.raises(PlannerError, match=r"did not answer within 0\.3 s"):
        await drafted(api, timeout_s=0.3)
    assert len(api.received) == 1


@pytest.mark.parametrize(
    "raw",
    [
        Raw((HALF,), "stall"),
        Raw((b"",), "stall"),
        Raw(tuple(bytes([one]) for one in WHOLE), every_s=0.02),
    ],
    ids=["stalls midway", "stalls after its head", "trickles"],
)
async def test_a_slow_answer_ends_at_the_deadline(api: ScriptedMessagesApi, raw: Raw) -> None:
    """The deadline is for the whole answer: bytes that still come do not put it off."""
    api.script.append((200, raw))
    with pytest.raises(PlannerError, match=r"did not answer within 0\.4 s"):
        await drafted(api, timeout_s=0.4)


async def test_an_answer_in_pieces_is_whole(api: ScriptedMessagesApi) -> None:
    """Pieces that come within the deadline are one answer."""
    api.script.append((200, Raw((HALF, WHOLE[len(HALF) :]), every_s=0.02)))
    assert (await drafted(api)).sql == SQL


async def test_a_connection_that_breaks(api: ScriptedMessagesApi) -> None:
    """An answer whose connection is cut midway is no draft, and the network is named."""
    api.script.append((200, Raw((HALF,), "cut")))
    with pytest.raises(PlannerError, match="can't be reached"):
        await drafted(api)


@pytest.mark.parametrize(
    "raw",
    [
        Raw((b"<html>Sign in to the proxy</html>",), content_type="text/html"),
        Raw((b"not JSON at all",)),
        Raw((HALF,)),
        Raw((b"",)),
        Raw((b"{}",)),
        Raw((b"[]",)),
        Raw((b'"a string"',)),
        Raw((b'{"type": "message", "content": null, "usage": null}',)),
        Raw((b'{"type": "message", "content": [], "usage": {}}',)),
        Raw((json.dumps({"content": [7], "usage": {"input_tokens": "x"}}).encode(),)),
    ],
    ids=["a page", "text", "half", "empty", "object", "list", "string", "nulls", "bare", "odd"],
)
async def test_what_is_no_answer_of_the_api(api: ScriptedMessagesApi, raw: Raw) -> None:
    """Whatever stands at the address, what it says ends in a sentence for people."""
    api.script.append((200, raw))
    with pytest.raises(PlannerError) as raised:
        await drafted(api)
    assert "is not its API's answer" in str(raised.value)
    assert "Sign in" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "stop_reason", "words"),
    [
        ([], "end_turn", "not of the agreed form"),
        ([{"type": "text", "text": '{"reply": null}'}], "end_turn", "not of the agreed form"),
        ([{"type": "text", "text": "{" * 5_000}], "end_turn", "not of the agreed form"),
        (
            [{"type": "text", "text": json.dumps({"reply": DRAFT | {"confidence": "sure"}})}],
            "end_turn",
            "not of the agreed form",
        ),
        (
            [{"type": "text", "text": json.dumps({"reply": DRAFT | {"kind": "order"}})}],
            "end_turn",
            "not of the agreed form",
        ),
        (
            [{"type": "text", "text": json.dumps({"reply": DRAFT})}],
            "max_tokens",
            "cut off",
        ),
        ([], "model_context_window_exceeded", "cut off"),
        ([{"type": "text", "text": json.dumps({"reply": DRAFT})}], "refusal", "declined to read"),
    ],
)
async def test_an_answer_that_is_none(
    api: ScriptedMessagesApi, content: list[Any], stop_reason: str, words: str
) -> None:
    """Empty, malformed, cut-off and refused answers are never read as a draft, not even when the
    text would do."""
    api.script.append((200, message("", stop_reason) | {"content": content}))
    with pytest.raises(PlannerError, match=words):
        await drafted(api)


async def test_blocks_beside_the_text_are_passed_over(api: ScriptedMessagesApi) -> None:
    """Thinking and kinds of blocks that are not known yet stand beside the answer."""
    text = json.dumps({"reply": DRAFT})
    content = [
        {"type": "thinking", "thinking": "customers…", "signature": "s"},
        {"type": "text", "text": text[:20]},
        {"type": "of_tomorrow", "data": 1},
        {"type": "text", "text": text[20:]},
    ]
    api.script.append((200, message("", "end_turn") | {"content": content}))
    assert (await drafted(api)).sql == SQL


async def test_no_error_tells_the_key_or_the_question(api: ScriptedMessagesApi) -> None:
    """What the API says of an error may repeat the request; the asker's sentence does not."""
    for status in (400, 401, 403, 413, 500):
        api.script = [(status, {"type": "error", "error": {"type": "x", "message": "secret-key"}})]
        with pytest.raises(PlannerError) as raised:
            await drafted(api)
        assert "secret-key" not in str(raised.value)
        assert QUESTION.text not in str(raised.value)


async def test_who_stops_waiting_stops_the_call(api: ScriptedMessagesApi) -> None:
    """A question that is stopped gives up its call, so that the API can end it."""
    api.script.append((200, None))
    task = asyncio.create_task(drafted(api))
    await api.asked.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await api.given_up.wait()


async def test_calls_side_by_side_keep_their_answers(api: ScriptedMessagesApi) -> None:
    """Several questions share one planner and its connections, and each gets a draft."""
    api.says(DRAFT)
    claude = ClaudePlanner(MODEL, api_key="key", base_url=api.url)
    asked = [replace(QUESTION, text=f"how many {n}?") for n in range(8)]
    found = await asyncio.gather(*(claude.draft(one, CANDIDATES) for one in asked))
    await claude.close()
    assert all(isinstance(one, Draft) and one.usage.calls == 1 for one in found)
    sent = {json.loads(one["messages"][0]["content"])["question"] for one in api.received}
    assert sent == {one.text for one in asked}


class _Rotated:
    """Vault with a key that somebody changes."""

    def __init__(self, *keys: str | CredentialError) -> None:
        self.keys = list(keys)

    async def fields(self, path: str) -> dict[str, str]:
        """The next key, and then the last one for ever."""
        assert path == "crosstalk/anthropic"
        key = self.keys.pop(0) if len(self.keys) > 1 else self.keys[0]
        if isinstance(key, CredentialError):
            raise key
        return {"api_key": key}


def with_key_of(vault: _Rotated, api: ScriptedMessagesApi) -> ClaudePlanner:
    """A planner whose key lies in Vault."""
    key = Secret("vault:crosstalk/anthropic", cast("Vault", vault))
    return ClaudePlanner(MODEL, api_key=key, base_url=api.url)


async def test_a_rotated_key_is_read_again(api: ScriptedMessagesApi) -> None:
    """A key that the API refuses is read from Vault once more, and the question goes on with the
    new one; no start is needed."""
    api.fails(401, "authentication_error")
    api.says(DRAFT)
    claude = with_key_of(_Rotated("old-key", "new-key"), api)
    draft = await claude.draft(QUESTION, CANDIDATES)
    await claude.close()
    assert isinstance(draft, Draft)
    assert api.keys == ["old-key", "new-key"]


async def test_a_key_that_is_refused_and_was_not_rotated(api: ScriptedMessagesApi) -> None:
    """The same key is not sent twice, and neither key nor Vault's words are in what is said."""
    api.fails(401, "authentication_error")
    claude = with_key_of(_Rotated("old-key"), api)
    with pytest.raises(PlannerError, match="refused the API key") as raised:
        await claude.draft(QUESTION, CANDIDATES)
    await claude.close()
    assert api.keys == ["old-key"]
    assert "old-key" not in repr(raised.value)


async def test_a_key_that_vault_does_not_give(api: ScriptedMessagesApi) -> None:
    """Without Vault there is no key: nothing is sent, and the asker is told where to look."""
    claude = with_key_of(_Rotated(VaultSealed("Vault is sealed.")), api)
    with pytest.raises(PlannerError, match="had from Vault"):
        await claude.draft(QUESTION, CANDIDATES)
    await claude.close()
    assert api.received == []
