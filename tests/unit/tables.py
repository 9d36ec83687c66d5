"""A list of customers, as a file of a thread, and the demo's model that it goes with."""

import pyarrow as pa

from adapters.sheets import Sheet
from orchestrator.attach import FileTable
from orchestrator.plan import FileRef
from orchestrator.semantic import load
from tests.conftest import ROOT

MODEL = load(ROOT / "semantic_model.yaml", {})
CHURN = {
    "Customer ID": pa.array([1, 2, 3], pa.int64()),
    "Reason": pa.array(["price", "bugs", "price"]),
    "Budget": pa.array([10.5, 20.0, 30.0]),
    "Region": pa.array(["north", "south", "north"]),
}


def file_table(
    columns: dict[str, pa.Array], entity: str = "churn_list", digest: str = "ab" * 32
) -> FileTable:
    """A file with these columns."""
    ref = FileRef(entity, f"F-{entity}", f"{entity.replace('_', ' ')}.csv", digest)
    return FileTable(ref, Sheet(pa.table(columns), ()))


def churn_list() -> FileTable:
    """Three customers who may leave, and why."""
    return file_table(CHURN)
