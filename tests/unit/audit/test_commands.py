"""`crosstalk audit` and `crosstalk replay`, over a real answer."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot import cli
from tests.unit.audit.shop import ROWS, SQL, shop


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop, with a store of its own."""
    monkeypatch.setenv("CROSSTALK_MODEL", str(shop(tmp_path)))
    monkeypatch.setenv("CROSSTALK_STORE_URL", f"sqlite+aiosqlite:///{tmp_path}/store.db")
    monkeypatch.setenv("CROSSTALK_INDEX_FOLDER", str(tmp_path / "index"))
    monkeypatch.setattr("bot.audit_cli.set_up_logs", lambda *_, **__: None)  # pyright: ignore
    monkeypatch.setattr(cli, "set_up_logs", lambda *_, **__: None)  # pyright: ignore


def crosstalk(*arguments: str) -> Result:
    """Run one command."""
    return CliRunner().invoke(cli.command_line(), arguments)


def answered() -> str:
    """Have a question answered: the run's id."""
    result = crosstalk("sql", SQL, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])["run_id"]


def write(folder: Path, statement: str) -> None:
    """Change the store behind its back."""
    with sqlite3.connect(folder / "store.db") as connection:
        connection.execute(statement)
    connection.close()


def exported() -> list[dict[str, Any]]:
    """The records as `audit export` gives them."""
    return [json.loads(line) for line in crosstalk("audit", "export").stdout.splitlines()]


def test_verify_says_where_a_trail_was_changed(tmp_path: Path) -> None:
    """A whole trail is 0, a changed one 1 and the record's number."""
    answered()
    result = crosstalk("audit", "verify")
    assert (result.exit_code, "whole: 3 records, 1 to 3" in result.stdout) == (0, True)
    write(tmp_path, "UPDATE audit_records SET what = 'failed' WHERE seq = 3")
    result = crosstalk("audit", "verify")
    assert (result.exit_code, "Record 3 was changed" in result.stdout) == (1, True)


def test_a_head_kept_elsewhere_finds_a_cut(tmp_path: Path) -> None:
    """What `audit head` printed finds records that were cut off together with the head."""
    answered()
    kept = crosstalk("audit", "head").stdout.strip()
    assert crosstalk("audit", "verify", "--head", kept).exit_code == 0
    write(tmp_path, "DELETE FROM audit_records WHERE seq = 3")
    last = "(SELECT hash FROM audit_records WHERE seq = 2)"
    write(tmp_path, f"UPDATE audit_head SET seq = 2, hash = {last}")
    assert crosstalk("audit", "verify").exit_code == 0
    result = crosstalk("audit", "verify", "--head", kept)
    assert (result.exit_code, "what came between is gone" in result.stdout) == (1, True)
    assert crosstalk("audit", "verify", "--head", "nonsense").exit_code == 2


def test_show_tells_the_whole_story(tmp_path: Path) -> None:
    """Who asked, what was sent where, what came and the receipt; and what was changed since."""
    run_id = answered()
    result = crosstalk("audit", "show", run_id)
    assert result.exit_code == 0
    operation = exported()[1]["detail"]["operations"][0]["operation"]
    for told in (
        "user terminal", "planner sql", "approved by rule", "risk low", "GROUP BY",
        "s1 shop: duckdb customers.csv", operation, "outcome fetched, rows 2, bytes",
        "receipt: plan", "3 records, each as it was written",
    ):  # fmt: skip
        assert told in result.stdout, (told, result.stdout)
    write(tmp_path, "UPDATE runs SET question = 'another'")
    assert "not the one that was asked" in crosstalk("audit", "show", run_id).stdout
    write(tmp_path, "UPDATE audit_records SET detail = '{}' WHERE seq = 2")
    result = crosstalk("audit", "show", run_id)
    assert (result.exit_code, "Record 2 was changed" in result.stdout) == (1, True)
    assert crosstalk("audit", "show", "nobody").exit_code == 1


def test_export_gives_every_record() -> None:
    """Each record is a line, in order, with its hashes; a value of the SQL is in that SQL alone."""
    answered()
    result = crosstalk("sql", "SELECT name FROM customer WHERE name = 'Ada'", "--json")
    assert result.exit_code == 0, result.output
    records = exported()
    assert [one["seq"] for one in records] == [1, 2, 3, 4, 5, 6]
    assert [one["previous"] for one in records[1:]] == [one["hash"] for one in records[:-1]]
    told = [one for one in records if "Ada" in json.dumps(one)]
    assert [one["what"] for one in told] == ["approved"]
    assert records[4]["detail"]["operations"][0]["parameters"] == ["‹str›"]


def test_prune_keeps_the_trail_verifiable(tmp_path: Path) -> None:
    """Old records go and the rest is whole; of a trail that is not, nothing goes."""
    answered()
    assert "0 records" in crosstalk("audit", "prune", "--before", "2026-01-01").stdout
    result = crosstalk("audit", "prune", "--before", "2999-01-01")
    assert (result.exit_code, "2 records" in result.stdout) == (0, True)
    assert [one["what"] for one in exported()] == ["answered", "pruned"]
    assert crosstalk("audit", "verify").exit_code == 0
    write(tmp_path, "UPDATE audit_records SET what = 'failed' WHERE seq = 3")
    result = crosstalk("audit", "prune", "--before", "2999-01-01")
    assert (result.exit_code, len(exported())) == (1, 2)


def test_replay_says_what_differs(tmp_path: Path) -> None:
    """The same rows are 0, others are 1 and the difference, a run of nobody is 1 and why."""
    run_id = answered()
    result = crosstalk("replay", run_id)
    assert (result.exit_code, "As it was answered" in result.stdout) == (0, True), result.output
    (tmp_path / "customers.csv").write_text("\n".join([*ROWS, "4,Dan,DE"]))
    result = crosstalk("replay", run_id)
    assert (result.exit_code, "other values" in result.stdout) == (1, True)
    assert not [name for name in ("Dan", "DE") if name in result.output]
    result = crosstalk("replay", "nobody")
    assert (result.exit_code, "no receipt" in result.stderr) == (1, True)
