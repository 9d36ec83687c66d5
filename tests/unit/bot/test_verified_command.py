"""`crosstalk verified` over a real store and the demo's model, whose sources are not reached."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.errors import ConfigurationError
from bot import cli, verified_command
from orchestrator.store import ProposedQueries, Store, StoredRun
from tests.conftest import ROOT

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SQL = "SELECT COUNT(*) AS customers FROM customer AS c"
RUN = StoredRun("r1", "T1", "U7", "how many customers?", SQL, "s1", "grammar", "answered")


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The ids of three proposals in the store of the commands: two that fit the model, and one
    whose field is gone."""
    url = f"sqlite+aiosqlite:///{tmp_path}/store.db"
    monkeypatch.setenv("CROSSTALK_STORE_URL", url)
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    monkeypatch.setattr(verified_command, "set_up_logs", lambda *_, **__: None)  # pyright: ignore

    async def proposed() -> list[str]:
        store = Store(url)
        await store.open()
        asked = (
            RUN,
            replace(RUN, question="who?", sql="SELECT c.name FROM customer AS c"),
            replace(RUN, question="what?", sql="SELECT c.gone FROM customer AS c"),
        )
        kept = ProposedQueries(store.engine)
        found = [await kept.propose(run, "good", "U1", NOON) for run in asked]
        await store.close()
        return [one.id for one in found if one is not None]

    return asyncio.run(proposed())


def crosstalk(*arguments: str) -> Result:
    """Run the command on the demo's model."""
    model = str(ROOT / "semantic_model.yaml")
    return CliRunner().invoke(cli.command_line(), ["verified", "--model", model, *arguments])


def test_what_fits_is_listed_decided_and_printed(ids: list[str]) -> None:
    """What waits is listed with its SQL, and is in no diff before it is accepted; what was rejected
    or does not compile is listed no more."""
    listed = crosstalk().stdout
    assert f"{ids[0][:8]}  waiting  good by U1 of T1, 2026-06-15\n  how many customers?" in listed
    assert "FROM customer AS c" in listed
    assert (ids[1][:8] in listed, ids[2][:8] in listed) == (True, False)
    assert crosstalk("--diff").stdout == ""
    decided = crosstalk("--accept", ids[0][:8], "--reject", ids[1]).stdout
    assert f"{ids[0][:8]}  accepted" in decided
    assert ids[1][:8] not in decided
    assert "+  - question: how many customers?\n" in crosstalk("--diff").stdout


def test_only_what_waits_can_be_decided_on(ids: list[str]) -> None:
    """Ids that are unknown, too short or decided on already are told, with what lists others."""
    assert crosstalk("--accept", ids[0]).exit_code == 0
    for wrong in ("0" * 32, ids[1][:7], ids[0]):
        found = crosstalk("--reject", wrong)
        assert isinstance(found.exception, ConfigurationError)
        assert "crosstalk verified" in str(found.exception)
