"""What is kept, in one database: SQLAlchemy Core, async.

SQLite by default, PostgreSQL for several replicas. Rows of an answer are never kept.
"""

from orchestrator.store.approvals import Approvals
from orchestrator.store.catalogs import Catalogs
from orchestrator.store.chain import AuditSettings, Head, Ledger, Record, Seal
from orchestrator.store.choices import Choices
from orchestrator.store.feedback import Feedback, Opinion
from orchestrator.store.grants import Grants
from orchestrator.store.pace import Pace, Rate
from orchestrator.store.preferences import PersonalSettings, Preferences
from orchestrator.store.proposed_queries import ProposedQueries
from orchestrator.store.queue import Queue, Work
from orchestrator.store.recent import RecentRun, recent_runs
from orchestrator.store.schedules import Schedule, Schedules
from orchestrator.store.spending import Spending
from orchestrator.store.stops import Stops
from orchestrator.store.store import Store, StoredRun
from orchestrator.store.trail import Trail
from orchestrator.store.vault_sessions import VaultSessions

__all__ = [
    "Approvals",
    "AuditSettings",
    "Catalogs",
    "Choices",
    "Feedback",
    "Grants",
    "Head",
    "Ledger",
    "Opinion",
    "Pace",
    "PersonalSettings",
    "Preferences",
    "ProposedQueries",
    "Queue",
    "Rate",
    "RecentRun",
    "Record",
    "Schedule",
    "Schedules",
    "Seal",
    "Spending",
    "Stops",
    "Store",
    "StoredRun",
    "Trail",
    "VaultSessions",
    "Work",
    "recent_runs",
]
