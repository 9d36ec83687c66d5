"""The keys of two sides, compared on live data: what matches, what does not, and what would help.

A key is read as it is stored, and the model's transform runs here, so that another one can be
tried on the same keys.
"""

from orchestrator.overlap.measure import Counts
from orchestrator.overlap.pairs import Pair, Side
from orchestrator.overlap.propose import Proposal
from orchestrator.overlap.report import Overlap, overlaps

__all__ = ["Counts", "Overlap", "Pair", "Proposal", "Side", "overlaps"]
