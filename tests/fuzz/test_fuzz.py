"""Nothing but a checked SELECT, or one of our errors, ever comes out of a hostile text."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.duckdb.guard import check as check_duckdb
from adapters.errors import QueryError, UnsafeQuery
from adapters.mongo.guard import check as check_pipeline
from adapters.postgres.guard import check as check_postgres
from adapters.query import AggregationQuery, OutputColumn, SqlQuery
from adapters.sqlite.guard import check as check_sqlite
from bot.slack.render import escaped, section
from orchestrator.compile.parse import parse
from tests.fuzz.conftest import Run
from tests.hostile.corpus import cases
from tests.unit.compile.shop import planned

_COLUMNS = (OutputColumn(name="id", type="int64"),)
_WORDS = """SELECT FROM WHERE name customer order AS ( ) , ; -- /* */ ' " $1 ? * + - = < > || AND
OR NOT IN EXISTS UNION ALL WITH JOIN ON GROUP BY ORDER LIMIT 1 1e9 'x' NULL CASE WHEN THEN END COUNT
SUM pg_sleep read_csv DELETE INTO DROP { } [ ] : :: . \\ \x00 \u202e \u212a $$ FILTER OVER
""".split()
_SEEDS = st.sampled_from([one.input for name in ("semantic", "postgres") for one in cases(name)])
_TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join),
    st.tuples(_SEEDS, _SEEDS, st.integers(0, 99), st.integers(0, 99)).map(
        lambda one: one[0][: one[2]] + one[1][one[3] :]
    ),
)
_JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["$a", "$$NOW", "$$v", "x", "$where"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "$and $expr $eq $where $function $cond $literal $let a $sum $out".split()
            )
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
_STAGES = st.lists(
    st.dictionaries(
        st.sampled_from("$match $project $group $facet $out $lookup $unwind $sort".split()),
        _JSON,
        min_size=1,
        max_size=2,
    ),
    max_size=3,
)


def test_the_parser_gives_a_select_or_an_error(budget: Run) -> None:
    """What is accepted reads the same when it is written anew; all else is an error of ours."""

    @given(_TEXTS)
    def holds(text: str) -> None:
        try:
            again = parse(text).sql("duckdb")
        except QueryError:
            return
        assert parse(again).sql("duckdb") == again

    budget(holds)


def test_what_is_compiled_passes_the_guards(budget: Run) -> None:
    """Whatever SQL the compiler makes of a text it accepts, the source's own guard accepts too."""

    @given(_TEXTS)
    def holds(text: str) -> None:
        try:
            plan = planned(text)
        except QueryError:
            return
        for step in plan.steps:
            if isinstance(step.query, SqlQuery):
                check_postgres(step.query)
            elif isinstance(step.query, AggregationQuery):
                check_pipeline(step.query)

    budget(holds)


def test_the_guards_of_sql_refuse_or_take(budget: Run) -> None:
    """A guard ends with nothing or with UnsafeQuery, never with a crash, and what it takes holds
    no comment and no second statement."""

    @given(_TEXTS)
    def holds(text: str) -> None:
        query = SqlQuery(relations=("customers",), columns=_COLUMNS, text=text)
        for check in (check_postgres, check_duckdb, check_sqlite):
            try:
                check(query)
            except UnsafeQuery:
                continue
            bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "", text)
            assert not re.search(r";\s*\S|--|/\*", bare)

    budget(holds)


def test_the_guard_of_pipelines_refuses_or_takes(budget: Run) -> None:
    """What it takes holds no code, no write and no other collection outside of $literal."""

    @given(_STAGES)
    def holds(stages: list[dict[str, Any]]) -> None:
        query = AggregationQuery.model_construct(
            relations=("tickets",), columns=_COLUMNS, pipeline=tuple(stages)
        )
        try:
            check_pipeline(query)
        except UnsafeQuery:
            return
        assert not {"$where", "$function", "$out", "$lookup"} & set(_keys(stages))

    budget(holds)


def _keys(value: Any) -> list[str]:
    if isinstance(value, list):
        return [key for one in value for key in _keys(one)]
    if not isinstance(value, dict):
        return []
    inner = [key for name, one in value.items() if name != "$literal" for key in _keys(one)]
    return [*value, *inner]


def test_the_escaper_leaves_nothing_live(budget: Run) -> None:
    """No bracket of the input survives, nothing is cut within an entity, and lengths hold."""

    @given(
        st.text(max_size=60)
        | st.lists(
            st.sampled_from(["<", "!channel", "@U1", ">", "&", "&lt;", "|", "\u202e", "x"])
        ).map("".join),
        st.integers(1, 80),
    )
    def holds(text: str, most: int) -> None:
        for safe in (escaped(text, most), section(text)["text"]["text"]):
            assert not set("<>") & set(safe)
            assert not re.search(r"&(?!amp;|lt;|gt;)", safe)
        assert len(escaped(text, most)) <= most

    budget(holds)
