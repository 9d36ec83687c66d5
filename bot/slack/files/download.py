"""The bytes of one file, from Slack alone: with the bot's token, and never more than may be."""

from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import FileNotNow, FileUnreadable
from bot.slack.pace import reason
from bot.slack.thread import SLACK_FAILURES

TIMEOUT_S = 30.0
_CHUNK = 64 * 1024
_GONE = frozenset({"file_not_found", "file_deleted"})
_AGAIN = "can't be had from Slack now. Ask again in a minute."
_DENIED = (
    "is not given to me by Slack. I need the scope files:read, and to be in the conversation where "
    "the file is."
)


async def described(client: AsyncWebClient, file_id: str, title: str) -> dict[str, Any]:
    """A file as Slack describes it now. Raises FileUnreadable."""
    try:
        answer = await client.files_info(file=file_id)
    except SlackApiError as error:
        if reason(error) in _GONE:
            raise gone(title) from error
        if reason(error) in {"missing_scope", "not_visible", "access_denied"}:
            raise FileUnreadable(f"{title} {_DENIED}") from error
        raise FileNotNow(f"{title} {_AGAIN}") from error
    except SLACK_FAILURES as error:
        raise FileNotNow(f"{title} {_AGAIN}") from error
    file: dict[str, Any] = answer["file"] or {}
    if file.get("mode") == "tombstone":
        raise gone(title)
    if file.get("is_external") or file.get("mode") == "external":
        raise FileUnreadable(f"{title} lies outside of Slack. Upload it here as CSV or XLSX.")
    return file


def gone(title: str) -> FileUnreadable:
    """The error of a file that was taken back."""
    return FileUnreadable(f"{title} is gone, so it can't be read. Drop it again, and ask again.")


async def content(
    client: AsyncWebClient, file: dict[str, Any], title: str, most_bytes: int
) -> bytes:
    """The file's bytes. Raises FileUnreadable: also where its address is not Slack's own, for the
    token goes there."""
    too_large = FileUnreadable(
        f"{title} is larger than {most_bytes / 1e6:g} MB, which is the most that I read of a file. "
        "Drop a part of it, or have it put into a database."
    )
    url = str(file.get("url_private_download") or file.get("url_private") or "")
    if int(file.get("size") or 0) > most_bytes:
        raise too_large
    if not is_slacks(url, str(client.base_url)):
        raise FileUnreadable(f"{title} lies outside of Slack. Upload it here as CSV or XLSX.")
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            headers = {"Authorization": f"Bearer {client.token}"}
            async with session.get(url, headers=headers, allow_redirects=False) as answer:
                _check(answer, title)
                found = bytearray()
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    found += chunk
                    if len(found) > most_bytes:
                        raise too_large
    except (aiohttp.ClientError, TimeoutError) as error:
        raise FileNotNow(f"{title} {_AGAIN}") from error
    return bytes(found)


def is_slacks(url: str, api_url: str) -> bool:
    """Whether an address is that of the API's own host, or of the files beside it."""
    asked, api = urlsplit(url), urlsplit(api_url)
    if asked.scheme == api.scheme and asked.netloc == api.netloc:
        return True
    host = (api.hostname or "").removeprefix("www.")
    return asked.scheme == "https" and asked.netloc == f"files.{host}"


def _check(answer: aiohttp.ClientResponse, title: str) -> None:
    """Without the right to read a file Slack sends to its login page, or answers with it."""
    if answer.status in {404, 410}:
        raise gone(title)
    if answer.status >= 500 or answer.status == 429:
        raise FileNotNow(f"{title} {_AGAIN}")
    if answer.status != 200 or answer.content_type == "text/html":
        raise FileUnreadable(f"{title} {_DENIED}")
