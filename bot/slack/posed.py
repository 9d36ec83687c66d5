"""A question that the bot poses for somebody: its message is the thread that the answer goes to."""

from dataclasses import asdict, dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import Runs
from bot.slack.asked import Asked
from bot.slack.listeners.events import QUESTION
from bot.slack.render import escaped


@dataclass(frozen=True, slots=True)
class Posed:
    """A question in the name of a person. `channel` may be the person's id, for the direct
    conversation; `why` is what its message begins with; equal `key`s are posed once."""

    key: str
    team: str
    user: str
    channel: str
    text: str
    why: str


async def pose(posed: Posed, client: AsyncWebClient, runs: Runs) -> bool:
    """Post the question and put it into the queue; False, and nothing stays, when it was before."""
    channel, ts = await head(posed, client)
    asked = Asked(posed.key, posed.team, channel, posed.user, ts, ts, posed.text)
    is_new = await runs.put(asked.thread, [posed.key], QUESTION, asdict(asked))
    if not is_new:
        await client.chat_delete(channel=channel, ts=ts)
    return is_new


async def head(posed: Posed, client: AsyncWebClient) -> tuple[str, str]:
    """Post the message that the answer goes under: its (channel, ts)."""
    sent = await client.chat_postMessage(
        channel=posed.channel,
        text=f"{escaped(posed.why)} <@{posed.user}>: {escaped(posed.text)}",
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(sent["channel"]), str(sent["ts"])
