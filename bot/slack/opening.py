"""A question that comes by a command or a modal: it opens a thread, or goes into one, as a message
of the bot that names who asks; from there it is asked as if they had typed it."""

from dataclasses import asdict, dataclass

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import QueryError
from bot.runs import Runs
from bot.slack.asked import Asked
from bot.slack.listeners.events import QUESTION
from bot.slack.pace import reason
from bot.slack.render import escaped
from bot.slack.thread import SLACK_FAILURES
from orchestrator.pipeline import Refused
from orchestrator.question import Requester, question

log = structlog.get_logger(__name__)

INVITE = (
    "I am not in this conversation, so I can't answer here. Invite me with “/invite @crosstalk”, "
    "or ask me in a direct message."
)
SLACK_AWAY = "Slack did not take the message that would open a thread. Try again in a minute."
NOT_MEMBER = frozenset({"not_in_channel", "channel_not_found"})
MOST_SHOWN = 3_000


@dataclass(frozen=True, slots=True)
class Place:
    """Who asks, and where; `thread_ts` is empty where the question opens a thread."""

    team: str
    channel: str
    user: str
    thread_ts: str = ""


class Opener:
    """Puts questions into threads, and from there into the queue."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def ask(
        self,
        client: AsyncWebClient,
        place: Place,
        words: str,
        *,
        kind: str = QUESTION,
        verb: str = "asks",
        **more: str,
    ) -> Refused | None:
        """Post that somebody asks this, and put it into the queue as work of a kind, with `more` in
        its payload. Why it could not be asked, in words for the asker; None when it is."""
        try:
            text = question(words, Requester(place.team, place.user)).text
            sent = await client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread_ts or None,
                text=f"<@{place.user}> {verb}: {escaped(text, MOST_SHOWN)}",
                unfurl_links=False,
                unfurl_media=False,
            )
        except QueryError as error:
            return Refused(str(error))
        except SLACK_FAILURES as error:
            return _unposted(error)
        ts = str(sent["ts"])
        asked = Asked(
            event_id="",
            team=place.team,
            channel=str(sent["channel"]),
            user=place.user,
            ts=ts,
            thread_ts=place.thread_ts or ts,
            text=text,
            direct=place.channel.startswith("D"),
        )
        await self._runs.put(asked.thread, [asked.message], kind, {**asdict(asked), **more})
        return None


def _unposted(error: Exception) -> Refused:
    if not isinstance(error, SlackApiError):
        log.warning("opening_failed", reason=type(error).__name__)
        return Refused(SLACK_AWAY)
    if reason(error) in NOT_MEMBER:
        return Refused(INVITE)
    log.warning("opening_refused", reason=reason(error))
    return Refused(f"Slack does not let me write here ({reason(error)}). Ask me somewhere else.")
