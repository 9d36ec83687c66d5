"""Metrics of the model in semantic SQL."""

import pytest

from adapters.errors import SqlNotAllowed, UnknownName
from tests.unit.compile.rewriting import NOTHING_KNOWN, Splitter
from tests.unit.compile.shop import CAPABILITIES, MODEL, planned
from tests.unit.compile.shop_data import filled

_ORDERS = '"order" AS o ON o.customer_id = c.customer_id'


@pytest.mark.parametrize(
    ("measured", "written"),
    [
        ('SELECT MEASURE(revenue) AS r FROM "order"', 'SELECT SUM(amount) AS r FROM "order"'),
        ('SELECT measure(revenue) AS r FROM "order"', 'SELECT SUM(amount) AS r FROM "order"'),
        (
            'SELECT 10 / MEASURE(basket) AS r FROM "order"',
            'SELECT 10 / (SUM(amount) / COUNT(order_id)) AS r FROM "order"',
        ),
        (
            (
                f"SELECT c.segment, MEASURE(revenue) AS r FROM customer AS c JOIN {_ORDERS} "
                "GROUP BY 1 HAVING MEASURE(revenue) > 2 ORDER BY MEASURE(revenue), c.segment"
            ),
            (
                f"SELECT c.segment, SUM(o.amount) AS r FROM customer AS c JOIN {_ORDERS} GROUP BY "
                "1 HAVING SUM(o.amount) > 2 ORDER BY SUM(o.amount), c.segment"
            ),
        ),
        (
            (
                'SELECT MEASURE(refund_share) AS r FROM "order" AS o JOIN ticket AS t ON '
                "t.customer_id = o.customer_id"
            ),
            (
                'SELECT SUM(t.refund) / SUM(o.amount) AS r FROM "order" AS o JOIN ticket AS t ON '
                "t.customer_id = o.customer_id"
            ),
        ),
        (
            'SELECT x.r FROM (SELECT MEASURE(revenue) AS r FROM "order") AS x',
            'SELECT x.r FROM (SELECT SUM(amount) AS r FROM "order") AS x',
        ),
    ],
)
def test_a_metric_is_its_expression(measured: str, written: str) -> None:
    """MEASURE(metric) means the metric's expression in brackets, over the aliases of its SELECT,
    wherever an aggregate may stand."""
    splitter = Splitter(MODEL, CAPABILITIES)
    done = splitter.split(measured, NOTHING_KNOWN)
    with filled() as shop:
        expected = shop.sql(written).fetchall()
        assert [shop.sql(sql).fetchall() for sql in splitter.rewritings(done)[:1]] == [expected]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT MEASURE(revenue) AS r FROM customer", "does not read it: name order once"),
        (
            (
                'SELECT MEASURE(revenue) AS r FROM "order" AS a JOIN "order" AS b '
                "ON a.order_id = b.order_id"
            ),
            "reads it more than once",
        ),
        (
            'SELECT MEASURE(refund_share) AS r FROM "order"',
            "computed from ticket, and this SELECT does not read it",
        ),
        (
            'SELECT MEASURE(revenue) AS r FROM (SELECT * FROM "order") AS x',
            "does not read it",
        ),
        ("SELECT MEASURE('revenue') AS r FROM \"order\"", "the name of one metric"),
        ('SELECT MEASURE(revenue, basket) AS r FROM "order"', "the name of one metric"),
        ('SELECT MEASURE() AS r FROM "order"', "the name of one metric"),
        (
            'SELECT MEASURE(revenue) FILTER (WHERE amount > 1) AS r FROM "order"',
            "takes no FILTER and no OVER",
        ),
        ('SELECT MEASURE(revenue) OVER () AS r FROM "order"', "takes no FILTER and no OVER"),
        ('SELECT MEASURE(o.revenue) AS r FROM "order" AS o', "the name of one metric"),
    ],
)
def test_a_metric_needs_its_entities_once(sql: str, said: str) -> None:
    """A SELECT that does not read the metric's entities exactly once is told so."""
    with pytest.raises(SqlNotAllowed, match=said):
        planned(sql)


@pytest.mark.parametrize(
    ("name", "said"), [("revenu", "did you mean `revenue`"), ("xyz", "known: basket, refund_share")]
)
def test_an_unknown_metric_comes_with_a_hint(name: str, said: str) -> None:
    """A metric that the model does not have is named, with the nearest one or all."""
    with pytest.raises(UnknownName, match=said):
        planned(f'SELECT MEASURE({name}) AS r FROM "order"')
