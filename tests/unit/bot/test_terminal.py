"""What the terminal shows."""

import io

import pyarrow as pa
from rich.console import Console

from bot.terminal import Terminal
from orchestrator.answer import Confidence
from orchestrator.events import Event, Failed, Finished, Planned, Succeeded
from tests.unit.bot.builders import KINDS, answer, events, plan


def shown(said: list[Event]) -> list[str]:
    """The lines that events print."""
    stream = io.StringIO()
    terminal = Terminal(Console(file=stream), KINDS)
    for event in said:
        terminal.show(event)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_sources_and_join_stand_in_columns() -> None:
    """The lines are exactly those of the README."""
    ordered = events()
    lines = shown([ordered[0], ordered[6], ordered[5], ordered[4], ordered[7]])
    assert lines == [
        "[postgres sales]  120 rows  0.21 s",
        "[mongo support]    45 docs  0.12 s",
        "[qdrant notes]     10 hits  0.05 s",
        "[JOINED]           98 rows  (22 keys had no match in support)",
    ]


def test_kept_rows_say_how_old_they_are() -> None:
    """A line of rows that were kept tells their age instead of the time that they took."""
    kept = Succeeded("s1", 120, 0.01, cached=True, age_s=70.0)
    assert shown([events()[0], kept]) == ["[postgres sales]  120 rows  cached, 1 min ago"]


def test_the_answer_follows() -> None:
    """Table, sentence, warnings, assumptions and confidence, in this order."""
    doubtful = Confidence("low", ("rows were cut at a limit",))
    found = answer(warnings=("Careful.",), assumptions=("EUR",), confidence=doubtful)
    text = "\n".join(shown([Finished(found)]))
    said = (
        "Acme ",
        "Acme spent most.",
        "Careful.",
        "Assumed: EUR",
        "Confidence: low (rows were cut at a limit)",
    )
    places = [text.index(part) for part in said]
    assert places == sorted(places)


def test_a_failed_step_says_why() -> None:
    """A failure has its line among the sources."""
    lines = shown([Planned("r1", plan(), "grammar"), Failed("s2", "It is down.", 2.0)])
    assert lines == ["[mongo support]   failed  2.00 s  It is down."]


def test_values_can_not_drive_the_terminal() -> None:
    """Escape sequences and markup in data are shown as text."""
    table = pa.table({"name": ["\x1b[31mred[/red] [bold]x"]})
    text = "\n".join(shown([Finished(answer(table, text="\x1b]0;title\x07"))]))
    assert "\x1b" not in text
    assert "[bold]x" in text


def test_a_wide_table_is_whole_in_a_pipe() -> None:
    """What goes into a file is not folded to the width of a screen."""
    table = pa.table({f"column_{i}": ["value " * 5] for i in range(12)})
    lines = shown([Finished(answer(table))])
    assert any(line.count("value value value value value") == 12 for line in lines)
