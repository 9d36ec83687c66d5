"""Quick tests of single rooms."""
