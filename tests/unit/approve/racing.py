"""What two replicas may do to one request at the same time, whichever database keeps it."""

import asyncio
from datetime import timedelta
from typing import Any

from orchestrator.approve.request import Request
from orchestrator.question import Question, Requester
from orchestrator.store import Approvals, Store
from tests.unit.approve.test_decide import NOON, request

LATER = NOON + timedelta(hours=1)


async def asked(store: Store, run_id: str, **changes: Any) -> Request:
    """A new request with its run."""
    question = Question("who?", Requester("T1", "U1"), NOON, "C1", "T1:C1:1.1")
    await store.propose(
        run_id,
        question,
        sql="SELECT 1",
        plan_text="s1",
        digest="d",
        planner="grammar",
        approval={},
        draft={},
        waits=True,
    )
    one = request(run_id=run_id, **changes)
    await Approvals(store.engine).ask(one)
    return one


async def races(one: Store, other: Store) -> None:
    """Of two decisions at once one counts, and each step that is due is done once."""
    here, there = Approvals(one.engine), Approvals(other.engine)
    for number in range(5):
        twice = await asked(one, f"twice{number}")
        digest = twice.binding.digest
        came = await asyncio.gather(
            here.approve(twice, digest, "U2", LATER), there.approve(twice, digest, "U3", LATER)
        )
        assert [bool(found) for found in came].count(True) == 1
        (winner,) = [found for found in came if found]
        assert await there.of(twice.run_id) == winner
        assert winner.voters == (winner.decided_by,)

        mixed = await asked(one, f"mixed{number}")
        ended = await asyncio.gather(
            here.approve(mixed, mixed.binding.digest, "U2", LATER),
            there.close(mixed, "rejected", LATER, by="U3", reason="no"),
            here.close(mixed, "expired", LATER),
        )
        assert [bool(found) for found in ended].count(True) == 1

        both = await asked(one, f"both{number}", needed=2)
        digest = both.binding.digest
        voted = await asyncio.gather(
            *(
                port.approve(both, digest, user, LATER)
                for port, user in ((here, "U2"), (there, "U2"), (there, "U3"))
            )
        )
        statuses = sorted(found.status for found in voted if found)
        assert statuses == ["approved", "waiting"]
        found = await here.of(both.run_id)
        assert found is not None
        assert set(found.voters) == {"U2", "U3"}

        due = await asked(one, f"due{number}", remind_at=LATER, escalate_at=LATER)
        for what in ("remind_at", "escalate_at"):
            claims = await asyncio.gather(*(p.claim(due, what, LATER) for p in (here, there)))
            assert [bool(claim) for claim in claims].count(True) == 1
        approved = [line["what"] for line in await one.trail(f"twice{number}")].count("approved")
        assert approved == 1
