"""What a run says while it goes, in order: Planned, then per step Started and a StepOutcome,
then Joined, then Finished. Surfaces (Slack, terminal) only render these."""

from dataclasses import dataclass, field

from orchestrator.answer import Answer
from orchestrator.compile.plan import Plan
from orchestrator.outcome import Failed, Skipped, Started, StepOutcome, Succeeded


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan is ready; `run_id` names it in the store."""

    run_id: str
    plan: Plan
    planner: str


@dataclass(frozen=True, slots=True)
class Joined:
    """The join is done. `notes` tell of keys that had no match, a few words each."""

    rows: int
    seconds: float
    notes: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Finished:
    """The run has ended with an answer."""

    answer: Answer


Event = Planned | Started | Succeeded | Failed | Skipped | Joined | Finished

__all__ = [
    "Event",
    "Failed",
    "Finished",
    "Joined",
    "Planned",
    "Skipped",
    "Started",
    "StepOutcome",
    "Succeeded",
]
