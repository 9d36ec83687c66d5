"""Random queries over random small data in random placements against one DuckDB that has it all."""
