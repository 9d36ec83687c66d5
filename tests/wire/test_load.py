"""A small crowd at a bot that is a process of its own, over the sandbox's servers."""

from dataclasses import replace
from pathlib import Path

from sandbox.load import Crowd, Report, load
from sandbox.sandbox import Sandbox
from tests.wire.office import opened_slack


async def test_a_crowd_is_answered_within_the_caps(sandbox: Sandbox, tmp_path: Path) -> None:
    """Everybody gets one answer, some are told how many are ahead, no source gets more
    queries at once than its cap, no lease or connection is left, and the log is the bot's own."""
    async with opened_slack(sandbox) as slack:
        report = await load(replace(sandbox, slack=slack), Crowd(32, channels=4), tmp_path)
    assert report.others == []
    assert report.outcomes == {"answered once": 32}
    assert report.told_their_place > 0
    for source, (most, cap) in report.most_at_once.items():
        assert 1 <= most <= cap, source
    assert report.leases_left + report.connections_left == 0
    assert report.memory_peak > report.memory_before > 10e6
    log = (tmp_path / "bot.log").read_text(encoding="utf-8")
    assert "[bot.serve]" in log
    assert "[slack_bolt" not in log


def test_what_is_missed_is_named() -> None:
    """A question without an answer, a source over its cap and a lease that is left are wrong; a
    quiet channel that waits as long as the one that floods is, too."""
    report = Report(4, flood_s=[8.0, 9.0], others_s=[1.0, 2.0], seconds=9.0)
    report.outcomes.update({"answered once": 4})
    report.most_at_once["sales"] = (4, 4)
    assert report.wrongs == []
    report.outcomes.update({"answered once": -1, "never answered": 1})
    report.most_at_once["sales"] = (5, 4)
    report.others_s = [8.0, 9.0]
    report.leases_left = 1
    assert report.wrongs == [
        "questions answered exactly once: 3 of 4 (1 never answered)",
        "p50 of all other channels: 8.5 s",
        "most queries at once at sales: 5",
        "leases and connections left: 1",
    ]
