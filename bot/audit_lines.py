"""The audit trail for people in a terminal: a verdict, the story of a run, what a replay found."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.cells import number, printable
from bot.replaying import Replayed
from orchestrator.audit import Verdict, text_hash
from orchestrator.registry import moment
from orchestrator.store import Record, StoredRun

MOST_FAULTS = 50
_APART = frozenset({"sql", "operations", "receipt", "usage", "question", "fingerprints", "risk"})
"""Details that have lines of their own, or are for `audit export`."""


def show_verdict(console: Console, verdict: Verdict) -> None:
    """Print whether the trail is whole, and each fault."""
    say = _sayer(console)
    for fault in verdict.faults[:MOST_FAULTS]:
        say(f"✗ {fault.message}", "red")
    if (more := len(verdict.faults) - MOST_FAULTS) > 0:
        say(f"✗ {number(more)} more.", "red")
    span = f", {verdict.first} to {verdict.last}" if verdict.records else ""
    if not verdict.faults:
        say(f"✓ The audit trail is whole: {_count(verdict.records, 'record')}{span}.", "green")
    if verdict.unkeyed:
        say(f"Up to record {verdict.unkeyed} they bear no key: keep a head elsewhere.", "dim")


def show_run(
    console: Console, run: StoredRun | None, records: Sequence[Record], changed: Sequence[int]
) -> None:
    """Print all that the trail tells of one run, and with it the question where it is kept."""
    say = _sayer(console)
    first = records[0]
    say(f"Run {first.run_id}", "bold")
    asked = {**first.detail}
    if run is not None:
        say(f"Question: {run.question}")
        if asked.get("question") not in {None, text_hash(run.question)}:
            say("✗ The question in the store is not the one that was asked.", "red")
    if "sql" in asked:
        say(f"SQL: {asked['sql']}")
    for record in records:
        _show_record(say, record)
        if record.seq in changed:
            say(f"✗ Record {record.seq} was changed: its hash is another.", "red")
    if not changed:
        say(f"✓ {_count(len(records), 'record')}, each as it was written.", "green")


def show_replayed(console: Console, replayed: Replayed) -> None:
    """Print what differs between an answer and its replay."""
    say = _sayer(console)
    for difference in replayed.differences:
        say(f"✗ {difference}", "red")
    rows = _count(replayed.now.result_rows, "row")
    when = moment(replayed.at)
    if not replayed.differences:
        say(f"✓ As it was answered {when}: the plan, the schemas and the result, {rows}.", "green")
    for receipt, which in ((replayed.then, "then"), (replayed.now, "now")):
        if not receipt.complete:
            say(f"⚠️  A source was missing or cut {which}.", "yellow")


def _show_record(say: Callable[..., None], record: Record) -> None:
    detail = record.detail
    kept = {name: one for name, one in detail.items() if name not in _APART and one not in ("", [])}
    told = "; ".join(f"{name.replace('_', ' ')} {_told(one)}" for name, one in kept.items())
    say(f"{moment(record.at)}  #{record.seq} {record.what}", "bold")
    if told:
        say(f"  {told}")
    if "risk" in detail:
        reasons = "; ".join(detail["risk"]["reasons"])
        say(f"  risk {detail['risk']['level']}{': ' if reasons else ''}{reasons}")
    if detail.get("usage", {}).get("calls"):
        say(f"  {_details(detail['usage'])}")
    for one in detail.get("operations", []):
        say(f"  {one['step']} {one['source']}: {_operation(one)}")
    if receipt := detail.get("receipt"):
        say(f"  receipt: plan {receipt['plan'][:12]}, result {receipt['result'][:12]}")


def _operation(one: dict[str, Any]) -> str:
    if "query" not in one:
        return _details({name: one[name] for name in one if name not in {"step", "source"}})
    types = f"  with {', '.join(one['parameters'])}" if one["parameters"] else ""
    where = f"{one['db_type']} {one['db_endpoint']}, operation {one['operation']}"
    return f"{where}\n    {one['query']}{types}"


def _details(named: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_told(one)}" for name, one in named.items() if one)


def _told(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return "–"
        case int():
            return number(value)
        case list():
            return ", ".join(_told(one) for one in value)  # pyright: ignore[reportUnknownVariableType]
        case _:
            return str(value)


def _count(count: int, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def _sayer(console: Console) -> Callable[..., None]:
    def say(words: str, style: str = "") -> None:
        console.print(Text(printable(words), style=style), soft_wrap=True)

    return say
