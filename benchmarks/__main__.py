"""`python -m benchmarks`: measure, keep the results, and write docs/benchmarks.md."""

import argparse
import asyncio
import importlib
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import publish, write
from benchmarks.servers import Place, open_servers
from sandbox.machine import machine

NAMES = [
    "question",
    "postgres",
    "mongo",
    "join",
    "spill",
    "rows_moved",
    "planning",
    "retrieval",
    "tpch",
]
_FOLDER = Path(__file__).parent.parent / ".sandbox" / "bench"
_LIBRARIES = ("duckdb", "pyarrow", "asyncpg", "motor", "pymongo", "pymongoarrow", "sqlglot")


async def _main(names: list[str], quick: bool) -> None:
    async with open_servers(_FOLDER) as place:
        for name in names:
            await _one(name, place, quick)
    publish(NAMES)


async def _one(name: str, place: Place, quick: bool) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    sys.stdout.write(f"{module.TITLE} …\n")
    sys.stdout.flush()
    began = time.monotonic()
    outcome = await module.run(place, quick)
    today = datetime.now(UTC).date().isoformat()
    write(
        name,
        module.TITLE,
        outcome,
        module.TARGETS,
        quick=quick,
        date=today,
        machine=machine(_LIBRARIES),
    )
    sys.stdout.write(f"  {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(NAMES)}")
    asyncio.run(_main(asked.names or NAMES, asked.quick))
