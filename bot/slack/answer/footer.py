"""The small print of an answer: where it comes from, what its keys did, how far to trust it."""

from bot.cells import confidence_line, timing
from bot.slack.render import Block, context
from orchestrator.answer import Answer, Conversion, SourceReport
from orchestrator.answer.shown import number
from orchestrator.keys import KeyCount

BADGES = {
    "file": ("📎", "file"),
    "mongo": ("📄", "documents"),
    "qdrant": ("🧭", "vectors"),
    "slack": ("💬", "Slack"),
}
DATABASE = ("🗄️", "database")
LEVELS = {"high": "🟢", "medium": "🟡", "low": "🔴"}
MAX_KEYS = 5


def footer(answer: Answer) -> list[Block]:
    """Sources with their rows and age, keys, assumptions and confidence: one small line each."""
    lines = [" · ".join(source_line(source) for source in answer.sources)]
    lines.append("\n".join(key_line(one) for one in answer.keys[:MAX_KEYS]))
    lines.append("\n".join(f"Assumed: {assumption}" for assumption in answer.assumptions))
    if answer.conversion is not None:
        lines.append(currency_line(answer.conversion))
    if not answer.failed:
        rows = answer.table.num_rows
        counted = f"{number(rows)} row{'' if rows == 1 else 's'}"
        level = LEVELS[answer.confidence.level]
        lines.append(f"{level} {confidence_line(answer)} · {counted} in {answer.seconds:.1f} s")
    return [context(line) for line in lines if line.strip()]


def source_line(source: SourceReport) -> str:
    """One source in a few words, with the badge of its kind."""
    badge, kind = BADGES.get(source.kind, DATABASE)
    name = f"{badge} {source.source} ({kind})"
    if source.failure:
        return f"{name}: not read"
    took = f"({timing(source)})" if source.cached else timing(source)
    return f"{name}: {number(source.rows)} {source.unit} {took}"


def currency_line(of: Conversion) -> str:
    """At which rate amounts are shown, and where they are not."""
    day = of.as_of.isoformat()
    return (
        f"Amounts shown in {of.currency}: {of.rate:g} {of.currency} for 1 {of.base}, the rate of "
        f"{day} in the semantic model. Files and conditions are in {of.base}."
    )


def key_line(keys: KeyCount) -> str:
    """What the join of two sources matched and dropped."""
    about = "about " if keys.sampled else ""
    dropped = [
        f"{number(count)} only in {side}"
        for count, side in ((keys.dropped_left, keys.left), (keys.dropped_right, keys.right))
        if count
    ]
    matched = f"{about}{number(keys.matched)} matched"
    return f"Keys of {keys.left} and {keys.right}: {', '.join([matched, *dropped])}"
