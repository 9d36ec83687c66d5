"""The join alone: rows that are in memory already, with keys that have to be coerced."""

import contextlib
from collections.abc import AsyncGenerator
from decimal import Decimal

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from adapters.limits import BATCH_ROWS
from adapters.query import OutputColumn, SqlQuery
from benchmarks.measure import Outcome, Target, Variant, Work, compare, without_gc
from benchmarks.servers import SEGMENTS, Place
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, Plan
from orchestrator.join import join
from orchestrator.staging import StagingPool, StagingSettings

TITLE = "The join alone: orders with a tenth as many customers"
TARGETS = (
    Target("times as fast as a join of dicts", "crosstalk", "dicts", at_least=25),
    Target("times as fast as a join of dicts, GC off", "crosstalk", "dicts, GC off", at_least=25),
)
_ABOUT = """Revenue by segment. Orders bear the customer's number as an integer and a decimal, \
customers theirs as the text `CUST-000017`. The rows are in memory before the clock starts, as \
Arrow or as dicts.

- **crosstalk**: batches staged as they come, joined, and the keys counted.
- **DuckDB**: a bare DuckDB over the same Arrow tables, read in place; no key is counted.
- **dicts**: a loop over lists of dicts, with the customers in a dict by number; also with \
Python's garbage collector off."""
_NUMBER = "TRY_CAST(REPLACE({}, 'CUST-', '') AS BIGINT)"
_SQL = f"""SELECT c.segment, SUM(o.amount) AS revenue, COUNT(*) AS orders FROM fetched_s1 AS o
JOIN (SELECT {_NUMBER.format("ref")} AS customer_id, segment FROM fetched_s2) AS c
ON o.customer_id = c.customer_id GROUP BY c.segment ORDER BY revenue DESC"""


async def run(place: Place, quick: bool) -> Outcome:
    """All variants at two sizes."""
    sizes = (1_000, 20_000) if quick else (1_000, 1_000_000)
    return Outcome(_ABOUT, await compare(__name__, place, sizes, 2 if quick else 5))


def plan_of(sql: str, tables: list[pa.Table], checks: tuple[KeyCheck, ...]) -> Plan:
    """A plan whose steps are these tables, as if they had been fetched."""
    steps: list[FetchStep] = []
    for number, table in enumerate(tables, start=1):
        columns = tuple(OutputColumn(name=one.name, type=_word(one.type)) for one in table.schema)
        query = SqlQuery(relations=(), columns=columns, text="")
        steps.append(FetchStep(f"s{number}", f"source {number}", f"entity {number}", query))
    asked = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(asked, exp.Query)
    columns = tuple(asked.named_selects)
    return Plan(sql, tuple(steps), JoinStep(sql, checks), columns, (), ())


def _word(kind: pa.DataType) -> str:
    return {"string": "string", "int64": "int64"}.get(str(kind), "decimal(12,2)")


def _tables(size: int) -> tuple[pa.Table, pa.Table]:
    numbers = pa.array(range(size), pa.int64())
    customers = max(1, size // 10)
    mixed = [number * 7919 % customers + 1 for number in range(size)]
    cents = [Decimal(number * 104729 % 1_000_000).scaleb(-2) for number in range(size)]
    orders = pa.table(
        {
            "id": numbers,
            "customer_id": pa.array(mixed, pa.int64()),
            "amount": pa.array(cents, pa.decimal128(12, 2)),
        }
    )
    refs = [f"CUST-{number:06}" for number in range(1, customers + 1)]
    segments = [SEGMENTS[number % len(SEGMENTS)] for number in range(customers)]
    return orders, pa.table({"ref": refs, "segment": segments})


@contextlib.asynccontextmanager
async def _crosstalk(_: Place, size: int) -> AsyncGenerator[Work]:
    tables = _tables(size)
    check = KeyCheck(
        ("s1", "customer_id", "orders"), ("s2", _NUMBER.format("ref"), "customers"), False
    )
    plan = plan_of(_SQL, list(tables), (check,))

    pool = StagingPool(StagingSettings())

    async def work() -> None:
        async with pool.opened() as staging:
            for step, table in zip(plan.steps, tables, strict=True):
                async with staging.filling(step.id, table.schema) as take:
                    for first in range(0, table.num_rows, BATCH_ROWS):
                        await take(table.slice(first, BATCH_ROWS))
            joined = await join(plan, staging)
        _check(joined.table, size)

    await work()
    yield work
    await pool.close()


@contextlib.asynccontextmanager
async def _duckdb(_: Place, size: int) -> AsyncGenerator[Work]:
    orders, customers = _tables(size)

    async def work() -> None:
        with duckdb.connect(":memory:") as connection:
            connection.register("fetched_s1", orders)
            connection.register("fetched_s2", customers)
            _check(connection.sql(_SQL).to_arrow_table(), size)

    await work()
    yield work


@contextlib.asynccontextmanager
async def _dicts(_: Place, size: int) -> AsyncGenerator[Work]:
    orders, customers = (table.to_pylist() for table in _tables(size))

    async def work() -> None:
        segments = {int(one["ref"].removeprefix("CUST-")): one["segment"] for one in customers}
        joined = [order | {"segment": segments[order["customer_id"]]} for order in orders]
        revenue: dict[str, Decimal] = {}
        count: dict[str, int] = {}
        for row in joined:
            segment = row["segment"]
            revenue[segment] = revenue.get(segment, Decimal()) + row["amount"]
            count[segment] = count.get(segment, 0) + 1
        assert sum(count.values()) == size

    yield work


def _check(table: pa.Table, size: int) -> None:
    assert sum(table.column("orders").to_pylist()) == size


VARIANTS: dict[str, Variant] = {
    "crosstalk": _crosstalk,
    "DuckDB": _duckdb,
    "dicts": _dicts,
    "dicts, GC off": without_gc(_dicts),
}
