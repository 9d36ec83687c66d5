"""The pool of datasets, loaded once into every source, and an engine over them."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from orchestrator.wire import open_pipeline
from sandbox.mongo import start_mongo
from sandbox.postgres import start_postgres
from tests.conftest import FOLDER
from tests.property.data import Dataset, dataset, edges
from tests.property.engine import Engine, Truth, Unwritten
from tests.property.files import parquet_place, sqlite_place
from tests.property.placements import Atlas, everything_in
from tests.property.servers import READER, mongo_place, postgres_place
from tests.property.sources import LoggedIn

DATASETS = 12


@pytest.fixture(scope="session")
def datasets() -> list[Dataset]:
    """The pool; the first ones are the smallest, and the last is made by hand."""
    return [*(dataset(number) for number in range(DATASETS)), edges(DATASETS)]


@pytest.fixture(scope="session")
async def engine(
    datasets: list[Dataset], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Engine]:
    """An engine over two sources of each kind, all of which hold every dataset."""
    folder = FOLDER / "property"
    folder.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        postgres = await start_postgres(folder / "postgres")
        stack.push_async_callback(postgres.stop)
        mongo = await start_mongo(folder / "mongo")
        stack.push_async_callback(mongo.stop)
        atlas = Atlas(
            [
                await postgres_place("pg_one", postgres, datasets),
                await mongo_place("mongo_one", mongo, datasets),
                parquet_place("parquet", tmp_path_factory.mktemp("parquet"), datasets),
                sqlite_place("sqlite", tmp_path_factory.mktemp("sqlite"), datasets),
                await postgres_place("pg_two", postgres, datasets),
                await mongo_place("mongo_two", mongo, datasets),
            ]
        )
        store = tmp_path_factory.mktemp("property") / "store.db"
        pipeline = await open_pipeline(
            model=atlas.model(everything_in(atlas.names[0], atlas.names[1])),
            vault=None,
            store_url=f"sqlite+aiosqlite:///{store}",
            warm=False,
        )
        stack.push_async_callback(pipeline.close)
        for name, source in pipeline.sources.items():
            login = READER if source.adapter.capabilities.authenticates else None
            pipeline.sources[name] = replace(source, adapter=LoggedIn(source.adapter, login))
        await pipeline.registry.refresh(set(pipeline.sources))
        assert all(pipeline.registry.catalog(name) for name in pipeline.sources)
        pipeline.store = Unwritten("sqlite+aiosqlite://")
        yield Engine(pipeline, atlas, Truth(datasets))
