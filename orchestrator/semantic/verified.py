"""Verified queries put into the text of a semantic model, which stays as it is otherwise."""

import contextlib
import json
import re
import textwrap
from collections.abc import Sequence

import yaml

from adapters.errors import SemanticModelError
from orchestrator.semantic.model import VerifiedQuery

_KEY = "verified_queries"
_WIDTH = 88


def with_verified(text: str, queries: Sequence[VerifiedQuery]) -> str:
    """The model's YAML with these queries behind the last one, written as that is indented. Every
    other byte stays. Raises SemanticModelError where that can't be done."""
    if not queries:
        return text
    with contextlib.suppress(yaml.YAMLError):
        at, added = _addition(text, queries)
        new = f"{text[:at]}{added}{text[at:]}"
        if _says(text, new, queries):
            return new
    raise SemanticModelError(
        f"The queries can't be put into the model's `{_KEY}` as that is written. Write it as a "
        "list with one item below the other, or add them by hand: `crosstalk verified` shows them."
    )


def _addition(text: str, queries: Sequence[VerifiedQuery]) -> tuple[int, str]:
    """What is to be put into the text, and before which of its characters."""
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(tree, yaml.MappingNode)
    found = next((value for key, value in tree.value if key.value == _KEY), None)
    newline = "\r\n" if "\r\n" in text else "\n"
    if not isinstance(found, yaml.SequenceNode):
        items = ["", f"{_KEY}:", *(_item(one, 2, 4) for one in queries)]
        return len(text), _lines(items, text, newline)
    if found.flow_style:
        items = ", ".join(json.dumps(one.model_dump(), ensure_ascii=False) for one in queries)
        return found.end_mark.index - 1, f", {items}" if found.value else items
    at = _end(text, found)
    dash, key = found.start_mark.column, found.value[-1].start_mark.column
    return at, _lines([_item(one, dash, key) for one in queries], text[:at], newline)


def _end(text: str, sequence: yaml.SequenceNode) -> int:
    """Where the last item of a list ends: before the blank lines and comments that follow it."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text[: sequence.end_mark.index])
    while _is_beside(lines[-1], sequence.start_mark.column):
        lines.pop()
    return sum(map(len, lines))


def _is_beside(line: str, column: int) -> bool:
    bare = line.strip()
    return not bare or (bare.startswith("#") and line.index("#") <= column)


def _lines(items: list[str], before: str, newline: str) -> str:
    """The items as lines behind what stands before, whose last line may lack its end."""
    lines = newline.join("\n".join(items).split("\n"))
    return f"{lines}{newline}" if before.endswith("\n") else f"{newline}{lines}"


def _item(query: VerifiedQuery, dash: int, key: int) -> str:
    """An item of the list: its SQL folded over lines, or quoted where that would change it."""
    question = yaml.safe_dump({"question": query.question}, width=10_000, allow_unicode=True)
    start = f"{' ' * dash}-{' ' * (key - dash - 1)}{question.strip()}\n{' ' * key}sql: "
    width = max(40, _WIDTH - key)
    wrapped = textwrap.wrap(query.sql, width, break_long_words=False, break_on_hyphens=False)
    folded = "\n".join([f"{start}>-", *(f"{' ' * (key + 2)}{line}" for line in wrapped)])
    if yaml.safe_load(folded)[0]["sql"] == query.sql:
        return folded
    return start + json.dumps(query.sql, ensure_ascii=False)


def _says(old: str, new: str, queries: Sequence[VerifiedQuery]) -> bool:
    """Whether the new text says what the old one did, and the queries."""
    before, after = yaml.safe_load(old), yaml.safe_load(new)
    wanted = [*(before.pop(_KEY, None) or []), *(one.model_dump() for one in queries)]
    return after.pop(_KEY, None) == wanted and after == before
