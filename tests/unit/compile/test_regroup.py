"""What lies together is joined together, and what can be added up before a join is added up
there. That the rows stay the same is held by test_same_rows.
"""

import pytest
from sqlglot import exp

from orchestrator.compile.estimate import Statistics
from orchestrator.compile.regroup import MAX_GROUP_SHARE
from tests.unit.compile.rewriting import MANY_ROWS_FEW_GROUPS, NOTHING_KNOWN, Guess, Splitter
from tests.unit.compile.shop import CAPABILITIES, MODEL

_SPLITTER = Splitter(MODEL, CAPABILITIES)
_C = "customer AS c"
_T = "ticket AS t ON t.customer_id = c.customer_id"
_O = '"order" AS o ON o.customer_id = c.customer_id'
_L = "line AS l ON l.order_id = o.order_id"


def fragments(sql: str, guess: Statistics = NOTHING_KNOWN) -> list[tuple[set[str], exp.Select]]:
    """Each fragment of a query: its entities, and its SELECT."""
    done = _SPLITTER.split(sql, guess)
    trees = [(one, one.tree) for one in done.fragments.values()]
    return [({leaf.name for leaf in one.leaves}, tree)
            for one, tree in trees if isinstance(tree, exp.Select)]  # fmt: skip


def joined(sql: str) -> list[set[str]]:
    """The entities that are joined at their source."""
    return [entities for entities, _ in fragments(sql) if len(entities) > 1]


def added_up(sql: str, guess: Statistics = MANY_ROWS_FEW_GROUPS) -> dict[str, set[str]]:
    """By entity: the columns that a fragment of it groups by before the join."""
    return {
        ", ".join(sorted(entities)): {key.name for key in tree.args["group"].expressions}
        for entities, tree in fragments(sql, guess)
        if tree.args.get("group") is not None
    }


@pytest.mark.parametrize(
    ("joins", "expected"),
    [
        (f"JOIN {_O} JOIN {_T}", [{"customer", "order"}]),
        (f"JOIN {_O} JOIN {_L} JOIN {_T}", [{"customer", "order", "line"}]),
        (f"JOIN {_T} JOIN {_O} JOIN {_L}", [{"customer", "order", "line"}]),
        (f"JOIN {_O} LEFT JOIN {_T}", [{"customer", "order"}]),
        ((f", \"order\" AS o, {_T.partition(' ON ')[0]} WHERE o.customer_id = c.customer_id AND "
         "t.score = o.order_id"), [{"customer", "order"}]),
        (f"JOIN {_T} JOIN memo AS m ON m.customer_id = c.customer_id", []),
    ],
)  # fmt: skip
def test_tables_of_one_source_are_joined_there(joins: str, expected: list[set[str]]) -> None:
    """In a query over several sources, an equality with a key keeps two tables together."""
    assert joined(f"SELECT c.name, t.number FROM {_C} {joins}") == expected


@pytest.mark.parametrize(
    "joins",
    [
        f'JOIN "order" AS o ON o.amount = c.spend JOIN {_T}',
        f'JOIN "order" AS o ON o.customer_id > c.customer_id JOIN {_T}',
        f"CROSS JOIN line AS o JOIN {_T}",
        f"LEFT JOIN {_O} JOIN {_T}",
        f"RIGHT JOIN {_O} JOIN {_T}",
        f"FULL JOIN {_O} JOIN {_T}",
        (
            f'JOIN "order" AS o ON o.customer_id = c.customer_id AND o.due_on > DATE '
            f"'2026-01-01' JOIN {_T}"
        ),
        "JOIN ticket AS t ON t.customer_id = c.customer_id JOIN ticket AS u ON u.number = t.number",
    ],
)
def test_other_tables_are_read_one_by_one(joins: str) -> None:
    """Not on a key, where rows would multiply; not the sides of outer joins; not with a field that
    has to be read first; and never in a source that can't join."""
    assert joined(f"SELECT c.name, t.number FROM {_C} {joins}") == []


@pytest.mark.parametrize(
    ("aggregate", "keys"),
    [
        ("SUM(t.score)", {"customer_id"}),
        ("COUNT(t.score)", {"customer_id"}),
        ("AVG(t.refund)", {"customer_id"}),
        ("MIN(t.status)", {"customer_id"}),
        ("MAX(t.opened_at)", {"customer_id"}),
        ("COUNT(*)", {"customer_id"}),
        ("COUNT(c.name)", {"customer_id"}),
        ("SUM(t.score) / COUNT(*)", {"customer_id"}),
        ("SUM(t.score) FILTER (WHERE t.status = 'open')", {"customer_id"}),
        ("COUNT(DISTINCT t.status)", {"customer_id", "status"}),
        ("MIN(c.spend) + SUM(t.score)", {"customer_id"}),
    ],
)
def test_aggregates_of_one_side_are_added_up_before_the_join(
    aggregate: str, keys: set[str]
) -> None:
    """The many tickets come as few sums by the join's key, and by what DISTINCT needs."""
    sql = f"SELECT c.segment, {aggregate} AS a FROM {_C} JOIN {_T} GROUP BY c.segment"
    assert added_up(sql) == {"ticket": keys}


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT SUM(t.score) AS s FROM {_C} JOIN {_T}",
        f"SELECT c.segment, COUNT(*) AS n FROM {_C} LEFT JOIN {_T} GROUP BY 1",
        f"SELECT c.segment FROM {_C} JOIN {_T} GROUP BY 1 HAVING SUM(t.score) > 3",
        f"SELECT c.segment FROM {_C} JOIN {_T} GROUP BY 1 ORDER BY SUM(t.score)",
        f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY CUBE (c.segment)",
        f"SELECT UPPER(c.name) AS u, SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1",
    ],
)
def test_partial_sums_serve_every_place_of_an_aggregate(sql: str) -> None:
    """Global aggregates, optional sides, HAVING, ORDER BY and grouping sets are split as well."""
    assert added_up(sql) == {"ticket": {"customer_id"}}


