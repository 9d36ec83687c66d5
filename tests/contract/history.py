"""The company's messages, in a Slack of this suite's own."""

import socket
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import Limits
from adapters.query import VectorQuery
from bot.settings import Settings
from bot.slack.history import SlackAdapter, history_kind
from bot.slack.history.coercion import moment
from bot.slack.history.credentials import Asker
from orchestrator.pipeline import Pipeline
from orchestrator.question import Requester
from orchestrator.registry import Source
from orchestrator.semantic import SourceSpec
from sandbox.process import free_port
from sandbox.sandbox import Sandbox
from tests.contract.harness import Harness, columns, select

ASKED = {"channel": "string", "ts": "string", "sent_at": "timestamptz", "thread_ts": "string"}
_SILENT = socket.create_server(("127.0.0.1", 0))


def messages(
    *filters: tuple[str, str, Any], search: str | None = None, **types: str
) -> VectorQuery:
    """A query for messages, `search` for a text; each column bears the name of what it holds."""
    return VectorQuery(
        relations=("messages",),
        columns=columns(**types),
        text=search,
        limit=5_000,
        paths=tuple(types),
        filters=filters,
    )


def slack(pipeline: Pipeline, sandbox: Sandbox, _folder: Path) -> Harness:
    """What Jonas may read: the public channels, and the private one of finance."""
    local = sandbox.slack
    settings = Settings.model_validate(sandbox.environment | {"CROSSTALK_SLACK_SPEED": "1000"})
    adapter, credentials = history_kind(settings)(
        "chat", store=pipeline.store, vault=pipeline.vault
    )
    source = Source("chat", SourceSpec(kind="slack"), adapter, credentials)
    plain = messages(("channel", "=", "finance"), **ASKED)
    known = local.workspace.channels["C0FINANCE"].messages.values()
    asking = messages(search="late delivery", ts="string")
    shared = [one for one in local.workspace.channels.values() if one.id.startswith("C0")]
    return Harness(
        source=source,
        vault=None,
        requester=Requester(local.workspace.team_id, "U0JONAS"),
        relation="messages",
        types=ASKED,
        size=sum(len(one.messages) for one in shared),
        known=plain,
        rows=[
            {
                "channel": "finance",
                "ts": one["ts"],
                "sent_at": moment(one["ts"]),
                "thread_ts": one.get("thread_ts"),
            }
            for one in known
        ],
        missing="thread_ts",
        many=messages(ts="string"),
        batched=messages(ts="string"),
        listed=lambda keys: messages(("channel", "=", "finance"), ("ts", "in", keys), **ASKED),
        keys="ts",
        none=messages(("channel", "=", ""), **ASKED),
        unknown=messages(ts="string").model_copy(update={"relations": ("nothing",)}),
        misfit=messages(channel="int64"),
        unsafe=(
            asking.model_copy(update={"limit": 0}),
            asking.model_copy(update={"limit": 2_000_000}),
            messages(("text", "like", "%"), ts="string"),
            asking.model_copy(update={"text": "late " * 1_000}),
            asking.model_copy(update={"relations": ("messages", "others")}),
        ),
        foreign=select("SELECT 1 AS id", id="int64"),
        wrong=Asker(api_key="hunter2-not-the-token", team="T", user="U0JONAS"),
        unreachable=_at("away", f"http://127.0.0.1:{free_port()}/api/"),
        heavy=asking,
        slow=_at("chat", f"http://127.0.0.1:{_SILENT.getsockname()[1]}/api/"),
        short=Limits(timeout_s=0.2),
    )


def _at(source: str, url: str) -> SlackAdapter:
    return SlackAdapter(source, client=lambda token: AsyncWebClient(token, base_url=url))
