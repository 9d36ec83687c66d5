"""An approved plan run again for its receipt alone: no answer is made, and no row is shown."""

from collections.abc import Mapping
from contextlib import aclosing

from orchestrator.approve import ApprovedPlan
from orchestrator.audit.receipt import Receipt, receipted
from orchestrator.execute import Executor
from orchestrator.join import join
from orchestrator.outcome import Started, StepOutcome
from orchestrator.staging import StagingPool


async def replay(
    approved: ApprovedPlan, executor: Executor, pool: StagingPool, operations: Mapping[str, str]
) -> tuple[Receipt, dict[str, StepOutcome]]:
    """The receipt of the plan as it runs now, and how each step went.

    Raises QueryError when the join can't be done.
    """
    plan, outcomes = approved.validated.plan, dict[str, StepOutcome]()
    async with pool.opened() as staging:
        async with aclosing(executor.execute(approved, staging, operations)) as events:
            async for event in events:
                if not isinstance(event, Started):
                    outcomes[event.step] = event
        joined = await join(plan, staging)
    return await receipted(approved.validated, outcomes, joined), outcomes
