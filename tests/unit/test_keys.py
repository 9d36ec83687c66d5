"""What keys do in a join: counted, and named where a repeated one would inflate a sum."""

import asyncio
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.query import OutputColumn, SqlQuery
from orchestrator import keys as room
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, Plan
from orchestrator.fanout import Sum, Sums
from orchestrator.join import JoinedTable, join
from orchestrator.keys import KeyCount, count
from orchestrator.staging import StagingPool, StagingSettings

CHECK = KeyCheck(("s1", '"k"', "sales"), ("s2", '"k"', "support"))


def counted(left: list[Any], right: list[Any], **exact: bool) -> KeyCount:
    """The count of two columns of keys."""
    with duckdb.connect() as connection:
        for name, values in (("fetched_s1", left), ("fetched_s2", right)):
            connection.register(name, pa.table({"k": pa.array(values, pa.int64())}))
        wanted = {"exact_left": False, "exact_right": False, **exact}
        return count(connection, CHECK, **wanted)


def test_every_count_is_of_its_own() -> None:
    """Matched, dropped, null and repeated keys of both sides are told apart."""
    left = [1, 1, 1, 2, 3, 4, None, None]
    right = [1, 2, 2, 9, 9, None]
    assert counted(left, right) == KeyCount(
        left="sales",
        right="support",
        matched=2,
        dropped_left=2,
        dropped_right=1,
        null_left=2,
        null_right=1,
        repeated_left=1,
        repeated_right=1,
        most_left=3,
        most_right=2,
    )


_KEYS = st.lists(st.none() | st.integers(0, 6), max_size=30)


@settings(max_examples=60, deadline=None)
@given(left=_KEYS, right=_KEYS)
def test_counts_are_those_of_plain_sets(left: list[Any], right: list[Any]) -> None:
    """Whatever the keys, the one pass counts what sets and loops count."""
    a, b = {k for k in left if k is not None}, {k for k in right if k is not None}
    both = a & b
    found = counted(left, right)
    assert (found.matched, found.dropped_left, found.dropped_right) == (
        len(both),
        len(a - b),
        len(b - a),
    )
    assert (found.null_left, found.null_right) == (left.count(None), right.count(None))
    for side, repeated, most in (
        (left, found.repeated_left, found.most_left),
        (right, found.repeated_right, found.most_right),
    ):
        times = [side.count(key) for key in both]
        assert repeated == sum(time > 1 for time in times)
        assert most == max(times, default=0)


