"""The policy's section `access`: who may read which rows and fields, and how they see them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from orchestrator.semantic.approval import DAYS, Day

Who = Annotated[str, Field(pattern=r"^(everyone|(user|group|channel|workspace):\S+)$")]
Attribute = str | int | tuple[str | int, ...]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Mask(_Part):
    """How a value is shown to those who may not see it.

    `hash` gives one pseudonym a value; `partial` shows the `first` and `last` characters of longer
    texts; `bucket` gives the lower bound of a step of `width` numbers, or of the month, quarter or
    year (`unit`); `null` nothing. What is masked can be shown alone, unless it is `usable`: then
    conditions, joins, groups and orders see the masked value.
    """

    kind: Literal["hash", "partial", "bucket", "null"]
    first: int = Field(default=1, ge=0)
    last: int = Field(default=0, ge=0)
    width: int | None = Field(default=None, ge=1)
    unit: Literal["month", "quarter", "year"] | None = None
    usable: bool = False


def _mask(value: object) -> object:
    if value is None or isinstance(value, str):
        return {"kind": value or "null"}
    return value


class Hours(_Part):
    """Days and hours in the model's time zone."""

    days: tuple[Day, ...] = DAYS[:5]
    opens: int = Field(default=8, ge=0, le=23)
    closes: int = Field(default=18, ge=1, le=24)

    def include(self, at: datetime, time_zone: str) -> bool:
        """Whether an aware moment lies in them."""
        here = at.astimezone(ZoneInfo(time_zone))
        return DAYS[here.weekday()] in self.days and self.opens <= here.hour < self.closes


class AccessRule(_Part):
    """What some people may read. What several rules allow adds up.

    `reads` and `without` are entities and fields (`entity.field`), `*` is all. `pii` are the
    classes of privacy that are shown as they are; `masks`, by class or field, those that are shown
    masked. `rows` are conditions over an entity, in semantic SQL, in which `:name` is an attribute
    of who asks. `smallest_group`, by entity or field, is how many rows an aggregate is made of at
    least. The rule holds in `hours`, and for what lies in sources of these `regions`.
    """

    name: str = Field(min_length=1)
    to: tuple[Who, ...] = Field(alias="for", min_length=1)
    reads: tuple[str, ...] = ("*",)
    without: tuple[str, ...] = ()
    pii: tuple[str, ...] = ()
    masks: dict[
        str,
        Annotated[Mask, BeforeValidator(_mask, json_schema_input_type=str | Mask | None)],
    ] = {}
    rows: dict[str, str] = {}
    smallest_group: dict[str, Annotated[int, Field(ge=2)]] = {}
    hours: Hours | None = None
    regions: tuple[str, ...] | None = None

    def mask_of(self, name: str, pii: str | None) -> Mask | None:
        """The mask of a field (`entity.field`) of a class, or None."""
        return self.masks.get(name) or self.masks.get(pii or "")

    def names(self, entity: str, field: str) -> bool:
        """Whether the rule lets a field be read, masked or not."""
        whole = f"{entity}.{field}"
        return bool({"*", entity, whole} & {*self.reads}) and not {entity, whole} & {*self.without}


class AccessPolicy(_Part):
    """With this section nothing may be read but what a rule allows; without it, everybody may read
    all that the rest of the policy allows.

    `key` makes the pseudonyms of `hash`. `attributes` are those of people, by Slack's user id,
    beside `user`, `team`, `channel` and `email`.
    """

    key: SecretStr | None = None
    attributes: dict[str, dict[str, Attribute]] = {}
    rules: tuple[AccessRule, ...]

    def model_post_init(self, context: Any) -> None:
        """An unset key (`${VARIABLE:-}`) is none."""
        if self.key is not None and not self.key.get_secret_value():
            object.__setattr__(self, "key", None)

    @property
    def asks_of_people(self) -> bool:
        """Whether more has to be known of who asks than their ids: groups, or the address."""
        groups = any(who.startswith("group:") for rule in self.rules for who in rule.to)
        return groups or any(":email" in sql for rule in self.rules for sql in rule.rows.values())
