"""How wide a text is drawn, and texts that keep to a width, where no renderer can be asked.

The widths are those of Liberation Sans, which vl-convert brings, and so of Arial and Helvetica.
"""

import unicodedata
from itertools import accumulate, takewhile

FONTS = "Liberation Sans, Arial, Helvetica, sans-serif"
_BOLD = 1.1
_OTHER, _WIDE = 556, 1000
_WIDTHS = {
    191: "'",
    222: "ijl‘’",
    260: "|",
    278: " !,./:;I[\\]ft·",
    333: "-()`r“”",
    355: '"',
    389: "*",
    500: "Jcksvxyz",
    584: "+<=>~≈",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    944: "%W",
    1015: "@…",
}
_WIDTH_OF = {character: width for width, those in _WIDTHS.items() for character in those}


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text in pixels, at a font size in pixels."""
    thousandths = sum(_WIDTH_OF.get(one) or _width_of_other(one) for one in text)
    return thousandths * size / 1000 * (_BOLD if bold else 1)


def clipped(text: str, most: float, size: float) -> str:
    """The text, cut to a width in pixels with an ellipsis."""
    if width(text, size) <= most:
        return text
    ends = accumulate(width(one, size) for one in text)
    fitting = sum(1 for _ in takewhile(lambda end: end <= most - width("…", size), ends))
    return text[:fitting].rstrip() + "…"


def wrapped(text: str, most: float, size: float, lines: int) -> list[str]:
    """The text in at most `lines` lines of a width in pixels, broken at spaces; the last is cut."""
    found: list[str] = []
    words = text.split(" ")
    while words and len(found) < lines - 1:
        taken = 1
        while taken < len(words) and width(" ".join(words[: taken + 1]), size) <= most:
            taken += 1
        found.append(clipped(" ".join(words[:taken]), most, size))
        words = words[taken:]
    return [*found, clipped(" ".join(words), most, size)] if words else found


def _width_of_other(character: str) -> int:
    base = unicodedata.normalize("NFD", character)[0]
    is_wide = unicodedata.east_asian_width(base) in "WF"
    return _WIDE if is_wide else _WIDTH_OF.get(base, _OTHER)
