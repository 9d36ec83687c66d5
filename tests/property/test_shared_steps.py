"""What a query needs twice is fetched once."""

from dataclasses import replace

import pytest

from orchestrator.cache import ResultCache
from orchestrator.execute import Executor
from orchestrator.registry import Drift
from tests.property.engine import Engine
from tests.property.placements import Placement
from tests.property.sources import LoggedIn

_PER_CUSTOMER = 'SELECT customer_id, COUNT(*) AS n FROM "order" GROUP BY customer_id'
DIAMONDS = {
    "a CTE that is joined with itself": f"""WITH spend AS ({_PER_CUSTOMER})
        SELECT c.name, a.n, b.n AS again FROM customer AS c JOIN spend AS a
        ON a.customer_id = c.customer_id LEFT JOIN spend AS b ON b.customer_id = c.parent_id""",
    "the same derived table twice": f"""SELECT a.n, b.n AS again, c.segment
        FROM ({_PER_CUSTOMER}) AS a JOIN ({_PER_CUSTOMER}) AS b ON a.n = b.n
        CROSS JOIN customer AS c""",
    "both sides of a UNION": """SELECT c.name, o.status FROM customer AS c JOIN "order" AS o
        ON o.customer_id = c.customer_id UNION ALL SELECT c.name, o.status FROM customer AS c
        LEFT JOIN "order" AS o ON o.customer_id = c.customer_id""",
    "a subquery over what is read anyway": """SELECT c.name, o.amount FROM customer AS c
        JOIN "order" AS o ON o.amount > c.credit
        WHERE o.amount = (SELECT MAX(i.amount) FROM "order" AS i) OR c.segment = 'a'""",
}


@pytest.mark.parametrize("sql", DIAMONDS.values(), ids=DIAMONDS.keys())
@pytest.mark.parametrize(
    ("customers", "orders"), [("pg_one", "mongo_one"), ("mongo_one", "pg_two")]
)
async def test_equal_reads_are_one_fetch(
    sql: str, customers: str, orders: str, engine: Engine
) -> None:
    """No source is asked the same twice, and the rows are still right."""
    homes = dict.fromkeys(("customer", "product", "event"), customers)
    homes |= dict.fromkeys(("order", "line"), orders)
    placement = Placement(5, tuple(homes.items()), (("customer", "pg_two"),))
    pipeline = engine.pipeline
    nothing_kept = Executor(
        pipeline.sources,
        None,
        ResultCache(0, 0),
        policies=pipeline.model.policies,
        drift=Drift(pipeline.model, pipeline.registry),
    )
    uncached = Engine(replace(pipeline, executor=nothing_kept), engine.atlas, engine.truth)
    before = {name: len(adapter.fetched) for name, adapter in _adapters(engine).items()}
    assert await uncached.disagreement(sql, placement, ordered=False) == ""
    asked = [
        (name, query.model_dump_json())
        for name, adapter in _adapters(engine).items()
        for query in adapter.fetched[before[name] :]
    ]
    assert {name for name, _ in asked} == {customers, orders}
    assert len(asked) == len(set(asked))


def _adapters(engine: Engine) -> dict[str, LoggedIn]:
    adapters = {name: source.adapter for name, source in engine.pipeline.sources.items()}
    return {name: one for name, one in adapters.items() if isinstance(one, LoggedIn)}
