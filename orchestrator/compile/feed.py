"""Small fetches bound larger ones by their keys (a semi-join), smallest first: never in a cycle."""

from dataclasses import replace

from adapters.base import Capabilities
from orchestrator.compile.native import native_path, pushable_words
from orchestrator.compile.plan import FetchStep, KeyFeed
from orchestrator.compile.reads import Read, stored_expression
from orchestrator.compile.resolve import Edge

_MAX_FEEDING_ROWS = 20_000
_MIN_FED_ROWS = 200


def feeds(
    steps: tuple[FetchStep, ...],
    edges: tuple[Edge, ...],
    of_leaf: dict[int, list[Read]],
    capabilities: dict[str, Capabilities],
) -> tuple[FetchStep, ...]:
    """Let small fetches bound larger ones; smallest first, so that the order has no cycle."""
    users: dict[str, int] = {}
    for group in of_leaf.values():
        for read in group:
            users[read.step] = users.get(read.step, 0) + 1
    wishes: list[tuple[float, Read, str, Read, str]] = []
    for edge in edges:
        left, right = of_leaf[id(edge.left)][0], of_leaf[id(edge.right)][0]
        if edge.feeds_right:
            wishes.append((left.estimate, left, edge.left_field, right, edge.right_field))
        if edge.feeds_left:
            wishes.append((right.estimate, right, edge.right_field, left, edge.left_field))
    by_id = {step.id: step for step in steps}
    estimates = {read.step: read.estimate for group in of_leaf.values() for read in group}
    reached: dict[str, set[str]] = {step.id: {step.id} for step in steps}
    for _ in wishes:
        best = min(
            (w for w in wishes if _may_feed(w, by_id, estimates, reached, users, capabilities)),
            key=lambda wish: (estimates[wish[1].step], wish[1].step, wish[3].step),
            default=None,
        )
        if best is None:
            break
        _, giver, given, taker, taken = best
        feed = KeyFeed(
            giver.step,
            stored_expression(giver, given),
            taken,
            native_path(taker.binding.fields[taken].path),
        )
        by_id[taker.step] = replace(by_id[taker.step], feed=feed)
        reached[taker.step] |= reached[giver.step]
        estimates[taker.step] = min(estimates[taker.step], estimates[giver.step] * 4)
    return tuple(by_id[step.id] for step in steps)


def _may_feed(
    wish: tuple[float, Read, str, Read, str],
    steps: dict[str, FetchStep],
    estimates: dict[str, float],
    reached: dict[str, set[str]],
    users: dict[str, int],
    capabilities: dict[str, Capabilities],
) -> bool:
    _, giver, given, taker, taken = wish
    return (
        steps[taker.step].feed is None
        and giver.step != taker.step
        and taker.step not in reached[giver.step]
        and users[taker.step] == 1
        and not taker.leaf.search
        and taken in pushable_words(taker.leaf.entity, taker.binding)
        and given in giver.binding.fields
        and taker.leaf.entity.fields[taken].type in {"int64", "string"}
        and giver.leaf.entity.fields[given].type == taker.leaf.entity.fields[taken].type
        and "in" in capabilities[taker.source].comparisons
        and estimates[giver.step] <= _MAX_FEEDING_ROWS
        and estimates[taker.step] >= _MIN_FED_ROWS
        and estimates[giver.step] * 2 <= estimates[taker.step]
    )
