"""Sources that a question names with an @: it is about what lies there alone."""

import re
from dataclasses import dataclass

from orchestrator.semantic import SemanticModel

_MENTION = re.compile(r"(?<![\w@.])@([\w-]+)(?!\.\w)\s?")


@dataclass(frozen=True, slots=True)
class Mentions:
    """The text without the sources that it names; `entities` are those bound in one of them, which
    without a source are all."""

    text: str
    sources: tuple[str, ...]
    entities: tuple[str, ...]

    @property
    def words(self) -> str:
        """What the question is narrowed to, or nothing."""
        if not self.sources:
            return ""
        named = " and ".join(f"@{source}" for source in self.sources)
        there = ", ".join(name.replace("_", " ") for name in self.entities)
        return f"only what lies in {named}: {there}"


def mentioned(text: str, model: SemanticModel) -> Mentions:
    """The sources that a text names. An @ before any other word is left as it stands."""
    if "@" not in text:
        return Mentions(text, (), tuple(model.entities))
    known = {source.lower(): source for e in model.entities.values() for source in e.bindings}
    found = {known[name] for name in map(str.lower, _MENTION.findall(text)) if name in known}
    rest = _MENTION.sub(lambda at: "" if at[1].lower() in known else at[0], text)
    bound = {name for name, e in model.entities.items() if found & e.bindings.keys()}
    entities = (name for name in model.entities if not found or name in bound)
    return Mentions(rest.strip(), tuple(sorted(found)), tuple(entities))
