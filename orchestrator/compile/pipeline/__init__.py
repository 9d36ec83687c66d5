"""One SELECT over one MongoDB collection as an aggregation pipeline that means what DuckDB means.

What has no faithful translation is `Untranslatable`, never approximated: it stays in the join.
"""

from orchestrator.compile.pipeline.collection import Collection
from orchestrator.compile.pipeline.prefilter import of_keys, prefilter
from orchestrator.compile.pipeline.stages import Untranslatable, pipeline

__all__ = ["Collection", "Untranslatable", "of_keys", "pipeline", "prefilter"]
