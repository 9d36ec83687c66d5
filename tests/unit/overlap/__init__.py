"""The overlap of keys."""
