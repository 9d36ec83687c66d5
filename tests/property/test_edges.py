"""The places where joins over several databases go wrong, each with its right result by hand."""

import asyncio
from typing import Any

import pyarrow as pa
import pytest

from tests.property.data import ENTITIES
from tests.property.engine import Engine
from tests.property.placements import Placement, everything_in
from tests.property.sameness import rows_of

_JOIN = 'SELECT COUNT(*) AS n FROM customer AS c {} "order" AS o ON c.customer_id = o.customer_id'
_SHARED = 'SELECT COUNT(*) AS n FROM customer AS c FULL JOIN "order" AS o USING (customer_id)'
_EMPTY = "SELECT COUNT(*) AS n FROM customer AS c {} event AS e ON c.customer_id = e.customer_id"
_CUSTOMERS = "SELECT COUNT(*) AS n FROM customer AS c WHERE "
_PRODUCTS = "SELECT label FROM product WHERE "
Rows = list[tuple[Any, ...]]

CASES: dict[str, tuple[str, Rows]] = {
    "duplicate keys on both sides fan out": (_JOIN.format("JOIN"), [(6,)]),
    "NULL keys on both sides match nothing": (
        f"{_JOIN.format('JOIN')} WHERE o.customer_id IS NULL OR c.customer_id IS NULL",
        [(0,)],
    ),
    "NULL keys of the left side stay": (_JOIN.format("LEFT JOIN"), [(8,)]),
    "NULL keys of the right side stay": (_JOIN.format("RIGHT JOIN"), [(9,)]),
    "NULL keys of both sides stay": (_JOIN.format("FULL JOIN"), [(11,)]),
    "NULL keys match when asked to": (
        _JOIN.format("JOIN").replace(" = ", " IS NOT DISTINCT FROM "),
        [(8,)],
    ),
    "those without a match": (
        f"{_JOIN.format('LEFT JOIN')} WHERE o.customer_id IS NULL",
        [(2,)],
    ),
    "a condition on the optional side is one of WHERE": (
        f"{_JOIN.format('LEFT JOIN')} WHERE o.order_id > 1",
        [(4,)],
    ),
    "a condition on the optional side in ON": (
        f"{_JOIN.format('LEFT JOIN')} AND o.order_id > 1",
        [(7,)],
    ),
    "a condition on the kept side in ON": (
        f"{_JOIN.format('LEFT JOIN')} AND c.parent_id = 1",
        [(7,)],
    ),
    "a quoted number beside a whole one is rounded": (
        f"{_CUSTOMERS}customer_id <= '1.5' AND 1 <= '0.5'",
        [(3,)],
    ),
    "a quoted number beside computed whole ones is rounded": (
        f"{_CUSTOMERS}c.customer_id + 1 <= '2.5' AND c.customer_id % 2 <= '0.4'",
        [(2,)],
    ),
    "a quoted number beside a count is rounded": (
        "SELECT customer_id FROM customer GROUP BY customer_id HAVING COUNT(*) = '1.6'",
        [(2,)],
    ),
    "a shared column in HAVING": (
        f"{_SHARED} GROUP BY customer_id HAVING customer_id > 2",
        [(1,), (1,)],
    ),
    "a shared column in an aggregate of HAVING": (
        f"{_SHARED} GROUP BY c.parent_id HAVING MAX(customer_id) > 4",
        [(5,)],
    ),
    "a shared column in QUALIFY": (
        f"{_SHARED.replace(' AS n', ' OVER () AS n')} QUALIFY customer_id > 2",
        [(11,), (11,)],
    ),
    "inner join with an empty side": (_EMPTY.format("JOIN"), [(0,)]),
    "left join with an empty right side": (_EMPTY.format("LEFT JOIN"), [(5,)]),
    "right join with an empty right side": (_EMPTY.format("RIGHT JOIN"), [(0,)]),
    "full join with an empty side": (_EMPTY.format("FULL JOIN"), [(5,)]),
    "cross join with an empty side": (
        "SELECT COUNT(*) AS n FROM customer AS c CROSS JOIN event AS e",
        [(0,)],
    ),
    "aggregates of nothing": (
        "SELECT COUNT(*) AS n, SUM(big) AS s, MAX(kind) AS m FROM event",
        [(0, None, None)],
    ),
    "groups of nothing": ("SELECT kind, COUNT(*) AS n FROM event GROUP BY kind", []),
    "NOT IN a list with NULL is never true": (
        _CUSTOMERS + 'c.customer_id NOT IN (SELECT o.customer_id FROM "order" AS o)',
        [(0,)],
    ),
    "NOT IN nothing is always true": (
        _CUSTOMERS + "c.customer_id NOT IN (SELECT e.customer_id FROM event AS e)",
        [(5,)],
    ),
    "NOT IN without NULLs": (
        _CUSTOMERS + 'c.customer_id NOT IN (SELECT o.customer_id FROM "order" AS o '
        "WHERE o.customer_id IS NOT NULL)",
        [(1,)],
    ),
    "IN a list with NULL": (
        _CUSTOMERS + 'c.customer_id IN (SELECT o.customer_id FROM "order" AS o)',
        [(3,)],
    ),
    "NOT EXISTS lets NULL keys through": (
        _CUSTOMERS + 'NOT EXISTS (SELECT 1 FROM "order" AS o WHERE o.customer_id = c.customer_id)',
        [(2,)],
    ),
    "a whole number joins a decimal": (
        'SELECT o.order_id, l.line_no FROM "order" AS o JOIN line AS l ON o.order_id = l.order_ref',
        [(1, 1), (2, 1), (2, 2)],
    ),
    "a fraction is no whole number": (
        'SELECT COUNT(*) AS n FROM line AS l WHERE l.order_ref IN (SELECT order_id FROM "order")',
        [(3,)],
    ),
    "an entity joined with itself": (
        "SELECT COUNT(*) AS n FROM customer AS a JOIN customer AS b ON a.parent_id = b.customer_id",
        [(6,)],
    ),
    "fields of another source do not multiply rows": (
        "SELECT customer_id, tier FROM customer",
        [(1, "gold"), (2, "tin"), (2, "tin"), (4, None), (None, None)],
    ),
    "NaN is above every number": (
        "SELECT customer_id FROM customer WHERE rating > 1e300",
        [(1,), (4,)],
    ),
    "a percent sign is itself when it is escaped": (
        _PRODUCTS + "label LIKE '%\\%' ESCAPE '\\'",
        [("100%",)],
    ),
    "LIKE that is not": (_PRODUCTS + "label NOT LIKE 'a%'", [("100%",), ("\\",)]),
    "an underscore is any letter": (_PRODUCTS + "label LIKE 'a_'", [("ab",)]),
    "OFFSET past the end": ('SELECT order_id FROM "order" ORDER BY 1 LIMIT 3 OFFSET 50', []),
}


