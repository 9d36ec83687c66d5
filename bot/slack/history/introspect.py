"""The catalog of a workspace: one relation, the same for everybody and known without asking."""

from adapters.schema import Catalog, Column, Relation

RELATION = "messages"
SCORE = "$score"
COLUMNS = {
    "channel": "string",
    "channel_id": "string",
    "channel_number": "int64",
    "is_shared_channel": "bool",
    "ts": "string",
    "sent_at": "timestamptz",
    "thread_ts": "string",
    "author": "string",
    "author_id": "string",
    "author_email": "string",
    "text": "string",
    "reactions": "int64",
    "permalink": "string",
}
OF_CHANNELS = frozenset({"channel", "channel_id", "channel_number", "is_shared_channel"})
OF_PEOPLE = frozenset({"author", "author_email"})
MANY = 100_000


def catalog(source: str) -> Catalog:
    """The relation of messages. Slack counts none, so their number is a large one."""
    columns = tuple(Column(name, word) for name, word in COLUMNS.items())
    return Catalog(source, (Relation(RELATION, columns, MANY, key=("channel_id", "ts")),))
