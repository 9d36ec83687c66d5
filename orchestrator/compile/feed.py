"""Small inputs bound larger ones by their keys (a semi-join), smallest first: never in a cycle."""

from dataclasses import dataclass, replace

from orchestrator.compile.inputs import Input
from orchestrator.compile.plan import FetchStep, KeyFeed
from orchestrator.compile.residual import Edge

FEEDING_ROWS = 50_000
_MOST_FEEDING_ROWS = 500_000
_MIN_FED_ROWS = 200


@dataclass(frozen=True, slots=True)
class _Wish:
    """`giver`'s values of a column may bound `taker`'s: `rows` are guessed to give one, and `most`
    rows a value."""

    giver: Input
    given: str
    taker: Input
    taken: str
    needed: str | None = None
    most: int = 4

    @property
    def values(self) -> str:
        """The DuckDB expression that gives the values over the giver's table."""
        value = self.giver.values[self.given]
        return value if self.needed is None else f"CASE WHEN {self.needed} THEN {value} END"

    def rows(self, estimates: dict[str, float]) -> float:
        """How many rows of the giver give a value."""
        return estimates[self.giver.step] if self.needed is None else self.giver.meeting


def feeds(
    steps: tuple[FetchStep, ...], edges: tuple[Edge, ...], inputs: dict[int, list[Input]]
) -> tuple[FetchStep, ...]:
    """Let small steps bound larger ones by an edge; `inputs` are by the id of their table."""
    users: dict[str, int] = {}
    for group in inputs.values():
        for one in group:
            users[one.step] = users.get(one.step, 0) + 1
    wishes = [wish for edge in edges for wish in _wishes(edge, inputs)]
    wishes += [wish for group in inputs.values() for wish in _binding_wishes(group)]
    by_id = {step.id: step for step in steps}
    estimates = {one.step: one.estimate for group in inputs.values() for one in group}
    reached = {step.id: {step.id} for step in steps}
    while wishes:
        wishes.sort(key=lambda w: (w.rows(estimates), w.giver.step, w.taker.step))
        wish = wishes.pop(0)
        giver, taker = wish.giver.step, wish.taker.step
        if not _pays(wish, by_id[taker], estimates, users) or taker in reached[giver]:
            continue
        query = wish.taker.bounded(wish.taken)
        if query is None:
            continue
        feed = KeyFeed(giver, wish.values, wish.taken, query)
        by_id[taker] = replace(by_id[taker], feed=feed)
        for known in reached.values():
            if taker in known:
                known.update(reached[giver])
        estimates[taker] = min(estimates[taker], wish.rows(estimates) * wish.most)
    return tuple(by_id[step.id] for step in steps)


def _wishes(edge: Edge, inputs: dict[int, list[Input]]) -> list[_Wish]:
    left, right = inputs[id(edge.left)][0], inputs[id(edge.right)][0]
    found: list[_Wish] = []
    if edge.left_field not in left.values or edge.right_field not in right.values:
        return found
    if edge.feeds_right:
        found.append(_Wish(left, edge.left_field, right, edge.right_field))
    if edge.feeds_left:
        found.append(_Wish(right, edge.right_field, left, edge.left_field))
    return found


def _binding_wishes(group: list[Input]) -> list[_Wish]:
    """An entity's own rows bound those of its other bindings, and rows that another has to have
    bound its own; what both have is the key."""
    home, *others = group
    found: list[_Wish] = []
    for one in others:
        shared = [name for name in one.values if name in home.values]
        if len(shared) == 1:
            key = shared[0]
            found.append(_Wish(home, key, one, key))
            if one.needed is not None:
                found.append(_Wish(one, key, home, key, one.needed, most=1))
    return found


def _pays(
    wish: _Wish, taker: FetchStep, estimates: dict[str, float], users: dict[str, int]
) -> bool:
    given, taken = wish.giver.types[wish.given], wish.taker.types[wish.taken]
    small, large = wish.rows(estimates), estimates[taker.id]
    return (
        taker.feed is None
        and wish.giver.step != taker.id
        and users[taker.id] == 1
        and given == taken
        and given in {"int64", "string"}
        and large >= _MIN_FED_ROWS
        and _is_worth_waiting_for(small, large)
    )


def _is_worth_waiting_for(small: float, large: float) -> bool:
    """True when a step's keys may well spare another most of its rows. Estimates err: a step that
    should give too many keys is waited for where the other is far larger, and when it did give too
    many the other goes on without them."""
    if small <= FEEDING_ROWS:
        return small * 2 <= large
    return small <= _MOST_FEEDING_ROWS and small * 10 <= large
