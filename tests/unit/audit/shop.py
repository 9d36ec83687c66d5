"""A shop whose one source is a CSV file, so that its rows can change between two runs."""

from pathlib import Path
from typing import Any

import yaml

SQL = "SELECT country, COUNT(*) AS customers FROM customer GROUP BY country"
ROWS = ["id,name,country", "1,Ada,DE", "2,Bob,DE", "3,Cem,TR"]
NEEDS_APPROVAL = {"approval": {"rules": {"free_form": "high"}, "approvers": {"group": "S1"}}}


def shop(folder: Path, **more: Any) -> Path:
    """Write the shop's file and its semantic model, whose path it gives."""
    (folder / "customers.csv").write_text("\n".join(ROWS))
    fields = {"customer_id": "int64", "name": "string", "country": "string"}
    columns = {"customer_id": "id", "name": "name", "country": "country"}
    model = {
        "name": "Shop",
        "sources": {
            "shop": {"kind": "duckdb", "connect": {"files": {"customers": "customers.csv"}}}
        },
        "entities": {
            "customer": {
                "description": "Who buys",
                "key": "customer_id",
                "fields": {name: {"type": word} for name, word in fields.items()},
                "bindings": {"shop": {"relation": "customers", "fields": columns}},
            }
        },
        **more,
    }
    path = folder / "semantic_model.yaml"
    path.write_text(yaml.safe_dump(model, sort_keys=False))
    return path
