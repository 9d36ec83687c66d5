"""The pipeline that a question of a thread is asked of: with the files that it is about.

A file is read when a question needs it, and forgotten with the question. Nothing is written to
disk, and of a plan that waits only the file's id and the digest of its bytes are kept.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import FileNotNow, FileUnreadable
from adapters.sheets import read_sheet
from bot.slack.asked import Asked
from bot.slack.clients import Clients
from bot.slack.files.download import content, described, gone
from bot.slack.files.shared import SharedFile, form_of, has_lost_files, meant, table_files
from bot.slack.history.coercion import Message
from orchestrator.attach import FileTable, entity_names
from orchestrator.pipeline import Pipeline
from orchestrator.plan import FileRef, cues
from orchestrator.plan.filed import points_at_a_file
from orchestrator.proposing import draft_for
from orchestrator.question import Turn
from orchestrator.retrieve.documents import sql_tables
from orchestrator.store import StoredRun

MOST_BYTES = 10_000_000
_OPEN = frozenset({"proposed", "planned", "waiting", "approved"})


@dataclass(frozen=True, slots=True)
class Asking:
    """The pipeline for one question, and the entities of the files that it is about."""

    pipeline: Pipeline
    files: tuple[str, ...] = ()


class ThreadFiles:
    """Attaches files to a pipeline, as long as they are of at most `most_bytes`."""

    def __init__(self, pipeline: Pipeline, clients: Clients, most_bytes: int = MOST_BYTES) -> None:
        self._pipeline = pipeline
        self._clients = clients
        self._most_bytes = most_bytes

    async def for_question(
        self, asked: Asked, earlier: Sequence[Turn], messages: Sequence[Message] | None
    ) -> Asking:
        """The pipeline for a question after what was said in its thread (None: nobody knows).
        Raises FileUnreadable for a file that the question is about; other files don't matter."""
        files = self._shared(asked, messages or ())
        wanted = meant(asked.text, files, earlier)
        if not wanted:
            self._check_missed(asked.text, earlier, messages)
            return Asking(self._pipeline)
        tables = await self._tables(asked.team, wanted)
        return Asking(self._pipeline.with_tables(tables), tuple(file.entity for file in wanted))

    def _check_missed(
        self, text: str, earlier: Sequence[Turn], messages: Sequence[Message] | None
    ) -> None:
        """Raises FileUnreadable when a question is about a file that is not there to be read."""
        points = points_at_a_file(text, is_first=False)
        if messages is None and points:
            raise FileNotNow(
                "I can't look for the file of this thread now. Ask again in a minute, or drop it "
                "together with the question."
            )
        read = sql_tables(earlier[-1].sql) if earlier else ()
        goes_on = cues.read(text).begins and any(self._is_of_file(name) for name in read)
        if goes_on or (points and any(has_lost_files(message) for message in messages or ())):
            raise gone("The file that this is about")

    def _is_of_file(self, name: str) -> bool:
        return name not in self._pipeline.model.entities

    def looks_around(self, asked: Asked, earlier: Sequence[Turn]) -> bool:
        """Whether what was said around a question may matter for it: always in a thread; where it
        opens one, when it may be about a file that did not come with it."""
        if asked.thread_ts != asked.ts:
            return True
        if asked.files:
            return False
        before = sql_tables(earlier[-1].sql) if earlier else ()
        points = points_at_a_file(asked.text, is_first=not earlier)
        return points or any(self._is_of_file(name) for name in before)

    async def for_run(self, run: StoredRun | None) -> Pipeline:
        """The pipeline to run a stored plan in, with its files if it may yet run. Raises as
        `of_plan` does."""
        return self._pipeline if run is None or run.status not in _OPEN else await self.of_plan(run)

    async def of_plan(self, run: StoredRun) -> Pipeline:
        """The pipeline for a stored plan, with the files that it was made with. Raises
        FileUnreadable when one is gone from the place where it was asked."""
        refs = draft_for(run).files
        if not refs:
            return self._pipeline
        files = [SharedFile(ref.file_id, ref.title, ref.entity) for ref in refs]
        return self._pipeline.with_tables(await self._tables(run.team, files, run.channel))

    async def read(self, asked: Asked) -> Pipeline:
        """A pipeline with what came with a message. Raises FileUnreadable."""
        return self._pipeline.with_tables(await self._tables(asked.team, self._shared(asked, ())))

    def _shared(self, asked: Asked, messages: Sequence[Message]) -> tuple[SharedFile, ...]:
        """The thread's files in the order in which they were dropped, so that each has the same
        name in every question."""
        found = {one: title for message in messages for one, title in table_files(message)}
        found |= dict(asked.files)
        if not found:
            return ()
        came = (table_files(message) for message in messages if message["ts"] == asked.ts)
        own = {one for files in (asked.files, *came) for one, _ in files}
        names = entity_names(found.values(), self._pipeline.model)
        return tuple(
            SharedFile(one, title, entity, one in own)
            for (one, title), entity in zip(found.items(), names, strict=True)
        )

    async def _tables(
        self, team: str, files: Iterable[SharedFile], channel: str = ""
    ) -> list[FileTable]:
        client = self._clients.of(team)
        return await asyncio.gather(*(self._table(client, file, channel) for file in files))

    async def _table(self, client: AsyncWebClient, file: SharedFile, channel: str) -> FileTable:
        told = await described(client, file.id, file.title)
        places = [*told.get("channels", ()), *told.get("groups", ()), *told.get("ims", ())]
        if channel and places and channel not in places:
            raise gone(file.title)
        form = form_of(told)
        if form is None:
            raise FileUnreadable(f"{file.title} is neither CSV nor XLSX. Save it as one of these.")
        data = await content(client, told, file.title, self._most_bytes)
        sheet = await read_sheet(file.title, data, form)
        digest = hashlib.sha256(data).hexdigest()
        return FileTable(FileRef(file.entity, file.id, file.title, digest), sheet)
