"""Why a question goes to some sources and not to others: for a terminal, and as JSON."""

import dataclasses
import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cells import printable
from orchestrator.retrieve import Candidates


def show_routes(console: Console, candidates: Candidates, reason: str | None) -> None:
    """Print every source with its confidence, whether it is searched, and why."""
    table = Table(box=None, pad_edge=False)
    for heading in ("source", "confidence", "searched", "why"):
        table.add_column(heading, justify="right" if heading == "confidence" else "left")
    for route in candidates.routes:
        table.add_row(
            Text(printable(route.source)),
            f"{route.confidence:.2f}",
            "yes" if route.searched else "no",
            Text(printable(route.why)),
            style="" if route.searched else "dim",
        )
    console.print(table)
    if not candidates.by_meaning:
        console.print(Text(f"By words alone. {reason or ''}".strip()), soft_wrap=True)


def route_line(candidates: Candidates, reason: str | None) -> str:
    """The same as a line of JSON."""
    routes = [dataclasses.asdict(route) for route in candidates.routes]
    found = {"routes": routes, "by_meaning": candidates.by_meaning, "reason": reason}
    return json.dumps(found, ensure_ascii=False)
