"""The files of Slack's messages, as far as they are tables; and which of them a question is about.

Names are what people typed: they are compared, and shown escaped, and are nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from adapters.sheets import Form
from orchestrator.plan.filed import points_at_a_file
from orchestrator.plan.lexicon import words_of
from orchestrator.question import Turn
from orchestrator.retrieve.documents import sql_tables

FORMS: dict[str, Form] = {"csv": "csv", "tsv": "csv", "xlsx": "xlsx", "xlsm": "xlsx"}
OTHERS = frozenset({"xls", "xlsb", "ods", "numbers", "gsheet"})
MOST_FILES = 3


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file of a thread, with the name of its entity; `own` came with the question."""

    id: str
    title: str
    entity: str
    own: bool = False


def table_files(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(id, name) of each file of a message that is a table by its name or type."""
    files: list[dict[str, Any]] = message.get("files") or []
    return tuple(
        (str(file["id"]), str(file.get("name") or file.get("title") or "a file"))
        for file in files
        if _kinds(file) & (FORMS.keys() | OTHERS)
    )


def has_lost_files(message: dict[str, Any]) -> bool:
    """Whether a file of a message was deleted."""
    return any(file.get("mode") == "tombstone" for file in message.get("files") or ())


def form_of(file: dict[str, Any]) -> Form | None:
    """How a file is read; None for what can't be."""
    return next((FORMS[kind] for kind in _kinds(file) if kind in FORMS), None)


def meant(
    text: str, files: Sequence[SharedFile], earlier: Sequence[Turn]
) -> tuple[SharedFile, ...]:
    """The files that a question is about, what “these” means last: those that it names, else those
    that came with it, else the latest when its words point at one, else those that the question
    before it was about."""
    said = " ".join(words_of(text))
    named = [file for file in files if _is_named(file, said)]
    own = [file for file in files if file.own]
    if named or own:
        return tuple(dict.fromkeys((*named, *own)))[-MOST_FILES:]
    if points_at_a_file(text, is_first=not earlier):
        return tuple(files[-1:])
    before = sql_tables(earlier[-1].sql) if earlier else ()
    return tuple(file for file in files if file.entity in before)[-MOST_FILES:]


def _is_named(file: SharedFile, said: str) -> bool:
    phrases = (" ".join(words_of(text)) for text in (file.title, file.entity))
    return any(re.search(rf"\b{re.escape(phrase)}\b", said) for phrase in phrases if phrase)


def _kinds(file: dict[str, Any]) -> set[str]:
    """The types that a file says to be of: by its name's ending, and Slack's word."""
    ending = PurePath(str(file.get("name") or "")).suffix.lower().removeprefix(".")
    return {ending or str(file.get("filetype") or "")}
