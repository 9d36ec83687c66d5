"""A domain: its semantic model, its compiler, and one DuckDB with a table for each entity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from adapters.coercion import arrow_type
from adapters.errors import QueryError
from bot.slack.history.adapter import SlackAdapter
from evals.case import FOLDER
from evals.hospital_rows import hospital
from evals.themes import theme
from orchestrator.compile import Compiler
from orchestrator.semantic import SemanticModel, load
from orchestrator.validate import withheld
from orchestrator.wire import adapter_class
from sandbox.company.entities import entity_rows
from sandbox.company.generate import generate

ASKED = datetime(2026, 11, 21, 9, tzinfo=UTC)
"""When every question is asked: a Saturday morning."""
_SCALE = 0.1


@dataclass(frozen=True, slots=True)
class Domain:
    """All that a question of one domain is asked of."""

    name: str
    model: SemanticModel
    compiler: Compiler
    database: duckdb.DuckDBPyConnection

    def answer(self, sql: str) -> pa.Table:
        """The rows of a semantic query. Raises QueryError when the compiler or the policy refuses
        it. What the compiler makes of it means the same, which other tests hold."""
        plan = self.compiler.compile(sql)
        for field in plan.fields:
            if violation := withheld(field, self.model):
                raise QueryError(violation.message)
        tree = sqlglot.parse_one(sql, read="duckdb")
        for table in tree.find_all(exp.Table):
            if isinstance(table.this, exp.Search):
                table.set("this", self._found(table.this))
        return self.database.sql(tree.sql("duckdb")).to_arrow_table()

    def check(self, sql: str) -> pa.Table:
        """The rows of a check query."""
        return self.database.sql(sql).to_arrow_table()

    def _found(self, search: exp.Search) -> exp.Expr:
        """What a search that never errs would find: the texts on the theme of its words."""
        about = theme(self.name, search.expression.name)
        where = exp.column("theme").eq(exp.Literal.string(about))
        chosen = exp.select("*", "1.0 AS score").from_(exp.to_identifier(search.this.name))
        return chosen.where(where).subquery()


def open_domain(name: str) -> Domain:
    """Load a domain and make its rows, which are the same each time."""
    if name == "meridian":
        company = generate(ASKED.date(), scale=_SCALE)
        rows = entity_rows(company)
        for row, note in zip(rows["note"], company.notes, strict=True):
            row["theme"] = note.theme
        path = FOLDER.parent / "semantic_model.yaml"
    else:
        rows, path = hospital(ASKED.date()), FOLDER / name / "semantic_model.yaml"
    model = load(path, {})
    kinds = {source: spec.kind for source, spec in model.sources.items()}
    adapters = {
        source: SlackAdapter if kind == "slack" else adapter_class(kind)
        for source, kind in kinds.items()
    }
    capabilities = {source: adapter.capabilities for source, adapter in adapters.items()}
    return Domain(name, model, Compiler(model, capabilities), _database(model, rows))


def _database(
    model: SemanticModel, rows: Mapping[str, list[dict[str, Any]]]
) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    for name, entity in model.entities.items():
        fields = [(field, arrow_type(spec.type)) for field, spec in entity.fields.items()]
        if entity.text_source and name in rows:
            fields.append(("theme", pa.string()))
        incoming = pa.Table.from_pylist(rows.get(name, []), schema=pa.schema(fields))
        connection.register("incoming", incoming)
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
        connection.unregister("incoming")
    return connection
