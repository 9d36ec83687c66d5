"""What is kept, in one database: SQLAlchemy Core, async.

SQLite by default, PostgreSQL for several replicas. Rows of an answer are never kept.
"""

from orchestrator.store.approvals import Approvals
from orchestrator.store.grants import Grants
from orchestrator.store.pace import Pace, Rate
from orchestrator.store.queue import Queue, Work
from orchestrator.store.store import Store, StoredRun

__all__ = ["Approvals", "Grants", "Pace", "Queue", "Rate", "Store", "StoredRun", "Work"]
