"""Arrow tables in memory as a source: the same locks as for files, and no file at all."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from adapters.duckdb.adapter import DuckdbAdapter
from adapters.duckdb.files import lock_to, quoted


@dataclass(frozen=True, slots=True)
class Held:
    """Tables by relation."""

    relations: dict[str, pa.Table]

    def prepare(
        self, connection: duckdb.DuckDBPyConnection, relations: Iterable[str], spill: str
    ) -> None:
        """Register the tables, close the connection to all files, and lock its configuration."""
        for relation in relations:
            connection.register(_stored(relation), self.relations[relation])
        lock_to(connection, [], spill)

    def origin(self, relation: str) -> str:
        """What stands after FROM to read a relation as it is held."""
        return quoted(_stored(relation))


class TablesAdapter(DuckdbAdapter):
    """Tables that somebody has brought along. They are that person's to show, so their rows are
    neither kept nor shared with other runs."""

    kind = "file"
    capabilities = replace(DuckdbAdapter.capabilities, personal=True)

    def __init__(self, source: str, tables: dict[str, pa.Table]) -> None:
        self.source = source
        self._files = Held(tables)


def _stored(relation: str) -> str:
    return f"held {relation}"
