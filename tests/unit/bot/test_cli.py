"""The command line, with a pipeline that needs nothing."""

import contextlib
import functools
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from bot import cli
from orchestrator.overlap import Counts, Overlap, Pair, Proposal, Side
from orchestrator.overlap.measure import Count
from orchestrator.overlap.propose import Fix
from orchestrator.pipeline import Pipeline, Refused
from orchestrator.plan import Clarification
from tests.unit.bot.builders import FakePipeline, answer, events


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    """What the commands ask."""
    return give(monkeypatch, FakePipeline())


def give(monkeypatch: pytest.MonkeyPatch, fake: FakePipeline) -> FakePipeline:
    """Put a pipeline behind the commands."""

    @contextlib.asynccontextmanager
    async def opened(*_: object, **__: object) -> AsyncGenerator[Pipeline]:
        yield fake.port

    monkeypatch.setattr(cli, "opened_pipeline", opened)
    monkeypatch.setattr(cli, "set_up_logs", lambda *_, **__: None)  # pyright: ignore
    return fake


def crosstalk(*arguments: str) -> Result:
    """Run one command."""
    return CliRunner().invoke(cli.command_line(), arguments)


def lines(result: Result) -> list[dict[str, Any]]:
    """The JSON lines of a result."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_events_end_with_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event is a line; decimals are exact, times ISO, and NaN is null."""
    table = pa.table(
        {
            "spent": pa.array([Decimal("10.50")]),
            "at": [datetime(2026, 6, 1, tzinfo=UTC)],
            "share": [float("nan")],
        }
    )
    give(monkeypatch, FakePipeline(runs_into=events(answer(table))))
    result = crosstalk("ask", "who?", "--json")
    assert result.exit_code == 0, result.output
    found = lines(result)
    assert [line["event"] for line in found] == [
        "planned",
        *["started"] * 3,
        *["succeeded"] * 3,
        "joined",
        "answer",
    ]
    last = found[-1]
    assert last["columns"] == ["spent", "at", "share"]
    assert last["rows"] == [["10.50", "2026-06-01T00:00:00+00:00", None]]
    assert last["sources"][0]["source"] == "sales"
    assert last["plan"]["steps"][1]["query"].startswith("db.tickets.aggregate")
    assert set(last) >= {"text", "warnings", "assumptions", "sql", "partial", "failed"}
    assert last["confidence"] == {"level": "high", "reasons": []}
    assert last["chart"] is None


def test_today_is_noon_of_that_day(pipeline: FakePipeline) -> None:
    """A demo can be repeated on another day."""
    assert crosstalk("ask", "who?", "--today", "2026-06-15").exit_code == 0
    assert pipeline.questions[0].asked_at == datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_a_plan_runs_nothing(pipeline: FakePipeline) -> None:
    """The plan shows its SQL and each native query, and no rows."""
    result = crosstalk("plan", "--sql", "SELECT name FROM customer")
    assert result.exit_code == 0, result.output
    assert "db.tickets.aggregate" in result.stdout
    assert "120 rows" not in result.stdout
    (only,) = lines(crosstalk("plan", "who?", "--json"))
    assert [step["kind"] for step in only["steps"]] == ["postgres", "mongo", "qdrant"]


@pytest.mark.parametrize(("name", "start"), [("plan.svg", b"<svg "), ("plan.png", b"\x89PNG")])
def test_a_plan_can_be_drawn(
    pipeline: FakePipeline, tmp_path: Path, name: str, start: bytes
) -> None:
    """The picture is written beside what is printed, also with JSON."""
    assert crosstalk("plan", "who?", "--picture", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / name).read_bytes().startswith(start)
    result = crosstalk("plan", "who?", "--json", "--picture", str(tmp_path / f"second_{name}"))
    assert [line["event"] for line in lines(result)] == ["planned"]
    assert (tmp_path / f"second_{name}").exists()


def test_only_pictures_are_drawn(pipeline: FakePipeline, tmp_path: Path) -> None:
    """Another ending is a mistake that is told before anything is planned."""
    result = crosstalk("plan", "who?", "--picture", str(tmp_path / "plan.pdf"))
    assert result.exit_code == 2
    assert not pipeline.questions
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [(), ("who?", "--sql", "SELECT 1")])
def test_a_plan_is_of_one_thing(pipeline: FakePipeline, arguments: tuple[str, ...]) -> None:
    """A question or SQL: neither and both are mistakes."""
    assert crosstalk("plan", *arguments).exit_code == 2
    assert not pipeline.questions


