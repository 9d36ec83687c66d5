"""Ratios against named rivals, measured on the same data in one run: `python -m benchmarks`.

Each module but those that serve all has a TITLE, its TARGETS and `run`, which gives an Outcome.
"""
