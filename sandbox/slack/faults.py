"""What can go wrong with Slack, when a test wants it to: in calls, in events, in connections."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from starlette.datastructures import Address

HangUp = Callable[[Address | None], None]
EventKind = Literal["duplicate", "reorder", "drop", "warning"]


@dataclass(kw_only=True)
class Chance:
    """How often something happens: `times` at most (None: without end), each with a probability.

    The same seed gives the same sequence of hits and misses.
    """

    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def strikes(self) -> bool:
        """Whether it happens this time."""
        if self.times == 0 or self.random.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(kw_only=True)
class CallFault(Chance):
    """What calls of a method ("*": of any) meet instead of Slack, or besides it.

    With an error, a status or a Retry-After (in seconds) the method does nothing and fails so.
    Else it takes effect: `slow_s` seconds pass before the answer, and with `lost` the connection
    is reset instead of an answer.
    """

    method: str
    error: str = ""
    status: int = 200
    retry_after: int | None = None
    slow_s: float = 0.0
    lost: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.error == "ratelimited" or self.retry_after is not None:
            self.error, self.status = self.error or "ratelimited", 429
            self.retry_after = self.retry_after or 1

    @property
    def fails(self) -> bool:
        """Whether the method is not even tried."""
        return bool(self.error) or self.status >= 400


@dataclass(kw_only=True)
class EventFault(Chance):
    """What happens to events of a type ("*": of any) on their way to the app.

    "duplicate" sends one twice; "reorder" holds it back until `size` events are there (or a
    second has passed) and sends them last first; "drop" resets the websocket that is next in
    turn before the event is sent; "warning" tells every websocket that it will be closed.
    """

    kind: EventKind
    event: str = "*"
    size: int = 2


class Faults:
    """The faults that are ordered; `hang_up` resets the connection of a client's address."""

    def __init__(self, hang_up: HangUp) -> None:
        self.hang_up = hang_up
        self._of_calls: list[CallFault] = []
        self._of_events: list[EventFault] = []

    def add_to_calls(self, fault: CallFault) -> None:
        self._of_calls.append(fault)

    def add_to_events(self, fault: EventFault) -> None:
        self._of_events.append(fault)

    def clear(self) -> None:
        self._of_calls.clear()
        self._of_events.clear()

    def of_call(self, method: str) -> CallFault | None:
        """The fault that this call meets: the first one ordered that strikes."""
        for fault in self._of_calls:
            if fault.method in {"*", method} and fault.strikes():
                return fault
        return None

    def of_event(self, kind: str) -> EventFault | None:
        """The fault that this event meets."""
        for fault in self._of_events:
            if fault.event in {"*", kind} and fault.strikes():
                return fault
        return None
