"""The house of the fault suite, and the results that `make faults` writes down."""

from collections.abc import AsyncGenerator

import pytest

from sandbox.reliability import Scenario, keep_faults
from sandbox.sandbox import Sandbox
from tests.faults.after import PATIENCE_S, after, tasks
from tests.faults.house import Heard, House, opened_house
from tests.faults.proxy import Proxy

_KEPT = pytest.StashKey[list[Scenario]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--page` writes docs/reliability.md from what has held."""
    parser.addoption("--page", action="store_true", help="write docs/reliability.md")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no results."""
    config.stash[_KEPT] = []
    config.addinivalue_line("markers", "planned: the bot's process is given the scripted API")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep the results: those of scenarios that held, for others give none."""
    if session.config.getoption("--page", default=False):
        keep_faults(session.config.stash[_KEPT])


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> list[Scenario]:
    """The results so far."""
    return request.config.stash[_KEPT]


@pytest.fixture(scope="package")
async def house(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[House]:
    """A bot for all scenarios that leave it alive."""
    async with opened_house(sandbox, tmp_path_factory.mktemp("house")) as one:
        yield one


@pytest.fixture
async def scene(house: House, kept: list[Scenario]) -> AsyncGenerator["Scene"]:
    """The house, healed once the scenario is over."""
    one = Scene(house, kept)
    yield one
    await one.heal()


class Scene:
    """One scenario in a house: it is checked and written down by `ended`."""

    def __init__(self, house: House, kept: list[Scenario]) -> None:
        self.house = house
        self._kept = kept
        self._before = tasks()

    def proxy(self, name: str) -> Proxy:
        """The proxy before a source, or before Vault."""
        return self.house.proxies[name]

    async def heal(self) -> None:
        """End every fault."""
        for proxy in self.house.proxies.values():
            await proxy.heal()
        self.house.slack.faults.clear()

    async def ended(
        self,
        fault: str,
        where: str,
        heard: Heard,
        bound_s: float,
        *words: str,
        patience_s: float = PATIENCE_S,
        answers: int = 1,
    ) -> None:
        """Check that the outcome came in time, once, in these words, and left nothing; keep it."""
        read = heard.saying(*words) if words else heard.text.splitlines()[0]
        left = await after(self.house, heard, bound_s, self._before, patience_s, answers)
        self._kept.append(Scenario(fault, where, read, round(heard.seconds, 2), bound_s, left))
