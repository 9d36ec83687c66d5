"""Stand-in until the pipeline compiler lands."""

from dataclasses import dataclass
from typing import Any

from adapters.query import AggregationQuery, OutputColumn


@dataclass(frozen=True)
class Collection:
    name: str
    paths: dict[str, str]
    words: dict[str, str]
    unwind: str | None = None


@dataclass(frozen=True)
class Untranslatable:
    reason: str


def pipeline(
    select: Any, collection: Collection, columns: tuple[OutputColumn, ...]
) -> AggregationQuery | Untranslatable:
    return Untranslatable("not yet")
