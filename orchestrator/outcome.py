"""How one fetch step went: the words in which `execute` tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """A fetch step has begun."""

    step: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A fetch step has its rows; `truncated` when a cap cut them. `seconds` is wall time, `bytes`
    the size of its Arrow data, and `lease_id` names the lease of the login that read them.

    `cached` when they come of an equal fetch, which began `age_s` seconds ago.
    """

    step: str
    rows: int
    seconds: float
    truncated: bool = False
    cached: bool = False
    age_s: float = 0.0
    bytes: int = 0
    lease_id: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A fetch step has failed; `reason` is for people, `lease_id` names its lease if it had one."""

    step: str
    reason: str
    seconds: float
    lease_id: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A fetch step was not needed or could not be asked."""

    step: str
    reason: str


StepOutcome = Succeeded | Failed | Skipped
