"""The adapters' own guards against what has broken others."""

from typing import Any

import pytest

from adapters.errors import UnsafeQuery
from adapters.mongo.guard import check as check_pipeline
from adapters.postgres.guard import check as check_sql
from adapters.qdrant.guard import MAX_LIMIT, MAX_TEXT
from adapters.qdrant.guard import check as check_vector
from adapters.query import AggregationQuery, OutputColumn, SqlQuery, VectorQuery

_COLUMNS = (OutputColumn(name="id", type="int64"),)


def sql(text: str) -> SqlQuery:
    """A query that declares one relation."""
    return SqlQuery(relations=("public.customers",), columns=_COLUMNS, text=text)


def pipeline(*stages: dict[str, Any]) -> AggregationQuery:
    """A pipeline on one collection."""
    return AggregationQuery(relations=("tickets",), columns=_COLUMNS, pipeline=stages)


def vector(**changed: Any) -> VectorQuery:
    """A search for one point, with changes."""
    plain = {"relations": ("notes",), "text": None, "limit": 1, "paths": ("$id",)}
    return VectorQuery.model_validate({**plain, "columns": _COLUMNS, **changed})


@pytest.mark.parametrize(
    "function",
    """query_to_xml table_to_xml schema_to_xml database_to_xml cursor_to_xml ts_stat ts_rewrite
    crosstab xpath_table pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file dblink dblink_exec
    lo_import lo_export lo_get pg_sleep pg_notify pg_advisory_lock pg_terminate_backend
    pg_reload_conf set_config current_setting nextval setval currval pg_logical_emit_message
    txid_current pg_export_snapshot inet_server_addr version generate_series repeat lpad random
    pg_sleep_for xmlparse format encode current_database pg_typeof gen_random_uuid""".split(),
)
@pytest.mark.parametrize(
    "shape",
    [
        "SELECT {}('x') AS id FROM public.customers",
        "SELECT pg_catalog.{}('x') AS id FROM public.customers",
        "SELECT \"{}\"('x') AS id FROM public.customers",
        "SELECT id FROM public.customers WHERE {}('x') IS NULL",
        "SELECT id FROM public.customers, {}('x')",
        "SELECT id FROM public.customers, LATERAL {}('x') AS t",
        "SELECT id FROM public.customers ORDER BY {}('x')",
        "WITH a AS (SELECT {}('x') AS id) SELECT id FROM a",
    ],
)
def test_functions_are_an_allow_list(function: str, shape: str) -> None:
    """A function that runs SQL, reads files or changes state is refused wherever it stands."""
    with pytest.raises(UnsafeQuery):
        check_sql(sql(shape.format(function)))


@pytest.mark.parametrize(
    "text",
    [
        'SELECT "id" AS "id" FROM "public"."customers" WHERE "id" = ANY($1)',
        "SELECT COUNT(*) AS id FROM public.customers WHERE name LIKE $1 OR name IS NULL",
        "WITH a AS (SELECT id FROM public.customers) SELECT id FROM a",
        "SELECT DATE_TRUNC('month', at) AS id FROM public.customers ORDER BY name COLLATE \"C\"",
        (
            "WITH a AS (SELECT id FROM public.customers), b AS (SELECT id FROM a) "
            "SELECT id FROM b JOIN a USING (id) WHERE EXISTS(SELECT 1 FROM a AS c WHERE c.x = 1)"
        ),
        'WITH A AS (SELECT 1 AS id) SELECT id FROM "a" UNION ALL SELECT id FROM a ORDER BY id',
        (
            "SELECT COUNT(DISTINCT id) FILTER(WHERE name ILIKE $1) AS id, EXTRACT(DOW FROM at), "
            "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) AS m FROM public.customers "
            "GROUP BY EXTRACT(DOW FROM at) HAVING SUM(x) > $2"
        ),
        (
            "SELECT SUM(x) OVER (PARTITION BY y ORDER BY z ROWS BETWEEN UNBOUNDED PRECEDING AND "
            "CURRENT ROW) AS id, LAG(x, 1) OVER (ORDER BY y) AS lag FROM public.customers"
        ),
        (
            "SELECT CASE WHEN x ~ $1 THEN TRIM(name) ELSE SUBSTRING(name FROM 1 FOR 2) END AS id, "
            "CAST(x AS DECIMAL(12, 2)) AS y, ROUND(x, 2) AS z, REGEXP_REPLACE(name, 'a', 'b') AS r "
            "FROM public.customers AS c LEFT JOIN LATERAL (SELECT 1 AS one) AS l ON TRUE"
        ),
        (
            "SELECT COALESCE(x, 0) / NULLIF(y, 0) AS id FROM public.customers "
            "WHERE (x, y) IN ((1, 2)) AND at >= CURRENT_DATE - INTERVAL '1 DAY' "
            "AND x IS DISTINCT FROM y"
        ),
    ],
)
def test_generated_selects_pass(text: str) -> None:
    """What the compiler writes is let through."""
    check_sql(sql(text))


