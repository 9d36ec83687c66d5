"""Choices that are remembered, through the real bot."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, Transport, both_ways, table_of
from tests.wire.office import Message, Office, buttons, opened_office, opened_slack
from tests.wire.test_approval_bypasses import raw_press

ELIN, LUC = "U0ELIN", "U0LUC"
DOUBTFUL = "how many categories?"


@pytest.fixture
async def office(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, transport: Transport
) -> AsyncGenerator[Office]:
    """The company's office under the demo's policy."""
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, model, tmp_path, transport) as one,
    ):
        yield one


async def asked(office: Office, user: str, words: str = DOUBTFUL) -> Message:
    """Ask in the sales channel, and wait for the question back or the answer."""
    await office.slack.post_as(user, SALES, f"<@{office.slack.bot_user_id}> {words}")
    return await office.until(
        lambda m: m["how"] == "message" and bool(table_of(m) or has(m, "choose_0"))
    )


def has(message: Message, action: str) -> bool:
    """Whether a message has that button."""
    return action in {one["action_id"] for one in buttons(message)}


async def chosen(office: Office, user: str, choice: str) -> tuple[Message, Message]:
    """Ask, choose, and wait: the message that now offers to remember it, and the answer."""
    back = await asked(office, user)
    office.seen.clear()
    await office.press(user, back, choice)
    answer = await office.answered()
    offers = [one for one in office.seen if has(one, "remember_me")]
    return offers[0] if offers else await office.until(lambda m: has(m, "remember_me")), answer


async def listed(office: Office, user: str, words: str = "choices") -> str:
    """What `/crosstalk choices …` tells somebody."""
    await office.slack.slash(user, SALES, "/crosstalk", words)
    told = await office.until(lambda m: m["how"] == "ephemeral" and m["to"] == user)
    return str(told.get("blocks") or told["text"])


@both_ways
async def test_a_choice_is_remembered_listed_and_forgotten(office: Office) -> None:
    """Whoever chose has the same words planned so from then on, told with its day; nobody else
    has. Forgotten, the bot asks back again."""
    offer, first = await chosen(office, MARCO, "choose_1")
    await office.press(MARCO, offer, "remember_me")
    settled = await office.until(lambda m: m["ts"] == offer["ts"])
    assert not buttons(settled)
    assert f"Remembered for <@{MARCO}>: “categories” is read as ticket category" in settled["text"]
    again = await asked(office, MARCO)
    assert table_of(again) == table_of(first)
    assert "“categories” is read as ticket category, as you chose on" in str(again["blocks"])
    assert has(await asked(office, ELIN), "choose_0")
    shown = await listed(office, MARCO)
    (held,) = await office.pipeline.choices.of(office.slack.workspace.team_id, MARCO, SALES)
    assert held.id[:8] in shown
    assert "“categories” is read as ticket category" in shown
    assert "Nothing is remembered" in await listed(office, ELIN)
    assert "No choice" in await listed(office, ELIN, f"choices forget {held.id[:8]}")
    assert "Forgotten" in await listed(office, MARCO, f"choices forget {held.id[:8]}")
    assert has(await asked(office, MARCO), "choose_0")


@both_ways
async def test_a_channels_choice_counts_for_all_in_it(office: Office) -> None:
    """It is planned so for others there, who are told whose choice it was; a person's own comes
    first, and a member of the channel can have the channel's forgotten."""
    offer, products = await chosen(office, ELIN, "choose_0")
    await office.press(ELIN, offer, "remember_channel")
    await office.until(lambda m: "Remembered for this channel" in m.get("text", ""))
    of_luc = await asked(office, LUC)
    assert table_of(of_luc) == table_of(products)
    assert "as was chosen for this channel on" in str(of_luc["blocks"])
    team = office.slack.workspace.team_id
    here = await office.pipeline.choices.of(team, LUC, SALES)
    own = ("categories", "ticket category", here[0].terms, office.now)
    await office.pipeline.choices.remember(team, MARCO, *own)
    assert table_of(await asked(office, MARCO)) != table_of(products)
    assert "Forgotten" in await listed(office, LUC, f"choices forget {here[0].id[:8]}")
    assert has(await asked(office, LUC), "choose_0")


async def test_only_who_chose_and_is_in_the_channel_decides(office: Office) -> None:
    """Another person's press is turned down in words, and so is one for the channel by somebody
    who has left it; nothing is kept, and the buttons stay."""
    offer, _ = await chosen(office, ELIN, "choose_0")
    await office.press(MARCO, offer, "remember_channel")
    assert "Only who chose" in await office.told(MARCO)
    value = buttons(offer)[1]["value"]
    office.slack.leave(ELIN, SALES)
    await raw_press(office, ELIN, offer["ts"], "remember_channel", value)
    await raw_press(office, ELIN, offer["ts"], "remember_me", "U0ELIN\nno meaning")
    team = office.slack.workspace.team_id
    assert await office.pipeline.choices.of(team, ELIN, SALES) == ()
    await raw_press(office, ELIN, offer["ts"], "remember_me", value)
    await office.until(lambda m: "Remembered for" in m.get("text", ""))
    (own,) = await office.pipeline.choices.of(team, ELIN, SALES)
    assert (own.channel, own.meaning) == ("", "product category")
