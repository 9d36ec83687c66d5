"""What commands answer the asker alone: sources, history, grants and help, as messages."""

from collections.abc import Iterable

from bot.slack.approval.card import button, mention, section, when
from bot.slack.render import Block, Message, clipped, code, escaped, header
from orchestrator.approve.grant import Grant
from orchestrator.registry import Registry
from orchestrator.semantic import SemanticModel
from orchestrator.store import StoredRun

ASK_AGAIN = "ask_again"
HISTORY, AGAIN = 15, 5
FRESH_S = 300.0
SHORT_ID = 8
MAX_QUESTION, MAX_LISTED, MAX_SOURCES = 300, 600, 40
STATUSES = {
    "answered": "✅ answered",
    "partial": "🟡 answered in part",
    "failed": "❌ failed",
    "stopped": "⏹️ stopped",
    "waiting": "⏳ waits for a decision",
    "proposed": "⏳ running",
    "planned": "📝 planned, not run",
    "approved": "▶️ approved",
    "rejected": "❌ rejected",
    "withdrawn": "↩️ withdrawn",
    "cancelled": "↩️ cancelled",
    "expired": "⌛ ended undecided",
}
COMMANDS = (
    ("/ask <question>", "opens a thread here with the question, and answers in it"),
    ("/plan <question or SQL>", "shows what would be read, and the risk, without running it"),
    ("/plan last", "shows the plan of your last question in this channel"),
    ("/sources", "lists the sources, whether they can be read, and what is in them"),
    ("/history", "lists your last questions, to ask them again"),
    ("/crosstalk grants", "lists what needs no approval in this channel"),
    ("/crosstalk grants revoke <id>", "ends such a grant"),
    ("/crosstalk choices", "lists how words are read that you, or this channel, chose"),
    ("/crosstalk choices forget <id>", "has such a choice forgotten"),
    ("/crosstalk status", "says whether all is well"),
    ("/crosstalk help", "shows this"),
)


def help_message(model: SemanticModel) -> Message:
    """Every command, with examples that a person has checked."""
    lines = [f"• `{escaped(name)}` {said}" for name, said in COMMANDS]
    blocks = [
        section("*Commands*\n" + "\n".join(lines)),
        section(
            "*Without a command*\nMention me in a channel, write to me directly, or choose “Ask "
            "Crosstalk about this” from the menu of a message."
        ),
    ]
    if model.verified_queries:
        example = model.verified_queries[0]
        asked = escaped(clipped(example.question, MAX_QUESTION))
        blocks += [section(f"*For example*\n`/ask {asked}`"), code(f"/plan {example.sql}")]
    return Message("What I can do, by command", blocks)


def sources_message(model: SemanticModel, registry: Registry) -> Message:
    """Each source with its kind, whether its catalog can be read, and the entities in it."""
    blocks = [header("Sources")]
    for name, spec in list(model.sources.items())[:MAX_SOURCES]:
        held = [entity for entity, one in model.entities.items() if name in one.bindings]
        said = escaped(clipped(", ".join(held) or "no entity", MAX_LISTED))
        title = f"*{escaped(name)}* ({escaped(spec.kind)})"
        blocks.append(section(f"{title} · {health(registry, name)}\n{said}"))
    return Message("Sources", blocks)


def health(registry: Registry, source: str) -> str:
    """Whether a source's catalog can be read, and when it last was, after a try to read it."""
    age_s = registry.age_s(source)
    if age_s is None:
        return "❌ can't be read: questions about it will say why"
    if age_s > FRESH_S:
        return f"🟠 can't be read now, last {_ago(age_s)}"
    return f"✅ readable, its catalog read {_ago(age_s)}"


def history_message(runs: list[StoredRun]) -> Message:
    """A person's last questions; the newest can be asked again."""
    if not runs:
        return Message("You have not asked anything yet. `/ask` a question, or mention me.")
    return Message("Your last questions", list(_history(runs)))


def grants_message(grants: list[Grant]) -> Message:
    """What holds in a channel, each with the id that revokes it."""
    if not grants:
        return Message(
            "No grants hold in this channel: what the policy asks about is asked each time."
        )
    blocks = [header("What needs no approval in this channel")]
    return Message("Grants of this channel", [*blocks, *(section(_grant(one)) for one in grants)])


def _history(runs: list[StoredRun]) -> Iterable[Block]:
    yield header("Your last questions")
    for place, run in enumerate(runs):
        at = f"{when(run.proposed_at)} · " if run.proposed_at else ""
        status = STATUSES.get(run.status, escaped(run.status))
        block = section(f"{escaped(clipped(run.question, MAX_QUESTION))}\n{at}{status}")
        if place < AGAIN:
            block["accessory"] = button("Ask again", ASK_AGAIN, run.run_id)
        yield block


def _grant(grant: Grant) -> str:
    fields = escaped(clipped(", ".join(grant.fields), MAX_LISTED))
    sources = escaped(", ".join(grant.sources))
    return (
        f"`{grant.id[:SHORT_ID]}` {fields}\nof {sources}, up to {grant.max_rows:,} rows · given by "
        f"{mention(grant.given_by)}, until {when(grant.until)}"
    )


def _ago(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} minutes ago" if seconds < 5_400 else f"{seconds / 3_600:.0f} h ago"
