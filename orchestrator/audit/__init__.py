"""What a run leaves in the audit trail, whether that is whole, and the receipt of an answer."""

from orchestrator.audit.receipt import Receipt, receipt_from, receipted
from orchestrator.audit.records import (
    ended,
    operation_ids,
    operations,
    outcome,
    proposal,
    start,
    text_hash,
)
from orchestrator.audit.replay import replay
from orchestrator.audit.verify import Fault, Verdict, Verifier

__all__ = [
    "Fault",
    "Receipt",
    "Verdict",
    "Verifier",
    "ended",
    "operation_ids",
    "operations",
    "outcome",
    "proposal",
    "receipt_from",
    "receipted",
    "replay",
    "start",
    "text_hash",
]
