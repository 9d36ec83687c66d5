"""Tests of retrieval, with the real weights."""
