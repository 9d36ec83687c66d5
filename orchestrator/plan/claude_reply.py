"""What a Claude model may answer, as forms that its answer is bound to, and the answer read."""

from typing import Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from adapters.errors import PlannerError
from orchestrator.plan import ChartWish, Clarification
from orchestrator.plan.claude_prices import Tokens

Form = TypeVar("Form", bound=BaseModel)


class Block(BaseModel):
    """A piece of an answer; only those of type `text` have one."""

    type: str
    text: str = ""


class Said(BaseModel):
    """What is read of a Message of the API; all else that it holds is passed over."""

    content: list[Block]
    stop_reason: str | None
    usage: Tokens


class DraftReply(BaseModel):
    """A query."""

    kind: Literal["draft"]
    sql: str = Field(min_length=1)
    template: str
    assumptions: list[str]
    confidence: float
    chosen: list[str] = []
    chart: ChartWish = ""


class ClarificationReply(BaseModel):
    """A question back."""

    kind: Literal["clarification"]
    message: str = Field(min_length=1)
    understood: list[str]
    options: list[str]
    doubt: str = ""
    meanings: list[str] = []

    def clarification(self) -> Clarification:
        """The same as a value of this room."""
        return Clarification(
            self.message,
            tuple(self.understood),
            tuple(self.options),
            self.doubt,
            tuple(self.meanings),
        )


class LookReply(BaseModel):
    """Entities to be shown."""

    kind: Literal["look"]
    entities: list[str] = Field(min_length=1)


class Planned(BaseModel):
    """The answer to a question with its candidates."""

    reply: DraftReply | ClarificationReply


class Looked(BaseModel):
    """The answer to a question that nothing was found for, with a list of what there is."""

    reply: LookReply | ClarificationReply


def said(body: bytes) -> Said:
    """The body of an answer. Raises PlannerError for what is no Message of the API: a proxy's page,
    for one, or half of it."""
    try:
        return Said.model_validate_json(body)
    except ValidationError as error:
        raise PlannerError(
            "The planning model's address gave something that is not its API's answer. Check the "
            "network between this machine and the API."
        ) from error


def read(message: Said, form: type[Form]) -> Form:
    """The answer in its form. Raises PlannerError when it was refused, cut off or is malformed."""
    if message.stop_reason == "refusal":
        raise PlannerError(
            "The planning model declined to read this question. Ask it in other words."
        )
    if message.stop_reason in ("max_tokens", "model_context_window_exceeded"):
        raise PlannerError(
            "The planning model's answer was cut off before its end. "
            "Ask a simpler question, or ask it in parts."
        )
    text = "".join(block.text for block in message.content if block.type == "text")
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        raise PlannerError(
            "The planning model's answer was not of the agreed form. Ask again."
        ) from error
