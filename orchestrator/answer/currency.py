"""Amounts shown in the currency that somebody wants, at the rate that the model names."""

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from orchestrator.answer import Conversion
from orchestrator.semantic import Currencies


def conversion_of(
    table: pa.Table, units: dict[str, str], currencies: Currencies | None, wanted: str | None
) -> Conversion | None:
    """How a table is shown in the wanted currency; None when nothing of it is to be converted.
    `units` are those of its columns."""
    rate = currencies.rates.get(wanted or "") if currencies is not None else None
    if currencies is None or wanted is None or rate is None:
        return None
    named = [name for name in table.column_names if units.get(name) == currencies.base]
    amounts = [name for name in named if _is_number(table.schema.field(name).type)]
    if not amounts:
        return None
    shown = table
    for name in amounts:
        at = table.column_names.index(name)
        amount = table.column(name).cast(pa.float64(), safe=False)
        shown = shown.set_column(at, name, pc.call_function("multiply", [amount, pa.scalar(rate)]))
    base = currencies.base
    titles = [f"{one} ({base})" if one in amounts else one for one in table.column_names]
    kept = table.rename_columns(titles)
    return Conversion(base, wanted, rate, currencies.as_of, tuple(amounts), shown, kept)


def in_currency(template: str, conversion: Conversion) -> str:
    """A planner's sentence with the unit of what is converted in place of the one it was written
    with; "" when it names a currency elsewhere, where nobody knows what that is about."""
    for name in conversion.columns:
        place = re.escape(f"{{{name}}} {conversion.base}")
        template = re.sub(rf"{place}\b", f"{{{name}}} {conversion.currency}", template)
    is_named = re.search(rf"\b{conversion.base}\b", template) is not None
    return "" if is_named or any(unicodedata.category(c) == "Sc" for c in template) else template


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_decimal(kind) or pa.types.is_floating(kind) or pa.types.is_integer(kind)
