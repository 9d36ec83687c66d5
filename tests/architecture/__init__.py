"""Rules that the tree has to keep."""
