"""The buttons under an answer."""

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.render import SHOW_SQL, no_sql_modal, sql_modal
from orchestrator.pipeline import Pipeline


def register(app: AsyncApp, pipeline: Pipeline) -> None:
    """Listen to the button “Show SQL”."""

    async def show_sql(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        stored = await pipeline.recall(body["actions"][0]["value"])
        is_ours = stored is not None and stored.team == body["team"]["id"]
        view = sql_modal(stored) if stored is not None and is_ours else no_sql_modal()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    app.action(SHOW_SQL)(show_sql)
