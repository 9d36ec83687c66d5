"""A question and its candidates to a draft, by one structured call to a Claude model.

When retrieval found nothing, a call before it lets the model choose what to look at, once. The
prompt holds the candidates' part of the semantic model and the thread's questions. It can't
hold a row: this room stands below `execute`.
"""

import asyncio
import copy
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import anthropic
from anthropic.types import TextBlockParam

from adapters.credentials import Secret
from adapters.errors import CredentialError, PlannerError
from orchestrator.plan import Clarification, Draft, Usage
from orchestrator.plan.budget import Cost, Purse, Unlimited
from orchestrator.plan.claude_prices import added, cost_of, most_of, usage_of
from orchestrator.plan.claude_reply import ClarificationReply, Form, Looked, Planned, read, said
from orchestrator.plan.remembering import said_choices
from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.excerpt import excerpt
from orchestrator.retrieve.joining import Joins
from orchestrator.retrieve.listing import listing
from orchestrator.retrieve.mentions import Mentions, mentioned
from orchestrator.retrieve.retrieve import MAX_ENTITIES
from orchestrator.semantic import SemanticModel

MAX_OUTPUT_TOKENS = 8_000
_PROMPT = Path(__file__).with_name("claude_prompt.md")


class ClaudePlanner:
    """A Planner. `timeout_s` is the deadline of one call, its one retry included; calls are paid
    from `purse`."""

    name = "claude"

    def __init__(
        self,
        model: SemanticModel,
        *,
        api_key: str | Secret,
        model_name: str = "claude-sonnet-5-5",
        timeout_s: float = 30.0,
        base_url: str | None = None,
        purse: Purse | None = None,
    ) -> None:
        self._model = model
        self._model_name = model_name
        self._timeout_s = timeout_s
        self._rules = _PROMPT.read_text(encoding="utf-8")
        self._purse = purse or Unlimited()
        self._key = api_key if isinstance(api_key, Secret) else Secret(api_key)
        self._client = anthropic.AsyncAnthropic(
            api_key="", base_url=base_url, timeout=timeout_s, max_retries=1
        )

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """One draft by one call, or two where nothing was found. Raises PlannerError."""
        mentions = mentioned(question.text, self._model)
        asked = self._asked(question, mentions.text)
        before = Usage()
        looked: tuple[str, ...] = ()
        if listed := self._unfound(question, candidates, mentions):
            reply, before = await self._ask(question, listing(self._model, listed), asked, Looked)
            if isinstance(reply.reply, ClarificationReply):
                return reply.reply.clarification()
            looked = self._looked_at(reply.reply.entities, listed)
        drafted = await self._plan(question, candidates, asked, before, looked)
        return _narrowed(drafted, mentions.words)

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """One more call, told of `problem`. The new draft's usage counts the earlier calls too."""
        mentions = mentioned(question.text, self._model)
        asked = self._asked(question, mentions.text)
        asked |= {"draft_before": draft.sql, "problem": problem}
        drafted = await self._plan(question, candidates, asked, draft.usage, draft.looked_at)
        return _narrowed(drafted, mentions.words)

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

    def _unfound(
        self, question: Question, candidates: Candidates, mentions: Mentions
    ) -> tuple[str, ...]:
        """The entities to choose from where nothing was found and the candidates are not all."""
        if candidates.found or question.files:
            return ()
        return mentions.entities if set(mentions.entities) - set(candidates.entities) else ()

    def _looked_at(self, wanted: list[str], listed: tuple[str, ...]) -> tuple[str, ...]:
        known = [name for name in wanted if name in listed]
        if not known:
            raise PlannerError(
                "The planning model asked for data that the semantic model does not have. "
                "Ask in other words."
            )
        closed = Joins(self._model).closed(known, MAX_ENTITIES)
        return tuple(name for name in closed if name in listed)

    async def _plan(
        self,
        question: Question,
        candidates: Candidates,
        asked: dict[str, Any],
        before: Usage,
        looked_at: tuple[str, ...],
    ) -> Draft | Clarification:
        shown = replace(candidates, entities=looked_at or candidates.entities)
        part = excerpt(self._model, shown)
        answer, usage = await self._ask(question, part, asked, Planned)
        if isinstance(answer.reply, ClarificationReply):
            return answer.reply.clarification()
        return Draft(
            sql=answer.reply.sql,
            planner=self.name,
            confidence=min(1.0, max(0.0, answer.reply.confidence)),
            assumptions=tuple(answer.reply.assumptions),
            template=answer.reply.template,
            usage=added(before, usage),
            looked_at=looked_at,
            model=self._model_name,
            prompt=self._prompt_hash(part, asked),
            chosen=tuple(answer.reply.chosen),
            chart=answer.reply.chart,
        )

    def _prompt_hash(self, part: dict[str, Any], asked: dict[str, Any]) -> str:
        told = _json({"rules": self._rules, "model": part, "asked": asked})
        return hashlib.sha256(told.encode()).hexdigest()

    async def _ask(
        self, question: Question, part: dict[str, Any], asked: dict[str, Any], form: type[Form]
    ) -> tuple[Form, Usage]:
        """One paid call, with a part of the model, to an answer in its form."""
        told, words = _json(part), _json(asked)
        system: list[TextBlockParam] = [
            {"type": "text", "text": self._rules},
            {"type": "text", "text": told, "cache_control": {"type": "ephemeral"}},
        ]
        schema = anthropic.transform_schema(form)
        characters = len(self._rules) + len(told) + len(words)
        most = most_of(characters, MAX_OUTPUT_TOKENS, self._model_name)
        async with self._purse.paying(question, most) as bill:
            try:
                async with asyncio.timeout(self._timeout_s):
                    body = await self._sent(
                        model=self._model_name,
                        max_tokens=MAX_OUTPUT_TOKENS,
                        system=system,
                        messages=[{"role": "user", "content": words}],
                        output_config={"format": {"type": "json_schema", "schema": schema}},
                    )
            except CredentialError as error:
                bill.cost = Cost()
                raise PlannerError(
                    "The key of the planning model could not be had from Vault. Ask whoever runs "
                    "Crosstalk to look at its log, then ask again."
                ) from error
            except (TimeoutError, anthropic.APITimeoutError) as error:
                raise PlannerError(self._explained(error)) from error
            except anthropic.AnthropicError as error:
                bill.cost = Cost()
                raise PlannerError(self._explained(error)) from error
            message = said(body)
            usage = usage_of(message.usage, self._model_name)
            bill.cost = cost_of(usage)
        return read(message, form), usage

    async def _sent(self, **asked: Any) -> bytes:
        """The body of the API's answer. A key that is refused is sent once more when it has been
        rotated since. Raises AnthropicError, CredentialError."""

        async def call(key: str) -> bytes:
            client = self._client.with_options(api_key=key)
            return await (await client.messages.with_raw_response.create(**asked)).read()

        return await self._key.used(
            call, lambda error: isinstance(error, anthropic.AuthenticationError)
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
                    f"{error.request_id or 'without id'}). The Anthropic console has the reason"
                )
            case anthropic.APIConnectionError():
                what = "can't be reached. Check the network between this machine and the API"
            case _:
                what = f"could not be called ({type(error).__name__}). Ask again in a moment"
        return f"The planning model {what}."


def _narrowed(drafted: Draft | Clarification, where: str) -> Draft | Clarification:
    if isinstance(drafted, Clarification) or not where:
        return drafted
    return replace(drafted, assumptions=(where, *drafted.assumptions))


def _json(data: dict[str, Any]) -> str:
    """Text that can be sent: half of a surrogate pair becomes “?”."""
    return json.dumps(data, ensure_ascii=False).encode(errors="replace").decode()
