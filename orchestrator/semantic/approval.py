"""The policy's section `approval`: which plans need a person, and who that is."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["low", "medium", "high", "forbidden"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Over(_Part):
    """More than `over` is of this level."""

    over: int = Field(ge=0)
    level: Level


class OutOfHours(_Part):
    """Asking outside of these days and hours, in the model's time zone, is of this level."""

    level: Level
    days: tuple[Day, ...] = DAYS[:5]
    opens: int = Field(default=8, ge=0, le=23)
    closes: int = Field(default=18, ge=1, le=24)


class Rules(_Part):
    """What makes a plan risky; the highest level that a rule gives is the plan's.

    `rows` and `bytes` are estimates of all that is fetched, `full_scan` of the rows of a relation
    that is read without a condition. `pii` is by class of privacy. `free_form` is SQL that was
    written by hand.
    """

    rows: tuple[Over, ...] = ()
    bytes: tuple[Over, ...] = ()
    full_scan: tuple[Over, ...] = ()
    pii: dict[str, Level] = {}
    sensitive: Level = "low"
    cross_border: Level = "low"
    free_form: Level = "low"
    out_of_hours: OutOfHours | None = None

    @property
    def levels(self) -> set[Level]:
        """Every level that a rule can give."""
        found: set[Level] = {self.sensitive, self.cross_border, self.free_form}
        found |= {one.level for one in (*self.rows, *self.bytes, *self.full_scan)}
        found |= {self.out_of_hours.level} if self.out_of_hours else set()
        return found | set(self.pii.values())


class Escalation(_Part):
    """A second user group that may decide too, once `after_hours` have passed."""

    group: str = Field(min_length=1)
    after_hours: Hours


class Approvers(_Part):
    """`count` different members of a Slack user group (its handle or id), never the asker.

    With `owners`, they are of the user groups that own the entities that are read, where these have
    any. They are asked in `channel` (an id), or else in the thread of the question.
    """

    group: str = Field(pattern=r"^\S+$")
    owners: bool = False
    count: int = Field(default=1, ge=1, le=5)
    channel: str | None = Field(default=None, pattern=r"^[CG][A-Z0-9]+$")
    escalation: Escalation | None = None


class ApprovalPolicy(_Part):
    """Low runs, medium asks the asker to confirm, high needs approvers, forbidden is refused.

    A request ends after `expires_hours`; after the share `remind_at` of that time it is told again.
    A grant ("always allow this here") lasts `grant_days`.
    """

    rules: Rules = Rules()
    approvers: Approvers | None = None
    expires_hours: Hours = 24
    remind_at: float = Field(default=0.5, gt=0, lt=1)
    grant_days: int = Field(default=30, ge=1, le=365)
