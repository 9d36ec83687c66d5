"""What SQLite has stored, before it is trusted to compare it.

SQLite lets any column hold any value: text in a column of integers is larger than every number, so
a comparison would drop or keep its row for no reason. Columns that a query compares, sorts or adds
up are therefore looked through first, but for those of which SQLite itself keeps the type (STRICT
tables and the row id). Columns that are only read are checked as they are read.
"""

import sqlite3

import sqlglot
from sqlglot import exp

from adapters.errors import SourceRefused
from adapters.query import SqlQuery
from adapters.sqlite.introspect import Stored, quoted, stored_columns

_CLASSES = {
    "int64": ("integer",),
    "float64": ("real", "integer"),
    "string": ("text",),
}


def prepare(connection: sqlite3.Connection, query: SqlQuery) -> None:
    """Put a view over each declared relation, whose text compares by code point, and check that
    the columns which the query compares hold what their words say. Blocking.

    Raises SourceRefused with the column's name.
    """
    tree = sqlglot.parse_one(query.text, read="sqlite")
    given = tree.selects if isinstance(tree, exp.Select) and not tree.args.get("distinct") else []
    only_read = {id(projection.unalias()) for projection in given}
    compared = {
        column.name.lower() for column in tree.find_all(exp.Column) if id(column) not in only_read
    }
    words = _asked(tree, query)
    for relation in query.relations:
        columns = stored_columns(connection, relation)
        if not columns:
            continue  # there is no such relation: the query itself will be refused
        doubted = [one for one in columns if one.name.lower() in compared]
        _check(connection, relation, doubted, words)
        body = ", ".join(
            f"{quoted(one.name)} COLLATE BINARY AS {quoted(one.name)}" for one in columns
        )
        connection.execute(
            f"CREATE TEMP VIEW {quoted(relation)} AS SELECT {body} FROM main.{quoted(relation)}"
        )


def _asked(tree: exp.Expr, query: SqlQuery) -> dict[str, str]:
    """The word that the query gives to a stored column, where it reads tables themselves."""
    if not isinstance(tree, exp.Select) or tree.ctes:
        return {}
    sources = [tree.args.get("from_"), *tree.args.get("joins", [])]
    if not all(source and isinstance(source.this, exp.Table) for source in sources):
        return {}
    return {
        projection.unalias().name.lower(): column.type
        for projection, column in zip(tree.selects, query.columns, strict=True)
        if isinstance(projection.unalias(), exp.Column)
    }


def _check(
    connection: sqlite3.Connection, relation: str, columns: list[Stored], words: dict[str, str]
) -> None:
    wanted = {one.name: words.get(one.name.lower(), one.word) for one in columns}
    unsure = [
        (one.name, _CLASSES[wanted[one.name]])
        for one in columns
        if wanted[one.name] in _CLASSES and not (one.sure and wanted[one.name] == one.word)
    ]
    if not unsure:
        return
    tests = ", ".join(
        f"max(typeof({quoted(name)}) NOT IN ({', '.join(repr(kind) for kind in (*kinds, 'null'))}))"
        for name, kinds in unsure
    )
    found = connection.execute(f"SELECT {tests} FROM main.{quoted(relation)}").fetchone()
    for (name, _), misfit in zip(unsure, found, strict=True):
        if misfit:
            raise SourceRefused(
                f"The column {name!r} of {relation} holds a value that is not {wanted[name]}, so "
                "SQLite can't compare it and its rows are missing. Correct the file, or give the "
                "field's binding a `stored` type and a `transform`."
            )
