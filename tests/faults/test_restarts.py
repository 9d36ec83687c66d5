"""PostgreSQL and mongod restarted, or killed for good, amid the rows of a query."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from sandbox.reliability import Scenario
from sandbox.sandbox import Sandbox
from tests.faults.after import in_mongo, in_postgres
from tests.faults.conftest import Scene
from tests.faults.house import GOODBYES_S, Asking, House, opened_house
from tests.faults.proxy import Strike
from tests.faults.ways import GONE, MANY, MONGO, Way

TIMEOUT_S = 20.0
"""Longer than a server takes to start anew on a busy machine."""
BOUND_S = TIMEOUT_S + GOODBYES_S


WAYS = {"postgres": MANY, "mongod": MONGO}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def server(sandbox: Sandbox, way: Way) -> Any:
    """The server at the end of a way, which can be killed and restarted."""
    return sandbox.postgres if way is MANY else sandbox.mongo


async def is_read(sandbox: Sandbox, way: Way) -> bool:
    """Whether the server says that the bot is in the middle of something there."""
    return bool(await (in_postgres if way is MANY else in_mongo)(sandbox))


@pytest.fixture(scope="module")
async def house(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[House]:
    """A bot whose sources have time to come back."""
    folder = tmp_path_factory.mktemp("restarts")
    async with opened_house(sandbox, folder, timeout_s=TIMEOUT_S) as one:
        yield one


@pytest.fixture
async def scene(house: House, kept: list[Scenario]) -> AsyncGenerator[Scene]:
    """This house; its servers run again at the end."""
    one = Scene(house, kept)
    yield one
    await one.heal()


async def asked_amid_rows(scene: Scene, way: Way) -> Asking:
    """A question, asked, whose rows are held up on their way from the server."""
    proxy = scene.proxy(way.source)
    proxy.strike = Strike("hold", way.amid_rows, times=1)
    asking = await scene.house.ask(way.words)
    await proxy.struck.wait()
    assert await is_read(scene.house.sandbox, way)
    return asking


@each_way
async def test_a_restart_amid_a_query_is_got_over(scene: Scene, way: Way) -> None:
    """Rows of a server that is restarted are fetched anew: none is missing or counted twice."""
    whole = (await scene.house.heard(way.words)).table
    proxy, sandbox = scene.proxy(way.source), scene.house.sandbox
    asking = await asked_amid_rows(scene, way)
    await server(sandbox, way).restart()
    await proxy.heal()
    heard = await asking.answered()
    assert heard.table == whole
    await scene.ended("restarted mid-query", way.name, heard, BOUND_S)


@each_way
async def test_a_server_killed_amid_a_query_is_told(scene: Scene, way: Way) -> None:
    """Of a server that does not come back the person reads which it is, and what to look at."""
    proxy, sandbox = scene.proxy(way.source), scene.house.sandbox
    asking = await asked_amid_rows(scene, way)
    await server(sandbox, way).kill()
    await proxy.heal()
    try:
        heard = await asking.answered()
    finally:
        await server(sandbox, way).restart()
    await scene.ended("killed mid-query", way.name, heard, BOUND_S, way.source, *GONE)
