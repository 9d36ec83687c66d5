"""What every sheet has to have: a header with different names, some rows, and not too many.

Part of the process that reads one file: nothing here knows the rest of Crosstalk.
"""

from collections.abc import Sequence

MOST_ROWS, MOST_COLUMNS = 200_000, 100
MOST_SHOWN = 40
UNREADABLE, NOTES = 3, b"notes"
"""The exit status of the process for a file that is no table, and where its notes stand."""


class UnreadableError(Exception):
    """The file is no table that can be read; `str()` of it says why and what to do."""


def header(cells: Sequence[str], filled: Sequence[bool]) -> dict[int, str]:
    """The name of each column by its place. A column without a name has one made, and is left out
    when it is not `filled` either. Raises UnreadableError."""
    names = [" ".join(cell.split()) for cell in cells]
    kept = {at: name for at, name in enumerate(names) if name or filled[at]}
    if not any(kept.values()):
        raise UnreadableError("has no header. Give each column a name in the first row.")
    if len(kept) > MOST_COLUMNS:
        raise UnreadableError(
            f"has {len(kept):,} columns; {MOST_COLUMNS} is the most. Leave out what is not needed."
        )
    named = {at: name or f"column {at + 1}" for at, name in kept.items()}
    seen: set[str] = set()
    for name in named.values():
        if name.casefold() in seen:
            raise UnreadableError(
                f"has the column {shown(name)} twice. Give each column a name of its own."
            )
        seen.add(name.casefold())
    return named


def check_rows(rows: int) -> None:
    """Raises UnreadableError when there are no rows, or too many."""
    if rows == 0:
        raise UnreadableError("has no rows below its header.")
    if rows > MOST_ROWS:
        raise UnreadableError(
            f"has more than {MOST_ROWS:,} rows. Drop a part of it, or have it put into a database."
        )


def shown(name: str) -> str:
    """A column's name as messages show it."""
    short = name if len(name) <= MOST_SHOWN else name[: MOST_SHOWN - 1] + "…"
    return f"“{short}”"
