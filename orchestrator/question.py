"""What was asked, by whom, where and when: the flow starts here."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from adapters.errors import QueryError

MAX_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: identity is (team, user) and never a display name. `time_zone` is an IANA name.

    `place` is the opaque id of the channel whose people will read the answer; "" when the asker
    alone does. `groups` (ids and handles) and `email` are as the surface knew them when it was
    asked; what is not known is empty, and then gives no rights.
    """

    team: str
    user: str
    time_zone: str = "UTC"
    place: str = field(default="", compare=False)
    groups: frozenset[str] = field(default=frozenset(), compare=False)
    email: str = field(default="", compare=False, repr=False)


class People(Protocol):
    """The port to whoever knows people's groups and addresses."""

    async def known(self, requester: Requester) -> Requester:
        """The same person with groups and e-mail address as they are now; without what can't be
        read."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the same thread with the semantic SQL that answered it, and whose it
    was: the requester's user id."""

    question: str
    sql: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What somebody chose to have `words` read as: for themselves, or in a `channel` for all who
    ask there.

    `terms` are those of the model that the meaning names, as (kind, entity, name, value): without
    them the choice does not hold. `id` names it among those of its workspace.
    """

    id: str
    words: str
    meaning: str
    terms: tuple[tuple[str, str, str, str], ...]
    channel: str
    chosen_by: str
    chosen_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `asked_at` is aware; `channel` and `thread` are opaque ids of the place.

    `context` are texts that people wrote above it in the thread, oldest first. They are data, from
    which names may be taken and nothing else. `files` are the entities made of the thread's files
    that “these” or “the list” may mean. `remembered` are the choices that count for it, those that
    come first before others.
    """

    text: str
    requester: Requester
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    channel: str = ""
    thread: str = ""
    earlier: tuple[Turn, ...] = ()
    context: tuple[str, ...] = field(default=(), repr=False)
    files: tuple[str, ...] = ()
    remembered: tuple[Remembered, ...] = ()

    @property
    def today(self) -> date:
        """The day it is for the requester."""
        return self.asked_at.astimezone(ZoneInfo(self.requester.time_zone)).date()


def question(text: str, requester: Requester, **place: object) -> Question:
    """A checked Question, without what is no text (NUL, half of a surrogate pair). Raises
    QueryError when the text is empty or too long."""
    words = " ".join(text.replace("\0", " ").encode(errors="replace").decode().split())
    if not words:
        raise QueryError(
            "There is no question in that message. Ask one, for example: "
            "“how many orders last month by country?”"
        )
    if len(words) > MAX_CHARACTERS:
        raise QueryError(
            f"That question has {len(words):,} characters; {MAX_CHARACTERS:,} is the most. "
            "Shorten it, or ask it in parts."
        )
    return Question(words, requester, **place)  # type: ignore[arg-type]
