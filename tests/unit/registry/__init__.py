"""The registry: drift, bindings and snapshots."""
