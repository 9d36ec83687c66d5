"""Files of messages: which are tables, which a question is about, where they are had."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import FileNotNow, FileUnreadable
from bot.slack.asked import Asked, asked
from bot.slack.files.download import content, described, is_slacks
from bot.slack.files.shared import SharedFile, form_of, has_lost_files, meant, table_files
from orchestrator.question import Turn
from tests.unit.bot.builders import FakeClient

LIST = SharedFile("F1", "churn list.csv", "churn_list")
CUSTOMERS = SharedFile("F2", "customers.csv", "customers_file")
READ = Turn("total budget?", "SELECT SUM(cl.budget) FROM churn_list AS cl")
OTHER = Turn("orders?", 'WITH churn_list AS (SELECT 1) SELECT COUNT(*) FROM "order", churn_list')


def test_tables_among_files() -> None:
    """CSV, TSV and spreadsheets are taken for tables, by their names or Slack's word; not others,
    and not what was deleted."""
    files = [
        {"id": "F1", "name": "a.CSV", "filetype": "csv"},
        {"id": "F2", "name": "b.xlsx"},
        {"id": "F3", "name": "c.pdf", "filetype": "pdf"},
        {"id": "F4", "title": "d", "filetype": "csv"},
        {"id": "F5", "name": "e.xls"},
        {"id": "F6", "mode": "tombstone"},
    ]
    found = [("F1", "a.CSV"), ("F2", "b.xlsx"), ("F4", "d"), ("F5", "e.xls")]
    assert list(table_files({"files": files})) == found
    assert [form_of(file) for file in files] == ["csv", "xlsx", None, "csv", None, None]
    assert has_lost_files({"files": files})
    assert table_files({}) == ()


@pytest.mark.parametrize(
    ("text", "earlier", "ids"),
    [
        ("how many rows are in the file?", (), ["F2"]),
        ("which of these have open tickets?", (), ["F2"]),
        ("total budget in churn list", (), ["F1"]),
        ("customers in churn-list.csv", (), ["F1"]),
        ("customers of customers.csv in the churn list", (), ["F1", "F2"]),
        ("how many customers in France?", (), []),
        ("and by region?", (READ,), ["F1"]),
        ("and by region?", (OTHER,), []),
        ("which of those are enterprise?", (READ,), ["F1"]),
        ("which of those are enterprise?", (OTHER,), []),
    ],
)
def test_files_that_are_meant(text: str, earlier: tuple[Turn, ...], ids: list[str]) -> None:
    """A question is about the files that it names, else the latest when it points at one, else what
    the question before it was about; and else about none."""
    assert [file.id for file in meant(text, (LIST, CUSTOMERS), earlier)] == ids


def test_a_file_that_came_along_is_meant() -> None:
    """What came with the question is what it is about, and what “these” are beside others."""
    own = SharedFile("F3", "new.csv", "new", own=True)
    assert meant("total budget", (LIST, own), ()) == (own,)
    assert meant("these against churn list", (LIST, own), ()) == (LIST, own)


def test_files_of_an_event_outlive_the_queue() -> None:
    """What came with a message is the same after it was written down and read again."""
    event = {"type": "app_mention", "channel": "C1", "user": "U1", "ts": "1.1", "text": "<@B> hi",
             "files": [{"id": "F1", "name": "a.csv"}, {"id": "F2", "name": "a.png"}]}  # fmt: skip
    found = asked({"event_id": "E", "team_id": "T", "event": event})
    assert found is not None
    assert found.files == (("F1", "a.csv"),)
    kept = json.loads(json.dumps(asdict(found)))
    assert Asked.of(kept) == found


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.csv", True),
        ("https://slack.com/files/a.csv", True),
        ("http://files.slack.com/a.csv", False),
        ("https://files.slack.com.example.com/a.csv", False),
        ("https://files.slack.com:8443/a.csv", False),
        ("https://files.slack.com@example.com/a.csv", False),
        ("https://evil-slack.com/a.csv", False),
        ("https://169.254.169.254/a.csv", False),
        ("", False),
    ],
)
def test_the_token_goes_to_slack_alone(url: str, fine: bool) -> None:
    """A file's address is Slack's own, whatever a message says."""
    assert is_slacks(url, "https://slack.com/api/") is fine


def test_a_slack_elsewhere_has_its_files_there() -> None:
    """Of an API on another host the files are on that host, or on the files' host beside it."""
    assert is_slacks("http://127.0.0.1:4000/files-pri/a", "http://127.0.0.1:4000/api/")
    assert is_slacks("https://files.slack-gov.com/a", "https://slack-gov.com/api/")
    assert not is_slacks("https://files.slack.com/a", "http://127.0.0.1:4000/api/")


