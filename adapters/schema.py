"""The catalog of a live source, in words that all sources share.

Types are Arrow's words (`int64`, `float64`, `decimal`, `string`, `bool`, `date`, `timestamptz`,
`timestamp`, `list`, `struct`, `mixed`). Columns of document stores are dotted paths.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

from adapters.coercion import arrow_type


@dataclass(frozen=True, slots=True)
class Column:
    """A column or document path; `share` is the part of sampled documents that have it (0–1).

    `distinct` is the source's own estimate of its distinct values, None when it has none. `values`
    are those that it is known to have, where they are few and the source itself tells them.
    `odd` when the source compares its values in another way than their type says, such as text
    without case.
    """

    name: str
    type: str
    nullable: bool = True
    share: float = 1.0
    comment: str = ""
    distinct: int | None = None
    values: tuple[str, ...] = ()
    odd: bool = False

    def differs_from(self, word: str) -> bool:
        """Whether its values are not those of a word as they are: they are converted, or compared
        in another way. Of decimals whose digits are not known they are taken to be."""
        if self.odd or self.type.partition("(")[0] != word.partition("(")[0]:
            return True
        return "(" in self.type and arrow_type(self.type).scale > arrow_type(word).scale


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, collection or vector collection; `rows` is the source's own estimate."""

    name: str
    columns: tuple[Column, ...]
    rows: int
    key: tuple[str, ...] = ()
    comment: str = ""

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Catalog:
    """What a source holds at one moment; `sampled` when columns are known from samples alone."""

    source: str
    relations: tuple[Relation, ...]
    sampled: bool = False

    def relation(self, name: str) -> Relation | None:
        """The relation of that name, or None."""
        return next((relation for relation in self.relations if relation.name == name), None)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over names, types and keys; estimates and shares do not count."""
        shape = [
            {
                "name": relation.name,
                "key": relation.key,
                "columns": sorted((column.name, column.type) for column in relation.columns),
            }
            for relation in sorted(self.relations, key=lambda relation: relation.name)
        ]
        return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, object]:
        """A JSON-ready form."""
        return asdict(self)
