"""Names that people gave to files and columns as safe identifiers: nothing else of them is taken
over, for they may hold anything."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath

from orchestrator.plan.filed import is_file_word
from orchestrator.plan.lexicon import Lexicon, words_of
from orchestrator.semantic import SemanticModel

_LONGEST = 40
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe"})


def identifier(text: str, otherwise: str) -> str:
    """The letters and digits of a text, in ASCII and parted by `_`; `otherwise` when there is no
    letter to begin with."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    name = "_".join(words)[:_LONGEST].strip("_")
    if not name:
        return otherwise
    return name if name[0].isalpha() else f"{otherwise}_{name}"[:_LONGEST].strip("_")


def distinct(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The names in order, those that are taken with a number behind."""
    known, found = set(taken), list[str]()
    for name in names:
        free, number = name, 1
        while free in known:
            number += 1
            free = f"{name}_{number}"
        known.add(free)
        found.append(free)
    return found


def entity_names(titles: Iterable[str], model: SemanticModel) -> list[str]:
    """The entity of each file by its name, in the order in which they were dropped. A name that
    means something in the model already gets `file` behind it."""
    lexicon = Lexicon(model, tuple(model.entities))
    names: list[str] = []
    for title in titles:
        name = identifier(PurePath(title).stem, "file")
        words = words_of(name)
        meant = lexicon.match(words, 0)
        known = (meant is not None and meant[1] == len(words)) or is_file_word(name)
        names.append(f"{name}_file" if known and name != "file" else name)
    return distinct(names, {*model.entities, *model.sources})
