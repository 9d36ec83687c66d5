"""Who reads a channel, by what Slack says of it; and an answer that is kept from it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError

from bot.slack import delivery
from bot.slack.audience import Audiences, Shown
from bot.slack.clients import Clients, OneWorkspace
from bot.slack.delivery import Delivery
from bot.slack.render import Message
from orchestrator.compile import Compiler
from orchestrator.question import Requester
from tests.unit.approve.test_audience import CAPABILITIES, model

ASKER = Requester("T1", "U1")
MEMBER = {"id": "U1", "team_id": "T1"}


class Said(dict[str, str]):
    """A reply that says no."""

    status_code = 200

    @property
    def data(self) -> dict[str, str]:
        """What Slack says."""
        return self


class Workspace:
    """A Slack with one channel and some people in it."""

    def __init__(self, *people: dict[str, Any], **channel: Any) -> None:
        self._people = people or (MEMBER,)
        self._channel = {"is_private": True, "is_ext_shared": False, **channel}

    async def api_call(self, method: str, **_: Any) -> Any:
        """What Slack answers."""
        answers: dict[str, Any] = {
            "conversations.info": {"channel": self._channel},
            "users.list": {"members": list(self._people)},
            "conversations.members": {"members": [one["id"] for one in self._people]},
        }
        if self._channel.get("broken"):
            raise SlackApiError("no", Said(error="fatal_error"))
        return SimpleNamespace(data=answers[method])

    async def users_info(self, user: str) -> Any:
        """Somebody's profile."""
        return {"user": self._people[0]}

    async def conversations_open(self, users: str) -> Any:
        """Nobody can be written to alone."""
        raise SlackApiError("no", Said(error="cannot_dm_bot"))


def shown() -> Shown:
    """An answer that shows addresses, which private channels and people alone may see."""
    here = model()
    return Shown(Compiler(here, CAPABILITIES).compile("SELECT email FROM customer"), here)


async def refusal(slack: Workspace, channel: str = "C1") -> str | None:
    """Why addresses may not be posted there."""
    return await Audiences(_clients(slack)).refusal(shown(), ASKER, channel)


def _clients(slack: Workspace) -> Clients:
    return OneWorkspace(cast("Any", slack))


async def test_a_private_channel_of_members_sees_it() -> None:
    """Where only full members read, what the policy keeps from others is posted."""
    assert await refusal(Workspace()) is None


async def test_a_public_channel_does_not_see_it() -> None:
    """Everybody in the company reads a public channel."""
    assert await refusal(Workspace(is_private=False))


async def test_a_shared_channel_does_not_see_it() -> None:
    """People of another company read a channel that is shared with them."""
    assert await refusal(Workspace(is_ext_shared=True))


async def test_a_guest_keeps_it_out_of_a_channel() -> None:
    """One guest among the members is enough."""
    guest = {"id": "U2", "team_id": "T1", "is_restricted": True}
    assert await refusal(Workspace(MEMBER, guest))


async def test_in_doubt_it_is_kept_back() -> None:
    """When Slack does not tell who reads, it is as if everybody did."""
    assert await refusal(Workspace(broken=True))


async def test_a_guest_alone_does_not_see_it() -> None:
    """In a direct conversation a guest is still a guest."""
    assert await refusal(Workspace(), "D1") is None
    assert await refusal(Workspace({**MEMBER, "is_restricted": True}), "D1")


async def test_what_a_channel_may_not_see_is_not_posted_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread gets a line without values in place of the answer."""
    posted: list[Any] = []

    async def post(*arguments: Any) -> None:
        posted.append(arguments)

    async def nothing(*_: Any) -> Any:
        return SimpleNamespace(is_private=False)

    class Thread:
        """The question's thread."""

        channel, ts = "C1", "1.1"

        async def post(self, message: Message) -> None:
            """Keep what is said."""
            posted.append(message.text)

    monkeypatch.setattr(delivery, "post_answer", post)
    one, slack = shown(), Workspace(is_private=False)
    pipeline = SimpleNamespace(model=one.model, preferences=SimpleNamespace(of=nothing))
    approved = SimpleNamespace(
        requester=ASKER,
        validated=SimpleNamespace(plan=one.plan),
        decision=SimpleNamespace(by=("rule",), reason="", grant=None),
    )
    delivered: Any = Delivery(
        cast("Any", pipeline), _clients(slack), Audiences(_clients(slack)), cast("Any", None)
    )
    await delivered.deliver(SimpleNamespace(failed=False), approved, Thread())
    (line,) = posted
    assert isinstance(line, str)
    assert line.startswith("🔒 The answer is for <@U1> alone")