@pytest.mark.parametrize(
    "stage",
    """$out $merge $lookup $graphLookup $unionWith $changeStream $currentOp $listSessions
    $listLocalSessions $collStats $indexStats $planCacheStats $documents $function $set
    $addFields $unset $replaceRoot $replaceWith $geoNear $search $sample $setWindowFields $fill
    $densify $bucket $bucketAuto $sortByCount $redact $count $shardedDataDistribution""".split(),
)
def test_stages_are_an_allow_list(stage: str) -> None:
    """A stage that writes, reads elsewhere or never ends is refused, last, first or beside."""
    plain = {"$match": {"a": {"$eq": 1}}}
    for stages in (
        ({stage: {}},),
        (plain, {stage: {}}),
        ({stage: {}}, plain),
        ({**plain, stage: {}},),
        ({"$facet": {"rows": [{"$limit": 1}, {stage: {}}]}},),
    ):
        with pytest.raises(UnsafeQuery):
            check_pipeline(pipeline(*stages))


@pytest.mark.parametrize(
    "operator",
    """$where $function $accumulator $expr.$function $regex $jsonSchema $text $near $lookup
    $getField $setField $map $reduce $filter $push $rand $sampleRate $comment $meta $unionWith
    $out $merge $sum.$function $let.$accumulator $cond.$rand $first $top $objectToArray""".split(),
)
def test_operators_are_an_allow_list_however_deep(operator: str) -> None:
    """Code and unknown operators are refused at any depth, in lists and in projections."""
    bad: Any = "x"
    for name in reversed(operator.split(".")):
        bad = {name: bad}
    deep: Any = bad
    for _ in range(10):
        deep = {"$and": [{"a": {"$eq": 1}}, {"$or": [deep]}]}
    for stage in (
        {"$match": bad},
        {"$match": deep},
        {"$project": {"a": bad}},
        {"$group": {"_id": None, "a": bad}},
        {"$facet": {"rows": [{"$match": bad}]}},
        {"$sort": {"a": bad}},
    ):
        with pytest.raises(UnsafeQuery):
            check_pipeline(pipeline(stage))


def test_pipelines_are_bounded() -> None:
    """Nesting is bounded, and a stage is exactly one operator."""
    deep: dict[str, Any] = {"a": 1}
    for _ in range(60):
        deep = {"$and": [deep]}
    nested = {"$facet": {"rows": [{"$facet": {"rows": [{"$limit": 1}]}}]}}
    malformed = ({"$facet": []}, {"$facet": {"rows": {"$limit": 1}}}, {"$facet": {"rows": ["a"]}})
    for stages in (
        [{"$match": deep}],
        [{}],
        [{"$match": {}, "$limit": 1}],
        [nested],
        *([one] for one in malformed),
        [{**malformed[0], "$limit": 1}],
    ):
        with pytest.raises(UnsafeQuery):
            check_pipeline(pipeline(*stages))
    check_pipeline(
        pipeline({"$match": {"a": {"$in": [1, 2]}}}, {"$project": {"_id": 0, "a": "$b"}})
    )
    check_pipeline(
        pipeline(
            {"$unwind": "$lines"},
            {"$group": {"_id": {"k0": "$a"}, "a0": {"$sum": {"$toDecimal": "$b"}}}},
            {"$facet": {"rows": [{"$limit": 1}]}},
            {"$sort": {"a": 1}},
            {"$skip": 1},
        )
    )


@pytest.mark.parametrize("body", ["lines", {"path": "$lines"}, {"$where": "x"}, ["$lines"], None])
def test_only_a_plain_path_is_unwound(body: Any) -> None:
    """An array is unwound by its path alone."""
    with pytest.raises(UnsafeQuery):
        check_pipeline(pipeline({"$unwind": body}))
    check_pipeline(pipeline({"$unwind": "$lines"}))


def test_a_literal_may_hold_anything() -> None:
    """Text under $literal is data, and data may look like an operator."""
    check_pipeline(pipeline({"$project": {"a": {"$literal": {"$where": "x"}}}}))


@pytest.mark.parametrize(
    "changed",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": MAX_LIMIT + 1},
        {"relations": ()},
        {"relations": ("notes", "others")},
        {"text": "x" * (MAX_TEXT + 1)},
        {"filters": (("payload.a", "like", "x"),)},
        {"filters": (("payload.a", "=", "x"), ("payload.a", "<>", "x"))},
    ],
)
def test_vector_queries_are_bounded(changed: dict[str, Any]) -> None:
    """One collection, known operators, and bounded limits and texts."""
    with pytest.raises(UnsafeQuery):
        check_vector(vector(**changed))


def test_vector_queries_within_bounds_pass() -> None:
    """The bounds themselves are allowed."""
    check_vector(vector(limit=MAX_LIMIT, text="x" * MAX_TEXT))
    check_vector(
        vector(filters=tuple(("payload.a", one, 1) for one in ("=", "<", "<=", ">", ">=")))
    )
