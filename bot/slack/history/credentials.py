"""Who asks, as a credential: the bot's token, and the person whose rights bound what it reads."""

import contextlib
import re
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from adapters.credentials import Credential
from adapters.errors import ConfigurationError, CredentialError
from bot.slack.clients import TokenOf
from orchestrator.question import Requester
from orchestrator.registry import Credentials

TOKEN_LIFETIME_S = 540.0
_TEAM, _USER = re.compile(r"[TE][A-Z0-9]+"), re.compile(r"[UW][A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Asker(Credential):
    """A person of a workspace; `api_key` is the bot's token there.

    `place` is the channel that the answer is for, "" or a direct conversation for the person alone.
    `action_token` came with the person's message and lets the bot search on their behalf; "" when
    there is none.
    """

    team: str = ""
    user: str = ""
    place: str = ""
    action_token: str = field(default="", repr=False)


class ActionTokens:
    """The latest action token of each person, in memory alone, for as long as Slack takes it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[str, float]] = {}

    def keep(self, team: str, user: str, token: str) -> None:
        """Take the token of a message that has come just now; the old ones of all are let go."""
        now = self._clock()
        self._kept = {who: one for who, one in self._kept.items() if one[1] > now}
        self._kept[team, user] = (token, now + TOKEN_LIFETIME_S)

    def of(self, requester: Requester) -> str:
        """The person's token, or ""."""
        token, until = self._kept.get((requester.team, requester.user), ("", 0.0))
        return token if until > self._clock() else ""


action_tokens = ActionTokens()
"""Those of this process: a replica that did not hear a question reads history instead."""


def asking(token_of: TokenOf) -> Credentials:
    """Whoever asks as a credential for their workspace."""

    @contextlib.asynccontextmanager
    async def credentials(requester: Requester) -> AsyncGenerator[Asker]:
        if not (_TEAM.fullmatch(requester.team) and _USER.fullmatch(requester.user)):
            raise CredentialError(
                "Slack's messages are read with the rights of the person who asks, and nobody in "
                "Slack asks here. Ask this question in Slack."
            )
        try:
            token = await token_of(requester.team)
        except ConfigurationError as error:
            raise CredentialError(f"Slack's messages can't be read: {error}") from None
        if token is None:
            raise CredentialError(
                "Slack's messages can't be read: the app is not installed in your workspace."
            )
        yield Asker(
            api_key=token,
            team=requester.team,
            user=requester.user,
            place=requester.place,
            action_token=action_tokens.of(requester),
        )

    return credentials
