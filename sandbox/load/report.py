"""What a crowd has met with: who was answered after how long, and what the sources had to bear."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from rich.console import Console
from rich.table import Table

from sandbox.load.questions import Crowd
from sandbox.reliability import Figure

ONCE = "answered once"
LATEST_OTHERS = 0.5
"""What share of the flooding channel's median those elsewhere may wait."""


@dataclass
class Report:
    """The figures of one crowd: seconds from a question to its answer for the channel that floods
    the queue and for the others, memory in bytes, and by source (most at once, cap)."""

    asked: int
    flood_s: list[float] = field(default_factory=list[float])
    others_s: list[float] = field(default_factory=list[float])
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    others: list[str] = field(default_factory=list[str])
    told_their_place: int = 0
    memory_before: int = 0
    memory_peak: int = 0
    most_at_once: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    leases_left: int = 0
    connections_left: int = 0

    @property
    def wrongs(self) -> list[str]:
        """What is not as it must be, in words."""
        missed = [one for one in self.figures() if one.met is False]
        return [*(f"{one.what}: {one.measured}" for one in missed), *self.others]

    def figures(self) -> list[Figure]:
        """All of it as lines of a table."""
        everybody = [*self.flood_s, *self.others_s]
        once = self.outcomes[ONCE]
        also = ", ".join(f"{n} {what}" for what, n in self.outcomes.items() if what != ONCE)
        median, least = _at(self.flood_s, 50), _at(self.others_s, 50)
        left = self.leases_left + self.connections_left
        return [
            Figure(
                "questions answered exactly once",
                f"{once} of {self.asked}" + (f" ({also})" if also else ""),
                "all",
                once == self.asked,
            ),
            Figure("until the last answer", f"{self.seconds:.0f} s"),
            Figure("answers a second", f"{self.asked / self.seconds:.1f}"),
            Figure("from question to answer, p50", f"{_at(everybody, 50):.1f} s"),
            Figure("from question to answer, p95", f"{_at(everybody, 95):.1f} s"),
            Figure("p50 of the channel that asks half of all", f"{median:.1f} s"),
            Figure(
                "p50 of all other channels",
                f"{least:.1f} s",
                f"≤ {LATEST_OTHERS:g} × that",
                least <= LATEST_OTHERS * median,
            ),
            Figure("questions that were told how many are ahead", f"{self.told_their_place}"),
            *(
                Figure(f"most queries at once at {source}", f"{most}", f"≤ {cap}", most <= cap)
                for source, (most, cap) in sorted(self.most_at_once.items())
            ),
            Figure("memory of the bot before", f"{self.memory_before / 1e6:.0f} MB"),
            Figure("memory of the bot at its peak", f"{self.memory_peak / 1e6:.0f} MB"),
            Figure("leases and connections left", f"{left}", "0", left == 0),
        ]


def about(crowd: Crowd, speed: float) -> str:
    """How the figures came, for the page."""
    return (
        f"{crowd.questions} questions of five kinds are asked within a second or two, half of them "
        f"in one channel, which asks first, the others in {crowd.channels} channels. They read "
        "PostgreSQL, MongoDB, Qdrant and Slack's messages, alone and joined. One bot answers, a "
        "process of its own with the offline planner that has answered a question before, as many "
        "at once as it does by default; the databases, Vault and Slack run on the same machine. "
        f"Slack's limits run {speed:g} times as fast as the real ones, else it would be they that "
        "are measured. Where Vault makes a login for each query, the most at once are the leases "
        "that overlapped, of which none is missed; for the other sources the most that `/metrics` "
        "told, twenty times a second."
    )


def show(report: Report, console: Console) -> None:
    """Print the figures as a table, and what is wrong below it."""
    table = Table("", "measured", "target")
    for figure in report.figures():
        table.add_row(figure.what, figure.measured, figure.target)
    console.print(table)
    for wrong in report.wrongs:
        console.print(f"[red]✗[/] {wrong}")


def _at(seconds: Sequence[float], percentile: int) -> float:
    return quantiles(seconds, n=100, method="inclusive")[percentile - 1]