class Host:
    """A server that answers as it is told, and remembers who asked for what."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = AsyncWebClient(token="xoxb-1", base_url=f"{url}/api/")
        self.asked: list[tuple[str, str | None]] = []

    async def had(self, path: str, size: int = 0, most: int = 1_000) -> bytes:
        """The bytes of a file that lies there."""
        file = {"url_private_download": f"{self.url}{path}", "size": size}
        return await content(self.client, file, "a.csv", most)


@pytest.fixture
async def host() -> AsyncGenerator[Host]:
    """A server on a free port."""

    async def answer(request: web.Request) -> web.StreamResponse:
        one.asked.append((request.path, request.headers.get("Authorization")))
        match request.path:
            case "/fine":
                return web.Response(body=b"a,b\n", content_type="text/csv")
            case "/login":
                return web.Response(body=b"<html>", content_type="text/html")
            case "/moved":
                return web.Response(status=302, headers={"Location": "/fine"})
            case "/busy":
                return web.Response(status=503)
            case "/endless":
                endless = web.StreamResponse()
                await endless.prepare(request)
                while True:
                    await endless.write(b"x" * 1_000)
                    await asyncio.sleep(0)
            case _:
                return web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    name: Any = runner.addresses[0]
    one = Host(f"http://{name[0]}:{name[1]}")
    yield one
    await runner.cleanup()


async def test_a_file_is_had_with_the_token(host: Host) -> None:
    """The bot's token goes along, and the bytes come."""
    assert await host.had("/fine") == b"a,b\n"
    assert host.asked == [("/fine", "Bearer xoxb-1")]


@pytest.mark.parametrize(
    ("path", "told", "kind"),
    [
        ("/login", "is not given to me by Slack", FileUnreadable),
        ("/moved", "is not given to me by Slack", FileUnreadable),
        ("/gone", "is gone", FileUnreadable),
        ("/busy", "can't be had from Slack now", FileNotNow),
        ("/endless", "is larger than 0.001 MB", FileUnreadable),
    ],
)
async def test_a_file_that_is_not_had(
    path: str, told: str, kind: type[Exception], host: Host
) -> None:
    """A login page is no file, no redirect is followed, what is gone or away is said, and what goes
    on for longer than Slack said is cut off."""
    with pytest.raises(kind, match=told):
        await host.had(path)
    assert [asked for asked, _ in host.asked] == [path]


async def test_what_is_too_large_is_not_asked_for(host: Host) -> None:
    """The size that Slack tells is enough to say no; and an address elsewhere is never asked."""
    with pytest.raises(FileUnreadable, match="larger"):
        await host.had("/fine", size=1_001)
    elsewhere = {"url_private": "https://example.com/a.csv"}
    with pytest.raises(FileUnreadable, match="outside of Slack"):
        await content(host.client, elsewhere, "a.csv", 1_000)
    assert host.asked == []


@pytest.mark.parametrize(
    ("error", "told", "kind"),
    [
        ("file_deleted", "is gone", FileUnreadable),
        ("file_not_found", "is gone", FileUnreadable),
        ("missing_scope", "scope files:read", FileUnreadable),
        ("internal_error", "can't be had from Slack now", FileNotNow),
    ],
)
async def test_what_slack_says_of_a_file(error: str, told: str, kind: type[Exception]) -> None:
    """Each refusal of files.info is said in words."""
    client = FakeClient({"files_info": error})
    with pytest.raises(kind, match=told):
        await described(client.port, "F1", "a.csv")
