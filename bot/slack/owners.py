"""What those who own the data are told, in their channel."""

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.render import Block
from bot.slack.thread import SLACK_FAILURES

log = structlog.get_logger(__name__)


async def tell_owners(
    client: AsyncWebClient, channel: str, text: str, blocks: list[Block], **about: str
) -> bool:
    """Post a message. False when Slack does not take it; the log then tells what it was `about`."""
    try:
        await client.chat_postMessage(
            channel=channel, text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
        )
    except SLACK_FAILURES as error:
        log.warning("owners_not_told", reason=type(error).__name__, **about)
        return False
    return True