def test_the_keys_of_other_conditions_are_kept() -> None:
    """A column that the join compares is a key of the inner groups."""
    sql = (
        f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} AND t.refund < c.spend GROUP BY 1"
    )
    assert added_up(sql) == {"ticket": {"customer_id", "refund"}}


def test_conditions_go_before_the_sums() -> None:
    """What bounds the rows of one side is tested before they are added up."""
    sql = (
        f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} "
        "WHERE t.status = 'open' AND c.spend > 1 GROUP BY 1"
    )
    (_, tree) = fragments(sql, MANY_ROWS_FEW_GROUPS)[0]
    assert "status" in tree.args["where"].sql()
    assert "spend" not in tree.sql()


def test_a_join_is_added_up_in_its_source() -> None:
    """Orders and their lines are joined and added up there, before tickets come in."""
    sql = (
        f'SELECT t.status, SUM(l.quantity) AS s FROM "order" AS o JOIN {_L} JOIN ticket AS t '
        "ON t.customer_id = o.customer_id GROUP BY 1"
    )
    assert added_up(sql) == {"line, order": {"customer_id"}}


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT c.segment, SUM(t.score * c.spend) AS s FROM {_C} JOIN {_T} GROUP BY 1",
        f"SELECT c.segment, SUM(t.score) AS s, SUM(c.spend) AS o FROM {_C} JOIN {_T} GROUP BY 1",
        f"SELECT c.segment, STDDEV(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1",
        f"SELECT c.segment, MEDIAN(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1",
        f"SELECT c.segment, STRING_AGG(t.status, ',') AS s FROM {_C} JOIN {_T} GROUP BY 1",
        f"SELECT c.segment, SUM(t.ref) AS s FROM {_C} JOIN {_T} GROUP BY 1",
        f"SELECT c.segment, SUM(t.score) OVER () AS s FROM {_C} JOIN {_T}",
        f"SELECT DISTINCT SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY c.segment",
        (
            "SELECT c.segment, SUM(t.score) + (SELECT MAX(m.weight) FROM memo AS m WHERE m.kind = "
            f"MIN(t.status)) AS s FROM {_C} JOIN {_T} GROUP BY 1"
        ),
        (
            f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} WHERE EXISTS (SELECT 1 FROM "
            "memo AS m WHERE m.kind = t.status) GROUP BY 1"
        ),
        f"SELECT c.segment, SUM(t.score) AS s FROM {_C} RIGHT JOIN {_T} GROUP BY 1",
        (
            f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1 "
            "QUALIFY ROW_NUMBER() OVER (ORDER BY c.segment) = 1"
        ),
        f"SELECT c.segment, t.score FROM {_C} JOIN {_T}",
    ],
)
def test_what_has_no_parts_is_added_up_after_the_join(sql: str) -> None:
    """Sums over both sides, aggregates that no parts make, transformed fields, windows, subqueries
    and other joins: the rows are read."""
    assert added_up(sql) == {}


_SHARE = round(1 / MAX_GROUP_SHARE)


@pytest.mark.parametrize(("distinct", "pays"), [(1_000, True), (1_001, False), (None, False)])
def test_adding_up_has_to_pay(distinct: int | None, pays: bool) -> None:
    """It is done up to a twentieth as many groups as rows; unknown columns count as a tenth."""
    sql = f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1"
    guess = Guess(1_000 * _SHARE, distinct)
    assert added_up(sql, guess) == ({"ticket": {"customer_id"}} if pays else {})


def test_the_key_of_an_entity_is_as_many_groups_as_rows() -> None:
    """Customers are not added up by their own key, however few other values they have."""
    sql = f"SELECT t.status, SUM(c.spend) AS s FROM {_C} JOIN {_T} GROUP BY 1"
    assert added_up(sql) == {}


@pytest.mark.parametrize("taken", ["part_1", "part_2", "customer_id"])
def test_new_names_are_free(taken: str) -> None:
    """The name of a derived table that the compiler makes does not meet an alias of the query."""
    sql = (
        f"SELECT {taken}.segment AS s, SUM(t.score) AS n FROM customer AS {taken} "
        f"JOIN ticket AS t ON t.customer_id = {taken}.customer_id GROUP BY t.status, 1"
    )
    done = _SPLITTER.split(sql, MANY_ROWS_FEW_GROUPS)
    assert done.fragments
    assert isinstance(done.tree, exp.Select)
    joined = [done.tree.args["from_"].this, *(join.this for join in done.tree.args["joins"])]
    assert len({one.alias_or_name for one in joined}) == 2
