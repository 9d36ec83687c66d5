"""Names of files and their columns that people gave: nothing of them but letters and digits is
taken over."""

import re

import pyarrow as pa

from adapters.duckdb.files import connect
from adapters.query import OutputColumn, SqlQuery
from adapters.sheets import Sheet
from orchestrator.attach import FileTable, attach, entity_names
from orchestrator.compile import Compiler
from orchestrator.compile.plan import Plan
from orchestrator.plan import FileRef
from tests.hostile.corpus import Case, each
from tests.unit.compile.shop import CAPABILITIES, MODEL, Sizes

_SAFE = re.compile(r"[a-z][a-z0-9_]{0,47}")


def asked_of(title: str, column: str) -> tuple[str, str, Plan]:
    """The names of a file's entity and column in the model, and the plan of a query over them."""
    (name,) = entity_names([title], MODEL)
    table = FileTable(
        FileRef(name, "F1", title, "ab" * 32), Sheet(pa.table({column: ["Acme"]}), ())
    )
    attached = attach(MODEL, (table,))
    entity = attached.model.entities[name]
    field = next(iter(entity.fields))
    own = {name: attached.sources[name].adapter.capabilities}
    compiler = Compiler(attached.model, {**CAPABILITIES, **own})
    return name, field, compiler.compile(f'SELECT f."{field}" FROM "{name}" AS f', Sizes())


@each("names", lambda case: not case["column"])
def test_a_file_has_a_safe_name_that_is_nobody_else_s(case: Case) -> None:
    """The entity is named by letters, digits and _, stands for no other entity or source, and can
    be asked; what a driver is sent holds nothing else of the name."""
    name, _, plan = asked_of(case.input, "Lead")
    assert _SAFE.fullmatch(name)
    assert name not in {*MODEL.entities, *MODEL.sources}
    assert {step.source for step in plan.steps} == {name}


@each("names", lambda case: case["column"])
def test_a_column_has_a_safe_name(case: Case) -> None:
    """The field is named by letters, digits and _, is not the row's number, and DuckDB reads it."""
    _, field, plan = asked_of("leads.csv", case.input)
    assert _SAFE.fullmatch(field)
    assert field not in {"row_number", "score"}
    (step,) = plan.steps
    assert isinstance(step.query, SqlQuery)
    assert step.query.columns == (OutputColumn(name=field, type="string"),)
    with connect() as connection:
        (relation,) = step.query.relations
        connection.execute(f'CREATE TABLE "{relation}" ("{field}" TEXT)')
        assert connection.sql(step.query.text).fetchall() == []
