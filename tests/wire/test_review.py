"""Proposed verified queries through the real bot: from a thumb or an edited plan to the owners, and
from their decision to a diff."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, Transport, both_ways, command_line
from tests.wire.office import Message, Office, buttons, opened_office, opened_slack
from tests.wire.test_commands import SQL, is_preview, typed
from tests.wire.test_home import ELIN, OWNERS, answer_to, thumb

ADA, LUC = "U0ADA", "U0LUC"
ASKED = "how many customers in Germany?"


@pytest.fixture
async def office(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, transport: Transport
) -> AsyncGenerator[Office]:
    """The office, where customers are owned by the group of the approvers."""
    customer = model.entities["customer"].model_copy(update={"owners": ("@data-approvers",)})
    owned = model.model_copy(update={"entities": {**model.entities, "customer": customer}})
    async with (
        opened_slack(sandbox) as slack,
        opened_office(
            sandbox, slack, owned, tmp_path, transport, CROSSTALK_FEEDBACK_CHANNEL=OWNERS
        ) as one,
    ):
        yield one


def is_proposal(message: Message) -> bool:
    """Whether a message is a proposal that waits."""
    return "query_accept" in {one["action_id"] for one in buttons(message)}


async def found_good(office: Office, by: str, words: str = ASKED) -> Message:
    """An answer that somebody found good: its proposal in the owners' channel."""
    answer = await answer_to(office, words)
    value = thumb(answer, "positive")
    await office.slack.press(by, answer["channel"], answer["ts"], "feedback", value)
    return await office.until(is_proposal)


async def decided(office: Office, user: str, proposal: Message, verdict: str) -> Message:
    """Decide on a proposal, and wait for its message to say so."""
    await office.press(user, proposal, f"query_{verdict}")
    return await office.until(lambda m: m["ts"] == proposal["ts"] and not buttons(m))


@both_ways
async def test_an_owner_accepts_what_was_found_good(
    office: Office, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The owners get the question and its SQL, and no rows; who proposed it, and who is no owner,
    can't decide. Accepted, it is a diff of the model, which adds its lines and takes none away."""
    proposal = await found_good(office, ADA)
    shown = str(proposal["blocks"])
    assert proposal["channel"] == OWNERS
    assert all(part in shown for part in (ASKED, "COUNT(", "data-approvers", f"<@{ADA}>"))
    assert "1,106" not in shown
    await office.press(ADA, proposal, "query_accept")
    assert "proposed this yourself" in await office.told(ADA)
    await office.press(ELIN, proposal, "query_accept")
    assert "Only members of data-approvers" in await office.told(ELIN)
    settled = await decided(office, LUC, proposal, "accept")
    assert f"Accepted by <@{LUC}>" in settled["text"]
    environment = {
        **sandbox.environment,
        "CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{tmp_path}/store.db",
    }
    code, output, errors = await command_line("verified", "--diff", environment=environment)
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert lines[:2] == ["--- a/semantic_model.yaml", "+++ b/semantic_model.yaml"]
    added = [line for line in lines[2:] if line.startswith("+")]
    assert added[:2] == [f"+  - question: {ASKED}", "+    sql: >-"]
    assert not [line for line in lines[2:] if line.startswith("-")]


@both_ways
async def test_an_edited_plan_that_was_run_is_proposed(office: Office) -> None:
    """It comes from whoever edited it, once it is answered, with the SQL as they wrote it; a plan
    of SQL alone has no question. An owner can reject it."""
    await typed(office, "/plan", SQL)
    await office.press(MARCO, await office.until(is_preview), "plan_run")
    await office.until(lambda m: any(b["type"] == "data_table" for b in m.get("blocks") or []))
    await typed(office, "/plan", "how many customers in France?")
    await office.press(MARCO, await office.until(is_preview), "plan_edit")
    assert await office.submit(MARCO, await office.modal(MARCO), f"{SQL} AND c.name <> ''") == {}
    office.seen.clear()
    await office.press(MARCO, await office.until(is_preview), "plan_run")
    proposal = await office.until(is_proposal)
    shown = str(proposal["blocks"])
    assert "corrected the query" in shown
    assert "how many customers in France?" in shown
    assert "c.name <> ''" in shown
    kept = await office.pipeline.proposed_queries.open()
    assert [(one.why, one.proposed_by) for one in kept] == [("corrected", MARCO)]
    settled = await decided(office, ADA, proposal, "reject")
    assert f"Rejected by <@{ADA}>" in settled["text"]
    assert await office.pipeline.proposed_queries.open() == []


async def test_an_empty_group_denies_everybody(office: Office) -> None:
    """With nobody in the owners' group nobody can decide, and the proposal still waits."""
    proposal = await found_good(office, MARCO)
    members = office.slack.workspace.groups["S0APPROVERS"].members
    owners = members[:]
    members.clear()
    await office.press(ADA, proposal, "query_accept")
    assert "empty or can't be read" in await office.told(ADA)
    members.extend(owners)
    await decided(office, ADA, proposal, "reject")
    kept = await office.pipeline.proposed_queries.of(buttons(proposal)[0]["value"])
    assert kept is not None
    assert (kept.status, kept.decided_by) == ("rejected", ADA)
