"""Slow, throttled, half-open, reset and refused connections to each source."""

import pytest

from tests.faults.conftest import Scene
from tests.faults.house import GOODBYES_S, TIMEOUT_S, House
from tests.faults.proxy import Strike
from tests.faults.ways import FEW, GONE, LATE, MANY, MONGO, QDRANT, Way

BOUND_S = TIMEOUT_S + GOODBYES_S
WAYS = {"few": FEW, "many": MANY, "mongo": MONGO, "qdrant": QDRANT}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@pytest.fixture(scope="package")
async def whole(house: House) -> dict[str, list[list[str]]]:
    """The answers when all is well."""
    return {way.words: (await house.heard(way.words)).table for way in WAYS.values()}


@each_way
async def test_latency_is_borne(scene: Scene, whole: dict[str, list[list[str]]], way: Way) -> None:
    """Twenty milliseconds each way cost time, and nothing of the answer."""
    scene.proxy(way.source).latency_s = 0.02
    heard = await scene.house.heard(way.words)
    assert heard.table == whole[way.words]
    await scene.ended("20 ms of latency", way.name, heard, BOUND_S)


@each_way
async def test_a_throttled_source_is_left_at_its_deadline(scene: Scene, way: Way) -> None:
    """Rows that trickle in are not waited for longer than the source's deadline."""
    scene.proxy(way.source).bytes_per_s = way.slow_bytes_per_s
    heard = await scene.house.heard(way.words)
    await scene.ended("throttled", way.name, heard, BOUND_S, way.source, *LATE)


@each_way
async def test_a_half_open_connection_is_left_at_its_deadline(scene: Scene, way: Way) -> None:
    """A server that falls silent amid its rows, with nobody told, is not waited for longer."""
    scene.proxy(way.source).strike = Strike("hold", way.amid_rows)
    heard = await scene.house.heard(way.words)
    assert scene.proxy(way.source).struck.is_set()
    await scene.ended("half-open amid the rows", way.name, heard, BOUND_S, way.source, *LATE)


@each_way
async def test_a_server_that_only_accepts_is_left_at_its_deadline(scene: Scene, way: Way) -> None:
    """A connection that is taken, and on which nothing is ever said, ends with its deadline."""
    scene.proxy(way.source).strike = Strike("hold")
    heard = await scene.house.heard(way.words)
    await scene.ended("half-open from the start", way.name, heard, BOUND_S, way.source, "sk")


@each_way
async def test_a_reset_amid_rows_is_got_over(
    scene: Scene, whole: dict[str, list[list[str]]], way: Way
) -> None:
    """After one reset the rows are fetched anew: none is missing, and none counted twice."""
    scene.proxy(way.source).strike = Strike("reset", way.amid_rows, times=1)
    heard = await scene.house.heard(way.words)
    assert scene.proxy(way.source).struck.is_set()
    assert heard.table == whole[way.words]
    await scene.ended("reset amid the rows, once", way.name, heard, BOUND_S)


@each_way
async def test_resets_without_end_are_told(scene: Scene, way: Way) -> None:
    """When every try is reset, the person reads which source, and what to look at."""
    scene.proxy(way.source).strike = Strike("reset", way.amid_rows)
    heard = await scene.house.heard(way.words)
    await scene.ended("reset amid the rows, always", way.name, heard, BOUND_S, way.source, *GONE)


@each_way
async def test_a_server_that_is_gone_is_told(scene: Scene, way: Way) -> None:
    """When the connection is refused, the person reads which source, and what to look at."""
    await scene.proxy(way.source).refuse()
    heard = await scene.house.heard(way.words)
    await scene.ended("refused", way.name, heard, BOUND_S, way.source, *GONE)
