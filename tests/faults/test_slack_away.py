"""Slack answering 5xx, or hanging up, while progress and the answer are posted."""

from typing import Any

import pytest

from sandbox.slack.faults import CallFault
from tests.faults.conftest import Scene
from tests.faults.proxy import Strike
from tests.wire.conftest import is_progress

BOUND_S = 30.0
"""Posts are tried again after 0.5, 2 and 5 s, and the work after 5 s more."""
WORDS = "top 5 countries by revenue"
ILLS: dict[str, dict[str, Any]] = {
    "503 to the first posts": {"method": "chat.postMessage", "status": 503, "times": 2},
    "500 to the first edits of progress": {"method": "chat.update", "status": 500, "times": 3},
    "hung up on after each of the first posts": {
        "method": "chat.postMessage",
        "lost": True,
        "times": 2,
    },
    "a third of all calls answered 502": {
        "method": "*",
        "status": 502,
        "times": 12,
        "probability": 1 / 3,
        "seed": 7,
    },
}


@pytest.mark.parametrize("ill", ILLS)
async def test_an_unwell_slack_gets_one_answer(scene: Scene, ill: str) -> None:
    """Whatever Slack does to the calls, the answer stands there once."""
    scene.house.slack.faults.add_to_calls(CallFault(**ILLS[ill]))
    heard = await scene.house.heard(WORDS)
    assert heard.table[1][0] == "Germany"
    scene.house.slack.faults.clear()
    await scene.ended(ill, "Slack", heard, BOUND_S)


@pytest.mark.parametrize("how", ["503", "hang-up"])
async def test_the_answer_s_post_is_repeated_but_not_doubled(scene: Scene, how: str) -> None:
    """The post of the answer itself is refused, or its reply is lost: it stands there once."""
    house, sales = scene.house, scene.proxy("sales")
    sales.strike = Strike("hold", b"Germany", times=1)
    asking = await house.ask(WORDS)
    await sales.struck.wait()
    await asking.until(is_progress)
    ill: dict[str, Any] = {"lost": True} if how == "hang-up" else {"status": 503}
    house.slack.faults.add_to_calls(CallFault(method="chat.postMessage", times=2, **ill))
    sales.release()
    heard = await asking.answered()
    assert heard.table[1][0] == "Germany"
    await scene.ended(f"{how} to the answer's post", "Slack", heard, BOUND_S)
