"""A question and its candidates to a draft, by one structured call to a Claude model.

The prompt holds the candidates' part of the semantic model and the thread's questions. It can't
hold a row: this room stands below `execute`.
"""

import asyncio
import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import anthropic
from anthropic.types import Message, TextBlockParam
from pydantic import BaseModel, Field, ValidationError

from adapters.errors import PlannerError
from orchestrator.plan import Clarification, Draft, Usage
from orchestrator.plan.remembering import said_choices
from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.excerpt import excerpt
from orchestrator.retrieve.mentions import mentioned
from orchestrator.semantic import SemanticModel

MAX_OUTPUT_TOKENS = 8_000
# US dollars a million tokens of input, cache write, cache read, output: the standard tier, five-
# minute cache writes and prompts up to 100,000 tokens, as read in October 2026 from
# https://platform.claude.com/docs/en/about-claude/pricing
_PRICES = {
    "claude-haiku-4-5": (1.0, 1.25, 0.10, 5.0),
    "claude-haiku-5-5": (0.10, 0.125, 0.01, 0.50),
    "claude-opus-4-5": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-4-6": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-4-7": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-4-8": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-5": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-5-5": (4.0, 5.0, 0.20, 20.0),
    "claude-sonnet-4-5": (3.0, 3.75, 0.30, 15.0),
    "claude-sonnet-4-6": (3.0, 3.75, 0.30, 15.0),
    "claude-sonnet-5": (2.0, 2.50, 0.20, 10.0),
    "claude-sonnet-5-5": (2.0, 2.50, 0.10, 10.0),
}
_UNKNOWN = (0.0, 0.0, 0.0, 0.0)
_PROMPT = Path(__file__).with_name("claude_prompt.md")


class _DraftReply(BaseModel):
    kind: Literal["draft"]
    sql: str = Field(min_length=1)
    template: str
    assumptions: list[str]
    confidence: float
    chosen: list[str] = []


class _ClarificationReply(BaseModel):
    kind: Literal["clarification"]
    message: str = Field(min_length=1)
    understood: list[str]
    options: list[str]
    doubt: str = ""
    meanings: list[str] = []


class _Reply(BaseModel):
    reply: _DraftReply | _ClarificationReply


