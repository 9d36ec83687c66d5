"""Every number in a sentence must come from somewhere: the table, the question, or the SQL.

A planner writes its sentence before there is a row, so a number that it wrote itself can be wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from orchestrator.answer.shown import SHOWN_ROWS

_SCALES = {
    "k": 3,
    "thousand": 3,
    "m": 6,
    "mn": 6,
    "million": 6,
    "bn": 9,
    "billion": 9,
    "%": -2,
    "percent": -2,
}
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?:\s?(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))}))?(?![\w%])",
    re.IGNORECASE,
)
_DAY = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?(?:[ T]\d{2}:\d{2}(?::\d{2})?)?")
_DIGITS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class _Said:
    """A number of a sentence. `places` are the decimals that it was written with; it may stand for
    itself or, as in “1.2 million” and “12 %”, for `value` times ten to the power of `scale`.
    """

    text: str
    value: Decimal
    places: int
    scale: int

    def readings(self) -> Iterator[tuple[Decimal, Decimal]]:
        """What it may mean, each with how far the number that it was rounded from may be off."""
        half = Decimal(5).scaleb(-self.places - 1)
        yield self.value, half
        if self.scale:
            yield self.value.scaleb(self.scale), half.scaleb(self.scale)


def unfounded(sentence: str, table: pa.Table, question: str, sql: str) -> tuple[str, ...]:
    """The numbers of a sentence that come from nowhere, as they are written there.

    A number is founded when it is that of a cell (rounded as far as it is written), the number of
    rows, or stands in the question or in the SQL's literals; a day, or its year, when one of these
    has it. Digits inside words, such as P1, and inside texts of the table are no numbers.
    """
    left = _without_texts(sentence, table)
    known_days = _days(table) | {*_DAY.findall(question), *_DAY.findall(sql)}
    days = _DAY.findall(left)
    wrong = [day for day in days if not any(known.startswith(day) for known in known_days)]
    known = {Decimal(table.num_rows)} | {Decimal(day[:4]) for day in known_days}
    for words in (question.replace(",", ""), sql):
        known |= {Decimal(digits) for digits in _DIGITS.findall(_DAY.sub(" ", words))}
    sizes = [
        np.abs(one.cast(pa.float64(), safe=False).to_numpy())
        for one in table.columns
        if _is_numeric(one.type)
    ]
    wrong += [
        said.text
        for said in _numbers(_DAY.sub(" ", left))
        if not any(
            any(abs(value - one) <= off for one in known) or _in_any(sizes, value, off)
            for value, off in said.readings()
        )
    ]
    return tuple(wrong)


def _numbers(text: str) -> Iterator[_Said]:
    for found in _NUMBER.finditer(text):
        digits = found["digits"].replace(",", "")
        places = len(digits.partition(".")[2])
        scale = _SCALES.get((found["scale"] or "").lower(), 0)
        yield _Said(found[0].strip(), Decimal(digits), places, scale)


def _without_texts(sentence: str, table: pa.Table) -> str:
    """The sentence without the texts that it took from the table, whatever digits are in them."""
    found: set[str] = set()
    for one in table.slice(0, SHOWN_ROWS).columns:
        if not _is_numeric(one.type):
            texts = (str(value).strip() for value in one.to_pylist() if isinstance(value, str))
            found |= {text for text in texts if any(c.isdigit() for c in text)}
    for text in sorted(found, key=len, reverse=True):
        sentence = sentence.replace(text, " ")
    return sentence


def _days(table: pa.Table) -> set[str]:
    """Days and moments of the table, as ISO text to the second."""
    return {
        value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else str(value)
        for one in table.slice(0, SHOWN_ROWS).columns
        if pa.types.is_temporal(one.type)
        for value in one.to_pylist()
        if isinstance(value, date)
    }


def _is_numeric(kind: Any) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _in_any(sizes: Sequence[np.ndarray], value: Decimal, off: Decimal) -> bool:
    """Whether a cell of these columns is the value, or its opposite, to within `off`."""
    slack = float(off) + abs(float(value)) * 1e-12
    return any(bool(np.any(np.abs(one - float(value)) <= slack)) for one in sizes)
