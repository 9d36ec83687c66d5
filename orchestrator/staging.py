"""One run's rows in one DuckDB of its own: no files, no network, bounded memory, locked.

Small results stay Arrow tables that DuckDB reads in place; what passes a few megabytes is appended
to DuckDB, which spills to a named folder. Who fetches waits for each append (back-pressure).
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from adapters.base import Take
from adapters.engine import WRONG_OPTIMIZERS, lock
from adapters.errors import ConfigurationError, QueryError
from adapters.threads import interruptible
from orchestrator.compile.parse import FETCHED
from orchestrator.compile.pseudonym import pseudonym_macro

CHUNK_BYTES = 4 * 1024 * 1024
_SPILL, _NEW = "crosstalk-spill-", "crosstalk-new-"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StagingSettings:
    """`memory` of one run, as DuckDB writes it (`1GB`), and the folder that spills go below;
    without one, the system's folder for temporary files. `mask_key` makes pseudonyms."""

    memory: str = "1GB"
    spill_folder: Path | None = None
    mask_key: str = field(default="", repr=False)


class Staging:
    """The fetched rows of one run. `steps` are those whose rows are all here, as `fetched_<id>`."""

    def __init__(self, settings: StagingSettings) -> None:
        self._in_place: dict[str, pa.Table] = {}
        self._appended: set[str] = set()
        self._folder = _SpillFolder(settings.spill_folder)
        try:
            self._database = _locked(settings, str(self._folder.path))
        except BaseException:
            self._folder.remove()
            raise

    @property
    def steps(self) -> set[str]:
        """The ids of the steps that are staged."""
        return self._in_place.keys() | self._appended

    @contextlib.asynccontextmanager
    async def filling(self, step: str, schema: pa.Schema) -> AsyncGenerator[Take]:
        """Where to put a step's batches. They are staged when the block ends well; when it raises,
        none is, and the step can be filled anew. Raises QueryError when there is no room."""
        with contextlib.closing(self._database.cursor()) as cursor:
            filled = Filled(cursor, FETCHED + step, schema)

            async def take(batch: pa.Table) -> None:
                if filled.hold(batch) > CHUNK_BYTES:
                    await _in_thread(cursor, filled.append)

            yield take
            if filled.is_appended:
                await _in_thread(cursor, filled.commit)
                self._appended.add(step)
            else:
                self._in_place[step] = filled.rows()

    async def ask(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """What `work` makes of the staged tables, in a thread; it is interrupted when cancelled.

        Raises QueryError when there is no room, else what DuckDB raises.
        """
        with contextlib.closing(self._database.cursor()) as cursor:
            for step, table in self._in_place.items():
                cursor.register(FETCHED + step, table)
            return await _in_thread(cursor, lambda: work(cursor))

    async def distinct(self, step: str, expression: str, at_most: int) -> list[Any] | None:
        """The distinct values, not null and in order, of a DuckDB expression over a staged step;
        None when there are more than `at_most`."""
        sql = (
            f"SELECT DISTINCT {expression} AS key FROM {FETCHED}{step} "
            f"WHERE ({expression}) IS NOT NULL ORDER BY key LIMIT {at_most + 1}"
        )
        keys = await self.ask(lambda cursor: cursor.sql(sql).to_arrow_table())
        return None if keys.num_rows > at_most else keys.column(0).to_pylist()

    def close(self) -> None:
        """Free the memory and the spill folder. Blocking."""
        self._database.close()
        self._folder.remove()


class _SpillFolder:
    """A folder of one join's own, locked for as long as its process lives; it bears its name only
    once it is locked, so that nobody takes it for one that was left behind."""

    def __init__(self, below: Path | None) -> None:
        made = Path(tempfile.mkdtemp(prefix=_NEW, dir=below))
        self._lock = os.open(made, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = made.rename(made.with_name(made.name.replace(_NEW, _SPILL)))

    def remove(self) -> None:
        """Remove it with all that is in it. Blocking."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _sweep(below: Path | None) -> None:
    """Remove the folders of processes that no longer live. Blocking."""
    for folder in (below or Path(tempfile.gettempdir())).glob(f"{_SPILL}*"):
        with contextlib.suppress(OSError):
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


class Filled:
    """One step's rows while they come: held as Arrow, then appended chunk by chunk."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema) -> None:
        self.is_appended = False
        self._cursor, self._name = cursor, name
        self._empty = schema.empty_table()
        self._held: list[pa.Table] = []

    def hold(self, batch: pa.Table) -> int:
        """Take one batch; the bytes held now."""
        self._held.append(batch)
        return sum(held.nbytes for held in self._held)

    def rows(self) -> pa.Table:
        """What is held, as one table."""
        return pa.concat_tables([self._empty, *self._held])

    def append(self) -> None:
        """What is held into DuckDB, in the step's transaction; it is held no more. Blocking.

        A registered table would be a view, which the transaction keeps with its rows to the end.
        """
        held = self._cursor.from_arrow(self.rows())
        if self.is_appended:
            held.insert_into(self._name)
        else:
            self._cursor.execute("BEGIN TRANSACTION")
            held.create(self._name)
            self.is_appended = True
        self._held.clear()

    def commit(self) -> None:
        """The rest into DuckDB, and all of it for others to see. Blocking."""
        self.append()
        self._cursor.execute("COMMIT")


class StagingPool:
    """Gives each run a staging of its own, with one spare made ahead of time."""

    def __init__(self, settings: StagingSettings) -> None:
        self._settings = settings
        self._spare: asyncio.Task[Staging] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Make the first spare, and remove what processes that were killed have spilt. Raises
        ConfigurationError when DuckDB can't use the settings."""
        try:
            await asyncio.to_thread(_sweep, self._settings.spill_folder)
            await self._next()
        except (duckdb.Error, OSError) as error:
            raise ConfigurationError(
                "DuckDB can't be opened. CROSSTALK_JOIN_MEMORY has to be a size such as 1GB, and "
                "CROSSTALK_SPILL_FOLDER a folder that can be written to."
            ) from error

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncGenerator[Staging]:
        """A fresh staging, closed at the end, behind the scenes."""
        making, self._spare = self._next(), None
        try:
            yield await asyncio.shield(making)
        finally:
            closing = asyncio.create_task(_closed(making))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            self._next()

    async def close(self) -> None:
        """Give back the spare, and wait until those that were used are closed."""
        if self._spare is not None:
            await _closed(self._spare)
            self._spare = None
        await asyncio.gather(*self._closing)

    def _next(self) -> asyncio.Task[Staging]:
        if self._spare is None:
            self._spare = asyncio.create_task(asyncio.to_thread(Staging, self._settings))
        return self._spare


async def _closed(making: asyncio.Task[Staging]) -> None:
    staging = await making
    await asyncio.to_thread(staging.close)


async def _in_thread(cursor: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Blocking work on a cursor; when cancelled, it is interrupted and waited for."""
    try:
        working = asyncio.ensure_future(asyncio.to_thread(work))
        return await interruptible(working, cursor.interrupt)
    except duckdb.OutOfMemoryException as error:
        raise QueryError(
            "The rows of this question do not fit into the memory and disk that one join has. "
            "Ask for a shorter period, or have CROSSTALK_JOIN_MEMORY raised."
        ) from error
    except duckdb.IOException as error:
        raise QueryError(
            "There was no room on the disk for the rows of this question, so they could not be "
            "joined. Ask for a shorter period, or have room made where CROSSTALK_SPILL_FOLDER is."
        ) from error


def _locked(settings: StagingSettings, folder: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:", config={"memory_limit": settings.memory, "temp_directory": folder}
    )
    connection.execute(pseudonym_macro(settings.mask_key))
    lock(connection, f"disabled_optimizers = '{WRONG_OPTIMIZERS}'", "enable_progress_bar = false")
    return connection
