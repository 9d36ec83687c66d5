"""How often a planner is right: questions over two unlike domains, with checks written by hand.

Each question has a check query over one DuckDB that holds all data, or must be asked back, or
refused. `python -m evals` prints the score by kind and writes docs/evals.md.
"""
