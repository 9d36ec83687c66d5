"""A request for a decision as blocks: the card, its line in the thread, and its modals.

Everything that came of people, data or a model is escaped; mentions are made here alone.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.slack.render import Block, Message, clipped, code, escaped, mrkdwn
from orchestrator.approve import BY_RULE
from orchestrator.approve.grant import Grant, rows_granted
from orchestrator.approve.request import Request
from orchestrator.explain import pretty
from orchestrator.store import StoredRun

APPROVE, ALWAYS, CONFIRM = "approval_approve", "approval_always", "approval_confirm"
EDIT, REJECT, WITHDRAW = "approval_edit", "approval_reject", "approval_withdraw"
EDITED, REJECTED = "approval_edited", "approval_rejected"  # the modals' submissions
INPUT = "words"
MAX_SQL, MAX_REASON, MAX_QUESTION, MAX_LINE = 3_000, 500, 1_500, 300
MARKS = {"high": "🔴", "medium": "🟠"}


def card(request: Request, run: StoredRun, groups: Iterable[str], grant_days: int) -> Message:
    """The request with its buttons while it waits, and with who decided afterwards. `groups` are
    the mentions of those who may decide."""
    title = "Please confirm" if request.asker_decides else "Approval needed"
    asker = mention(request.binding.user)
    question = escaped(run.question, MAX_QUESTION)
    blocks = [
        {"type": "header", "text": plain(title)},
        section(f"{asker} asks: {question}"),
        code(pretty(run.sql)),
        section("*Reads*\n" + "\n".join(_reads(request))),
        section("*Why this is asked*\n" + "\n".join(_reasons(request))),
    ]
    if request.status == "waiting":
        may = f"{_who(request, groups)} · ends {when(request.expires_at)}"
        blocks += [context(may), _buttons(request, grant_days)]
    else:
        blocks.append(context(outcome(request)))
    said = outcome(request) if request.status != "waiting" else title
    return Message(f"{said}: {question}", blocks)


def notice(request: Request) -> Message:
    """The line in the question's thread when the card is in another channel."""
    if request.status != "waiting" or request.card is None:
        return Message(outcome(request), [section(outcome(request))])
    said = f"This needs an approval first, which is asked for in <#{request.card[0]}>."
    block: Block = {"type": "actions", "elements": [button("Withdraw", WITHDRAW, request.run_id)]}
    return Message(said, [section(said), block])


def outcome(request: Request) -> str:
    """How a request stands, in mrkdwn: who has decided, and when."""
    by = mention(request.decided_by) if request.decided_by else "nobody"
    at = f" {when(request.decided_at)}" if request.decided_at else ""
    reason = escaped(clipped(request.reason, MAX_LINE))
    match request.status:
        case "approved" if request.asker_decides:
            return f"✅ Confirmed by {by}{at}"
        case "approved":
            voters = " and ".join(mention(voter) for voter in request.voters)
            return f"✅ Approved by {voters}{at}"
        case "rejected":
            return f"❌ Rejected by {by}{at}: {reason}"
        case "withdrawn":
            return f"↩️ Withdrawn by {by}{at}"
        case "edited":
            return f"✏️ Replaced by a query that {by} has written{at}"
        case "expired":
            return f"⌛ Ended{at}, since nobody decided in time"
        case "stale":
            return f"⚠️ Ended{at}, since things have changed: {reason}."
        case "waiting":
            return "⏳ Waiting for a decision"


def allowance(voters: tuple[str, ...], reason: str, grant: Grant | None) -> Block | None:
    """The line of an answer that says by whose decision it was read; None for everyday ones."""
    if grant is not None:
        return context(
            f"Read under a grant for this channel by {mention(grant.given_by)}, until "
            f"{when(grant.until)} (`{grant.id[:8]}`)"
        )
    named = [mention(voter) for voter in voters if voter != BY_RULE]
    return context(f"{reason.capitalize()} · {' and '.join(named)}") if named else None


def edit_modal(run: StoredRun, callback: str = EDITED) -> Block:
    """The SQL to be changed; what is sent is checked before it is taken."""
    sql = pretty(run.sql)
    element = {"initial_value": sql if len(sql) <= MAX_SQL else run.sql[:MAX_SQL]}
    hint = "SQL over the business entities. It is asked for anew, and what stands there now ends."
    return _modal(callback, "Edit the query", "Ask anew", run.run_id, "SQL", hint, element)


