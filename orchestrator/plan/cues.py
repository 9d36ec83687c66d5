"""The words by which a question shows that it goes on from the one before it."""

import re
from dataclasses import dataclass

_IT = r"(?: (?:it|that|this|them|those|these))?"
_ADDS = r"also|additionally|and also|plus|in addition"
_SWAPS = r"and|but|or|what about|how about|(?:the )?same(?: (?:thing|question))?(?: but)?"
_LISTS = (
    r"(?:which|what|who)(?: ones| of (?:them|those|these)| are (?:they|those|these|them))"
    r"|(?:list|show|name|display|give)(?: me)?(?: all)? (?:of )?(?:them|those|these)"
)
_NARROWS = r"(?:(?:show|give|list)(?: me)? )?(?:only|just)|make (?:it|that)|change (?:it|that) to"
_SPLITS = rf"(?:break|split|group){_IT}(?: down| up)?(?= by\b)"
_WEAK = r"ok|okay|so|now|then|again|please|(?:can|could) you|this time|instead"
_SORTS = re.compile(rf"^(?:sort|order|rank){_IT}(?= by\b)", re.IGNORECASE)
_LEAD = re.compile(
    rf"^(?:(?P<adds>{_ADDS})|(?P<lists>{_LISTS})|(?P<swaps>{_SWAPS})|(?P<sign>{_NARROWS}|{_SPLITS})"
    rf"|(?P<weak>{_WEAK}))\b[\s,:]*",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"[\s,]+(?:(?P<adds>too|also|as well)|(?P<swaps>instead)|(?P<sign>only|alone)"
    r"|(?P<weak>please|now|then|again|this time))$",
    re.IGNORECASE,
)
_BACK = re.compile(r"\b(?:ones|those|these|them|the others?)\b", re.IGNORECASE)
_BEGINS = re.compile(
    r"(?:for|of|in|from|by|per|with|without|excluding|except|not|since|until|before|after|during|top"
    r"|bottom|last|this)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cues:
    """What the words around a follow-up say of it; `rest` are those left to read.

    `refers`: it speaks of what came before. `adds`: it wants something besides ("also", "too").
    `swaps`: a noun in it takes the place of another ("what about", "the same for", "instead").
    `lists`: it wants the rows themselves ("which ones"). `leans`: it begins with a preposition, as
    no question of its own does that has no measure behind. `whose` is the "their" or "they" in it
    that no noun of its own stands before.
    """

    rest: str
    refers: bool = False
    adds: bool = False
    swaps: bool = False
    lists: bool = False
    leans: bool = False
    whose: str = ""

    @property
    def begins(self) -> bool:
        """Whether the text begins as follow-ups do."""
        return self.refers or self.leans


def read(text: str, whose: str = "") -> Cues:
    """The cues at both ends of a text, and what is left between them."""
    rest = text.strip().rstrip("?.! ")
    found: set[str] = set()
    while match := _LEAD.match(rest) or _TRAIL.search(rest):
        found.add(str(match.lastgroup))
        rest = (rest[: match.start()] + rest[match.end() :]).strip()
    sorted_by = _SORTS.match(rest)
    if sorted_by:
        rest = "sorted" + rest[sorted_by.end() :]
    unquoted = re.sub(r"[“\"].*?[”\"]", "", rest)
    back = _BACK.search(unquoted)
    if back and unquoted == rest:
        rest = " ".join(_BACK.sub(" ", rest).split())
    return Cues(
        rest,
        refers=bool(found - {"weak"} or back or sorted_by or whose),
        adds="adds" in found,
        swaps="swaps" in found,
        lists="lists" in found,
        leans=_BEGINS.match(rest) is not None,
        whose=whose,
    )
