"""A collection's fields as values: each is read once, as its declared type, or the query fails.

A document may hold anything. What does not fit the declared word is a conversion error at the
server, whose text bears the mark of `adapters.coercion.misfit_mark`; the source's adapter tells
people which column it was. What fits is the same that a plain fetch takes (`adapters/coercion.py`).
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.coercion import misfit_mark
from orchestrator.compile.pipeline.values import (
    BOOL,
    FLOAT,
    INT,
    STRING,
    Code,
    Kind,
    Unfaithful,
    Value,
    bound,
    exact_kind,
)

_DATE_FORMAT = "%Y-%m-%d"
_HOUR = r"([01]\d|2[0-3]):[0-5]\d"
_INSTANT = rf"\A\d{{4}}-\d\d-\d\dT{_HOUR}:[0-5]\d(\.\d{{3}})?(Z|[+-]{_HOUR})?\z"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as rows: each field's dotted path and canonical word.

    With `unwind`, the path of an array, each of the array's elements is a row.
    """

    name: str
    paths: dict[str, str]
    words: dict[str, str]
    unwind: str | None = None

    def kind(self, field: str) -> Kind:
        """The kind of a field. Raises Unfaithful when MongoDB has no such values."""
        word = self.words[field]
        if word == "timestamp":
            raise Unfaithful(f"{field}: MongoDB has no times without a zone")
        return exact_kind(word) if word.startswith("decimal") else _KINDS[word]

    def reading(self, field: str) -> Code:
        """The code that reads a field from a stored document: a value of its kind, or null."""
        path = f"${self.paths[field]}"
        kind = self.kind(field)
        if kind.name == "json":
            return {"$ifNull": [path, None]}
        cases = [("missing null undefined", True, None), *_CASES[kind.name](path)]
        wrong = _misfit(field, self.words[field], path)
        branches = [
            {"case": _and(_is_of(path, types.split()), test), "then": then}
            for types, test, then in cases
        ]
        code = {"$switch": {"branches": branches, "default": wrong}}
        return _fitting(code, kind, wrong) if kind.name == "exact" else code


_KINDS = {
    "int64": INT,
    "float64": FLOAT,
    "string": STRING,
    "bool": BOOL,
    "date": Kind("date"),
    "timestamptz": Kind("timestamptz"),
    "json": Kind("json"),
}
Cases = list[tuple[str, Any, Any]]


def _misfit(field: str, word: str, path: str) -> Code:
    """Fails when it is evaluated; the type makes it depend on the document."""
    return {"$toInt": {"$concat": [misfit_mark(field, word), {"$type": path}]}}


def _is_of(path: str, types: list[str]) -> Code:
    if len(types) == 1:
        return {"$eq": [{"$type": path}, types[0]]}
    return {"$in": [{"$type": path}, types]}


def _and(first: Code, test: Code) -> Code:
    return first if test is True else {"$and": [first, test]}


def _ints(path: str) -> Cases:
    long = {"$convert": {"input": path, "to": "long", "onError": None}}
    return [
        ("int long", True, {"$toLong": path}),
        ("double decimal", {"$eq": [long, path]}, long),
    ]


def _floats(path: str) -> Cases:
    tiny = {"$lt": [{"$abs": path}, 1]}
    beyond = {"$cond": [tiny, 0.0, {"$cond": [{"$gt": [path, 0]}, math.inf, -math.inf]}]}
    return [
        ("double", True, path),
        ("int long", True, {"$toDouble": path}),
        ("decimal", True, {"$convert": {"input": path, "to": "double", "onError": beyond}}),
    ]


def _exacts(path: str) -> Cases:
    """A double is the decimal that it prints as: of at most 15 digits, or whole."""
    printed = {"$toDecimal": path}
    whole = {"$convert": {"input": path, "to": "long", "onError": None}}
    small = {"$lte": [{"$abs": path}, 2**53]}
    return [
        ("int long decimal", True, {"$toDecimal": path}),
        ("double", {"$eq": [{"$toDouble": printed}, path]}, printed),
        ("double", {"$and": [small, {"$eq": [whole, path]}]}, {"$toDecimal": whole}),
    ]


def _fitting(code: Code, kind: Kind, wrong: Code) -> Code:
    """The decimal, if it has no more digits and places than declared; NaN and infinity have."""
    most = Decimal(1).scaleb(kind.digits - kind.scale)

    def fits(v: Code) -> Code:
        inside = [
            {"$gt": [v, -most]},
            {"$lt": [v, most]},
            {"$eq": [{"$round": [v, kind.scale]}, v]},
        ]
        return {"$cond": [{"$or": [{"$eq": [v, None]}, {"$and": inside}]}, v, wrong]}

    return bound([code], fits)


def _strings(path: str) -> Cases:
    return [("string", True, path), ("objectId int long", True, {"$toString": path})]


def _bools(path: str) -> Cases:
    return [("bool", True, path)]


def _instants(path: str) -> Cases:
    """An instant is a date, or text as ISO writes it, with milliseconds at most."""
    instant = {"$dateFromString": {"dateString": path, "onError": None}}
    written = {"$regexMatch": {"input": path, "regex": _INSTANT}}
    return [
        ("date", True, path),
        ("string", {"$and": [written, {"$ne": [instant, None]}]}, instant),
    ]


def _days(path: str) -> Cases:
    """A day is text as ISO writes it; anything else is a misfit, even if it could be guessed."""
    day = {"$dateFromString": {"dateString": path, "format": _DATE_FORMAT, "onError": None}}
    same = {"$eq": [{"$dateToString": {"date": day, "format": _DATE_FORMAT}}, path]}
    return [("string", same, day)]


_CASES = {
    "int": _ints,
    "float": _floats,
    "exact": _exacts,
    "string": _strings,
    "bool": _bools,
    "timestamptz": _instants,
    "date": _days,
}


def field_value(collection: Collection, field: str) -> Value:
    """A field after it was read under its own name."""
    if field not in collection.paths:
        raise Unfaithful(f"{field}: the collection has no such field")
    return Value(f"${field}", collection.kind(field))
