"""Hostile native SQL against the guards of PostgreSQL, DuckDB and SQLite."""

import pytest

from adapters import errors
from adapters.duckdb.guard import check as check_duckdb
from adapters.postgres.guard import check as check_postgres
from adapters.query import OutputColumn, SqlQuery
from adapters.sqlite.guard import check as check_sqlite
from tests.hostile.corpus import Case, each

_COLUMNS = (OutputColumn(name="id", type="int64"),)


def query(relation: str, text: str) -> SqlQuery:
    """A query that declares one relation."""
    return SqlQuery(relations=(relation,), columns=_COLUMNS, text=text)


@each("postgres")
def test_postgres_takes_one_select_of_what_is_declared(case: Case) -> None:
    """All else is refused, without a word of the query itself."""
    with pytest.raises(getattr(errors, case["refused"])) as refused:
        check_postgres(query("public.customers", case.input))
    assert "customers" not in str(refused.value)


@each("files", lambda case: "duckdb" in case["engines"])
def test_duckdb_takes_one_select_of_what_is_declared(case: Case) -> None:
    """Changes, files, settings, catalogs and unknown functions are refused before they are run."""
    with pytest.raises(getattr(errors, case["refused"])):
        check_duckdb(query("customers", case.input))


@each("files", lambda case: "sqlite" in case["engines"])
def test_sqlite_takes_one_select_of_what_is_declared(case: Case) -> None:
    """Changes, files, the schema, pragmas and unknown functions are refused before they are run."""
    with pytest.raises(getattr(errors, case["refused"])):
        check_sqlite(query("customers", case.input))