class ClaudePlanner:
    """A Planner. `timeout_s` is the deadline of one draft, the one retry included."""

    name = "claude"

    def __init__(
        self,
        model: SemanticModel,
        *,
        api_key: str,
        model_name: str = "claude-sonnet-5-5",
        timeout_s: float = 30.0,
        base_url: str | None = None,
    ) -> None:
        self._model = model
        self._model_name = model_name
        self._timeout_s = timeout_s
        self._rules = _PROMPT.read_text(encoding="utf-8")
        self._schema = anthropic.transform_schema(_Reply)
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key, base_url=base_url, timeout=timeout_s, max_retries=1
        )

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """One draft by one call. Raises PlannerError."""
        asked = mentioned(question.text, self._model)
        drafted = await self._ask(candidates, self._asked(question, asked.text))
        return _narrowed(drafted, asked.words)

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """One more call, told of `problem`. The new draft's usage counts the earlier calls too."""
        mentions = mentioned(question.text, self._model)
        asked = self._asked(question, mentions.text)
        asked |= {"draft_before": draft.sql, "problem": problem}
        repaired = _narrowed(await self._ask(candidates, asked), mentions.words)
        if isinstance(repaired, Clarification):
            return repaired
        return replace(repaired, usage=_added(draft.usage, repaired.usage))

    def over(self, model: SemanticModel) -> Self:
        """The same for another model, over the same connections."""
        other = copy.copy(self)
        other._model = model  # noqa: SLF001
        return other

    async def close(self) -> None:
        """Close the connections to the API."""
        await self._client.close()

    def _asked(self, question: Question, text: str) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "question": text,
            "today": question.today.isoformat(),
            "weekday": f"{question.today:%A}",
            "time_zone": question.requester.time_zone,
            "earlier": [{"question": turn.question, "sql": turn.sql} for turn in question.earlier],
        }
        if self._model.fiscal_year_starts is not None:
            asked["fiscal_year_starts"] = self._model.fiscal_year_starts
        asked |= {"thread": list(question.context)} if question.context else {}
        asked |= {"choices": choices} if (choices := said_choices(question)) else {}
        return asked | ({"files": list(question.files)} if question.files else {})

    async def _ask(self, candidates: Candidates, asked: dict[str, Any]) -> Draft | Clarification:
        system: list[TextBlockParam] = [
            {"type": "text", "text": self._rules},
            {
                "type": "text",
                "text": _json(excerpt(self._model, candidates)),
                "cache_control": {"type": "ephemeral"},
            },
        ]
        try:
            async with asyncio.timeout(self._timeout_s):
                message = await self._client.messages.create(
                    model=self._model_name,
                    max_tokens=MAX_OUTPUT_TOKENS,
                    system=system,
                    messages=[{"role": "user", "content": _json(asked)}],
                    output_config={"format": {"type": "json_schema", "schema": self._schema}},
                )
        except (TimeoutError, anthropic.AnthropicError) as error:
            raise PlannerError(self._explained(error)) from error
        return self._read(message)

    def _read(self, message: Message) -> Draft | Clarification:
        if message.stop_reason == "refusal":
            raise PlannerError(
                "The planning model declined to answer this question, so nothing was run. "
                "Ask it in other words."
            )
        if message.stop_reason in ("max_tokens", "model_context_window_exceeded"):
            raise PlannerError(
                "The planning model's answer was cut off before its end, so nothing was run. "
                "Ask a simpler question, or ask it in parts."
            )
        text = "".join(block.text for block in message.content if block.type == "text")
        try:
            reply = _Reply.model_validate_json(text).reply
        except ValidationError as error:
            raise PlannerError(
                "The planning model's answer was not of the agreed form, so nothing was run. "
                "Ask again."
            ) from error
        if isinstance(reply, _ClarificationReply):
            return Clarification(
                reply.message,
                tuple(reply.understood),
                tuple(reply.options),
                reply.doubt,
                tuple(reply.meanings),
            )
        return Draft(
            sql=reply.sql,
            planner=self.name,
            confidence=min(1.0, max(0.0, reply.confidence)),
            assumptions=tuple(reply.assumptions),
            template=reply.template,
            chosen=tuple(reply.chosen),
            usage=_usage(message, self._model_name),
        )

    def _explained(self, error: Exception) -> str:
        match error:
            case TimeoutError() | anthropic.APITimeoutError():
                what = f"did not answer within {self._timeout_s:g} s. Ask again in a moment"
            case anthropic.AuthenticationError() | anthropic.PermissionDeniedError():
                what = "refused the API key. Give a valid Anthropic key and start Crosstalk again"
            case anthropic.RateLimitError():
                what = "is over its rate limit. Ask again in a minute"
            case anthropic.NotFoundError():
                what = (
                    f"{self._model_name} is not known to the API; it may have been retired. "
                    "Choose another model and start Crosstalk again"
                )
            case anthropic.InternalServerError():
                what = "is overloaded or out of order. Ask again in a minute"
            case anthropic.APIStatusError():
                what = (
                    f"refused the request (HTTP {error.status_code}, request "
                    f"{error.request_id or 'without id'}). The log has the reason"
                )
            case anthropic.APIConnectionError():
                what = "can't be reached. Check the network between this machine and the API"
            case _:
                what = f"could not be called ({type(error).__name__}). The log has the reason"
        return f"The planning model {what}. Nothing was run."


def _narrowed(drafted: Draft | Clarification, where: str) -> Draft | Clarification:
    if isinstance(drafted, Clarification) or not where:
        return drafted
    return replace(drafted, assumptions=(where, *drafted.assumptions))


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)


def _usage(message: Message, model_name: str) -> Usage:
    """Tokens and cost of one call; a model without a known price costs 0."""
    used = message.usage
    written, cached = used.cache_creation_input_tokens or 0, used.cache_read_input_tokens or 0
    tokens = (used.input_tokens, written, cached, used.output_tokens)
    prices = _PRICES.get(re.sub(r"-20\d{6}$", "", model_name), _UNKNOWN)
    return Usage(
        calls=1,
        input_tokens=used.input_tokens + written + cached,
        cached_tokens=cached,
        output_tokens=used.output_tokens,
        cost_usd=sum(price * count for price, count in zip(prices, tokens, strict=True)) / 1e6,
    )


def _added(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.calls + other.calls,
        one.input_tokens + other.input_tokens,
        one.cached_tokens + other.cached_tokens,
        one.output_tokens + other.output_tokens,
        one.cost_usd + other.cost_usd,
    )
