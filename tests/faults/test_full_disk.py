"""No room where DuckDB spills: the limit of a file's size stands for a disk that is full.

It needs no rights and no device of its own, so it works in any container; what DuckDB is told when
it writes is an error of the system all the same.
"""

import contextlib
import resource
from collections.abc import AsyncGenerator, Generator

import pytest

from sandbox.reliability import Scenario
from sandbox.sandbox import Sandbox
from tests.engine.test_planners import Scripted
from tests.faults.conftest import Scene
from tests.faults.house import GOODBYES_S, House, opened_house

PAIRS = """
SELECT COUNT(*) AS pairs FROM (
  SELECT DISTINCT o.order_id, t.number, o.ordered_at, t.opened_at
  FROM "order" AS o JOIN ticket AS t ON t.customer_id % 300 = o.customer_id % 300
) AS p
"""
"""Far more rows between the sources than either has."""
MOST_BYTES = 2_000_000
TIMEOUT_S = 30.0


@pytest.fixture(scope="module")
async def house(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[House]:
    """A bot whose joins have little memory."""
    folder = tmp_path_factory.mktemp("disk")
    async with opened_house(sandbox, folder, timeout_s=TIMEOUT_S, memory="48MB") as one:
        yield one


@pytest.fixture
async def scene(house: House, kept: list[Scenario]) -> AsyncGenerator[Scene]:
    """This house, with a planner that has the pairs counted."""
    one = Scene(house, kept)
    house.pipeline.planner, planner = Scripted(PAIRS, PAIRS), house.pipeline.planner
    yield one
    house.pipeline.planner = planner
    await one.heal()


@contextlib.contextmanager
def full_disk() -> Generator[None]:
    """No file of this process can grow beyond MOST_BYTES."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_told(scene: Scene) -> None:
    """A join that finds no room on the disk ends with what to do, and the next one goes on."""
    with full_disk():
        heard = await scene.house.heard("how many pairs of orders and tickets are there?")
    words = ("no room", "CROSSTALK_SPILL_FOLDER")
    await scene.ended("no room on the disk", "spill", heard, TIMEOUT_S + GOODBYES_S, *words)
    again = await scene.house.heard("how many pairs of orders and tickets are there?")
    assert again.table[0] == ["pairs"]