def test_many_rows_are_sampled_but_what_warns_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the bound counts are near the truth, nulls exact, and asked-for repeats exact."""
    monkeypatch.setattr(room, "EXACT_ROWS", 1_000)
    left = [*range(40_000), *[7] * 4, None, None]
    right = [*range(10_000, 50_000), 12_345, 12_345, 2]
    rough = counted(left, right)
    assert rough.sampled
    assert rough.matched == pytest.approx(30_001, rel=0.1)
    assert rough.dropped_left == pytest.approx(9_999, rel=0.15)
    assert (rough.null_left, rough.null_right) == (2, 0)
    exact = counted(left, right, exact_right=True)
    assert (exact.repeated_right, exact.most_right) == (1, 3)
    assert counted(left, right, exact_left=True).repeated_left == 0, "7 has no match"


ORDERS = '(SELECT * FROM fetched_s1) AS "o"'
TICKETS = '(SELECT * FROM fetched_s2) AS "t"'
CUSTOMERS = '(SELECT * FROM fetched_s3) AS "c"'
ON = 'ON "o"."k" = "t"."k"'
AMOUNT = Sum("sums", "s1", "amount")


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (f'SELECT SUM("o"."amount") AS x FROM {ORDERS} JOIN {TICKETS} {ON}', (AMOUNT,)),
        (f'SELECT SUM("o"."amount") AS x FROM {TICKETS} LEFT JOIN {ORDERS} {ON}', (AMOUNT,)),
        (
            f'SELECT SUM("o"."amount") AS x FROM {ORDERS}, {TICKETS} WHERE "t"."k" = "o"."k"',
            (AMOUNT,),
        ),
        (
            f'SELECT AVG("o"."amount") AS x, COUNT("o"."k") FROM {ORDERS} JOIN {TICKETS} {ON}',
            (Sum("averages", "s1", "amount"), Sum("counts", "s1", "k")),
        ),
        (
            f"""SELECT SUM("o"."amount") AS x FROM {ORDERS} JOIN {CUSTOMERS} ON "c"."k" = "o"."c"
            JOIN {TICKETS} {ON}""",
            (AMOUNT,),
        ),
        (
            f"""SELECT SUM("c"."amount") AS x FROM {CUSTOMERS} JOIN {ORDERS} ON "c"."k" = "o"."c"
            JOIN {TICKETS} {ON}""",
            (Sum("sums", "s3", "amount"),),
        ),
        (
            f"""WITH one AS (SELECT * FROM {ORDERS}) SELECT SUM("o"."amount") AS x
            FROM one AS "o" JOIN {TICKETS} {ON}""",
            (AMOUNT,),
        ),
        (f'SELECT SUM("t"."amount") AS x FROM {ORDERS} JOIN {TICKETS} {ON}', ()),
        (f'SELECT MAX("o"."amount") AS x FROM {ORDERS} JOIN {TICKETS} {ON}', ()),
        (f'SELECT COUNT(DISTINCT "o"."k") AS x FROM {ORDERS} JOIN {TICKETS} {ON}', ()),
        (f"SELECT COUNT(*) AS x FROM {ORDERS} JOIN {TICKETS} {ON}", ()),
        (f'SELECT "o"."amount" FROM {ORDERS} JOIN {TICKETS} {ON}', ()),
        (
            f"""SELECT SUM("o"."amount") AS x FROM {ORDERS} WHERE EXISTS
            (SELECT 1 FROM {TICKETS} WHERE "t"."k" = "o"."k")""",
            (),
        ),
        (f'SELECT SUM("o"."amount") AS x FROM {ORDERS} SEMI JOIN {TICKETS} {ON}', ()),
        (
            f"""SELECT SUM("o"."amount") AS x FROM {ORDERS} JOIN
            (SELECT "t"."k", COUNT(*) AS n FROM {TICKETS} GROUP BY 1) AS "t" {ON}""",
            (),
        ),
        (
            f"""SELECT SUM("o"."amount") AS x FROM {ORDERS} JOIN
            (SELECT DISTINCT "t"."k" FROM {TICKETS}) AS "t" {ON}""",
            (),
        ),
    ],
    ids=[
        "inner join",
        "left join",
        "where",
        "averages and counts",
        "through a third",
        "of a third",
        "CTE",
        "the other side",
        "maximum",
        "distinct",
        "rows",
        "no sum",
        "EXISTS",
        "semi join",
        "grouped first",
        "distinct first",
    ],
)
def test_sums_that_repeated_keys_inflate(sql: str, found: tuple[Sum, ...]) -> None:
    """A sum is named when rows of its side would be counted once for each key of the other."""
    assert Sums(sql).multiplied("s1", by="s2") == found


def plan(sql: str, check: KeyCheck) -> Plan:
    """A plan of orders and accounts."""
    columns = (OutputColumn(name="k", type="int64"), OutputColumn(name="amount", type="int64"))
    query = SqlQuery(relations=("public.x",), columns=columns, text="SELECT")
    steps = (FetchStep("s1", "sales", "order", query), FetchStep("s2", "support", "account", query))
    return Plan("SELECT", steps, JoinStep(sql, (check,)), ("x",), (), ())


def joined(sql: str, left: list[int], right: list[int], check: KeyCheck = CHECK) -> JoinedTable:
    """The join of orders and accounts with these keys, each worth 10."""

    async def staged() -> JoinedTable:
        pool = StagingPool(StagingSettings())
        async with pool.opened() as staging:
            for step, keys in (("s1", left), ("s2", right)):
                table = pa.table({"k": keys, "amount": [10] * len(keys)})
                async with staging.filling(step, table.schema) as take:
                    await take(table)
            found = await join(plan(sql, check), staging)
        await pool.close()
        return found

    return asyncio.run(staged())


SQL = f'SELECT SUM("o"."amount") AS x FROM {ORDERS} JOIN {TICKETS} {ON}'


def test_an_inflated_sum_is_named() -> None:
    """Keys that repeat on the other side of a sum are a warning with how bad it is."""
    found = joined(SQL, [1, 2, 3], [1, 1, 1, 2, 2, 3])
    words = "2 keys stand more than once in account, so sums of order.amount count their rows "
    assert found.warnings == (f"{words}up to 3 times.",)
    assert found.table.column("x").to_pylist() == [60]


def test_many_to_many_is_named() -> None:
    """Both sides repeating warns about the side that is summed."""
    assert "sums of order.amount" in joined(SQL, [1, 1, 2], [1, 1, 2]).warnings[0]


def test_a_sum_over_the_many_side_is_sound() -> None:
    """Many orders of one account each are what a sum is for: no warning."""
    assert joined(SQL, [1, 1, 1, 2], [1, 2, 3]).warnings == ()


def test_a_sum_over_the_one_side_is_named() -> None:
    """Summing a field of the account over its orders counts each account many times."""
    sql = SQL.replace('"o"."amount"', '"t"."amount"')
    found = joined(sql, [1, 1, 1, 2], [1, 2])
    words = "1 key stands more than once in order, so sums of account.amount count their rows "
    assert found.warnings == (f"{words}up to 3 times.",)


def test_repeats_that_match_nothing_do_not_warn() -> None:
    """Only keys that are joined can inflate anything."""
    assert joined(SQL, [1], [1, 9, 9]).warnings == ()


def test_counts_come_with_the_table() -> None:
    """The counts themselves are there for who wants more than words."""
    (found,) = joined(SQL, [1, 2, 5], [1, 7]).keys
    assert (found.matched, found.dropped_left, found.dropped_right) == (1, 2, 1)
