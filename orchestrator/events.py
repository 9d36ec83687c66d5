"""What a run says while it goes, in order: Planned, then per step Started and a StepOutcome,
then Joined, then Finished. Surfaces (Slack, terminal) only render these."""

from dataclasses import dataclass, field

from orchestrator.answer import Answer
from orchestrator.compile.plan import Plan


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan is ready; `run_id` names it in the store."""

    run_id: str
    plan: Plan
    planner: str


@dataclass(frozen=True, slots=True)
class Started:
    """A fetch step has begun."""

    step: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A fetch step has its rows; `truncated` when a cap cut them. `seconds` is wall time."""

    step: str
    rows: int
    seconds: float
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A fetch step has failed; `reason` is for people."""

    step: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """A fetch step was not needed or could not be asked."""

    step: str
    reason: str


StepOutcome = Succeeded | Failed | Skipped


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
