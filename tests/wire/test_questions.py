"""Ten questions give exactly the rows of an independent computation in Slack, three of them in a
terminal too."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.company.load import vectors_cached
from sandbox.sandbox import Sandbox
from tests.conftest import TODAY, VECTORS
from tests.wire.conftest import ask, command_line, is_progress, table_of
from tests.wire.questions import QUESTIONS, SEARCH_TEXT, Asked, Rows, Vectors, same


@pytest.fixture(scope="session")
async def vectors(sandbox: Sandbox) -> Vectors:
    """The vectors that searches by meaning are checked with, one by one."""
    texts = [note.note for note in sandbox.company.notes]
    notes = await vectors_cached(VECTORS, texts, sandbox.embedder)
    return Vectors(notes, (await sandbox.embedder([SEARCH_TEXT]))[0])


def _read(text: str) -> Any:
    """The value that a cell of the Slack table says."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return text


def _to_cents(rows: Rows) -> Rows:
    """Rows with their numbers at the two decimals that the Slack table shows."""
    numbers = int | float | Decimal
    return [tuple(round(float(v), 2) if isinstance(v, numbers) else v for v in r) for r in rows]


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked.text)
async def test_slack_shows_the_rows(
    asked: Asked, sandbox: Sandbox, vectors: Vectors, bot: str
) -> None:
    """A mention is answered in its thread with one progress message and exactly these rows."""
    states = await ask(sandbox, asked.text)
    expected = _to_cents(asked.rows(sandbox.company, vectors))
    _, *rows = table_of(states[-1])
    found = [tuple(_read(cell) for cell in row) for row in rows]
    assert same(found, expected, ordered=asked.ordered)
    progress = [state for state in states if is_progress(state)]
    assert len({state["ts"] for state in progress}) == 1
    tasks = progress[-1]["blocks"][0]["tasks"]
    assert {task["status"] for task in tasks} == {"complete"}


@pytest.mark.parametrize("asked", QUESTIONS[:3], ids=lambda asked: asked.text)
async def test_the_command_line_gives_the_rows(
    asked: Asked, sandbox: Sandbox, vectors: Vectors, tmp_path: Path
) -> None:
    """`crosstalk ask --json` ends with an answer that holds exactly these rows."""
    lines = await crosstalk(sandbox, tmp_path, "ask", asked.text, "--json", "--today", str(TODAY))
    answer = lines[-1]
    assert answer["event"] == "answer"
    assert {"columns", "rows", "sources", "warnings", "sql", "plan"} <= answer.keys()
    found = [tuple(_parsed(value) for value in row) for row in answer["rows"]]
    expected = asked.rows(sandbox.company, vectors)
    assert same(found, expected, ordered=asked.ordered)


def _parsed(value: Any) -> Any:
    """Decimals come as text; instants as ISO text, of which the day is compared."""
    if isinstance(value, str):
        if len(value) > 10 and value[4] == "-" and value[10] == "T":
            return value[:10]
        try:
            return float(value)
        except ValueError:
            return value
    return value


async def crosstalk(sandbox: Sandbox, folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """Run the command line in a process of its own; its JSON lines."""
    store = {"CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{folder}/store.db"}
    status, output, errors = await command_line(
        *arguments, environment={**sandbox.environment, **store}
    )
    assert status == 0, errors
    return [json.loads(line) for line in output.splitlines()]
