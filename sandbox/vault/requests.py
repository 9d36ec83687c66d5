"""What every part of the dev Vault is asked and answers, in the words of Vault's HTTP API."""

import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.vault.tokens import Token

Json = dict[str, Any]
_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


class Refusal(Exception):
    """An answer that is an error: the status, and the words under "errors"."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(*errors)
        self.status = status
        self.errors = list(errors)


@dataclass(frozen=True)
class VaultRequest:
    """One operation (read, list, update or delete) on a path below a mount."""

    operation: str
    path: str
    body: Json = field(default_factory=dict, repr=False)
    query: dict[str, str] = field(default_factory=dict)
    token: Token | None = None

    def text(self, name: str) -> str:
        """A field of the body that must be there."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refusal(400, f"missing {name}")
        return value

    def texts(self, name: str) -> list[str]:
        """A field of the body that is a list of texts, or one text with commas."""
        value = self.body.get(name) or []
        return value.split(",") if isinstance(value, str) else [str(part) for part in value]


class Backend(Protocol):
    """What is mounted at a path."""

    kind: str

    async def handle(self, request: VaultRequest) -> Json | None:
        """The whole answer, or None for one without a body."""
        ...


def answer(data: Json | None = None, **more: Any) -> Json:
    """Vault's envelope around an answer."""
    return {
        "request_id": str(uuid.uuid4()),
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "wrap_info": None,
        "warnings": None,
        "auth": None,
    } | more


def unsupported(request: VaultRequest) -> Refusal:
    """What Vault says about a path that exists in no backend, or not for this operation."""
    return Refusal(404 if request.operation in {"read", "list"} else 405, "unsupported operation")


def seconds(value: object, default: float) -> float:
    """A duration as Vault takes it (90, "90", "90s", "1h30m") in seconds; empty is the default."""
    if value is None or value in {"", 0, "0"}:
        return default
    if isinstance(value, int | float):
        return float(value)
    text = str(value)
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd]?)+", text):
        raise Refusal(400, f"error parsing duration {text!r}")
    return sum(
        float(number) * _UNIT_S[unit]
        for number, unit in re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    )
