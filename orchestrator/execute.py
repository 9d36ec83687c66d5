"""An approved plan to batches: every fetch step under a credential of its own, side by side.

Transient errors are tried again with exponential backoff inside the step's deadline. A step that
fails is an outcome, not an exception: the others go on.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pyarrow as pa
import structlog
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)

from adapters.base import Fetched, Limits
from adapters.coercion import schema_of
from adapters.credentials import Credential, Vault
from adapters.errors import CrosstalkError, QueryError, SourceTimeout
from adapters.query import NativeQuery, with_keys
from orchestrator.approve import ApprovedPlan
from orchestrator.compile.plan import FetchStep, KeyFeed
from orchestrator.join import distinct_keys
from orchestrator.outcome import Failed, Started, StepOutcome, Succeeded
from orchestrator.registry import Source, credential_of

log = structlog.get_logger(__name__)
MAX_FED_KEYS = 10_000
_ATTEMPTS = 3


@dataclass(slots=True)
class Batches:
    """What came: the Arrow table of each step that succeeded, by step id."""

    tables: dict[str, pa.Table] = field(default_factory=dict)


class Executor:
    """Runs fetch steps under a global and a per-source cap of queries at once."""

    def __init__(
        self,
        sources: dict[str, Source],
        vault: Vault | None,
        *,
        max_rows: int,
        max_parallel_queries: int = 8,
    ) -> None:
        self._sources = sources
        self._vault = vault
        self._max_rows = max_rows
        self._everywhere = asyncio.Semaphore(max_parallel_queries)
        self._each = {
            name: asyncio.Semaphore(source.spec.max_parallel) for name, source in sources.items()
        }

    async def execute(
        self, approved: ApprovedPlan, batches: Batches
    ) -> AsyncIterator[Started | StepOutcome]:
        """Run every step, telling each start and outcome as it comes; tables go into `batches`.

        Raises QueryError when the approval is not for this very plan.
        """
        if approved.decision.digest != approved.validated.plan.digest:
            raise QueryError(
                "The approval is for another plan. Ask again, to have this one approved."
            )
        steps = approved.validated.plan.steps
        said: asyncio.Queue[Started | StepOutcome] = asyncio.Queue()
        done = {step.id: asyncio.Event() for step in steps}
        tasks = [
            asyncio.create_task(self._step(step, done, batches, said), name=step.id)
            for step in steps
        ]
        try:
            outcomes = 0
            while outcomes < len(steps):
                event = await said.get()
                outcomes += not isinstance(event, Started)
                yield event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _step(
        self,
        step: FetchStep,
        done: dict[str, asyncio.Event],
        batches: Batches,
        said: asyncio.Queue[Started | StepOutcome],
    ) -> None:
        try:
            query = step.query
            if step.feed is not None:
                await done[step.feed.from_step].wait()
                giver = batches.tables.get(step.feed.from_step)
                if giver is not None:
                    query = await asyncio.to_thread(_fed, query, step.feed, giver)
            said.put_nowait(Started(step.id))
            said.put_nowait(await self._outcome(step, query, batches))
        finally:
            done[step.id].set()

    async def _outcome(self, step: FetchStep, query: NativeQuery, batches: Batches) -> StepOutcome:
        source = self._sources[step.source]
        began = time.monotonic()
        try:
            async with self._each[step.source], self._everywhere:
                began = time.monotonic()
                table, fetched = await self._fetch(source, query)
        except CrosstalkError as error:
            log.warning(
                "step_failed", step=step.id, source=step.source, reason=type(error).__name__
            )
            return Failed(step.id, str(error), time.monotonic() - began)
        except Exception:
            log.exception("step_failed_unexpectedly", step=step.id, source=step.source)
            reason = f"{step.source} failed in a way that was not foreseen; the log has more."
            return Failed(step.id, reason, time.monotonic() - began)
        batches.tables[step.id] = table
        return Succeeded(step.id, fetched.rows, time.monotonic() - began, fetched.truncated)

    async def _fetch(self, source: Source, query: NativeQuery) -> tuple[pa.Table, Fetched]:
        """One credential for the step, and as many attempts as its deadline allows."""
        deadline = time.monotonic() + source.spec.timeout_s
        persist = AsyncRetrying(
            retry=retry_if_exception(lambda error: bool(getattr(error, "transient", False))),
            wait=wait_exponential_jitter(initial=0.1, max=2.0),
            stop=stop_after_attempt(_ATTEMPTS),
            reraise=True,
        )
        async with contextlib.AsyncExitStack() as stack:

            async def borrow() -> Credential | None:
                return await stack.enter_async_context(credential_of(source, self._vault))

            async def ask(credential: Credential | None) -> tuple[pa.Table, Fetched]:
                left_s = max(0.1, deadline - time.monotonic())
                limits = Limits(max_rows=self._max_rows, timeout_s=left_s)
                came = [schema_of(query.columns).empty_table()]

                async def take(batch: pa.Table) -> None:
                    came.append(batch)

                fetched = await source.adapter.fetch(query, credential, limits, take)
                return pa.concat_tables(came), fetched

            try:
                async with asyncio.timeout(source.spec.timeout_s):
                    return await persist(ask, await persist(borrow))
            except TimeoutError as error:
                raise SourceTimeout(
                    f"{source.name} did not answer within {source.spec.timeout_s:g} s, so its rows "
                    "are missing. Ask for a shorter period or fewer rows."
                ) from error


def _fed(query: NativeQuery, feed: KeyFeed, giver: pa.Table) -> NativeQuery:
    """The query bounded by the giver's keys; as it was when there are too many."""
    keys = distinct_keys(giver, feed.from_column, MAX_FED_KEYS)
    return query if keys is None else with_keys(feed.query, keys)
