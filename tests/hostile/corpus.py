"""Reads the corpus.

A file holds groups: why they are there, what must come of them, and their inputs. An input is text,
or `text` with more that is true of it alone, where long text is told as what is repeated.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parent
_HALF = "\ud800"


@dataclass(frozen=True, slots=True)
class Case:
    """One input: its file and place in it, the input, and what the corpus says of it."""

    id: str
    input: Any
    why: str
    told: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.told.get(name)


@functools.cache
def cases(name: str) -> list[Case]:
    """The cases of a file, in its order. What an input says goes before what its group says."""
    groups = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return [
        _case(f"{name}-{at + 1}-{number + 1}", group, one)
        for at, group in enumerate(groups)
        for number, one in enumerate(group["inputs"])
    ]


def _case(place: str, group: dict[str, Any], one: Any) -> Case:
    own = one if isinstance(one, dict) and "text" in one else {"text": one}
    told: dict[str, Any] = {**group, **own}
    text: Any = told.pop("text")
    if told.get("half"):
        text = text.replace("<half>", _HALF)
    if isinstance(text, dict) and "repeat" in text:
        text = _repeated(**text)
    return Case(place, text, told["why"], told)


def _repeated(
    repeat: str, times: int, before: str = "", middle: str = "", close: str = "", after: str = ""
) -> str:
    return before + repeat * times + middle + close * times + after


def each(name: str, having: Callable[[Case], bool] = lambda _: True) -> pytest.MarkDecorator:
    """A test that takes `case` is run for each case of a file, by its place there."""
    chosen = [case for case in cases(name) if having(case)]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.id)


def everything() -> list[Case]:
    """All cases of all files."""
    return [case for path in sorted(FOLDER.glob("*.yaml")) for case in cases(path.stem)]
