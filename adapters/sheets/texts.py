"""A column of texts to a column of one type: numbers, dates, moments, truths, or text as it stands.

A column has a type only when every value fits it in one way of writing. What has leading zeros
("00123") is text, and so is what may mean two things ("1.234" in a file with semicolons).
"""

# what pyarrow.compute has is made when it is imported
# pyright: reportAttributeAccessIssue=false

import pyarrow as pa
import pyarrow.compute as pc

from adapters.sheets.layout import shown

_INT = r"^-?(0|[1-9]\d{0,17})$"
_PLAIN = r"^-?(0|[1-9]\d*)(\.\d+)?$"
_SCIENTIFIC = r"^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?$"
_ENGLISH = r"^-?(0|[1-9]\d*|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?$"
_CONTINENTAL = r"^-?(0|[1-9]\d*|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?$"
_TRUTH = r"(?i)^(true|false)$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)"
_WRITTEN_DAYS = (
    (r"^\d{1,2}\.\d{1,2}\.\d{4}$", ("%d.%m.%Y",)),
    (r"^\d{1,2}/\d{1,2}/\d{4}$", ("%d/%m/%Y", "%m/%d/%Y")),
)
_MOST_DIGITS = 38


def typed(name: str, texts: pa.Array, *, continental: bool) -> tuple[pa.Array, str]:
    """The column, and what is to be said of how it was read ("" when nothing is).

    Spaces around a value don't count, and an empty one is null. `continental`: the file's own
    marks say that a decimal comma is likely.
    """
    stripped = pc.utf8_trim_whitespace(texts)
    stripped = pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.string()), stripped)
    if stripped.null_count == len(stripped):
        return stripped, ""
    numbers = _numbers(stripped, continental)
    if numbers is not None:
        return numbers, ""
    other = _others(stripped)
    if other is not None:
        return other, ""
    return stripped, _mixed(name, stripped)


def _every(texts: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())


def _numbers(texts: pa.Array, continental: bool) -> pa.Array | None:
    if _every(texts, _INT):
        return texts.cast(pa.int64())
    english, comma = _every(texts, _ENGLISH), _every(texts, _CONTINENTAL)
    if english and comma and continental and not _every(texts, r"^-?\d+$"):
        return None  # “1.234” may be either
    if english:
        return _exact(pc.replace_substring(texts, ",", ""))
    if comma:
        plain = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
        return _exact(plain)
    return texts.cast(pa.float64()) if _every(texts, _SCIENTIFIC) else None


def _exact(texts: pa.Array) -> pa.Array | None:
    """Plain numbers as int64, else as decimals of the digits that they have; None when they have
    too many, as numbers of accounts do."""
    if _every(texts, _INT):
        return texts.cast(pa.int64())
    parts = pc.split_pattern(pc.replace_substring(texts, "-", ""), ".", max_splits=1)
    whole = pc.max(pc.utf8_length(pc.list_element(parts, 0))).as_py()
    fraction = pc.max(pc.utf8_length(pc.replace_substring_regex(texts, r"^[^.]*\.?", ""))).as_py()
    if not fraction or whole + fraction > _MOST_DIGITS:
        return None
    return texts.cast(pa.decimal128(whole + fraction, fraction))


def _others(texts: pa.Array) -> pa.Array | None:
    if _every(texts, _TRUTH):
        return pc.equal(pc.utf8_lower(texts), "true")
    if _every(texts, _DAY):
        return _cast(texts, pa.date32())
    if _every(texts, f"{_MOMENT}$"):
        return _cast(texts, pa.timestamp("us"))
    if _every(texts, f"{_MOMENT}{_ZONE}$"):
        return _cast(texts, pa.timestamp("us", tz="UTC"))
    for pattern, formats in _WRITTEN_DAYS:
        if _every(texts, pattern):
            fitting = [days for form in formats if (days := _days(texts, form)) is not None]
            return fitting[0] if len(fitting) == 1 else None
    return None


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return None


def _days(texts: pa.Array, form: str) -> pa.Array | None:
    moments = pc.strptime(texts, format=form, unit="s", error_is_null=True)
    if moments.null_count != texts.null_count:
        return None
    days = moments.cast(pa.date32())
    day, month = form.index("%d"), form.index("%m")
    return days if _same_days(texts, days, day < month) else None


def _same_days(texts: pa.Array, days: pa.Array, day_first: bool) -> bool:
    """Whether no day was moved on because its month is shorter."""
    parts = pc.split_pattern_regex(texts, r"[./]")
    said = pc.list_element(parts, 0 if day_first else 1).cast(pa.int64())
    return bool(pc.all(pc.equal(said, pc.day(days))).as_py())


def _mixed(name: str, texts: pa.Array) -> str:
    """What is said of a text column of which much could be numbers or dates."""
    fits = pc.match_substring_regex(texts, f"{_ENGLISH}|{_CONTINENTAL}|{_DAY}|^\\d+[./]\\d+[./]")
    count, values = pc.sum(fits).as_py() or 0, len(texts) - texts.null_count
    zeros = pc.any(pc.match_substring_regex(texts, r"^0\d")).as_py()
    if 2 * count < values or zeros:
        return ""
    if count == values:
        return f"{shown(name)} is read as text, since its values may be read in two ways"
    return f"{shown(name)} is read as text, since not all of its values are of one type"
