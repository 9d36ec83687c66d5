"""How many rows thirty typical questions move, beside fetching all of what they name."""

from datetime import date
from pathlib import Path

from adapters.credentials import VaultSettings
from benchmarks.engine import answered, opened
from benchmarks.measure import Outcome, Series, Target
from benchmarks.servers import Place
from orchestrator.semantic import load
from sandbox.company.load import NOTES
from sandbox.company.model import Company
from sandbox.sandbox import open_sandbox

TITLE = "Rows moved by thirty questions"
TARGETS = (Target("rows, of fetching all", "crosstalk", "all", "rows", at_most=0.05),)
MODEL = Path(__file__).parent.parent / "semantic_model.yaml"
QUESTIONS = Path(__file__).with_name("thirty.sql")
TODAY = date(2026, 6, 15)
_ABOUT = """Thirty questions to the demo company (`benchmarks/thirty.sql`) over PostgreSQL, \
MongoDB and Qdrant. A row is moved when a source sends it to Crosstalk; **all** are the rows of \
all the relations that a question's steps read.

| question | steps | rows moved | all |
|---|---:|---:|---:|
"""


def questions() -> dict[str, str]:
    """The thirty questions in words, with their semantic SQL."""
    found: dict[str, str] = {}
    for one in QUESTIONS.read_text(encoding="utf-8").split(";\n"):
        words, _, sql = one.strip().removeprefix("-- ").partition("\n")
        if sql:
            found[words] = sql
    return found


async def run(place: Place, quick: bool) -> Outcome:
    """Each question once: rows are no matter of chance."""
    moved = everything = 0
    lines: list[str] = []
    async with open_sandbox(place.folder / "company", TODAY) as sandbox:
        await sandbox.embedder.warm()
        role = sandbox.app_role
        vault = VaultSettings(sandbox.vault_address, role.role_id, role.secret_id)
        stored = rows_of(sandbox.company)
        async with opened(load(MODEL, sandbox.environment), {}, vault) as pipeline:
            for words, sql in questions().items():
                plan = pipeline.compiler.compile(sql, pipeline.registry)
                _, rows = await answered(pipeline, sql)
                named = {name for step in plan.steps for name in step.query.relations}
                total = sum(stored[name] for name in named)
                lines.append(f"| {words} | {len(plan.steps)} | {rows:,} | {total:,} |\n")
                moved += rows
                everything += total
    series = [
        Series("crosstalk", len(lines), [{"rows": moved}]),
        Series("all", len(lines), [{"rows": everything}]),
    ]
    return Outcome(_ABOUT + "".join(lines), series)


def rows_of(company: Company) -> dict[str, int]:
    """The rows of each relation that the semantic model binds."""
    return {
        "public.customers": len(company.customers),
        "public.orders": len(company.orders),
        "public.order_lines": len(company.lines),
        "public.products": len(company.products),
        "accounts": len(company.accounts),
        "tickets": len(company.tickets),
        NOTES: len(company.notes),
    }
