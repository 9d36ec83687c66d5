"""What /metrics tells: how questions ended, how long they took, how much each source takes."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The counters of one bot, in their own registry."""

    def __init__(self, limits: Callable[[], Mapping[str, int]] = dict) -> None:
        """`limits` gives, by source, how many queries it takes at once now."""
        self._limits = limits
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "crosstalk_questions", "Questions by outcome", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "crosstalk_question_seconds",
            "Seconds from a question to its last message",
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._limit = Gauge(
            "crosstalk_source_limit",
            "Queries that a source is given at once",
            ["source"],
            registry=self._registry,
        )

    def count(self, outcome: str, seconds: float) -> None:
        """One question has ended."""
        self._questions.labels(outcome).inc()
        self._seconds.observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        for source, limit in self._limits().items():
            self._limit.labels(source).set(limit)
        return generate_latest(self._registry)
