"""What the bot says of a file that came without a question."""

from bot.slack.render import Message, plain_message
from orchestrator.answer.shown import number
from orchestrator.attach.attach import told
from orchestrator.pipeline import Pipeline

MOST_COLUMNS = 30


def file_message(pipeline: Pipeline) -> Message:
    """Its rows and columns, what they belong to, and what can be asked."""
    attached = pipeline.attached
    assert attached is not None
    lines: list[str] = []
    for one in attached.tables:
        entity = attached.model.entities[one.ref.entity]
        more = ["…"] if len(entity.shown) > MOST_COLUMNS else []
        columns = [*entity.shown[:MOST_COLUMNS], *more]
        rows = one.sheet.table.num_rows
        lines.append(
            f"I can read {one.ref.title}: {number(rows)} row{'' if rows == 1 else 's'}, with the "
            f"columns {', '.join(columns)}."
        )
        lines += [f"• {note}" for note in one.sheet.notes]
        lines += [f"• {told(link)}" for link in attached.links[one.ref.entity]]
    lines.append("Ask about it in this thread, for example: how many rows are in the file?")
    return plain_message("\n".join(lines))
