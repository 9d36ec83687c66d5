"""Block Kit, checked as Slack checks it: what is wrong with these blocks, and where.

What blocks there are and what they hold, block_kit.py says.
"""

import copy
import secrets
from collections.abc import Iterator
from typing import Any

from sandbox.slack.block_kit import IN_MESSAGES, VIEWS
from sandbox.slack.checks import Report, array, typed
from sandbox.slack.elements import INTERACTIVE
from sandbox.slack.method import RefusedError

CHARTS = 2
TABLES = {"table", "data_table"}


def wrong_in_message(blocks: Any) -> list[str]:
    """What Slack would refuse in the blocks of a message; empty when it would take them."""
    report = Report()
    array(typed(IN_MESSAGES), 50, least=0)(report, "/blocks", blocks)
    return report.messages or [*repeated_block_ids(blocks), *too_many_charts(blocks)]


def too_many_charts(blocks: list[dict[str, Any]]) -> list[str]:
    """A message has room for two charts."""
    report = Report()
    charts = sum(block["type"] == "data_visualization" for block in every_block(blocks))
    if charts > CHARTS:
        report.say("/blocks", f"no more than {CHARTS} data_visualization blocks allowed")
    return report.messages


def checked_blocks(blocks: Any) -> list[dict[str, Any]]:
    """The blocks of a message, if Slack would take them. One table, of either kind, is the most."""
    if wrong := wrong_in_message(blocks):
        raise RefusedError("invalid_blocks", errors=wrong, messages=wrong)
    if sum(block["type"] in TABLES for block in every_block(blocks)) > 1:
        raise RefusedError("invalid_attachments", messages=["[ERROR] only_one_table_allowed"])
    return blocks


def wrong_in_view(view: Any, kind: str = "modal") -> list[str]:
    """What Slack would refuse in a view of this kind (modal or home); empty when it is well."""
    report = Report()
    typed({kind: VIEWS[kind]})(report, "/view", view)
    if not report.messages and kind == "modal" and "submit" not in view:
        for index, block in enumerate(view["blocks"]):
            if block["type"] == "input":
                report.say(f"/view/blocks/{index}", "a view with input blocks needs `submit`")
    return report.messages or repeated_block_ids(view["blocks"])


def every_block(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The blocks, and those inside containers."""
    for block in blocks:
        yield block
        yield from every_block(block.get("child_blocks", []))


def elements_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be pressed, chosen or typed into in a block."""
    several = [*block.get("elements", []), *block.get("actions", [])]
    found = [*several, block.get("accessory"), block.get("element")]
    return [e for e in found if e and e.get("type") in INTERACTIVE]


def repeated_block_ids(blocks: list[dict[str, Any]]) -> list[str]:
    """A block_id belongs to one block."""
    report, seen = Report(), set[str]()
    for index, block in enumerate(every_block(blocks)):
        block_id = block.get("block_id")
        if block_id in seen:
            report.say(f"/blocks/{index}/block_id", f"`block_id` already exists: {block_id}")
        if block_id is not None:
            seen.add(block_id)
    return report.messages


def with_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A copy in which every block and every element has an id, as Slack gives them."""
    named = copy.deepcopy(blocks)
    for block in every_block(named):
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return named
