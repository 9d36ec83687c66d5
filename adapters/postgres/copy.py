"""A large result by COPY: as CSV over the same connection, in the same transaction, to Arrow.

COPY takes no parameters, so they become literals. PostgreSQL itself writes each value's text, from
the bound parameter; sqlglot puts it into the tree; the guard looks at the final text; and
PostgreSQL prepares that text by the extended protocol, which takes one statement alone, before it
is sent inside COPY.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import asyncpg
import pyarrow as pa
import sqlglot
from asyncpg.prepared_stmt import PreparedStatement
from sqlglot import exp

from adapters.postgres.coercion import from_csv, readable
from adapters.postgres.guard import check_text
from adapters.query import SqlQuery

LARGE_ROWS = 1_000
_BLOCK_BYTES = 256 * 1024
_BLOCKS_AHEAD = 2
_LITERALS = frozenset(
    "int2 int4 int8 float4 float8 numeric text varchar bool date timestamp timestamptz uuid".split()
)


async def copy_text(
    connection: asyncpg.Connection, statement: PreparedStatement, query: SqlQuery
) -> str | None:
    """The query's text for COPY, or None when it is not worth it or can't be told as CSV."""
    types = [attribute.type for attribute in statement.get_attributes()]
    if not readable(types, query.columns):
        return None
    if await _estimate(connection, query) < LARGE_ROWS:
        return None
    literals = await _literals(connection, statement, query.parameters)
    if literals is None:
        return None
    tree = sqlglot.parse_one(query.text, read="postgres")
    if tree.sql("postgres") != query.text:
        return None  # what sqlglot reads in it may not be all that it says
    for parameter in list(tree.find_all(exp.Parameter)):
        parameter.replace(literals[int(parameter.name) - 1].copy())
    text = tree.sql("postgres")
    check_text(text, query.relations)
    final = await connection.prepare(text)
    return text if final.get_attributes() == statement.get_attributes() else None


async def _estimate(connection: asyncpg.Connection, query: SqlQuery) -> int:
    explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query.text}", *query.parameters)
    assert explained is not None
    return json.loads(explained)[0]["Plan"]["Plan Rows"]


async def _literals(
    connection: asyncpg.Connection, statement: PreparedStatement, parameters: Sequence[Any]
) -> list[exp.Expr] | None:
    """Each parameter as a literal of its type; of types that are not built in, as plain text."""
    if not parameters:
        return []
    types = [_type_name(kind) for kind in statement.get_parameters()]
    if not all(name or _is_text(value) for name, value in zip(types, parameters, strict=True)):
        return None
    casts = [
        _cast(_cast(_placeholder(number), name or _text_type(value)), "text")
        for number, (name, value) in enumerate(zip(types, parameters, strict=True), start=1)
    ]
    texts = await connection.fetchrow(exp.select(*casts).sql("postgres"), *parameters)
    assert texts is not None
    return [_literal(text, name) for text, name in zip(texts, types, strict=True)]


def _type_name(kind: asyncpg.Type) -> str | None:
    plain = kind.schema == "pg_catalog" and kind.name.removesuffix("[]") in _LITERALS
    return kind.name if plain else None


def _is_text(value: Any) -> bool:
    items: list[Any] = value if isinstance(value, list) else [value]
    return all(isinstance(item, str) for item in items)


def _text_type(value: Any) -> str:
    return "text[]" if isinstance(value, list) else "text"


def _placeholder(number: int) -> exp.Expr:
    return exp.Parameter(this=exp.Literal.number(number))


def _literal(text: str | None, type_name: str | None) -> exp.Expr:
    value = exp.null() if text is None else exp.Literal.string(text)
    return _cast(value, type_name) if type_name else value


def _cast(value: exp.Expr, type_name: str) -> exp.Expr:
    return exp.cast(value, type_name, dialect="postgres")


async def copied(
    connection: asyncpg.Connection, statement: PreparedStatement, text: str, query: SqlQuery
) -> AsyncGenerator[pa.Table]:
    """The rows of `text` in tables of some thousands, read ahead by two blocks at most.

    Left before its end, it disconnects: PostgreSQL stops when it can't send the next rows.
    """
    types = [attribute.type for attribute in statement.get_attributes()]
    blocks: asyncio.Queue[bytes] = asyncio.Queue()
    room = asyncio.Semaphore(_BLOCKS_AHEAD)
    held: list[bytes] = []
    begun = asyncio.Event()

    async def keep(chunk: bytes) -> None:
        begun.set()
        held.append(chunk)  # whole rows: PostgreSQL sends one in each message
        if sum(map(len, held)) >= _BLOCK_BYTES:
            await hand_over()

    async def hand_over() -> None:
        await room.acquire()
        blocks.put_nowait(b"".join(held))
        held.clear()

    async def copy() -> None:
        await connection.copy_from_query(text, output=keep, format="csv")
        if held:
            await hand_over()

    copying = asyncio.create_task(copy())
    copying.add_done_callback(lambda _: blocks.put_nowait(b""))
    try:
        while block := await blocks.get():
            yield await asyncio.to_thread(from_csv, block, types, query.columns)
            room.release()
        await copying
    finally:
        left = not copying.done()
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)
        if left and begun.is_set():
            connection.terminate()  # asyncpg can't cancel a COPY between two chunks
