"""A semantic model of TPC-H for one placement: entities and fields have the standard's names."""

from typing import Any

from orchestrator.semantic import SemanticModel
from sandbox.tpch.placements import Placement
from sandbox.tpch.schema import TABLES, Table

MAX_ROWS = 100_000_000
MAX_BYTES = 8 * 1024**3
"""Both over what any fetch has up to scale 10."""
TIMEOUT_S = 300.0


def model_of(placement: Placement, sources: dict[str, dict[str, Any]]) -> SemanticModel:
    """The model of a placement.

    `sources` says, for each source that a placement may name, its kind, its Vault role and its
    address, in the words of semantic_model.yaml.
    """
    used = sorted(set(placement.values()))
    return SemanticModel.model_validate(
        {
            "name": "TPC-H",
            "sources": {name: {"timeout_s": TIMEOUT_S} | sources[name] for name in used},
            "entities": {
                name: _entity(name, table, placement[name]) for name, table in TABLES.items()
            },
            "relationships": [
                {
                    "name": f"{name}_{other}",
                    "from": name,
                    "to": other,
                    "from_columns": tuple(columns),
                    "to_columns": tuple(columns.values()),
                }
                for name, table in TABLES.items()
                for other, columns in table.refers.items()
            ],
            "policies": {"max_rows": MAX_ROWS, "max_bytes": MAX_BYTES},
        }
    )


def _entity(name: str, table: Table, source: str) -> dict[str, Any]:
    relation = f"public.{name}" if source == "postgres" else name
    return {
        "description": f"TPC-H's {name}",
        "key": table.key,
        "fields": {column: {"type": word} for column, word in table.columns.items()},
        "bindings": {
            source: {"relation": relation, "fields": {column: column for column in table.columns}}
        },
    }
