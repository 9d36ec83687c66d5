"""The audit trail: its chain, what a record holds, and receipts."""
