"""Random queries in random placements give what one database with everything would give.

CROSSTALK_PROPERTY_CASES says how many cases, 100 by default; `make properties` asks for more. They
come in rounds of at most 250, a few at a time; round n draws from seed n, so that of a round that
failed CROSSTALK_PROPERTY_SEED=n is the first.
"""

import asyncio
import os
import time
from collections.abc import Callable

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.property.engine import Engine
from tests.property.placements import Placement, placements
from tests.property.queries import Query, queries

CASES = int(os.environ.get("CROSSTALK_PROPERTY_CASES", "100"))
SEED = int(os.environ.get("CROSSTALK_PROPERTY_SEED", "0"))
ROUND = 250
AT_ONCE = 3
PATIENCE_S = 300.0  # of one case on a machine that does much else


@pytest.mark.timeout(600 + CASES)
async def test_random_queries_give_what_one_database_would(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any query in any placement has the rows of one DuckDB that holds all the data; fewer than a
    tenth of the drawn queries have no result there and so nothing to compare with."""
    loop = asyncio.get_running_loop()
    asked = without_result = 0
    failed: list[int] = []

    def check(number: int, query: Query, placement: Placement) -> None:
        nonlocal asked, without_result
        if failed and number not in failed:
            return  # another round has failed, and makes its case smaller
        disagreement = engine.disagreement(query.sql, placement, ordered=query.ordered)
        told = asyncio.run_coroutine_threadsafe(disagreement, loop).result(PATIENCE_S)
        asked += 1
        without_result += told is None
        if told:
            failed[:] = failed or [number]
            pytest.fail(told, pytrace=False)

    began = time.monotonic()
    turns = asyncio.Semaphore(AT_ONCE)

    async def run(number: int, size: int) -> None:
        async with turns:
            await asyncio.to_thread(_round(check, engine, number, size))
        with capsys.disabled():
            seconds = time.monotonic() - began
            print(f"\nround {number} is over: {asked} cases in {seconds:.0f} s", flush=True)  # noqa: T201

    rounds = [run(number, size) for number, size in enumerate(_rounds(CASES), start=SEED)]
    ends = await asyncio.gather(*rounds, return_exceptions=True)
    for number, end in enumerate(ends, start=SEED):
        if isinstance(end, BaseException) and (number in failed or not failed):
            raise end
    assert without_result < asked / 10


def _rounds(cases: int) -> list[int]:
    whole, rest = divmod(cases, ROUND)
    return [ROUND] * whole + ([rest] if rest else [])


def _round(
    check: Callable[[int, Query, Placement], None], engine: Engine, number: int, size: int
) -> Callable[[], None]:
    """A round of cases, to be run in a thread."""
    examples = settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    drawn = given(
        number=st.just(number),
        query=queries(),
        placement=placements(engine.atlas.names, len(engine.truth)),
    )
    return hypothesis.seed(number)(examples(drawn(check)))
