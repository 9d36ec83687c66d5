"""SQL and other queries, folded away until somebody wants to see them."""

import re

from bot.slack.render import MAX_SECTION, Block, clipped, escaped, mrkdwn
from orchestrator.explain import pretty

MAX_SECTIONS, MAX_TITLE = 4, 150
_FENCE = "```"
_ROOM = MAX_SECTION - 2 * len(_FENCE)


def folded_sql(sql: str) -> Block:
    """The semantic SQL, over several lines."""
    return folded("SQL over the business entities", pretty(sql))


def folded(title: str, words: str, sections: int = MAX_SECTIONS) -> Block:
    """A container that opens on a click. Text that is too long for so many sections ends with an
    ellipsis; a title has at most 150 characters."""
    text = escaped(words.replace(_FENCE, "'''"), sections * (_ROOM - len("&amp;")))
    return {
        "type": "container",
        "title": {"type": "plain_text", "text": clipped(title, MAX_TITLE)},
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": [
            {"type": "section", "text": mrkdwn(f"{_FENCE}{part}{_FENCE}")} for part in _parts(text)
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
