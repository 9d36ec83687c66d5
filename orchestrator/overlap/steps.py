"""Small changes of a key's text that its values, beside the other side's, give reason to try."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

from orchestrator.overlap.affixes import Affixes, affixes, plain

_BLANK = re.compile(r"^[\s\u00a0]+|[\s\u00a0]+$")
_MARK = re.compile(r"[\W_]")
_MOST_GROUPS = 9
_MASK_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `write` puts it around a DuckDB expression of text.

    Steps are taken in the order of `rank`, at most one of a rank; `cost` is high for those that
    throw away much.
    """

    rank: int
    write: Callable[[str], str]
    cost: int = 1


@dataclass(frozen=True, slots=True)
class Texts:
    """One side's keys as text: all of them as `plain` gives them, and a few as they are."""

    few: Sequence[str]
    plain: Set[str]


def texts(values: Sequence[str], few: Sequence[str]) -> Texts:
    """Both forms of a side's keys."""
    return Texts(few, {plain(value) for value in values})


def steps(dirty: Texts, wanted: Texts) -> Iterator[Step]:
    """The steps that could make keys of `dirty` equal to those of `wanted`."""
    if not dirty.few or not wanted.few:
        return
    yield from _spaces(dirty.few)
    yield from _case(dirty.few, wanted.few)
    yield from _marks(dirty.few, wanted.few)
    around = affixes(dirty.few, wanted.plain)
    for pair in around[:2]:
        yield Step(3, _without([pair]))
    if len(around) > 1:
        yield Step(3, _without(around), cost=2 * len(around))
    if all(value.isdigit() for value in wanted.few) and any(re.search(r"\D", v) for v in dirty.few):
        yield Step(3, lambda x: f"REGEXP_REPLACE({x}, '[^0-9]', '', 'g')", cost=4)
    if any(re.match(r"0+[^\W_]", value) for value in dirty.few):
        yield Step(4, lambda x: rf"REGEXP_REPLACE({x}, '^0+(.)', '\1')")
    wrapped = affixes(wanted.few, dirty.plain)
    for width in _widths(wanted.few, wrapped):
        if any(len(value) < width for value in dirty.few):
            yield Step(5, _padded(width))
    yield from _grouped(dirty.few, wanted.few)
    for pair in wrapped[:2]:
        if "".join(pair).strip():
            yield Step(7, _within(pair))


def _spaces(values: Sequence[str]) -> Iterator[Step]:
    if any(value != value.strip(" ") for value in values):
        yield Step(0, lambda x: f"TRIM({x})")
    if any(_BLANK.sub("", value) != value.strip(" ") for value in values):
        yield Step(
            0, lambda x: rf"REGEXP_REPLACE({x}, '^[\s\x{{00a0}}]+|[\s\x{{00a0}}]+$', '', 'g')"
        )


def _case(values: Sequence[str], wanted: Sequence[str]) -> Iterator[Step]:
    if any(value != value.upper() for value in values) and _mostly(str.upper, wanted):
        yield Step(1, lambda x: f"UPPER({x})")
    if any(value != value.lower() for value in values) and _mostly(str.lower, wanted):
        yield Step(1, lambda x: f"LOWER({x})")


def _mostly(change: Callable[[str], str], values: Sequence[str]) -> bool:
    return sum(change(value) == value for value in values) * 2 > len(values)


def _marks(values: Sequence[str], wanted: Sequence[str]) -> Iterator[Step]:
    """Spaces and punctuation: those that the other side never has, and all."""
    here = {mark for value in values for mark in _MARK.findall(value)}
    there = {mark for value in wanted for mark in _MARK.findall(value)}
    for marks in dict.fromkeys((frozenset(here - there), frozenset(here))):
        if len(marks) == 1:
            (mark,) = marks
            yield Step(2, lambda x, mark=mark: f"REPLACE({x}, {_quoted(mark)}, '')")
        elif marks:
            each = "".join(_escaped(mark).replace("-", r"\-") for mark in sorted(marks))
            pattern = _quoted(f"[{each}]")
            yield Step(2, lambda x, p=pattern: f"REGEXP_REPLACE({x}, {p}, '', 'g')")


def _without(pairs: Sequence[Affixes]) -> Callable[[str], str]:
    """The text without any of these affixes."""
    before = _either([start for start, _ in pairs if start])
    behind = _either([end for _, end in pairs if end])
    parts = [*([f"^{before}"] if before else []), *([f"{behind}$"] if behind else [])]
    both = ", 'g'" if len(parts) > 1 else ""
    return lambda x: f"REGEXP_REPLACE({x}, {_quoted('|'.join(parts))}, ''{both})"


def _either(words: list[str]) -> str:
    known = [_escaped(word) for word in sorted(dict.fromkeys(words), key=len, reverse=True)]
    return known[0] if len(known) == 1 else f"(?:{'|'.join(known)})" if known else ""


def _within(pair: Affixes) -> Callable[[str], str]:
    """The text with these affixes put around it."""
    before = f"{_quoted(pair[0])} || " if pair[0] else ""
    behind = f" || {_quoted(pair[1])}" if pair[1] else ""
    return lambda x: f"{before}{x}{behind}"


def _widths(wanted: Sequence[str], wrapped: Sequence[Affixes]) -> list[int]:
    """The widths that the other side's numbers are filled up to with zeros."""
    numbers = list(wanted)
    for start, end in wrapped:
        numbers += [
            value[len(start) : len(value) - len(end)]
            for value in wanted
            if value.startswith(start) and value.endswith(end)
        ]
    filled = Counter(len(number) for number in numbers if re.fullmatch(r"0\d+", number))
    return [width for width, _ in filled.most_common(2)]


def _padded(width: int) -> Callable[[str], str]:
    """The text filled up with zeros; LPAD alone would cut what is longer."""
    return lambda x: f"CASE WHEN LENGTH({x}) < {width} THEN LPAD({x}, {width}, '0') ELSE {x} END"


def _grouped(values: Sequence[str], wanted: Sequence[str]) -> Iterator[Step]:
    """Marks put where the other side has them: `12-345` for `12345`, a UUID's dashes."""
    masks = Counter(re.sub(r"[^\W_]", "x", value) for value in wanted)
    mask, count = masks.most_common(1)[0]
    groups = [part for part in _MARK.split(mask) if part]
    length = mask.count("x")
    if count < _MASK_SHARE * len(wanted) or not 1 < len(groups) <= _MOST_GROUPS:
        return
    if any(len(value) == length and not _MARK.search(value) for value in values):
        pattern = _quoted(f"^{''.join(f'(.{{{len(group)}}})' for group in groups)}$")
        numbers = iter(range(1, len(groups) + 1))
        marked = mask.replace("\\", r"\\")
        rewrite = _quoted(re.sub("x+", lambda _: rf"\{next(numbers)}", marked))
        yield Step(6, lambda x: f"REGEXP_REPLACE({x}, {pattern}, {rewrite})")


def _escaped(text: str) -> str:
    """A text that a regular expression of DuckDB (RE2) takes as it is."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
