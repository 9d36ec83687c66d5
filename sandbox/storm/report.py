"""What the storm has shown: who got how many answers, and how fast events were acknowledged."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles

from rich.console import Console
from rich.table import Table

ACK_LIMIT_S = 3.0


@dataclass
class Report:
    """The counts of one storm; `wrongs` says in words what is not as it must be."""

    questions: int
    threads: int
    channels: int
    events: int = 0
    seconds: float = 0.0
    answers: Counter[str] = field(default_factory=Counter[str])
    acks_s: list[float] = field(default_factory=list[float])
    redelivered: int = 0
    refused_posts: int = 0
    posts: int = 0
    under_way_when_killed: int = 0
    left_in_queue: int = 0
    unended_progress: int = 0

    @property
    def ack_p50_s(self) -> float:
        return quantiles(self.acks_s, n=100)[49]

    @property
    def ack_p99_s(self) -> float:
        return quantiles(self.acks_s, n=100)[98]

    @property
    def wrongs(self) -> list[str]:
        """What went wrong; empty when every question has exactly one answer in its thread."""
        found = [
            f"{count} {what}" for what, count in self.answers.items() if what != "answered once"
        ]
        if self.left_in_queue:
            found.append(f"{self.left_in_queue} left in the queue")
        if max(self.acks_s) >= ACK_LIMIT_S:
            found.append(f"an event was acknowledged after {max(self.acks_s):.2f} s")
        if self.answers["answered once"] != self.questions:
            found.append(f"only {self.answers['answered once']} answered exactly once")
        return found

    def show(self, console: Console) -> None:
        """Print it as a table, and what is wrong below it."""
        table = Table(show_header=False)
        for name, value in self._lines():
            table.add_row(name, value)
        console.print(table)
        for wrong in self.wrongs:
            console.print(f"[red]✗[/] {wrong}")
        if not self.wrongs:
            console.print("[green]✓[/] every question has exactly one answer in its thread")

    def _lines(self) -> list[tuple[str, str]]:
        acks = f"{self.ack_p50_s * 1000:.0f} / {self.ack_p99_s * 1000:.0f} / "
        rate = self.questions / self.seconds
        return [
            (
                "questions",
                f"{self.questions:,} in {self.threads:,} threads, {self.channels} channels",
            ),
            ("events sent", f"{self.events:,}, and {self.redelivered:,} again for lack of an ack"),
            *((what, f"{count:,}") for what, count in sorted(self.answers.items())),
            ("posts refused with 429", f"{self.refused_posts:,} of {self.posts:,}"),
            ("under way when killed", f"{self.under_way_when_killed:,}"),
            ("progress never ended", f"{self.unended_progress:,}"),
            ("left in the queue", f"{self.left_in_queue:,}"),
            ("ack p50 / p99 / max", f"{acks}{max(self.acks_s) * 1000:.0f} ms"),
            ("took", f"{self.seconds:.0f} s, {rate:.1f} answers a second"),
        ]
