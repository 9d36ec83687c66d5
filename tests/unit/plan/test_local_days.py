"""Days, weeks and months of a group begin at the requester's midnight, as periods do."""

import pytest

from tests.unit.plan.test_grammar import drafted


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("revenue by day last week", "DATE_TRUNC('day', o.ordered_at AT TIME ZONE '{}')"),
        ("number of tickets by week", "DATE_TRUNC('week', t.opened_at AT TIME ZONE '{}')"),
        ("number of customers by month", "DATE_TRUNC('month', c.signed_up_on)"),
    ],
)
async def test_groups_of_time_are_cut_by_the_requesters_clock(text: str, local: str) -> None:
    """Instants are grouped by the days of the zone that their period is of; days are days."""
    for zone in ("America/New_York", "Asia/Kolkata"):
        sql = (await drafted(text, zone=zone)).sql
        assert sql.count("DATE_TRUNC") == sql.count(local.format(zone)) == 2
    for zone in ("UTC", "Etc/UTC"):
        assert "AT TIME ZONE" not in (await drafted(text, zone=zone)).sql


async def test_steps_are_cut_by_the_requesters_clock() -> None:
    """The month before is told by the same months as the one beside it."""
    sql = (await drafted("revenue by month, month over month", zone="Europe/Berlin")).sql
    month = "DATE_TRUNC('month', o.ordered_at AT TIME ZONE 'Europe/Berlin')"
    assert sql.count("DATE_TRUNC") == sql.count(month) > 2
    assert f"OVER (ORDER BY {month})" in sql
