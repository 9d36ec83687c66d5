"""TPC-H's eight tables: their keys, their columns as canonical words, and what refers to what."""

from dataclasses import dataclass

MONEY = "decimal(15,2)"


@dataclass(frozen=True)
class Table:
    """A table: its key, its columns with their types in TPC-H's order, and its foreign keys.

    `refers` holds, by the name of the other table, own columns to the other's.
    """

    key: tuple[str, ...]
    columns: dict[str, str]
    refers: dict[str, dict[str, str]]


TABLES = {
    "region": Table(
        key=("r_regionkey",),
        columns={"r_regionkey": "int64", "r_name": "string", "r_comment": "string"},
        refers={},
    ),
    "nation": Table(
        key=("n_nationkey",),
        columns={
            "n_nationkey": "int64",
            "n_name": "string",
            "n_regionkey": "int64",
            "n_comment": "string",
        },
        refers={"region": {"n_regionkey": "r_regionkey"}},
    ),
    "supplier": Table(
        key=("s_suppkey",),
        columns={
            "s_suppkey": "int64",
            "s_name": "string",
            "s_address": "string",
            "s_nationkey": "int64",
            "s_phone": "string",
            "s_acctbal": MONEY,
            "s_comment": "string",
        },
        refers={"nation": {"s_nationkey": "n_nationkey"}},
    ),
    "customer": Table(
        key=("c_custkey",),
        columns={
            "c_custkey": "int64",
            "c_name": "string",
            "c_address": "string",
            "c_nationkey": "int64",
            "c_phone": "string",
            "c_acctbal": MONEY,
            "c_mktsegment": "string",
            "c_comment": "string",
        },
        refers={"nation": {"c_nationkey": "n_nationkey"}},
    ),
    "part": Table(
        key=("p_partkey",),
        columns={
            "p_partkey": "int64",
            "p_name": "string",
            "p_mfgr": "string",
            "p_brand": "string",
            "p_type": "string",
            "p_size": "int64",
            "p_container": "string",
            "p_retailprice": MONEY,
            "p_comment": "string",
        },
        refers={},
    ),
    "partsupp": Table(
        key=("ps_partkey", "ps_suppkey"),
        columns={
            "ps_partkey": "int64",
            "ps_suppkey": "int64",
            "ps_availqty": "int64",
            "ps_supplycost": MONEY,
            "ps_comment": "string",
        },
        refers={
            "part": {"ps_partkey": "p_partkey"},
            "supplier": {"ps_suppkey": "s_suppkey"},
        },
    ),
    "orders": Table(
        key=("o_orderkey",),
        columns={
            "o_orderkey": "int64",
            "o_custkey": "int64",
            "o_orderstatus": "string",
            "o_totalprice": MONEY,
            "o_orderdate": "date",
            "o_orderpriority": "string",
            "o_clerk": "string",
            "o_shippriority": "int64",
            "o_comment": "string",
        },
        refers={"customer": {"o_custkey": "c_custkey"}},
    ),
    "lineitem": Table(
        key=("l_orderkey", "l_linenumber"),
        columns={
            "l_orderkey": "int64",
            "l_partkey": "int64",
            "l_suppkey": "int64",
            "l_linenumber": "int64",
            "l_quantity": MONEY,
            "l_extendedprice": MONEY,
            "l_discount": MONEY,
            "l_tax": MONEY,
            "l_returnflag": "string",
            "l_linestatus": "string",
            "l_shipdate": "date",
            "l_commitdate": "date",
            "l_receiptdate": "date",
            "l_shipinstruct": "string",
            "l_shipmode": "string",
            "l_comment": "string",
        },
        refers={
            "orders": {"l_orderkey": "o_orderkey"},
            "part": {"l_partkey": "p_partkey"},
            "supplier": {"l_suppkey": "s_suppkey"},
            "partsupp": {"l_partkey": "ps_partkey", "l_suppkey": "ps_suppkey"},
        },
    ),
}
