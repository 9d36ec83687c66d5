"""Load the company into the systems that hold it: PostgreSQL, MongoDB and Qdrant."""

import asyncio
import fcntl
import hashlib
import warnings
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from bson.decimal128 import Decimal128
from numpy.typing import NDArray
from pymongo import ASCENDING, AsyncMongoClient
from qdrant_client import AsyncQdrantClient, models

from sandbox.company.model import Account, Company, Note, Ticket

Vectors = NDArray[np.float32]
Embed = Callable[[list[str]], Awaitable[Vectors]]

SCHEMA = Path(__file__).with_name("schema.sql")
COLUMNS = {
    "customers": (
        *("id", "name", "segment", "country", "industry", "account_manager", "email"),
        *("signed_up_on", "churned_at", "credit_limit"),
    ),
    "products": ("id", "sku", "name", "category", "list_price"),
    "orders": ("id", "customer_id", "ordered_at", "status", "channel", "amount", "promised_on"),
    "order_lines": ("order_id", "line_no", "product_id", "quantity", "unit_price", "discount"),
}
NOTES = "customer_notes"
UPSERT_SIZE = 500


async def load_postgres(dsn: str, company: Company) -> None:
    """Make the company's tables in the database of the DSN, replacing those that are there."""
    schema = await asyncio.to_thread(SCHEMA.read_text, "utf-8")
    rows = {
        "customers": company.customers,
        "products": company.products,
        "orders": company.orders,
        "order_lines": company.lines,
    }
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(schema)
            for table, columns in COLUMNS.items():
                await connection.copy_records_to_table(
                    table,
                    schema_name="public",
                    columns=columns,
                    records=map(attrgetter(*columns), rows[table]),
                )
        for table in COLUMNS:
            await connection.execute(f"ANALYZE public.{table}")
    finally:
        await connection.close()


async def load_mongo(uri: str, company: Company) -> None:
    """Make the accounts and tickets of the database `support`, replacing those that are there."""
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri) as client:
        accounts, tickets = client.support.accounts, client.support.tickets
        await accounts.drop()
        await tickets.drop()
        await accounts.insert_many(map(account_document, company.accounts))
        await tickets.insert_many(map(ticket_document, company.tickets))
        await accounts.create_index("account_ref")
        await tickets.create_index("number", unique=True)
        await tickets.create_index("account_ref")
        await tickets.create_index([("status", ASCENDING), ("priority", ASCENDING)])


async def load_qdrant(url: str, api_key: str | None, company: Company, embed: Embed) -> None:
    """Make the collection of customer notes, replacing the one that is there."""
    vectors = await embed([note.note for note in company.notes])
    warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
    client = AsyncQdrantClient(url=url, api_key=api_key, check_compatibility=False)
    try:
        await client.delete_collection(NOTES)
        await client.create_collection(
            NOTES,
            vectors_config=models.VectorParams(
                size=vectors.shape[1], distance=models.Distance.COSINE
            ),
        )
        for start in range(0, len(vectors), UPSERT_SIZE):
            numbers = range(start, min(start + UPSERT_SIZE, len(vectors)))
            points = [
                models.PointStruct(
                    id=number + 1,
                    vector=vectors[number].tolist(),
                    payload=note_payload(company.notes[number]),
                )
                for number in numbers
            ]
            await client.upsert(NOTES, points, wait=True)
    finally:
        await client.close()


async def vectors_cached(folder: Path, texts: Sequence[str], embed: Embed) -> Vectors:
    """Return the texts' vectors, kept in the folder so that the same texts are embedded once, also
    by processes that begin together."""
    digest = hashlib.sha256()
    for text in texts:
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    file = folder / f"{digest.hexdigest()}.npz"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if await asyncio.to_thread(file.exists):
            return await asyncio.to_thread(_read_vectors, file)
        vectors = (await embed(list(texts))).astype(np.float32)
        await asyncio.to_thread(_write_vectors, file, vectors)
        return vectors


def _read_vectors(file: Path) -> Vectors:
    with np.load(file) as archive:
        return archive["vectors"]


def _write_vectors(file: Path, vectors: Vectors) -> None:
    """Write under another name first: a file that is there is a whole one."""
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, vectors=vectors)
    unfinished.replace(file)


def account_document(account: Account) -> dict[str, Any]:
    """Return an account as MongoDB holds it."""
    health: dict[str, Any] = {"trend": account.health_trend}
    if account.health_score is not None:
        health["score"] = account.health_score
    document = {
        "account_ref": account.account_ref,
        "health": health,
        "plan": account.plan,
        "csm": account.csm,
        "contract_value": None
        if account.contract_value is None
        else Decimal128(account.contract_value),
        "renewal_on": account.renewal_on,
        "updated_at": account.updated_at,
    }
    return _without(document, account.absent)


def ticket_document(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as MongoDB holds it."""
    document: dict[str, Any] = {
        "number": ticket.number,
        "account_ref": ticket.account_ref,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "category": ticket.category,
        "opened_at": ticket.opened_at,
        "solved_at": ticket.solved_at,
        "due_on": ticket.due_on,
        "tags": list(ticket.tags),
        "messages": [
            {"from": message.sender, "at": message.at, "body": message.body}
            for message in ticket.messages
        ],
    }
    if ticket.csat_score is not None:
        document["csat"] = {"score": ticket.csat_score, "comment": ticket.csat_comment}
    if ticket.refund is not None:
        document["refund"] = Decimal128(ticket.refund)
    return _without(document, ticket.absent)


def _without(document: dict[str, Any], absent: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in absent}


def note_payload(note: Note) -> dict[str, Any]:
    """Return what Qdrant holds next to the vector of a note."""
    return {
        "note_id": note.note_id,
        "customer": note.customer,
        "author": note.author,
        "kind": note.kind,
        "written_at": note.written_at,
        "note": note.note,
    }
