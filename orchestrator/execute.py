"""An approved plan to staged rows: every fetch step under a credential of its own, side by side.

Transient errors are tried again with exponential backoff inside the step's deadline. A step that
fails is an outcome, not an exception: the others go on. Rows of an equal, recent fetch are taken
from the cache.
"""

import asyncio
import contextlib
import copy
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

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
from adapters.errors import (
    CrosstalkError,
    QueryError,
    SchemaMismatch,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
)
from adapters.query import NativeQuery, SqlQuery, with_keys
from orchestrator.approve import ApprovedPlan
from orchestrator.cache import Recording, ResultCache, key_of
from orchestrator.compile.plan import FetchStep
from orchestrator.limiter import Limiter, Load
from orchestrator.outcome import Failed, Started, StepOutcome, Succeeded
from orchestrator.question import Requester
from orchestrator.registry import Drift, Source, credential_of
from orchestrator.semantic import Policies
from orchestrator.staging import Staging
from orchestrator.validate import ValidatedPlan

log = structlog.get_logger(__name__)
MAX_FED_KEYS = 10_000
_ATTEMPTS = 3


@dataclass(slots=True)
class _Run:
    """What the steps of one run share; `leases` has the id of each step's lease."""

    validated: ValidatedPlan
    max_rows: int
    requester: Requester
    staging: Staging
    said: asyncio.Queue[Started | StepOutcome]
    done: dict[str, asyncio.Event]
    operations: Mapping[str, str]
    leases: dict[str, str] = field(default_factory=dict[str, str])

    def failed(self, step: FetchStep, reason: str, seconds: float) -> Failed:
        """The outcome of a step that has failed."""
        return Failed(step.id, reason, seconds, self.leases.get(step.id, ""))