def _placements(engine: Engine) -> list[Placement]:
    """Everything in each source in turn, and entities spread over all of them, turned twice."""
    names, number = engine.atlas.names, len(engine.truth) - 1
    found = [
        everything_in(name, names[(i + 1) % len(names)], number) for i, name in enumerate(names)
    ]
    for turn in range(2):
        homes = [(one, names[(i + turn) % len(names)]) for i, one in enumerate(ENTITIES)]
        found.append(Placement(number, tuple(homes), (("customer", names[turn + 1]),)))
    return found


@pytest.mark.parametrize(("sql", "expected"), CASES.values(), ids=CASES.keys())
async def test_edges(sql: str, expected: Rows, engine: Engine) -> None:
    """The rows are those worked out by hand, whichever source holds what."""
    assert _sorted(engine.truth.ask(len(engine.truth) - 1, sql)) == _by_text(expected)
    placements = _placements(engine)
    all_ran = await asyncio.gather(*(engine.answer(sql, one) for one in placements))
    wrong = [
        f"{placement}: {ran.reason or rows_of(ran.table)}"
        for placement, ran in zip(placements, all_ran, strict=True)
        if ran.table is None or _sorted(ran.table) != _by_text(expected)
    ]
    assert wrong == []


def _sorted(table: pa.Table | None) -> Rows:
    assert table is not None
    return _by_text(rows_of(table))


def _by_text(rows: Rows) -> Rows:
    return sorted(rows, key=repr)
