"""A corpus of hostile inputs, by kind, and what must come of each."""