class Executor:
    """Runs fetch steps under a global cap of queries at once, and an adaptive one a source."""

    def __init__(
        self,
        sources: dict[str, Source],
        vault: Vault | None,
        cache: ResultCache,
        *,
        policies: Policies,
        drift: Drift,
        max_parallel_queries: int = 8,
    ) -> None:
        self._sources = sources
        self._vault = vault
        self._cache = cache
        self._policies = policies
        self._drift = drift
        self._everywhere = asyncio.Semaphore(max_parallel_queries)
        self._each = {name: Limiter(source.spec.max_parallel) for name, source in sources.items()}

    def extended(self, sources: dict[str, Source]) -> "Executor":
        """An executor that reads these sources besides, under the same caps."""
        more = copy.copy(self)
        more._sources = self._sources | sources  # noqa: SLF001
        each = {name: Limiter(source.spec.max_parallel) for name, source in sources.items()}
        more._each = self._each | each  # noqa: SLF001
        return more

    def load(self) -> dict[str, Load]:
        """How much each source takes now, by its name."""
        return {name: limiter.load for name, limiter in self._each.items()}

    async def execute(
        self, approved: ApprovedPlan, staging: Staging, operations: Mapping[str, str]
    ) -> AsyncGenerator[Started | StepOutcome]:
        """Run every step, telling each start and outcome as it comes; rows go into `staging`.

        `operations` are the ids of the steps in the audit trail, which sources are told.
        Raises QueryError when the approval is not for this very plan.
        """
        if approved.decision.digest != approved.validated.plan.digest:
            raise QueryError(
                "The approval is for another plan. Ask again, to have this one approved."
            )
        steps = approved.validated.plan.steps
        done = {step.id: asyncio.Event() for step in steps}
        granted, most = approved.decision.grant, self._policies.max_rows
        most = min(most, granted.max_rows) if granted else most
        said: asyncio.Queue[Started | StepOutcome] = asyncio.Queue()
        who = approved.requester
        run = _Run(approved.validated, most, who, staging, said, done, operations)
        tasks = [asyncio.create_task(self._step(step, run), name=step.id) for step in steps]
        try:
            outcomes = 0
            while outcomes < len(steps):
                event = await run.said.get()
                outcomes += not isinstance(event, Started)
                yield event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _step(self, step: FetchStep, run: _Run) -> None:
        try:
            if step.feed is not None:
                await run.done[step.feed.from_step].wait()
            run.said.put_nowait(Started(step.id))
            run.said.put_nowait(await self._outcome(step, run))
        finally:
            run.done[step.id].set()

    async def _outcome(self, step: FetchStep, run: _Run) -> StepOutcome:
        began, at = time.monotonic(), datetime.now(UTC)
        try:
            return await self._bounded(step, run)
        except SchemaMismatch as error:
            log.warning("schema_mismatch", step=step.id, source=step.source)
            reason = await self._drift.met(step, at) or str(error)
            return run.failed(step, reason, time.monotonic() - began)
        except CrosstalkError as error:
            log.warning(
                "step_failed", step=step.id, source=step.source, reason=type(error).__name__
            )
            return run.failed(step, str(error), time.monotonic() - began)
        except Exception:
            log.exception("step_failed_unexpectedly", step=step.id, source=step.source)
            reason = f"{step.source} failed in a way that was not foreseen; the log has more."
            return run.failed(step, reason, time.monotonic() - began)

    async def _bounded(self, step: FetchStep, run: _Run) -> Succeeded:
        """The step with the keys that bound it; where its source refuses those, without them: one
        may be no value of its column's type."""
        query = await _fed(step, run.staging)
        try:
            return await self._staged(step, query, run)
        except SourceRefused:
            if query is step.query:
                raise
            return await self._staged(step, step.query, run)

    async def _staged(self, step: FetchStep, query: NativeQuery, run: _Run) -> Succeeded:
        """The step's rows into the staging: those of an equal fetch, or fetched now."""
        began = time.monotonic()
        key = self._shared_key(step, query, run)
        kept = await self._cache.found(key)
        if kept is not None:
            table = kept.table.slice(0, run.max_rows)
            async with run.staging.filling(step.id, table.schema) as take:
                await take(table)
            seconds, age_s = time.monotonic() - began, round(self._cache.age(kept), 3)
            cut = table.num_rows < kept.table.num_rows
            size = table.nbytes
            return Succeeded(step.id, table.num_rows, seconds, cut, True, age_s, bytes=size)
        with self._cache.recording(key) as recording:
            async with self._each[step.source].slot(), self._everywhere:
                began = time.monotonic()
                fetched, size = await self._fetch(step, query, run, recording)
            if not fetched.truncated:
                recording.keep(schema_of(query.columns))
        seconds, lease = time.monotonic() - began, run.leases.get(step.id, "")
        return Succeeded(
            step.id, fetched.rows, seconds, fetched.truncated, bytes=size, lease_id=lease
        )

    def _shared_key(self, step: FetchStep, query: NativeQuery, run: _Run) -> str | None:
        """The key under which the rows may be given to others; None when they may not."""
        if self._sources[step.source].adapter.capabilities.personal:
            return None
        fingerprint = dict(run.validated.fingerprints).get(step.source)
        return key_of(step.source, query, run.validated.scope, fingerprint)

    async def _fetch(
        self, step: FetchStep, query: NativeQuery, run: _Run, recording: Recording
    ) -> tuple[Fetched, int]:
        """What was fetched, and its bytes: one credential for the step, and as many attempts as its
        deadline allows."""
        source, limiter = self._sources[step.source], self._each[step.source]
        deadline = time.monotonic() + source.spec.timeout_s
        met: list[BaseException | None] = []
        persist = AsyncRetrying(
            retry=retry_if_exception(lambda error: bool(getattr(error, "transient", False))),
            after=lambda state: met.append(state.outcome and state.outcome.exception()),
            wait=wait_exponential_jitter(initial=0.1, max=2.0),
            stop=stop_after_attempt(_ATTEMPTS),
            reraise=True,
        )
        async with contextlib.AsyncExitStack() as stack:

            async def borrow() -> Credential | None:
                credential = await stack.enter_async_context(
                    credential_of(source, self._vault, run.requester, deadline - time.monotonic())
                )
                run.leases[step.id] = credential.lease_id if credential else ""
                return credential

            async def ask(credential: Credential | None) -> tuple[Fetched, int]:
                recording.restart()
                left_s = max(0.1, deadline - time.monotonic())
                operation = run.operations.get(step.id, "")
                limits = Limits(run.max_rows, self._policies.max_bytes, left_s, operation)
                stopwatch, size = _Stopwatch(), 0
                async with run.staging.filling(step.id, schema_of(query.columns)) as stage:

                    async def take(batch: pa.Table) -> None:
                        nonlocal size
                        stopwatch.stop()
                        size += batch.nbytes
                        recording.add(batch)
                        await stage(batch)

                    fetched = await source.adapter.fetch(query, credential, limits, take)
                limiter.sample(_shape(query), stopwatch.stop())
                return fetched, size

            try:
                async with asyncio.timeout(source.spec.timeout_s):
                    return await persist(ask, await persist(borrow))
            except TimeoutError as error:
                limiter.gradient.failed()
                if met and met[-1] is not None:
                    raise met[-1] from error  # why it was tried again says more than the deadline
                raise SourceTimeout(
                    f"{source.name} did not answer within {source.spec.timeout_s:g} s, so its rows "
                    "are missing. Ask for a shorter period or fewer rows."
                ) from error
            except (SourceTimeout, SourceUnreachable):
                limiter.gradient.failed()
                raise


class _Stopwatch:
    """Seconds until it was first stopped."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._seconds: float | None = None

    def stop(self) -> float:
        if self._seconds is None:
            self._seconds = time.monotonic() - self._began
        return self._seconds


def _shape(query: NativeQuery) -> tuple[str, ...]:
    """What queries that differ only in their values have in common."""
    text = query.text if isinstance(query, SqlQuery) else ""
    return (text, *query.relations, *(column.name for column in query.columns))


async def _fed(step: FetchStep, staging: Staging) -> NativeQuery:
    """The query bounded by the keys of the step that feeds it; as it was when that one failed, or
    has too many."""
    query, feed = step.query, step.feed
    if feed is None or feed.from_step not in staging.steps:
        return query
    keys = await staging.distinct(feed.from_step, feed.from_column, MAX_FED_KEYS)
    if keys is None:
        return query
    return with_keys(feed.query, keys)
