"""Turns an empty Vault into one that mints Crosstalk's credentials, and says how to sign in to it.

Speaks to Vault through hvac alone, so a real Vault is provisioned by the same code.
"""

import asyncio
import json
from dataclasses import dataclass, field

import hvac
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from sandbox.mongo import MongoServer
from sandbox.postgres import PostgresServer
from sandbox.vault.accounts import DROP_ROLE

POLICY = """
path "database/creds/{tables}-read" {{ capabilities = ["read"] }}
path "database/creds/{documents}-read" {{ capabilities = ["read"] }}
path "secret/data/crosstalk/*" {{ capabilities = ["read"] }}
path "sys/leases/renew" {{ capabilities = ["update"] }}
path "sys/leases/revoke" {{ capabilities = ["update"] }}
path "auth/token/revoke-accessor" {{ capabilities = ["update"] }}
"""
# NOINHERIT, and no membership: what the role may do is what is granted here and nothing else.
POSTGRES_READ = (
    (
        'CREATE ROLE "{{name}}" LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION '
        "NOBYPASSRLS PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"
    ),
    'ALTER ROLE "{{name}}" SET default_transaction_read_only = on',
    'GRANT CONNECT ON DATABASE "{{database}}" TO "{{name}}"',
    'GRANT USAGE ON SCHEMA public TO "{{name}}"',
    'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{name}}"',
)
# MongoDB's own role "read" also opens change streams; this one runs find and aggregate alone.
FIND_ROLE = "crosstalk-find"
ROLE_EXISTS = 51002


@dataclass(frozen=True)
class AppRole:
    """How Crosstalk signs in to Vault."""

    role_id: str
    secret_id: str = field(repr=False)


async def provision(
    vault_addr: str,
    root_token: str,
    *,
    postgres: PostgresServer | None,
    mongo: MongoServer | None,
    qdrant_api_key: str | None,
    tables: str = "sales",
    documents: str = "support",
    ttl_s: int = 60,
    max_ttl_s: int = 600,
) -> AppRole:
    """Set up what Crosstalk needs for the servers that are given; again is no harm.

    `tables` and `documents` name a PostgreSQL and a MongoDB database that are there already; the
    Vault role that reads one is called `<name>-read`.
    """
    if mongo is not None:
        await _make_find_role(mongo, documents)
    client = hvac.Client(url=vault_addr, token=root_token)

    def work() -> AppRole:
        _enable(client)
        if postgres is not None:
            _configure_postgres(client, postgres, tables, ttl_s, max_ttl_s)
        if mongo is not None:
            _configure_mongo(client, mongo, documents, ttl_s, max_ttl_s)
        if qdrant_api_key is not None:
            client.secrets.kv.v2.create_or_update_secret(
                "crosstalk/notes", secret={"api_key": qdrant_api_key}, mount_point="secret"
            )
        return _make_app_role(client, POLICY.format(tables=tables, documents=documents))

    return await asyncio.to_thread(work)


async def _make_find_role(mongo: MongoServer, database: str) -> None:
    privileges = [{"resource": {"db": database, "collection": ""}, "actions": ["find"]}]
    async with AsyncMongoClient[dict[str, object]](mongo.admin_uri()) as client:
        there = client[database]
        try:
            await there.command("createRole", FIND_ROLE, privileges=privileges, roles=[])
        except OperationFailure as error:
            if error.code != ROLE_EXISTS:
                raise
            await there.command("updateRole", FIND_ROLE, privileges=privileges, roles=[])


def _enable(client: hvac.Client) -> None:
    engines = client.sys.list_mounted_secrets_engines()["data"]
    if "database/" not in engines:
        client.sys.enable_secrets_engine("database", path="database")
    if "secret/" not in engines:
        client.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    if "approle/" not in client.sys.list_auth_methods()["data"]:
        client.sys.enable_auth_method("approle", path="approle")


def _configure_postgres(
    client: hvac.Client, postgres: PostgresServer, database: str, ttl_s: int, max_ttl_s: int
) -> None:
    client.secrets.database.configure(
        database,
        plugin_name="postgresql-database-plugin",
        allowed_roles=[f"{database}-read"],
        connection_url=(
            f"postgresql://{{{{username}}}}:{{{{password}}}}@{postgres.host}:{postgres.port}"
            f"/{database}?sslmode=disable"
        ),
        username=postgres.admin_user,
        password=postgres.admin_password,
    )
    client.secrets.database.create_role(
        f"{database}-read",
        db_name=database,
        creation_statements=[line.replace("{{database}}", database) for line in POSTGRES_READ],
        revocation_statements=list(DROP_ROLE),
        default_ttl=f"{ttl_s}s",
        max_ttl=f"{max_ttl_s}s",
    )


def _configure_mongo(
    client: hvac.Client, mongo: MongoServer, database: str, ttl_s: int, max_ttl_s: int
) -> None:
    client.secrets.database.configure(
        database,
        plugin_name="mongodb-database-plugin",
        allowed_roles=[f"{database}-read"],
        connection_url=f"mongodb://{{{{username}}}}:{{{{password}}}}@{mongo.host}:{mongo.port}/admin",
        username=mongo.admin_user,
        password=mongo.admin_password,
    )
    client.secrets.database.create_role(
        f"{database}-read",
        db_name=database,
        creation_statements=[json.dumps({"db": database, "roles": [{"role": FIND_ROLE}]})],
        revocation_statements=[json.dumps({"db": database})],
        default_ttl=f"{ttl_s}s",
        max_ttl=f"{max_ttl_s}s",
    )


def _make_app_role(client: hvac.Client, policy: str) -> AppRole:
    client.sys.create_or_update_acl_policy("crosstalk", policy)
    roles = client.auth.approle
    roles.create_or_update_approle(
        "crosstalk", token_policies=["crosstalk"], token_ttl="1h", token_max_ttl="24h"
    )
    role_id = roles.read_role_id("crosstalk")["data"]["role_id"]
    secret_id = roles.generate_secret_id("crosstalk")["data"]["secret_id"]
    return AppRole(role_id, secret_id)
