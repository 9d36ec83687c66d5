"""Two variants that count letters, in a module that a fresh process imports quickly."""

from benchmarks.measure import Run, Variant, plain


async def _counted(place: str, size: int) -> Run:
    return {"letters": len(place) * size}


VARIANTS: dict[str, Variant] = {"one": plain(_counted), "other": plain(_counted)}
