"""The watch over the sources' catalogs, over SQLite files, and the command `drift`."""

import contextlib
import json
import sqlite3
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from typer.testing import CliRunner, Result

from bot import cli, drift_cli
from bot.slack.catalogs import CatalogWatch
from bot.slack.clients import OneWorkspace
from orchestrator.pipeline import Pipeline, Proposed, Refused
from orchestrator.question import question
from orchestrator.semantic import SemanticModel
from tests.conftest import ADA, NOON, opened
from tests.unit.bot.builders import slack_error

FEEDBACK, OWN = "C0FEEDBACK", "C0STOCKDATA"


def entity(source: str, owners: list[str]) -> dict[str, Any]:
    """An entity of one table with three columns."""
    fields = {"item_id": "id", "name": "name", "price": "price"}
    words = {"item_id": "int64", "name": "string", "price": "float64"}
    return {
        "description": "A thing",
        "key": "item_id",
        "owners": owners,
        "fields": {name: {"type": word} for name, word in words.items()},
        "bindings": {source: {"relation": "items", "fields": fields}},
    }


def model(folder: Path) -> SemanticModel:
    """Two shops with an entity each; the stock's owners have a channel of their own."""
    tree = {
        "name": "Shop",
        "sources": {
            name: {"kind": "sqlite", "connect": {"database": str(folder / f"{name}.db")}}
            for name in ("shop", "stock")
        },
        "entities": {
            "article": entity("shop", ["@shop-data"]),
            "part": entity("stock", [OWN]),
        },
    }
    return SemanticModel.model_validate(tree)


def alter(folder: Path, source: str, sql: str) -> None:
    """Change one of the files."""
    with contextlib.closing(sqlite3.connect(folder / f"{source}.db")) as connection, connection:
        connection.executescript(sql)


@dataclass
class FakeClient:
    """A Slack that keeps what is posted; while it is `away` it refuses."""

    posted: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    away: bool = False

    async def chat_postMessage(self, channel: str, **message: Any) -> None:  # noqa: N802
        """Keep a message: its channel, and all that it shows."""
        if self.away:
            raise slack_error("channel_not_found")
        shown = "\n".join(block["text"]["text"] for block in message["blocks"])
        self.posted.append((channel, shown))

    async def usergroups_list(self) -> dict[str, Any]:
        """One user group."""
        return {"usergroups": [{"id": "S0SHOP", "handle": "shop-data"}]}


