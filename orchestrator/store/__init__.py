"""What is kept, in one database: SQLAlchemy Core, async.

SQLite by default, PostgreSQL for several replicas. Rows of an answer are never kept.
"""

from orchestrator.store.approvals import Approvals
from orchestrator.store.grants import Grants
from orchestrator.store.store import Store, StoredRun

__all__ = ["Approvals", "Grants", "Store", "StoredRun"]
