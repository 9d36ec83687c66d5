"""`crosstalk plan` over the sandbox: as JSON, in a terminal and as a picture."""

import json
from pathlib import Path
from xml.etree.ElementTree import parse

from sandbox.sandbox import Sandbox
from tests.wire.conftest import command_line

SQL = (
    "SELECT c.name, t.number, n.score FROM search(note, 'angry about invoices', 5) AS n "
    "JOIN customer AS c ON c.customer_id = n.customer_id "
    "JOIN ticket AS t ON t.customer_id = c.customer_id WHERE t.status = 'open'"
)


async def test_a_plan_says_what_each_source_would_be_asked(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """JSON has estimates from the live catalogs and the keys; the picture has the same steps."""
    environment = {
        **sandbox.environment,
        "CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{tmp_path}/plan.db",
    }
    drawn = tmp_path / "plan.svg"
    status, said, errors = await command_line(
        "plan", "--sql", SQL, "--json", "--picture", str(drawn), environment=environment
    )
    assert status == 0, errors
    plan = json.loads(said)
    steps = {step["source"]: step for step in plan["steps"]}
    assert {name: step["kind"] for name, step in steps.items()} == {
        "notes": "qdrant",
        "sales": "postgres",
        "support": "mongo",
    }
    assert all(step["rows"] > 0 for step in steps.values())
    assert steps["sales"]["bounded_by"]["step"] == steps["notes"]["id"]
    assert steps["support"]["done"] == ["t.status = 'open'"]
    groups = {group.get("id") for group in parse(drawn).iter("{http://www.w3.org/2000/svg}g")}  # noqa: S314
    assert {step["id"] for step in plan["steps"]} | {"join", "answer"} == groups

    status, said, errors = await command_line("plan", "--sql", SQL, environment=environment)
    assert status == 0, errors
    assert "reads only the customer_id that" in said
    assert "done there: t.status = 'open'" in said
    assert "No source answers the whole query: it needs several sources." in said
