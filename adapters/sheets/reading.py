"""A file's bytes to a Sheet. The file is read in a process of its own, which may take so much
memory and time and knows no secret; nothing is written to disk."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pyarrow import ipc

from adapters.errors import FileUnreadable
from adapters.sheets.layout import NOTES, UNREADABLE

Form = Literal["csv", "xlsx"]

TIMEOUT_S = 20.0
_READING = asyncio.Semaphore(2)
_ROOT = Path(__file__).parents[2]
_TOO_MUCH = "takes more time or memory than one file may have. Drop a smaller part of it."


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's table: its columns bear the header's names and are of canonical Arrow types.

    `notes` say what was made of the file that its owner may not expect.
    """

    table: pa.Table
    notes: tuple[str, ...]


async def read_sheet(title: str, content: bytes, form: Form) -> Sheet:
    """Read a file whose name is `title`. Raises FileUnreadable, which says why."""
    async with _READING:
        return await _read(title, content, form)


async def _read(title: str, content: bytes, form: Form) -> Sheet:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "adapters.sheets.child", form),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"},
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            output, _ = await child.communicate(content)
    except TimeoutError as error:
        raise FileUnreadable(f"{title} {_TOO_MUCH}") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == UNREADABLE:
        raise FileUnreadable(f"{title} {output.decode()}")
    if child.returncode != 0:
        raise FileUnreadable(f"{title} {_TOO_MUCH}")
    table = ipc.open_stream(output).read_all()
    notes = json.loads((table.schema.metadata or {}).get(NOTES, b"[]"))
    return Sheet(table.replace_schema_metadata(None), tuple(notes))
