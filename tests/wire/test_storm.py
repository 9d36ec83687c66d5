"""A small storm: two replicas on one PostgreSQL, events doubled and reordered, 429s, one killed."""

from pathlib import Path

from sandbox.sandbox import Sandbox
from sandbox.storm import Size, storm

SMALL = Size(questions=200, channels=20, lease_s=5.0)


async def test_every_question_of_a_storm_is_answered_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each has its one answer in its thread, acknowledged in time, though a replica was killed."""
    await sandbox.postgres.create_database("storm", fresh=True)
    report = await storm(SMALL, tmp_path, sandbox.postgres.admin_dsn("storm"))
    assert report.wrongs == []
    assert report.answers == {"answered once": 200}
    assert report.under_way_when_killed > 0
    assert report.refused_posts > 0
    assert report.events > 420
