"""Files that people drop in a thread become entities for the questions of that thread alone."""

from orchestrator.attach.attach import Attached, FileTable, attach
from orchestrator.attach.naming import entity_names

__all__ = ["Attached", "FileTable", "attach", "entity_names"]
