"""What each source holds now, and what has changed since: so that no plan runs against a schema
that is gone."""

from orchestrator.registry.bindings import (
    Broken,
    Converted,
    broken_bindings,
    converted_bindings,
    faults,
    owners_of,
)
from orchestrator.registry.changed import Drift
from orchestrator.registry.drift import Change, moment
from orchestrator.registry.extended import Extended
from orchestrator.registry.registry import Registry, Snapshot, Snapshots
from orchestrator.registry.sources import Credentials, Kind, Source, credential_of

__all__ = [
    "Broken",
    "Change",
    "Converted",
    "Credentials",
    "Drift",
    "Extended",
    "Kind",
    "Registry",
    "Snapshot",
    "Snapshots",
    "Source",
    "broken_bindings",
    "converted_bindings",
    "credential_of",
    "faults",
    "moment",
    "owners_of",
]
