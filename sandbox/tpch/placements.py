"""Where each table lies: three ways to spread TPC-H over PostgreSQL, MongoDB and Parquet files."""

Placement = dict[str, str]
"""The source of each table: `postgres`, `mongo` or `parquet`."""

PLACEMENTS: dict[str, Placement] = {
    # what belongs together lies together
    "by_subject": {
        "customer": "postgres",
        "orders": "postgres",
        "lineitem": "postgres",
        "part": "mongo",
        "partsupp": "mongo",
        "supplier": "mongo",
        "nation": "parquet",
        "region": "parquet",
    },
    # the facts as files, beside the systems that run the business
    "mixed": {
        "lineitem": "parquet",
        "orders": "postgres",
        "customer": "postgres",
        "part": "mongo",
        "partsupp": "mongo",
        "supplier": "mongo",
        "nation": "mongo",
        "region": "mongo",
    },
    # a colouring of the join graph: no two tables that TPC-H joins lie in one source
    "hostile": {
        "lineitem": "postgres",
        "customer": "postgres",
        "region": "postgres",
        "orders": "mongo",
        "partsupp": "mongo",
        "nation": "mongo",
        "part": "parquet",
        "supplier": "parquet",
    },
}


def tables_in(source: str) -> list[str]:
    """The tables that the source holds in any placement."""
    return sorted({t for one in PLACEMENTS.values() for t, place in one.items() if place == source})
