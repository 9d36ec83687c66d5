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
path "database/creds/sales-read" { capabilities = ["read"] }
path "database/creds/support-read" { capabilities = ["read"] }
path "secret/data/crosstalk/*" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
"""
# NOINHERIT, and no membership: what the role may do is what is granted here and nothing else.
SALES_READ = (
    (
        'CREATE ROLE "{{name}}" LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION '
        "NOBYPASSRLS PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"
    ),
    'ALTER ROLE "{{name}}" SET default_transaction_read_only = on',
    'GRANT CONNECT ON DATABASE sales TO "{{name}}"',
    'GRANT USAGE ON SCHEMA public TO "{{name}}"',
    'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{name}}"',
)
# MongoDB's own role "read" also opens change streams; this one runs find and aggregate alone.
FIND_ROLE = "crosstalk-find"
SUPPORT_READ = json.dumps({"db": "support", "roles": [{"role": FIND_ROLE}]})
SUPPORT_REVOKE = json.dumps({"db": "support"})
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
    ttl_s: int = 60,
    max_ttl_s: int = 600,
) -> AppRole:
    """Set up what Crosstalk needs for the servers that are given; again is no harm.

    The database "sales" with its tables, and the MongoDB database "support", are there already.
    """
    if mongo is not None:
        await _make_find_role(mongo)
    client = hvac.Client(url=vault_addr, token=root_token)

    def work() -> AppRole:
        _enable(client)
        if postgres is not None:
            _configure_sales(client, postgres, ttl_s, max_ttl_s)
        if mongo is not None:
            _configure_support(client, mongo, ttl_s, max_ttl_s)
        if qdrant_api_key is not None:
            client.secrets.kv.v2.create_or_update_secret(
                "crosstalk/notes", secret={"api_key": qdrant_api_key}, mount_point="secret"
            )
        return _make_app_role(client)

    return await asyncio.to_thread(work)


async def _make_find_role(mongo: MongoServer) -> None:
    privileges = [{"resource": {"db": "support", "collection": ""}, "actions": ["find"]}]
    async with AsyncMongoClient[dict[str, object]](mongo.admin_uri()) as client:
        support = client["support"]
        try:
            await support.command("createRole", FIND_ROLE, privileges=privileges, roles=[])
        except OperationFailure as error:
            if error.code != ROLE_EXISTS:
                raise
            await support.command("updateRole", FIND_ROLE, privileges=privileges, roles=[])


def _enable(client: hvac.Client) -> None:
    engines = client.sys.list_mounted_secrets_engines()["data"]
    if "database/" not in engines:
        client.sys.enable_secrets_engine("database", path="database")
    if "secret/" not in engines:
        client.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    if "approle/" not in client.sys.list_auth_methods()["data"]:
        client.sys.enable_auth_method("approle", path="approle")


def _configure_sales(
    client: hvac.Client, postgres: PostgresServer, ttl_s: int, max_ttl_s: int
) -> None:
    client.secrets.database.configure(
        "sales",
        plugin_name="postgresql-database-plugin",
        allowed_roles=["sales-read"],
        connection_url=(
            f"postgresql://{{{{username}}}}:{{{{password}}}}@{postgres.host}:{postgres.port}"
            "/sales?sslmode=disable"
        ),
        username=postgres.admin_user,
        password=postgres.admin_password,
    )
    client.secrets.database.create_role(
        "sales-read",
        db_name="sales",
        creation_statements=list(SALES_READ),
        revocation_statements=list(DROP_ROLE),
        default_ttl=f"{ttl_s}s",
        max_ttl=f"{max_ttl_s}s",
    )


def _configure_support(client: hvac.Client, mongo: MongoServer, ttl_s: int, max_ttl_s: int) -> None:
    client.secrets.database.configure(
        "support",
        plugin_name="mongodb-database-plugin",
        allowed_roles=["support-read"],
        connection_url=f"mongodb://{{{{username}}}}:{{{{password}}}}@{mongo.host}:{mongo.port}/admin",
        username=mongo.admin_user,
        password=mongo.admin_password,
    )
    client.secrets.database.create_role(
        "support-read",
        db_name="support",
        creation_statements=[SUPPORT_READ],
        revocation_statements=[SUPPORT_REVOKE],
        default_ttl=f"{ttl_s}s",
        max_ttl=f"{max_ttl_s}s",
    )


def _make_app_role(client: hvac.Client) -> AppRole:
    client.sys.create_or_update_acl_policy("crosstalk", POLICY)
    roles = client.auth.approle
    roles.create_or_update_approle(
        "crosstalk", token_policies=["crosstalk"], token_ttl="1h", token_max_ttl="24h"
    )
    role_id = roles.read_role_id("crosstalk")["data"]["role_id"]
    secret_id = roles.generate_secret_id("crosstalk")["data"]["secret_id"]
    return AppRole(role_id, secret_id)