def reject_modal(request: Request) -> Block:
    """The reason of a rejection."""
    limits = {"max_length": MAX_REASON}
    hint = "Who asked is told this."
    return _modal(REJECTED, "Reject", "Reject", request.run_id, "Reason", hint, limits)


def mention(user: str) -> str:
    """A person, by id."""
    return f"<@{user}>"


def when(at: datetime) -> str:
    """A moment, in the time of whoever reads it."""
    fallback = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def section(words: str) -> Block:
    """Text that is mrkdwn already."""
    return {"type": "section", "text": mrkdwn(clipped(words, 3_000))}


def context(words: str) -> Block:
    """Small print that is mrkdwn already."""
    return {"type": "context", "elements": [mrkdwn(clipped(words, 3_000))]}


def plain(text: str) -> Block:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def button(label: str, action: str, run_id: str, **more: Any) -> Block:
    """A button that bears the id of a request."""
    return {"type": "button", "text": plain(label), "action_id": action, "value": run_id, **more}


def _reads(request: Request) -> list[str]:
    lines = []
    for read in request.risk.reads:
        rows = f"about {read.rows:,} {escaped(read.unit)}" if read.rows is not None else "unknown"
        lines.append(f"• {escaped(read.source)}: {escaped(read.entity)}, {rows}")
    return [clipped(line, MAX_LINE) for line in lines[:8]]


def _reasons(request: Request) -> list[str]:
    hits = sorted(request.risk.hits, key=lambda hit: hit.level != request.risk.level)
    lines = [f"{MARKS.get(hit.level, '•')} {escaped(hit.reason)}" for hit in hits[:8]]
    return [clipped(line, MAX_LINE) for line in lines]


def _who(request: Request, groups: Iterable[str]) -> str:
    if request.asker_decides:
        return f"Only {mention(request.binding.user)} can confirm this"
    more = f", {request.needed} people" if request.needed > 1 else ""
    voted = " and ".join(mention(voter) for voter in request.voters)
    so_far = f" · approved so far by {voted}" if voted else ""
    return f"{' or '.join(groups)} can decide{more}, but not who asked{so_far}"


def _buttons(request: Request, grant_days: int) -> Block:
    run_id = request.run_id
    if request.asker_decides:
        elements = [button("Run it", CONFIRM, run_id, style="primary")]
        elements += [button("Edit", EDIT, run_id), button("Withdraw", WITHDRAW, run_id)]
        return {"type": "actions", "elements": elements}
    ask = confirm("Approve?", "It runs at once, and who asked is answered there, or alone.")
    elements = [button("Approve", APPROVE, run_id, style="primary", confirm=ask)]
    if request.may_be_granted:
        said = (
            f"For {grant_days} days, questions in the same channel that read only these fields of "
            f"these sources, up to {rows_granted(request.risk.rows):,} rows each, need no approval."
        )
        allow = confirm("Always allow this there?", said)
        label = f"Approve, and for {grant_days} days"
        elements.append(button(label, ALWAYS, run_id, confirm=allow))
    elements += [button("Edit", EDIT, run_id), button("Reject", REJECT, run_id, style="danger")]
    elements.append(button("Withdraw", WITHDRAW, run_id))
    return {"type": "actions", "elements": elements}


def confirm(title: str, text: str) -> Block:
    """The question that a button asks before it counts."""
    return {
        "title": plain(title),
        "text": plain(clipped(text, 300)),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }


def _modal(
    callback: str,
    title: str,
    submit: str,
    run_id: str,
    label: str,
    hint: str,
    element: dict[str, Any],
) -> Block:
    words = {"type": "plain_text_input", "action_id": INPUT, "multiline": True, **element}
    block = {
        "type": "input",
        "block_id": INPUT,
        "label": plain(label),
        "hint": plain(hint),
        "element": words,
    }
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": run_id,
        "title": plain(title),
        "submit": plain(submit),
        "close": plain("Back"),
        "blocks": [block],
    }
