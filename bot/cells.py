"""An answer's table to text cells, the same for Slack and the terminal; knows neither."""

from dataclasses import dataclass
from typing import Any

from orchestrator.answer import Answer, SourceReport
from orchestrator.answer.shown import SHOWN_ROWS, column, is_number, number, printable
from orchestrator.events import Succeeded

__all__ = ["Cells", "cells", "confidence_line", "number", "printable", "timing"]


@dataclass(frozen=True, slots=True)
class Cells:
    """The first rows of a table as text; `numeric` says which columns stand to the right, and
    `values` are the same cells as they came.
    """

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    values: tuple[tuple[Any, ...], ...]
    total_rows: int


def cells(answer: Answer, limit: int = SHOWN_ROWS) -> Cells:
    """At most `limit` rows (and SHOWN_ROWS) of the answer's table, each column in one form."""
    table = answer.table.slice(0, SHOWN_ROWS)
    names = [str(name) for name in table.column_names]
    values: list[list[Any]] = [one.to_pylist() for one in table.columns]
    texts = [column(name, found) for name, found in zip(names, values, strict=True)]
    return Cells(
        columns=tuple(_heading(name, answer.units.get(name)) for name in names),
        numeric=tuple(any(is_number(value) for value in found) for found in values),
        rows=tuple(zip(*texts, strict=True))[:limit],
        values=tuple(zip(*values, strict=True))[:limit],
        total_rows=answer.table.num_rows,
    )


def timing(fetch: Succeeded | SourceReport) -> str:
    """How long a fetch took, or how old its rows are when they were kept."""
    if not fetch.cached:
        return f"{fetch.seconds:.2f} s"
    if fetch.age_s < 60:
        return f"cached, {fetch.age_s:.0f} s ago"
    return f"cached, {fetch.age_s / 60:.0f} min ago"


def confidence_line(answer: Answer) -> str:
    """`Confidence: medium (rows were cut at a limit)`."""
    reasons = "; ".join(answer.confidence.reasons)
    return f"Confidence: {answer.confidence.level}" + (f" ({reasons})" if reasons else "")


def _heading(name: str, unit: str | None) -> str:
    return printable(f"{name} ({unit})" if unit else name)
