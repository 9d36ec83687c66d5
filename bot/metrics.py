"""What /metrics tells: how questions ended and how long they took."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The counters of one bot, in their own registry."""

    def __init__(self) -> None:
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

    def count(self, outcome: str, seconds: float) -> None:
        """One question has ended."""
        self._questions.labels(outcome).inc()
        self._seconds.observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
