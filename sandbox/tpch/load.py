"""TPC-H's rows: made as Parquet files by tpchgen-cli, and loaded from them into the databases."""

import asyncio
import shutil
import sysconfig
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi
from bson.decimal128 import Decimal128
from pymongo import AsyncMongoClient

from sandbox.process import ServerFailed
from sandbox.tpch.schema import TABLES

BATCH_ROWS = 50_000
SQL_TYPES = {"int64": "bigint", "string": "text", "date": "date", "decimal(15,2)": "numeric(15,2)"}


async def generate(folder: Path, scale: float) -> dict[str, Path]:
    """Make a Parquet file for each table in the folder; scale 1 is about 1 GB of text."""
    program = shutil.which("tpchgen-cli", path=sysconfig.get_path("scripts"))
    if program is None:
        raise ServerFailed("There is no tpchgen-cli: install the extra `dev`.")
    process = await asyncio.create_subprocess_exec(
        *(program, "parquet", "--quiet", "--overwrite"),
        *("--scale-factor", str(scale), "--output-dir", folder),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        raise ServerFailed(f"tpchgen-cli failed:\n{said.decode(errors='replace').strip()[-800:]}")
    return files_in(folder)


def files_in(folder: Path) -> dict[str, Path]:
    """The file of each table."""
    return {table: folder / f"{table}.parquet" for table in TABLES}


async def load_postgres(dsn: str, table: str, file: Path) -> None:
    """Make the table from its file, replacing one that is there, with its key and statistics."""
    columns = TABLES[table].columns
    body = ", ".join(f"{name} {SQL_TYPES[word]} NOT NULL" for name, word in columns.items())
    await _execute(dsn, f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} ({body})")
    await asyncio.to_thread(_ingest, dsn, table, file)
    key = ", ".join(TABLES[table].key)
    await _execute(dsn, f"ALTER TABLE {table} ADD PRIMARY KEY ({key})", f"ANALYZE {table}")


async def load_mongo(uri: str, database: str, table: str, file: Path) -> None:
    """Make the collection from its file, replacing one that is there: a document a row.

    Money is Decimal128; days are ISO text, since BSON has no type for them.
    """
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        collection = client[database][table]
        await collection.drop()
        for batch in _batches(file):
            await collection.insert_many(map(_document, batch.to_pylist()), ordered=False)
        await collection.create_index([(name, 1) for name in TABLES[table].key], unique=True)


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _ingest(dsn: str, table: str, file: Path) -> None:
    schema = pa.schema([(field.name, _plain(field.type)) for field in pq.read_schema(file)])
    batches = (batch.cast(schema) for batch in _batches(file))
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    with dbapi.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, reader, mode="append")
        connection.commit()


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type as COPY wants it for the column: no string views, and int64 for all integers."""
    if pa.types.is_string_view(kind):
        return pa.string()
    return pa.int64() if pa.types.is_integer(kind) else kind


def _batches(file: Path) -> Iterator[pa.RecordBatch]:
    return pq.ParquetFile(file).iter_batches(BATCH_ROWS)


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _bson(value) for name, value in row.items()}


def _bson(value: Any) -> Any:
    if isinstance(value, int | str):
        return value
    return Decimal128(value) if isinstance(value, Decimal) else value.isoformat()
