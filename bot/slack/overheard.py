"""Messages without a mention, in a thread where the bot has answered: which are meant for it.

The rule, which docs/asking.md tells people: the message names nobody, and it begins like a
follow-up ("and by country?", "only …") or ends with a question mark and comes from whoever asked
last. Even then it is answered only when it is read with confidence; else nothing is said at all.
"""

import re
from collections.abc import Sequence
from typing import Any

from orchestrator.pipeline import Proposed
from orchestrator.plan import cues
from orchestrator.question import Turn

SURE = 0.7
_LONGEST = 200
_NAMED = re.compile(r"<[@!]")


def may_be_asked(event: dict[str, Any]) -> bool:
    """Whether a message event in a channel could be a question, by what it says alone: a plain
    reply in a thread that names nobody, and asks or begins like a follow-up."""
    text = str(event.get("text") or "").strip()
    in_thread = event.get("thread_ts") not in {None, event["ts"]}
    is_plain = event.get("subtype") is None and not _NAMED.search(text) and len(text) <= _LONGEST
    return in_thread and is_plain and (text.endswith("?") or cues.read(text).begins)


def is_asked(text: str, user: str, turns: Sequence[Turn]) -> bool:
    """Whether it is for the bot, after these answered questions of its thread."""
    if not turns:
        return False
    return cues.read(text).begins or turns[-1].user == user


def is_sure(proposed: object) -> bool:
    """Whether what it was read as is worth an answer that nobody asked for by name."""
    return isinstance(proposed, Proposed) and proposed.draft.confidence >= SURE
