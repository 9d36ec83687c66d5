"""Rights over live sources: each sees their own, rows are not shared, and what is decided on holds
for the rights that it was decided on with."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.credentials import Credential
from adapters.errors import SourceUnreachable
from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.deciding import Stale
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed, Refused
from orchestrator.question import Requester, question
from orchestrator.semantic import AccessPolicy, SemanticModel
from sandbox.sandbox import Sandbox
from tests.conftest import NOON, opened, vault_of
from tests.engine.watched import watch

SPENT = """SELECT c.name, c.account_manager, COUNT(DISTINCT t.number) AS tickets
FROM customer AS c LEFT JOIN ticket AS t ON t.customer_id = c.customer_id
GROUP BY c.customer_id, c.name, c.account_manager ORDER BY c.name"""
MAILS = "SELECT customer_id, email, account_manager FROM customer ORDER BY customer_id LIMIT 50"
ADA, BOB, CHIEF = (Requester("T0TEST", user) for user in ("U0ADA", "U0BOB", "U0CHIEF"))


class Staff:
    """Who is in which group, as of now."""

    def __init__(self) -> None:
        self.groups: dict[str, frozenset[str]] = {"U0CHIEF": frozenset({"chiefs"})}

    async def known(self, requester: Requester) -> Requester:
        """The person with their groups."""
        return replace(requester, groups=self.groups.get(requester.user, frozenset()))


@pytest.fixture(scope="module")
async def managers(pipeline: Pipeline) -> tuple[str, str]:
    """Two account managers who have customers."""
    sql = "SELECT account_manager AS m, COUNT(*) AS n FROM customer GROUP BY 1 ORDER BY 2 DESC, 1"
    table = (await _asked(pipeline, sql, ADA)).table
    names = [name for name in table.column("m").to_pylist() if name]
    return names[0], names[1]


@pytest.fixture
async def guarded(
    sandbox: Sandbox, model: SemanticModel, managers: tuple[str, str], tmp_path: Path
) -> AsyncGenerator[Pipeline]:
    """A pipeline that keeps rows, in which account managers see their own customers."""
    own = "account_manager = :manager"
    its = f"customer_id IN (SELECT customer_id FROM customer WHERE {own})"
    rules: list[dict[str, Any]] = [
        {
            "name": "account managers",
            "for": ["user:U0ADA", "user:U0BOB"],
            "masks": {"contact": "hash"},
            "rows": {"customer": own, "ticket": its},
        },
        {"name": "chiefs", "for": ["group:chiefs"], "pii": ["contact"]},
    ]
    access = AccessPolicy.model_validate(
        {
            "key": "a key for these tests",
            "attributes": {"U0ADA": {"manager": managers[0]}, "U0BOB": {"manager": managers[1]}},
            "rules": rules,
        }
    )
    approval = model.policies.approval.model_copy(
        update={"rules": model.policies.approval.rules.model_copy(update={"pii": {}})}
    )
    policies = model.policies.model_copy(update={"access": access, "approval": approval})
    here = model.model_copy(update={"policies": policies})
    async with opened(here, vault_of(sandbox), tmp_path, cache_seconds=300) as one:
        one.people = Staff()
        yield one


async def _asked(pipeline: Pipeline, sql: str, who: Requester) -> Answer:
    proposed = await pipeline.propose(question("by SQL", who, asked_at=NOON), sql)
    assert isinstance(proposed, Proposed), proposed
    assert proposed.approved is not None
    return await _run(pipeline, proposed.approved)


async def _run(pipeline: Pipeline, approved: ApprovedPlan) -> Answer:
    (answer,) = [e.answer async for e in pipeline.run(approved) if isinstance(e, Finished)]
    return answer


async def test_each_sees_their_own_over_two_sources(
    guarded: Pipeline, managers: tuple[str, str]
) -> None:
    """A manager's answer is the chief's without the customers of others, and says so; what one was
    given is not given to another."""
    everything = (await _asked(guarded, SPENT, CHIEF)).table.to_pylist()
    for who, name in zip((ADA, BOB), managers, strict=True):
        answer = await _asked(guarded, SPENT, who)
        own = [row for row in everything if row["account_manager"] == name]
        assert answer.table.to_pylist() == own
        assert 0 < len(own) < len(everything)
        assert "Of customer, only the rows that you may see are in this." in answer.warnings
        assert not any(source.cached for source in answer.sources)
        again = await _asked(guarded, SPENT, who)
        assert again.table.to_pylist() == own
        assert all(source.cached for source in again.sources)


async def test_masks_are_in_the_answer(guarded: Pipeline, managers: tuple[str, str]) -> None:
    """The chief sees addresses, a manager pseudonyms that stay the same, and nobody else a row."""
    plain = await _asked(guarded, MAILS, CHIEF)
    masked = await _asked(guarded, MAILS, ADA)
    addresses = [one for one in plain.table.column("email").to_pylist() if one]
    assert addresses
    assert all("@" in one for one in addresses)
    hidden = [one for one in masked.table.column("email").to_pylist() if one]
    assert hidden
    assert all(len(one) == 16 and "@" not in one for one in hidden)
    assert masked.table.equals((await _asked(guarded, MAILS, ADA)).table)
    assert set(masked.table.column("account_manager").to_pylist()) == {managers[0]}
    stranger = Requester("T0TEST", "U0NEW")
    refused = await guarded.propose(question("by SQL", stranger, asked_at=NOON), MAILS)
    assert isinstance(refused, Refused)
    assert "The policy does not let you read customer" in refused.message


async def test_a_plan_runs_with_the_rights_of_now(guarded: Pipeline) -> None:
    """Who has left a group since the plan was made does not get what the group may read."""
    staff = guarded.people
    assert isinstance(staff, Staff)
    proposed = await guarded.propose(question("by SQL", CHIEF, asked_at=NOON), MAILS)
    assert isinstance(proposed, Proposed)
    staff.groups.clear()
    came = await guarded.decisions.approved(proposed.run_id, NOON)
    assert isinstance(came, Stale)
    assert isinstance(came.again, Refused)


async def test_what_is_bounded_is_answered_whole_or_not_at_all(guarded: Pipeline) -> None:
    """When a source fails, the chief gets what is left; a manager gets nothing, since a bound may
    have rested on it."""

    async def look(_credential: Credential) -> None:
        raise SourceUnreachable("support can't be reached.")

    watch(guarded, "support", look)
    chief, manager = [await _asked(guarded, SPENT, who) for who in (CHIEF, ADA)]
    assert (chief.partial, chief.failed) == (True, False)
    assert (manager.failed, manager.table.num_rows) == (True, 0)
