"""Text: patterns as anchored regular expressions with everything escaped, and pieces of text.

DuckDB lower-cases code point by code point over all of Unicode, MongoDB's own functions only ASCII.
So LOWER and ILIKE are translated where a pattern of ASCII says all that matters: each letter stands
for every character that DuckDB turns into it.
"""

import re
from typing import Any

from orchestrator.compile.pipeline.values import (
    INT,
    STRING,
    Code,
    Unfaithful,
    Value,
    bound,
    constant,
    null_when,
)

_LOWERED = {"i": "iI\u0130", "k": "kK\u212a"}
_UPPERED = {"I": "Ii\u0131", "S": "Ss\u017f"}
# what DuckDB trims: Unicode's space separators, and no tab or line end
_SPACES = "\u0020\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
_NEVER = r"[^\s\S]"


def pattern(like: str, fold: str = "") -> str:
    """The regular expression of a LIKE pattern.

    `fold` is `lower` or `upper` when it is matched against text turned so.
    """
    first, *others = like.split("%")
    text = rf"\A{_piece(first, fold)}"
    if not others:
        return rf"(?s){text}\z"
    *middle, last = others
    # the first place where a piece fits is enough, so there is nothing to go back for
    text += "".join(f"(?>.*?{_piece(one, fold)})" for one in middle if one)
    return rf"(?s){text}.*{_piece(last, fold)}\z"


def exactly(text: str, fold: str) -> str:
    """The regular expression of one text, compared with text turned so."""
    return rf"(?s)\A{''.join(_character(one, fold) for one in text)}\z"


def starting(text: str) -> str:
    """The regular expression of texts that begin so."""
    return rf"(?s)\A{_escaped(text)}"


def ending(text: str) -> str:
    """The regular expression of texts that end so."""
    return rf"(?s){_escaped(text)}\z"


def holding(text: str) -> str:
    """The regular expression of texts that hold this one."""
    return rf"(?s){_escaped(text)}"


def _escaped(text: str) -> str:
    return "".join(_character(one, "") for one in text)


def _piece(like: str, fold: str) -> str:
    return "".join("." if one == "_" else _character(one, fold) for one in like)


def _character(one: str, fold: str) -> str:
    if one == "\0":
        raise Unfaithful("a NUL in a pattern")
    if not fold:
        return re.escape(one) if one.isascii() else one
    if not one.isascii():
        raise Unfaithful(f"{one} without regard to case: MongoDB folds otherwise than DuckDB")
    if one.isalpha():
        turned = one.lower() if fold == "lower" else one.upper()
        if one != turned:
            return _NEVER
        letters = (_LOWERED if fold == "lower" else _UPPERED).get(one, one.lower() + one.upper())
        return f"[{letters}]"
    return re.escape(one)


def matches(value: Value, expression: str) -> Code:
    """True where the text matches, false where it does not or is NULL."""
    return {"$regexMatch": {"input": text(value).code, "regex": expression}}


def text(value: Value) -> Value:
    """The value, which must be TEXT."""
    if value.kind.name not in {"string", "null"}:
        raise Unfaithful(f"{value.kind} as TEXT: DuckDB and MongoDB write it differently")
    return value


def literal_text(value: Value, what: str) -> str:
    """The text of a literal."""
    if value.kind != STRING or not value.constant:
        raise Unfaithful(f"{what} that is not a literal")
    return str(value.code["$literal"]) if isinstance(value.code, dict) else str(value.code)


def length(value: Value) -> Value:
    """`length(text)`, in code points."""
    # a NULL that is a constant is measured before the condition is looked at
    code = _over_nulls(text(value), lambda v: {"$strLenCP": {"$ifNull": [v, ""]}})
    return Value({"$toLong": code}, INT, value.nullable)


def substring(value: Value, start: Value, count: Value | None) -> Value:
    """`substring(text, start, count)` with literals that count from the beginning."""
    first, most = start.code, 2**31 - 1 if count is None else count.code
    plain = all(one.constant and one.kind == INT for one in (start, count or start))
    if not plain or not 1 <= first < 2**31 or not 0 <= most < 2**31:
        raise Unfaithful("SUBSTRING with bounds that are no literals, or that are not positive")
    code = _over_nulls(text(value), lambda v: {"$substrCP": [v, first - 1, most]})
    return Value(code, STRING, value.nullable)


def _over_nulls(value: Value, body: Any) -> Code:
    """MongoDB takes NULL for an empty text here, or refuses it."""
    if not value.nullable:
        return body(value.code)
    return bound([value.code], lambda v: null_when({"$eq": [v, None]}, body(v)))


def joined(values: list[Value]) -> Value:
    """`a || b`: NULL when one of them is."""
    code = {"$concat": [text(value).code for value in values]}
    return Value(code, STRING, any(value.nullable for value in values))


def concatenated(values: list[Value]) -> Value:
    """`concat(a, b)`: NULLs are left out."""
    parts = [{"$ifNull": [text(v).code, ""]} if v.nullable else text(v).code for v in values]
    return Value({"$concat": parts}, STRING, nullable=False)


def trimmed(value: Value, position: str, characters: Value | None) -> Value:
    """`trim`, `ltrim` or `rtrim`, of spaces or of the characters of a literal."""
    taken = _SPACES if characters is None else literal_text(characters, "TRIM of characters")
    if "\0" in taken:
        raise Unfaithful("TRIM of a NUL")
    if not taken:
        return text(value)
    operator = {"LEADING": "$ltrim", "TRAILING": "$rtrim"}.get(position.upper(), "$trim")
    chars = constant(taken, STRING).code
    return Value({operator: {"input": text(value).code, "chars": chars}}, STRING, value.nullable)


def replaced(value: Value, find: Value, by: Value) -> Value:
    """`replace(text, find, by)` with literals."""
    wanted = literal_text(find, "REPLACE of a text")
    literal_text(by, "REPLACE with a text")
    if not wanted:
        return text(value)
    parts = {"input": text(value).code, "find": find.code, "replacement": by.code}
    return Value({"$replaceAll": parts}, STRING, value.nullable)