@dataclass(frozen=True, slots=True)
class Watched:
    """A watch over the two files, and the Slack that it tells."""

    folder: Path
    pipeline: Pipeline
    slack: FakeClient
    watch: CatalogWatch

    async def round(self) -> list[tuple[str, str]]:
        """One turn of each source; what was told in it."""
        self.slack.posted.clear()
        for _ in self.pipeline.sources:
            await self.watch.step()
        return list(self.slack.posted)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncGenerator[Watched]:
    """A watch that reads a source at each of its turns."""
    for name in ("shop", "stock"):
        alter(tmp_path, name, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
    async with opened(model(tmp_path), None, tmp_path, warm=False) as pipeline:
        slack = FakeClient()
        clients = OneWorkspace(cast("AsyncWebClient", slack))
        watch = CatalogWatch(pipeline, clients, FEEDBACK, 0.0)
        await watch.begin()
        yield Watched(tmp_path, pipeline, slack, watch)


async def test_a_broken_binding_is_told_once(watched: Watched) -> None:
    """The owners are told what is gone, its new name and who is asked to mend it; once, and once
    more when it was mended and broke again."""
    assert await watched.round() == []
    alter(watched.folder, "shop", "ALTER TABLE items RENAME COLUMN price TO cost")
    ((channel, shown),) = await watched.round()
    assert channel == FEEDBACK
    assert "The semantic model no longer fits shop* <!subteam^S0SHOP>" in shown
    assert "article.price" in shown
    assert "It was probably renamed to cost." in shown
    assert await watched.round() == []
    alter(watched.folder, "shop", "ALTER TABLE items RENAME COLUMN cost TO price")
    assert await watched.round() == []
    alter(watched.folder, "shop", "DROP TABLE items")
    ((_, shown),) = await watched.round()
    assert "which has no such relation since" in shown


async def test_owners_with_a_channel_are_told_there(watched: Watched) -> None:
    """An entity whose owners name a channel is told of there alone."""
    await watched.round()
    alter(watched.folder, "stock", "ALTER TABLE items DROP COLUMN name")
    ((channel, shown),) = await watched.round()
    assert channel == OWN
    assert "part.name" in shown


async def test_what_could_not_be_told_is_told_later(watched: Watched) -> None:
    """While Slack refuses, nothing counts as told."""
    await watched.round()
    alter(watched.folder, "stock", "DROP TABLE items")
    watched.slack.away = True
    assert await watched.round() == []
    watched.slack.away = False
    assert [channel for channel, _ in await watched.round()] == [OWN]


async def test_a_source_that_fails_stops_no_other(watched: Watched) -> None:
    """With one file gone, the other is read and told of; the lost one keeps its catalog."""
    await watched.round()
    (watched.folder / "shop.db").rename(watched.folder / "away.db")
    alter(watched.folder, "stock", "ALTER TABLE items DROP COLUMN price")
    assert [channel for channel, _ in await watched.round()] == [OWN]
    assert watched.pipeline.registry.failure("shop") is not None
    assert watched.pipeline.registry.catalog("shop") is not None
    assert watched.pipeline.registry.failure("stock") is None


async def test_questions_that_do_not_touch_it_go_on(watched: Watched) -> None:
    """What reads the field that is gone is refused, in words and in SQL; all else is planned."""
    await watched.round()
    alter(watched.folder, "shop", "ALTER TABLE items DROP COLUMN price")
    await watched.round()

    async def proposed(words: str, sql: str | None = None) -> object:
        return await watched.pipeline.propose(question(words, ADA, asked_at=NOON), sql)

    refused = await proposed("how much?", "SELECT SUM(a.price) AS total FROM article AS a")
    assert isinstance(refused, Refused)
    assert "items.price in shop, which has no such column since" in refused.message
    assert refused.message.endswith("Owners of article: @shop-data.")
    assert isinstance(await proposed("average price of articles"), Refused)
    assert isinstance(await proposed("how many articles?"), Proposed)
    assert isinstance(await proposed("average price of parts"), Proposed)


async def test_the_model_is_kept_with_its_sources(watched: Watched) -> None:
    """A source that the model has lost is forgotten when the watch begins."""
    await watched.round()
    stock = watched.pipeline.sources.pop("stock")
    await watched.watch.begin()
    assert await watched.pipeline.catalogs.get("stock", stock.address) is None
    shop = watched.pipeline.sources["shop"]
    assert await watched.pipeline.catalogs.get("shop", shop.address) is not None


@pytest.fixture
def drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command over the two shops."""

    @contextlib.asynccontextmanager
    async def opened_here(*_: object, **__: object) -> AsyncGenerator[Pipeline]:
        async with opened(model(tmp_path), None, tmp_path, warm=False) as pipeline:
            yield pipeline

    monkeypatch.setattr(drift_cli, "opened_pipeline", opened_here)
    monkeypatch.setattr(drift_cli, "load", lambda _path: model(tmp_path))  # pyright: ignore
    monkeypatch.setattr(drift_cli, "set_up_logs", lambda *_, **__: None)  # pyright: ignore
    return lambda *options: CliRunner().invoke(cli.command_line(), ["drift", *options])


def test_drift_shows_what_changed_and_what_is_broken(
    tmp_path: Path, drift: Callable[..., Result]
) -> None:
    """The command reads every source, is content at first, and then exits with 1; a change is still
    shown the next time."""
    for name in ("shop", "stock"):
        alter(tmp_path, name, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
    first = drift()
    assert first.exit_code == 0, first.output
    assert first.output.count("✓ Every binding") == 2
    alter(tmp_path, "shop", "ALTER TABLE items RENAME COLUMN name TO title")
    for _ in range(2):
        again = drift()
        assert again.exit_code == 1
        assert "items.name is gone, probably renamed to title" in again.output
        assert "✗ article.name" in again.output
        assert "Owners of article: @shop-data." in again.output
    shop, stock = map(json.loads, drift("--json").output.splitlines())
    assert (shop["source"], shop["broken"][0]["fields"]) == ("shop", ["name"])
    assert shop["changes"][0]["what"] == "column renamed"
    assert (stock["changes"], stock["broken"], stock["failure"]) == ([], [], None)


def test_drift_shows_what_is_converted(tmp_path: Path, drift: Callable[..., Result]) -> None:
    """A column of another type than its field is named as slow, and nothing is broken."""
    for name, word in (("shop", "REAL"), ("stock", "INTEGER")):
        table = f"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price {word})"
        alter(tmp_path, name, table)
    found = drift()
    assert found.exit_code == 0, found.output
    assert found.output.count("≈") == 1
    assert "≈ part.price: price is int64 there, and read as float64" in found.output
    shop, stock = map(json.loads, drift("--json").output.splitlines())
    assert (shop["converted"], stock["converted"][0]["field"]) == ([], "price")
