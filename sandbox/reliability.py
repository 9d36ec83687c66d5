"""docs/reliability.md from what `make faults` and `make load` have measured. It measures nothing.

Each part keeps its figures as JSON in docs/reliability/; the page is written from all that are
there, so that one part can be measured anew without the other. `python -m sandbox.reliability`
writes it again.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.machine import machine

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
RESULTS = PAGE.with_suffix("")
_LIBRARIES = ("duckdb", "pyarrow", "asyncpg", "motor", "qdrant-client", "hvac", "slack-bolt")
_HEAD = """# Reliability

What Crosstalk does when something breaks, and how it holds up when everybody asks at once. \
All figures are measured against real servers, and none is written by hand: `make faults` and \
`make load` measure a part each and write this page.
"""
_FAULTS = """Each scenario breaks one thing while a question is answered, and then counts. What \
stands under *left over* is what still was there after the outcome: connections in the database \
and through the proxy, leases in Vault, asyncio tasks, temporary files. The *bound* is the \
scenario's own: what the source's `timeout_s`, or the lease of a piece of work, allows.
The bot reads its sources through a small proxy of the tests' own (`tests/faults/proxy.py`), \
which delays, throttles, swallows, resets and cuts. A test waits for an event that says that the \
moment has come (so many bytes have passed, the query stands in `pg_stat_activity`, the call \
has reached Slack), never for a time.
"""
_LOAD = "Many questions in flight over several sources at once.\n"


@dataclass(frozen=True)
class Left:
    """How many of each were still there after a scenario."""

    connections: int = 0
    leases: int = 0
    tasks: int = 0
    files: int = 0


@dataclass(frozen=True)
class Scenario:
    """One fault survived: what broke, where, what the person read, and in what time."""

    fault: str
    where: str
    read: str
    seconds: float
    bound_s: float
    left: Left = field(default_factory=Left)


@dataclass(frozen=True)
class Figure:
    """One line of the load's table; `target` is empty where none is set, and `met` then None."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


def keep_faults(scenarios: Iterable[Scenario]) -> None:
    """Keep the scenarios' results and write the page anew."""
    _keep("faults", scenarios=[asdict(one) for one in scenarios])


def keep_load(about: str, figures: Iterable[Figure]) -> None:
    """Keep the load's figures, with a paragraph on how they came, and write the page anew."""
    _keep("load", about=about, figures=[asdict(one) for one in figures])


def publish() -> None:
    """The page from the results that are kept."""
    PAGE.write_text("\n".join(_page()), encoding="utf-8")


def _keep(part: str, **results: Any) -> None:
    RESULTS.mkdir(exist_ok=True)
    today = datetime.now(UTC).date().isoformat()
    kept = {"date": today, "machine": machine(_LIBRARIES), **results}
    text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{part}.json").write_text(text, encoding="utf-8")
    publish()


def _page() -> Iterator[str]:
    yield _HEAD
    for part, section in (("faults", _faults), ("load", _load)):
        file = RESULTS / f"{part}.json"
        if file.exists():
            results = json.loads(file.read_text(encoding="utf-8"))
            yield from section(results)
            yield f"\nMeasured on {results['date']}. {results['machine']}\n"


def _faults(results: dict[str, Any]) -> Iterator[str]:
    yield f"## Faults\n\n{_FAULTS}"
    yield "| fault | where | what the person reads | took | bound | left over |"
    yield "|---|---|---|---:|---:|---|"
    for each in results["scenarios"]:
        one = Scenario(**each)
        yield (
            f"| {one.fault} | {one.where} | {_cell(one.read)} | {one.seconds:.1f} s | "
            f"{one.bound_s:.0f} s | {_left(each['left'])} |"
        )


def _load(results: dict[str, Any]) -> Iterator[str]:
    yield f"## Load\n\n{_LOAD}\n{results['about'].strip()}\n"
    yield "| | measured | target | |"
    yield "|---|---:|---:|---|"
    for one in (Figure(**each) for each in results["figures"]):
        verdict = {True: "met", False: "**not met**", None: ""}[one.met]
        yield f"| {one.what} | {one.measured} | {one.target or '–'} | {verdict} |"


def _left(left: dict[str, int]) -> str:
    found = [f"{count} {what}" for what, count in left.items() if count]
    return ", ".join(found) or "nothing"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    publish()
