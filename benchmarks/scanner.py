"""TPC-H by DuckDB's own PostgreSQL scanner: a program for a virtual environment of its own.

Reads {"extension", "dsn", "tables", "files", "queries"} as JSON from its input, and prints the
seconds of each query as JSON. It imports nothing of this project.
"""

import json
import sys
import time

import duckdb


def main() -> None:
    """Attach, make a view for each table, and run the queries one after the other."""
    given = json.load(sys.stdin)
    connection = duckdb.connect(":memory:")
    connection.execute(f"LOAD '{given['extension']}'")
    connection.execute(f"ATTACH '{given['dsn']}' AS whole (TYPE postgres, READ_ONLY)")
    for table in given["tables"]:
        connection.execute(f"CREATE VIEW {table} AS FROM whole.public.{table}")
    for table, file in given["files"].items():
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{file}')")
    connection.execute("SELECT COUNT(*) FROM region").fetchall()
    seconds: dict[str, float] = {}
    for name, sql in given["queries"].items():
        began = time.perf_counter()
        connection.execute(sql).fetchall()
        seconds[name] = time.perf_counter() - began
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main()
