"""Hostile pipelines against MongoDB's guard, and hostile commands against the real mongod."""

from collections.abc import AsyncGenerator

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from adapters import errors
from adapters.mongo.guard import check
from adapters.query import AggregationQuery, OutputColumn
from orchestrator.pipeline import Pipeline
from sandbox.sandbox import Sandbox
from tests.contract.harness import mongo
from tests.hostile.corpus import Case, each

Client = AsyncMongoClient[dict[str, object]]


def pipeline_of(case: Case) -> AggregationQuery:
    """The pipeline, as an adapter would be given it."""
    columns = (OutputColumn(name="a", type="string"),)
    return AggregationQuery.model_construct(
        relations=("tickets",), columns=columns, pipeline=tuple(case.input)
    )


@each("mongo", lambda case: case["refused"])
def test_pipelines_are_of_allowed_stages_and_operators(case: Case) -> None:
    """Code, writes, other collections and what the server knows of itself are refused."""
    with pytest.raises(getattr(errors, case["refused"])) as refused:
        check(pipeline_of(case))
    assert len(str(refused.value)) < 200


@each("mongo", lambda case: not case["refused"])
def test_data_may_look_like_an_operator(case: Case) -> None:
    """What is compared, or stands under $literal, may hold anything."""
    check(pipeline_of(case))


@pytest.fixture(scope="module")
async def minted(
    pipeline: Pipeline, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Client]:
    """A client of the sandbox's mongod, with a login that Vault made as for a step."""
    harness = mongo(pipeline, sandbox, tmp_path_factory.mktemp("locked"))
    server = sandbox.mongo
    async with harness.credential() as credential:
        assert credential is not None
        assert server is not None
        async with AsyncMongoClient[dict[str, object]](
            server.host,
            server.port,
            username=credential.username,
            password=credential.password,
            authSource="support",
        ) as client:
            yield client


async def test_the_login_reads_what_it_is_for(minted: Client) -> None:
    """The lock lets tickets be read."""
    assert await minted.support.tickets.find_one() is not None


@each("mongo_locks")
async def test_mongod_is_locked_behind_the_guard(minted: Client, case: Case) -> None:
    """Without the guard, mongod itself refuses all but finding and aggregating."""
    command = dict(case.input)
    database = minted[command.pop("$db", "support")]
    with pytest.raises(OperationFailure, match=case["said"]):
        await database.command(command)
