"""What the planning model may cost: one question, one person's day, everybody's day."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.question import Question


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens in and out together, those from a cache too, and US dollars."""

    tokens: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that something may cost; None is no limit."""

    tokens: int | None = None
    usd: float | None = None

    def allows(self, cost: Cost) -> bool:
        """Whether a cost lies within it."""
        return (self.tokens is None or cost.tokens <= self.tokens) and (
            self.usd is None or cost.usd <= self.usd
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of a question, of a person's day and of everybody's day; a day is one of UTC."""

    question: Limit = field(default_factory=Limit)
    person: Limit = field(default_factory=Limit)
    day: Limit = field(default_factory=Limit)

    @property
    def counts_dollars(self) -> bool:
        """Whether it can be held only by a model whose price is known."""
        return any(limit.usd is not None for limit in (self.question, self.person, self.day))


@dataclass(slots=True)
class Bill:
    """What one call costs: at first the most that it may, then what it did."""

    cost: Cost


class Purse(Protocol):
    """What calls are paid from."""

    def paying(
        self, question: Question, most: Cost
    ) -> contextlib.AbstractAsyncContextManager[Bill]:
        """Set the most that a call may cost aside while the block lasts; the bill as it stands at
        its end is what was paid. Raises BudgetUsedUp when there is no room for it."""
        ...


class Unlimited:
    """A purse that is never empty and keeps no account."""

    @contextlib.asynccontextmanager
    async def paying(self, question: Question, most: Cost) -> AsyncGenerator[Bill]:
        """A bill that nobody reads."""
        yield Bill(most)