def test_a_failed_answer_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script can tell that there was no answer."""
    give(monkeypatch, FakePipeline(runs_into=events(answer(failed=True))))
    assert crosstalk("sql", "SELECT 1").exit_code == 1


@pytest.mark.parametrize("problem", [Clarification("Which?", (), ("a",)), Refused("No.", ("b",))])
def test_no_plan_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, problem: Clarification | Refused
) -> None:
    """What the planner asks back goes to stderr, or is the one JSON line."""
    give(monkeypatch, FakePipeline(problem))
    result = crosstalk("ask", "who?")
    assert result.exit_code == 1
    assert problem.message in result.stderr
    (line,) = lines(crosstalk("ask", "who?", "--json"))
    assert (line["event"], line["message"]) == (type(problem).__name__.lower(), problem.message)


def test_errors_are_one_message_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in the set-up shows no traceback."""
    monkeypatch.setattr("sys.argv", ["crosstalk", "check", "--model", "nowhere.yaml"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "nowhere.yaml" in error
    assert "Traceback" not in error


def test_schema_and_check_need_no_source() -> None:
    """Both work on a machine that has only the model."""
    assert json.loads(crosstalk("schema").stdout)["title"] == "SemanticModel"
    assert "is in order" in crosstalk("check").stdout


def test_a_route_says_why_a_source_was_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each source has its confidence and its reason; without weights, by words, and it says so."""
    monkeypatch.setenv("CROSSTALK_EMBEDDING_MODEL", str(tmp_path / "no-model"))
    monkeypatch.setenv("CROSSTALK_INDEX_FOLDER", str(tmp_path / "index"))
    (found,) = lines(crosstalk("route", "--json", "open tickets by priority"))
    routes = {route["source"]: route for route in found["routes"]}
    assert routes["support"]["searched"]
    assert routes["support"]["confidence"] > routes["sales"]["confidence"]
    assert not routes["notes"]["searched"]
    assert (found["by_meaning"], "could not be fetched" in found["reason"]) == (False, True)
    named = crosstalk("route", "@sales open tickets").stdout
    assert "the question names @sales" in " ".join(named.split())
    assert "By words alone." in named


def compared(**changes: Any) -> Overlap:
    """One pair whose keys nearly match, with a proposal and an example."""
    left, right = Side("ticket", "support", ("ref",)), Side("customer", "sales", ("id",))
    counts = Counts(Count(10, 4, 1, 6, 0, 2, False), Count(8, 4, 0, 0, 0, 0, False))
    fix = Fix("ref", "account_ref", "string", "TRIM(value)", "string")
    fields: dict[str, Any] = {
        "pair": Pair("ticket_customer", left, right),
        "verdict": "Many keys find no match: 6.",
        "is_broken": True,
        "counts": counts,
        "proposal": Proposal(left, (fix,), 10, 4, 9, 1),
        "cut": ("ticket.ref in support (10 keys)",),
        "examples": ("secret-key",),
    }
    return Overlap(**{**fields, **changes})


def give_overlaps(monkeypatch: pytest.MonkeyPatch, *found: Overlap) -> None:
    """Let the command find these."""

    async def overlaps(*_: object, **__: object) -> list[Overlap]:
        return list(found)

    monkeypatch.setattr(cli, "overlaps", overlaps)


def test_keys_that_do_not_meet_exit_with_1(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script reads counts and the YAML to paste, and no example; the status tells of a fault."""
    give_overlaps(monkeypatch, compared())
    result = crosstalk("keys", "--json")
    assert result.exit_code == 1
    (line,) = lines(result)
    assert (line["name"], line["share"], line["broken"]) == ("ticket_customer", 0.4, True)
    assert line["counts"]["left"]["matched"] == 4
    assert line["proposal"]["yaml"].splitlines() == [
        "# and in the entity's fields: ref: {type: string, …}",
        'ref: {path: account_ref, stored: string, transform: "TRIM(value)"}',
    ]
    assert "secret-key" not in result.stdout
    give_overlaps(monkeypatch, compared(is_broken=False))
    assert crosstalk("keys", "--json").exit_code == 0


def test_the_overlap_of_keys_is_told(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person reads the verdict, what was cut, what is proposed and what it merges."""
    give_overlaps(monkeypatch, compared())
    said = crosstalk("keys").stdout
    assert "✗ Many keys find no match: 6." in said
    assert "(4 → 9 of 10 keys match)" in said
    assert "1 keys of ticket.ref in support become equal to another" in said
    assert "Cut at `policies.max_rows`: ticket.ref in support (10 keys)." in said
    assert "40.0%" in said


def test_examples_are_for_a_terminal(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows' data goes neither into JSON nor into a pipe."""
    give_overlaps(monkeypatch, compared())
    assert crosstalk("keys", "--examples").exit_code == 2
    monkeypatch.setattr(cli, "Console", functools.partial(Console, force_terminal=True))
    assert crosstalk("keys", "--examples", "--json").exit_code == 2
    assert "secret-key" in crosstalk("keys", "--examples").stdout


def test_the_manifest_is_printed_by_variant() -> None:
    """The default is the file in the repository; a distributed app needs its address."""
    assert crosstalk("manifest").output == Path("manifest.yml").read_text(encoding="utf-8")
    over_http = crosstalk("manifest", "--http", "https://bot.example.com", "--no-follow-ups").output
    assert "request_url: https://bot.example.com/slack/events" in over_http
    assert "message.channels" not in over_http
    assert crosstalk("manifest", "--variant", "distributed").exit_code == 2
