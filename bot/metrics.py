"""What /metrics tells: how questions ended, how long they took, how much each source takes."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from orchestrator.limiter import Load

BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The counters of one bot, in their own registry."""

    def __init__(self, load: Callable[[], Mapping[str, Load]] = dict) -> None:
        """`load` gives, by source, how much it takes now."""
        self._load = load
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
        self._sources = {
            "limit": self._gauge("limit", "Queries that a source is given at once"),
            "running": self._gauge("running", "Queries that a source has now"),
            "waiting": self._gauge("waiting", "Queries that wait for their turn at a source"),
        }

    def count(self, outcome: str, seconds: float) -> None:
        """One question has ended."""
        self._questions.labels(outcome).inc()
        self._seconds.observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        for source, load in self._load().items():
            for name, gauge in self._sources.items():
                gauge.labels(source).set(getattr(load, name))
        return generate_latest(self._registry)

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(f"crosstalk_source_{name}", about, ["source"], registry=self._registry)
