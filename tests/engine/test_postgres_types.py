"""Types of PostgreSQL that compare in a way of their own give the rows that DuckDB would give."""

import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.credentials import Credential
from adapters.postgres import PostgresAdapter
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.conftest import answer_of, opened
from tests.engine.test_drift import AsReader

DATABASE = "own_types"
ADA = "3b1f8a52-7b1c-4a51-9c7e-0f6b6f0a7d01"
BO = "3b1f8a52-7b1c-4a51-9c7e-0f6b6f0a7d02"
TABLES = f"""
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('well', 'ill');
CREATE TABLE person (id uuid, email citext, code char(4), mood mood);
INSERT INTO person VALUES
    ('{ADA}', 'ada@x.com', 'ab', 'well'), ('{BO}', 'Ada@x.com', 'abc', NULL);
CREATE TABLE gauge (id int, r real, r2 real, fine numeric, read_at timestamp, price money);
INSERT INTO gauge VALUES
    (1, 0.1, 0.2, 0.0000000004, '2026-07-01 12:00', 1.5), (2, 16777216, 1, 0.0000000004, NULL, 2);
"""
VISITS = [(1, ADA), (2, "none"), (3, ADA), (4, None)]


_PERSON = ("id", "email", "code", "mood")
_GAUGE = {
    "id": "int64",
    "r": "float64",
    "r2": "float64",
    "fine": "decimal",
    "read_at": "timestamptz",
    "price": "string",
}


def _model(visits: Path) -> SemanticModel:
    return SemanticModel.model_validate(
        {
            "name": "People",
            "sources": {
                "crm": {"kind": "postgres"},
                "desk": {"kind": "sqlite", "connect": {"database": str(visits)}},
            },
            "entities": {
                "person": {
                    "description": "Somebody",
                    "key": "id",
                    "fields": {name: {"type": "string"} for name in _PERSON},
                    "bindings": {
                        "crm": {
                            "relation": "public.person",
                            "fields": {name: name for name in _PERSON},
                        }
                    },
                },
                "gauge": {
                    "description": "What an instrument shows",
                    "key": "id",
                    "fields": {name: {"type": word} for name, word in _GAUGE.items()},
                    "bindings": {
                        "crm": {
                            "relation": "public.gauge",
                            "fields": {name: name for name in _GAUGE},
                        }
                    },
                },
                "visit": {
                    "description": "That somebody came",
                    "key": "number",
                    "fields": {"number": {"type": "int64"}, "person": {"type": "string"}},
                    "bindings": {
                        "desk": {
                            "relation": "visit",
                            "fields": {"number": "number", "person": "person"},
                        }
                    },
                },
            },
        }
    )


@pytest.fixture(scope="module")
async def people(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Pipeline]:
    """People in PostgreSQL, their visits in SQLite."""
    folder, server = tmp_path_factory.mktemp("types"), sandbox.postgres
    await server.create_database(DATABASE, fresh=True)
    admin = await asyncpg.connect(server.admin_dsn(DATABASE))
    await admin.execute(TABLES)
    await admin.close()
    with sqlite3.connect(folder / "visits.db") as visits:
        visits.execute("CREATE TABLE visit (number INTEGER, person TEXT)")
        visits.executemany("INSERT INTO visit VALUES (?, ?)", VISITS)
    visits.close()

    def postgres(name: str, **_: Any) -> tuple[Any, None]:
        adapter = PostgresAdapter(name, host=server.host, port=server.port, database=DATABASE)
        return AsReader(adapter, Credential(server.admin_user, server.admin_password)), None

    model = _model(folder / "visits.db")
    async with opened(model, None, folder, kinds={"postgres": postgres}, warm=False) as pipeline:
        yield pipeline


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            "SELECT email, COUNT(*) AS n FROM person GROUP BY email",
            [("Ada@x.com", 1), ("ada@x.com", 1)],
        ),
        ("SELECT COUNT(*) AS n FROM person WHERE email = 'ada@x.com'", [(1,)]),
        ("SELECT COUNT(DISTINCT email) AS n FROM person", [(2,)]),
        ("SELECT code FROM person WHERE code LIKE 'ab'", [("ab",)]),
        ("SELECT code FROM person WHERE code = 'ab '", []),
        (f"SELECT code FROM person WHERE id = '{ADA.upper()}'", []),
        (f"SELECT code FROM person WHERE id IN ('{ADA}', '{BO.upper()}')", [("ab",)]),
        ("SELECT COALESCE(mood, 'none') AS m FROM person", [("none",), ("well",)]),
        ("SELECT COUNT(*) AS n FROM gauge WHERE r IN (0.1, 7)", [(0,)]),
        ("SELECT r + r2 AS sum FROM gauge WHERE id = 1", [(0.30000000447034836,)]),
        ("SELECT SUM(r + r2) AS sum FROM gauge WHERE id = 2", [(16777217.0,)]),
        ("SELECT COUNT(*) AS n FROM gauge WHERE COALESCE(r, 0.5) = 0.1", [(0,)]),
        ("SELECT COUNT(*) AS n FROM gauge WHERE CAST(r AS FLOAT) = 0.1", [(1,)]),
        (
            "SELECT MAX(EXTRACT(HOUR FROM read_at AT TIME ZONE 'Europe/Berlin')) AS h FROM gauge",
            [(14,)],
        ),
        ("SELECT COUNT(*) AS n FROM gauge WHERE price = '1.5'", [(0,)]),
        (
            "SELECT v.number, p.code FROM visit AS v JOIN person AS p ON p.id = v.person",
            [(1, "ab"), (3, "ab")],
        ),
    ],
)
async def test_postgresql_compares_as_duckdb_does(
    sql: str, rows: list[tuple[Any, ...]], people: Pipeline
) -> None:
    """Texts without case, texts filled up with blanks, keys that are no UUID where one is asked
    for, floats of 32 bits, and moments that have no zone there."""
    answer = await answer_of(people, "by SQL", sql)
    assert not answer.failed, answer.sources
    assert sorted(tuple(row.values()) for row in answer.table.to_pylist()) == rows


async def test_digits_that_do_not_fit_are_refused_and_not_cut_off(people: Pipeline) -> None:
    """A sum with more decimal places than its type has names its column."""
    answer = await answer_of(people, "by SQL", "SELECT SUM(fine) AS total FROM gauge")
    assert answer.failed
    assert "'total'" in answer.sources[0].failure
