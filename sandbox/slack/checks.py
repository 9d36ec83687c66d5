"""The small checks that Block Kit's rules are made of.

A check is a function of a report, a JSON pointer and a value: it adds to the report what is
wrong with the value, in Slack's words. What blocks there are, blocks.py says.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast


class Report:
    """What was found wrong, in the words of Slack's response_metadata.messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.markdown_characters = 0

    def say(self, pointer: str, complaint: str) -> None:
        self.messages.append(f"[ERROR] {complaint} [json-pointer:{pointer}]")


Check = Callable[[Report, str, Any], None]


def text(most: int, least: int = 1) -> Check:
    """A string of so many characters."""

    def check(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, str):
            report.say(at, "must be a string")
        elif len(value) > most:
            report.say(at, f"must be less than {most + 1} characters")
        elif len(value) < least:
            report.say(at, f"must be more than {least - 1} characters")

    return check


def choice(*allowed: object) -> Check:
    """One of the given values."""

    def check(report: Report, at: str, value: Any) -> None:
        if value not in allowed:
            report.say(at, f"must be one of: {', '.join(map(str, allowed))}")

    return check


def number(report: Report, at: str, value: Any) -> None:
    """A number, not a boolean."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        report.say(at, "must be a number")


def whole(least: int, most: int) -> Check:
    """A whole number between two others."""

    def check(report: Report, at: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            report.say(at, f"must be a whole number from {least} to {most}")

    return check


def decimal(report: Report, at: str, value: Any) -> None:
    """A number written as a string."""
    if not isinstance(value, str) or not re.fullmatch(r"-?\d+(\.\d+)?", value):
        report.say(at, "must be a number in a string")


def written(pattern: str) -> Check:
    """A string of a certain form."""

    def check(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            report.say(at, f"must match regex pattern: ^{pattern}$")

    return check


def ordered(low: str, high: str) -> Check:
    """Two numbers in strings, the first not above the second."""

    def check(report: Report, at: str, value: Any) -> None:
        if low in value and high in value and float(value[low]) > float(value[high]):
            report.say(at, f"{low} cannot be greater than {high}")

    return check


def boolean(report: Report, at: str, value: Any) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.say(at, "must be a boolean")


def anything(report: Report, at: str, value: Any) -> None:
    """An object that is accepted as it is."""
    if not isinstance(value, dict):
        report.say(at, "must be an object")


def array(item: Check, most: int, least: int = 1) -> Check:
    """A list of so many items, each checked."""

    def check(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, list):
            report.say(at, "must be an array")
            return
        items = cast("list[Any]", value)
        if len(items) > most:
            report.say(at, f"no more than {most} items allowed")
        if len(items) < least:
            report.say(at, f"no fewer than {least} items allowed")
        for index, each in enumerate(items):
            item(report, f"{at}/{index}", each)

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these keys and no others (`type` was read on the way here)."""
    known = {**required, **(optional or {})}

    def check(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.say(at, "must be an object")
            return
        fields = cast("dict[str, Any]", value)
        for name in required:
            if name not in fields:
                report.say(at, f"missing required field: {name}")
        for name, content in fields.items():
            if name in known:
                known[name](report, f"{at}/{name}", content)
            elif name != "type":
                report.say(at, f"no more than the known properties allowed: {name}")

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says what else it holds."""

    def check(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.say(at, "must be an object")
            return
        kind: Any = cast("dict[str, Any]", value).get("type")
        if kind is None:
            report.say(at, "missing required field: type")
        elif isinstance(kind, str) and kind in kinds:
            kinds[kind](report, at, value)
        else:
            report.say(f"{at}/type", f"unsupported type: {kind}")

    return check


def nullable(check: Check) -> Check:
    """What is checked, or null."""

    def check_or_null(report: Report, at: str, value: Any) -> None:
        if value is not None:
            check(report, at, value)

    return check_or_null


def both(first: Check, second: Check) -> Check:
    """Two checks of one value; the second only when the first found nothing."""

    def check(report: Report, at: str, value: Any) -> None:
        before = len(report.messages)
        first(report, at, value)
        if len(report.messages) == before:
            second(report, at, value)

    return check


def either(*names: str) -> Check:
    """At least one of these keys."""

    def check(report: Report, at: str, value: Any) -> None:
        if not any(name in value for name in names):
            report.say(at, f"missing required field: {' or '.join(names)}")

    return check


def without_empty_text(report: Report, at: str, value: Any) -> None:
    """Text that is not only white space."""
    if not value["text"].strip():
        report.say(f"{at}/text", "must be more than 0 characters")


def plain(most: int) -> Check:
    """A plain_text object."""
    shape = record({"text": text(most)}, {"emoji": boolean})
    return both(typed({"plain_text": shape}), without_empty_text)


def rich(most: int) -> Check:
    """A plain_text or mrkdwn object."""
    shapes = {
        "plain_text": record({"text": text(most)}, {"emoji": boolean}),
        "mrkdwn": record({"text": text(most)}, {"verbatim": boolean}),
    }
    return both(typed(shapes), without_empty_text)
