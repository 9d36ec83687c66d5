"""The semantic SQL of an answer, folded away under it."""

import re

from bot.slack.render import MAX_SECTION, Block, escaped
from orchestrator.explain import pretty

MAX_SECTIONS = 4
_FENCE = "```"
_ROOM = MAX_SECTION - 2 * len(_FENCE)


def folded_sql(sql: str) -> Block:
    """A container that opens on a click; SQL that is too long for it ends with an ellipsis."""
    text = escaped(pretty(sql).replace(_FENCE, "'''"), MAX_SECTIONS * (_ROOM - len("&amp;")))
    return {
        "type": "container",
        "title": {"type": "plain_text", "text": "SQL over the business entities"},
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"{_FENCE}{part}{_FENCE}"}}
            for part in _parts(text)
        ],
    }


def _parts(safe: str) -> list[str]:
    """The escaped text in pieces that fit a section, cut at a line where there is one."""
    parts: list[str] = []
    while len(safe) > _ROOM:
        end = safe.rfind("\n", _ROOM // 2, _ROOM)
        cut = end if end > 0 else len(re.sub(r"&[a-z]{0,3}$", "", safe[:_ROOM]))
        parts.append(safe[:cut])
        safe = safe[cut:].removeprefix("\n")
    return [*parts, safe]
