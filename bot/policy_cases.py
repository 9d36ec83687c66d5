"""Cases of a policy: who asks what, and what has to become of it. Read from a YAML file."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from adapters.errors import ConfigurationError, QueryError
from orchestrator.compile.verdict import Judge, Verdict
from orchestrator.question import Requester


class Asker(BaseModel):
    """Who asks; what is left out is not known of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    team: str = "T0"
    groups: tuple[str, ...] = ()
    email: str = ""
    channel: str = ""
    at: AwareDatetime | None = None

    @property
    def requester(self) -> Requester:
        """The person, as the policy sees them."""
        return Requester(
            self.team,
            self.user,
            place=self.channel,
            groups=frozenset(self.groups),
            email=self.email,
        )


class Case(Asker):
    """One case. `expect` is the outcome; `says` stands in a reason or a note; `filtered`, `masked`
    and `grouped`, where they are given, are all that are so."""

    name: str
    sql: str
    expect: Literal["as it is", "changed", "refused"]
    says: str = ""
    filtered: tuple[str, ...] | None = None
    masked: tuple[str, ...] | None = None
    grouped: tuple[str, ...] | None = None

    def failures(self, judge: Judge) -> Iterator[str]:
        """What is not as it has to be."""
        try:
            verdict = judge.verdict(self.sql, self.requester, self.at)
        except QueryError as error:
            yield f"the SQL is wrong whoever asks: {error}"
            return
        if verdict.outcome != self.expect:
            told = f": {verdict.said[0]}" if verdict.said else ""
            yield f"expected {self.expect}, but it is {verdict.outcome}{told}"
        elif self.says and not any(self.says in said for said in verdict.said):
            yield f"nothing says “{self.says}”, only: {' '.join(verdict.said) or 'nothing'}"
        yield from self._differences(verdict)

    def _differences(self, verdict: Verdict) -> Iterator[str]:
        for part, expected, found in (
            ("filtered", self.filtered, verdict.filtered),
            ("masked", self.masked, verdict.masked),
            ("grouped", self.grouped, verdict.grouped),
        ):
            if expected is not None and set(expected) != set(found):
                yield f"{part} should be {_listed(expected)}, and is {_listed(found)}"


class Cases(BaseModel):
    """The file: its cases, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: tuple[Case, ...] = Field(min_length=1)


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a YAML file. Raises ConfigurationError that says what is wrong with it."""
    try:
        return Cases.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).cases
    except OSError as error:
        said = f"{path}: can't be read ({error.strerror}). Give a file of cases."
        raise ConfigurationError(said) from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not valid YAML.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{path}: `{where}`: {first['msg']}.") from error


def aware(at: datetime | None, now: datetime) -> datetime:
    """A moment that was given without a time zone, in that of `now`; or now."""
    return now if at is None else at.replace(tzinfo=now.tzinfo)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
