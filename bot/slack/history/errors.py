"""slack_sdk's errors to Crosstalk's, one table."""

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.errors import SourceError, SourceRefused, SourceTimeout, SourceUnreachable
from bot.slack.pace import LeftOut, is_away, reason

CAUGHT = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
_OF_TOKENS = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)


def translate(error: Exception, source: str) -> SourceError:
    """The error to raise for a client's error; Slack's text is kept out of it."""
    if isinstance(error, LeftOut):
        return SourceTimeout(
            f"{source} can't be read in time, for Slack lets an app read so often and no more. Its "
            "messages are missing. Ask again in a minute, or about one channel."
        )
    if isinstance(error, TimeoutError):
        return SourceTimeout(
            f"{source} did not answer in time, so its messages are missing. "
            "Ask about a shorter period, or about one channel."
        )
    if is_away(error) or not isinstance(error, SlackApiError):
        return SourceUnreachable(
            f"{source} can't be reached, so its messages are missing. "
            "Check the network and SLACK_API_URL, then ask again."
        )
    name = reason(error)
    if name in _OF_TOKENS:
        return SourceRefused(
            f"{source} refused the bot's token ({name}), so its messages are missing. "
            "Install the app in the workspace again."
        )
    if name == "missing_scope":
        return SourceRefused(
            f"{source} can't be read, for the app lacks a scope ({error.response.get('needed')}). "
            "Add it under “OAuth & Permissions” and install the app again."
        )
    return SourceRefused(f"{source} refused to be read ({name}), so its messages are missing.")
