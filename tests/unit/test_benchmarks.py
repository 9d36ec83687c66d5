"""Benchmarks: how ratios are taken, and what is asked. No time is measured here."""

from pathlib import Path
from types import ModuleType

import pytest

from adapters.base import Capabilities
from benchmarks import join, retrieval, spill
from benchmarks.columns import model_of
from benchmarks.measure import Series, Target, compare
from benchmarks.rows_moved import MODEL, questions
from benchmarks.servers import Login, Place
from orchestrator.compile import Compiler
from orchestrator.retrieve import Hit
from orchestrator.semantic import load
from orchestrator.wire import ADAPTERS, adapter_class
from tests.unit import counting

SERIES = [
    Series("ours", 10, [{"seconds": 1.0}, {"seconds": 2.0}]),
    Series("theirs", 10, [{"seconds": 2.0}, {"seconds": 2.0}]),
    Series("ours", 1_000, [{"seconds": 4.0}, {"seconds": 8.0}]),
    Series("theirs", 1_000, [{"seconds": 8.0}, {"seconds": 32.0}]),
]


@pytest.mark.parametrize(
    ("target", "values", "met"),
    [
        (Target("share", "ours", "theirs", at_most=0.5), [0.5, 0.25], [True, True]),
        (Target("share, small", "ours", "theirs", at=0, at_most=0.5), [0.5, 1.0], [True, False]),
        (Target("times as fast", "ours", "theirs", at_least=3), [2.0, 4.0], [False, True]),
        (Target("seconds", "ours", at_most=4), [4.0, 8.0], [True, False]),
        (Target("no bound", "ours", "theirs"), [0.5, 0.25], [None, None]),
    ],
    ids=lambda one: one.what if isinstance(one, Target) else "",
)
def test_a_target_is_a_ratio_of_each_round(
    target: Target, values: list[float], met: list[bool | None]
) -> None:
    """Runs of the same round and size are put beside one another, and held against the bound."""
    assert target.values(SERIES) == values
    assert [target.met(value) for value in values] == met


def test_a_rival_that_was_not_measured_gives_no_ratio() -> None:
    """A target whose variant is missing is left out, not met."""
    assert Target("share", "ours", "nobody", at_most=1).values(SERIES) is None


async def test_each_round_has_a_run_of_each_variant() -> None:
    """Every variant is run in a process of its own for each size and round, with all figures."""
    series = await compare(counting.__name__, "abc", (1, 2), 2)
    assert [(one.variant, one.size, len(one.runs)) for one in series] == [
        ("one", 1, 2),
        ("other", 1, 2),
        ("one", 2, 2),
        ("other", 2, 2),
    ]
    for one in series:
        for run in one.runs:
            assert run["letters"] == 3 * one.size
            assert {"seconds", "cpu_seconds", "memory_mb", "peak_mb", "stall_ms"} <= run.keys()


@pytest.mark.parametrize(
    ("module", "variant"), [(module, name) for module in (join, spill) for name in module.VARIANTS]
)
async def test_a_join_is_done_by_each_variant(
    module: ModuleType, variant: str, tmp_path: Path
) -> None:
    """What needs no server can be measured: every variant comes to an end that it finds right."""
    nowhere = Login("", 0, "", "")
    async with module.VARIANTS[variant](Place(nowhere, nowhere, tmp_path), 2_000) as work:
        await work()


def test_there_are_thirty_questions_that_compile() -> None:
    """Each question of the benchmark fits the demo's model."""
    model = load(MODEL, {})
    capabilities: dict[str, Capabilities] = {
        name: adapter_class(source.kind).capabilities
        for name, source in model.sources.items()
        if source.kind in ADAPTERS
    }
    compiler = Compiler(model, capabilities)
    assert len(questions()) == 30
    assert all(compiler.compile(sql).steps for sql in questions().values())


def test_the_questions_of_retrieval_have_their_fields_among_many() -> None:
    """At least sixty questions name fields that the model has, in as many columns as were asked."""
    model = model_of(1_000)
    fields = {
        f"{name}.{field}" for name, entity in model.entities.items() for field in entity.fields
    }
    right = [field for its in retrieval.questions().values() for field in its]
    assert len(retrieval.questions()) >= 60
    assert set(right) <= fields
    assert 980 <= len(fields) <= 1_000


def test_a_field_is_found_by_itself_by_a_value_and_by_a_metric() -> None:
    """What counts as found are fields that a planner is shown, and no entity stands for its own."""
    hits = [Hit("field", "ticket.status", 1), Hit("value", "customer.country=Spain", 1)]
    hits += [Hit("metric", "revenue", 1), Hit("entity", "product", 1)]
    assert retrieval.found(model_of(100), hits) == {
        "ticket.status",
        "customer.country",
        "order.amount",
        "order.ordered_at",
    }
