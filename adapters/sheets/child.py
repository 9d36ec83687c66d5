"""The process that reads one file: bytes come in, an Arrow stream goes out, or why there is none.

`python -m adapters.sheets.child csv` (or `xlsx`). What a hostile file can make of it, such as a
sheet whose last cell is a billion rows down, ends this process and no other.
"""

import json
import resource
import sys

from pyarrow import ipc

from adapters.sheets import csv_file, xlsx_file
from adapters.sheets.layout import NOTES, UNREADABLE, UnreadableError

MEMORY_BYTES = 1536 * 1024**2
_READERS = {"csv": csv_file.read, "xlsx": xlsx_file.read}


def main(form: str) -> int:
    """Read standard input, write to standard output; the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        table, notes = _READERS[form](sys.stdin.buffer.read())
    except UnreadableError as error:
        sys.stdout.buffer.write(str(error).encode())
        return UNREADABLE
    table = table.replace_schema_metadata({NOTES: json.dumps(notes).encode()})
    with ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
