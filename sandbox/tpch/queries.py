"""TPC-H's 22 queries with their validation parameters, as semantic SQL."""

from pathlib import Path

FOLDER = Path(__file__).with_name("queries")
SMALL = 1.0
"""Below this scale some validation parameters find nothing."""
SUBSTITUTES = {
    "q08": {"BRAZIL": "UNITED STATES"},
    "q17": {"Brand#23": "Brand#44", "MED BOX": "WRAP CAN"},
}


def queries(scale: float) -> dict[str, str]:
    """The queries by name, `q01` to `q22`, for data of that scale.

    Q11's fraction falls with the scale, as TPC-H has it.
    """
    found = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.sql"))}
    found["q11"] = found["q11"].format(fraction=f"{0.0001 / scale:.10f}")
    if scale < SMALL:
        for name, parameters in SUBSTITUTES.items():
            for standard, substitute in parameters.items():
                found[name] = found[name].replace(standard, substitute)
    return found
