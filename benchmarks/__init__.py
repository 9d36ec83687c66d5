"""Measurements that the decisions in docs/adr rest on; each is a module to run."""
