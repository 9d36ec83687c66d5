"""Long and deep texts: each ends in bounded time, with an error of ours that is short."""

import json
import time

import pytest

from adapters import errors
from adapters.duckdb.guard import check as check_duckdb
from adapters.mongo.guard import check as check_pipeline
from adapters.postgres.guard import check as check_postgres
from adapters.query import AggregationQuery, OutputColumn, SqlQuery
from adapters.sqlite.guard import check as check_sqlite
from orchestrator.question import Requester, question
from tests.hostile.corpus import Case, each
from tests.unit.compile.shop import planned

_COLUMNS = (OutputColumn(name="id", type="int64"),)
MOST_S = 10.0
"""Processor time, many times what each takes on one core."""


def is_refused_in_time(case: Case, try_it: object) -> None:
    """Run a thing that must be refused, and hold its time and its message against the bounds."""
    assert callable(try_it)
    begun = time.process_time()
    with pytest.raises(getattr(errors, case["refused"])) as refused:
        try_it()
    assert time.process_time() - begun < MOST_S
    assert len(str(refused.value)) < 400


@each("giant", lambda case: case["kind"] == "semantic")
def test_semantic_sql(case: Case) -> None:
    """The parser and the compiler refuse it."""
    is_refused_in_time(case, lambda: planned(case.input))


@each("giant", lambda case: case["kind"] == "native")
@pytest.mark.parametrize("check", [check_postgres, check_duckdb, check_sqlite])
def test_native_sql(case: Case, check: object) -> None:
    """Every guard of SQL refuses it."""
    assert callable(check)
    query = SqlQuery(relations=("customers",), columns=_COLUMNS, text=case.input)
    is_refused_in_time(case, lambda: check(query))


@each("giant", lambda case: case["kind"] == "pipeline")
def test_pipelines(case: Case) -> None:
    """The guard of MongoDB refuses it."""
    stage = {"$match": {"a": json.loads(case.input)}}
    query = AggregationQuery(relations=("tickets",), columns=_COLUMNS, pipeline=(stage,))
    is_refused_in_time(case, lambda: check_pipeline(query))


@each("giant", lambda case: case["kind"] == "question")
def test_questions(case: Case) -> None:
    """A question that is too long is never planned."""
    is_refused_in_time(case, lambda: question(case.input, Requester("T1", "U1")))
