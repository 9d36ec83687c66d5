"""How a process logs in to Vault, keeps its token and gives it back, over Vaults of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hvac
import hvac.exceptions
import pytest
import sqlalchemy as sa
from fastapi import FastAPI, Request
from structlog.testing import capture_logs

from adapters.credentials import Vault, VaultSettings
from adapters.errors import VaultForbidden, VaultRefused, VaultSealed, VaultSlow, VaultUnreachable
from orchestrator.store import Store, VaultSessions
from orchestrator.store.vault_sessions import vault_sessions
from sandbox.process import HttpServer
from sandbox.vault import DevVault, provision
from tests.engine.watched import until

KEY = "notes-key"


@dataclass(frozen=True)
class One:
    """A Vault with one secret, how to log in to it, and the store of our sessions."""

    vault: DevVault
    settings: VaultSettings
    store: Store

    @property
    def root(self) -> hvac.Client:
        """A client that may do everything."""
        return hvac.Client(url=self.vault.url, token=self.vault.root_token)

    def sessions(self, lease_s: float = 15.0) -> VaultSessions:
        """The ledger as a process of its own sees it."""
        return VaultSessions(self.store.engine, self.settings.where, lease_s=lease_s)

    async def accessors(self) -> set[str]:
        """The tokens that the ledger has."""
        async with self.store.engine.connect() as connection:
            return set(await connection.scalars(sa.select(vault_sessions.c.accessor)))

    def forgets(self, accessor: str) -> Callable[[], Awaitable[bool]]:
        """Whether the ledger no longer has a token."""

        async def is_gone() -> bool:
            return accessor not in await self.accessors()

        return is_gone

    async def token_with(self, policies: list[str], **more: Any) -> str:
        """A token that root makes."""
        made = await asyncio.to_thread(self.root.auth.token.create, policies=policies, **more)
        return made["auth"]["client_token"]


@pytest.fixture
async def one(tmp_path: Path) -> AsyncGenerator[One]:
    """A Vault, provisioned as the sandbox's is."""
    vault = DevVault()
    await vault.start()
    role = await provision(
        vault.url, vault.root_token, postgres=None, mongo=None, qdrant_api_key=KEY
    )
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await store.open()
    yield One(vault, VaultSettings(vault.url, role.role_id, role.secret_id), store)
    await store.close()
    await vault.stop()


async def key_of(settings: VaultSettings) -> str:
    """The secret, read by a process that then stops."""
    vault = Vault(settings)
    try:
        return (await vault.secret("crosstalk/notes")).api_key
    finally:
        await vault.close()


async def test_a_clean_stop_ends_the_token(one: One) -> None:
    """A token stands in the ledger while its process lives, and is revoked when that stops."""
    vault = Vault(one.settings, one.sessions())
    await vault.secret("crosstalk/notes")
    (accessor,) = await one.accessors()
    await vault.close()
    assert await one.accessors() == set()
    with pytest.raises(hvac.exceptions.InvalidRequest, match="invalid accessor"):
        await asyncio.to_thread(one.root.auth.token.revoke_accessor, accessor)


async def test_a_token_that_has_ended_is_replaced(one: One) -> None:
    """A token that somebody revokes costs one new login, and no question."""
    vault = Vault(one.settings, one.sessions())
    await vault.secret("crosstalk/notes")
    (accessor,) = await one.accessors()
    await asyncio.to_thread(one.root.auth.token.revoke_accessor, accessor)
    assert (await vault.secret("crosstalk/notes")).api_key == KEY
    assert len(await one.accessors() - {accessor}) == 1
    await vault.close()
    assert await one.accessors() == set()


async def test_what_the_policy_forbids_makes_no_new_login(one: One) -> None:
    """A refusal by policy is told from a token that has ended: it is said, and no token is made."""
    vault = Vault(one.settings, one.sessions())
    for _ in range(3):
        with pytest.raises(VaultForbidden, match="policy does not allow"):
            await vault.secret("elsewhere/notes")
    assert len(await one.accessors()) == 1
    await vault.close()


async def test_a_token_is_renewed_and_then_replaced(one: One) -> None:
    """At half of its time a token is renewed; when Vault gives no more, a new login follows, and
    the token before lives until its own end."""
    roles = one.root.auth.approle
    await asyncio.to_thread(
        roles.create_or_update_approle,
        "crosstalk",
        token_policies=["crosstalk"],
        token_ttl="2s",
        token_max_ttl="3s",
    )
    vault = Vault(one.settings, one.sessions(lease_s=0.6))
    await vault.secret("crosstalk/notes")
    vault.start()
    (first,) = await one.accessors()

    async def is_replaced() -> bool:
        return bool(await one.accessors() - {first})

    await until(is_replaced)
    assert first in await one.accessors()
    await until(one.forgets(first))
    assert (await vault.secret("crosstalk/notes")).api_key == KEY
    await vault.close()
    assert await one.accessors() == set()


async def test_a_given_token_has_a_child_for_each_process(one: One) -> None:
    """With a token that may make tokens, the process works with its own, and ends that alone."""
    can_create = 'path "auth/token/create" { capabilities = ["update"] }'
    await asyncio.to_thread(one.root.sys.create_or_update_acl_policy, "create", can_create)
    token = await one.token_with(["crosstalk", "create"])
    settings = VaultSettings(one.vault.url, token=token)
    vault = Vault(settings, one.sessions())
    assert (await vault.secret("crosstalk/notes")).api_key == KEY
    assert len(await one.accessors()) == 1
    await vault.close()
    assert await one.accessors() == set()
    assert await key_of(settings) == KEY


async def test_a_token_that_may_not_make_tokens_is_used_itself(one: One) -> None:
    """Where the policy allows no child, the given token is used, that is said once, and it is never
    revoked by us."""
    settings = VaultSettings(one.vault.url, token=await one.token_with(["crosstalk"]))
    vault = Vault(settings, one.sessions())
    with capture_logs() as logs:
        assert (await vault.secret("crosstalk/notes")).api_key == KEY
        assert (await vault.secret("crosstalk/notes")).api_key == KEY
    assert [log["event"] for log in logs] == ["vault_token_is_shared"]
    assert await one.accessors() == set()
    await vault.close()
    assert await key_of(settings) == KEY


async def test_a_dead_process_has_its_token_revoked(one: One) -> None:
    """A process that no longer says that it lives loses its token to whoever looks next; one that
    does keeps it."""
    dead, alive = Vault(one.settings, one.sessions(0.3)), Vault(one.settings, one.sessions())
    await dead.secret("crosstalk/notes")
    (lost,) = await one.accessors()
    await alive.secret("crosstalk/notes")
    next_one = Vault(one.settings, one.sessions(0.3))
    next_one.start()
    await until(one.forgets(lost))
    with pytest.raises(hvac.exceptions.InvalidRequest, match="invalid accessor"):
        await asyncio.to_thread(one.root.auth.token.revoke_accessor, lost)
    with capture_logs() as logs:
        assert (await alive.secret("crosstalk/notes")).api_key == KEY
        # taken for dead while it was only held up, it logs in anew
        assert (await dead.secret("crosstalk/notes")).api_key == KEY
    assert logs == []
    for vault in (dead, alive, next_one):
        await vault.close()
    assert await one.accessors() == set()


async def test_a_policy_that_forbids_revoking_sessions_is_said_once(one: One) -> None:
    """Without a right to revoke by accessor, what a crash leaves ends by its time, and the log says
    what is missing."""
    narrow = 'path "secret/data/crosstalk/*" { capabilities = ["read"] }'
    dead = Vault(one.settings, one.sessions(0.1))
    await dead.secret("crosstalk/notes")
    await asyncio.to_thread(one.root.sys.create_or_update_acl_policy, "crosstalk", narrow)
    vault = Vault(one.settings, one.sessions(0.1))
    with capture_logs() as logs:
        vault.start()

        async def is_said() -> bool:
            return any(log["event"] == "vault_sessions_not_revoked" for log in logs)

        await until(is_said)
    assert [log["needs"] for log in logs] == ["auth/token/revoke-accessor"]
    assert (await vault.secret("crosstalk/notes")).api_key == KEY
    await vault.close()
    await dead.close()


async def test_a_pod_logs_in_with_its_service_account(one: One, tmp_path: Path) -> None:
    """The token file is read at each login, the cluster is asked what it is worth, and another
    service account or role is refused."""
    pods = {"jwt-of-crosstalk": "system:serviceaccount:data:crosstalk", "jwt-of-other": "x:y"}
    cluster = FastAPI()

    @cluster.post("/apis/authentication.k8s.io/v1/tokenreviews")
    async def review(request: Request) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        user = pods.get((await request.json())["spec"]["token"])
        return {"status": {"authenticated": user is not None, "user": {"username": user}}}

    server = HttpServer("A cluster", cluster)
    await server.start()
    root = one.root
    await asyncio.to_thread(root.sys.enable_auth_method, "kubernetes", path="pods")
    await asyncio.to_thread(
        root.write_data, "auth/pods/config", data={"kubernetes_host": server.url}
    )
    bound = {
        "bound_service_account_names": "crosstalk",
        "bound_service_account_namespaces": "data",
        "token_policies": "crosstalk",
    }
    await asyncio.to_thread(root.write_data, "auth/pods/role/bot", data=bound)
    file = tmp_path / "token"
    settings = VaultSettings(
        one.vault.url, kubernetes_role="bot", kubernetes_token=file, kubernetes_mount="pods"
    )
    with pytest.raises(VaultRefused, match="VAULT_K8S_TOKEN_FILE"):
        await key_of(settings)
    file.write_text("jwt-of-crosstalk\n")
    assert await key_of(settings) == KEY
    with pytest.raises(VaultRefused, match="invalid role name"):
        await key_of(replace(settings, kubernetes_role="nobody"))
    file.write_text("jwt-of-other")
    with pytest.raises(VaultRefused) as refused:
        await key_of(settings)
    assert "jwt-of" not in str(refused.value)
    await server.stop()


async def test_what_lies_in_a_namespace_is_found_there() -> None:
    """With a namespace, logins and reads go to it; without, that Vault has nothing for us."""
    vault = DevVault(namespace="data")
    await vault.start()
    root = hvac.Client(url=vault.url, token=vault.root_token, namespace="data")
    kv, secret = root.secrets.kv.v2, {"api_key": KEY}
    await asyncio.to_thread(
        root.sys.enable_secrets_engine, "kv", path="keys", options={"version": "2"}
    )
    await asyncio.to_thread(
        kv.create_or_update_secret, "crosstalk/notes", secret=secret, mount_point="keys"
    )
    settings = VaultSettings(vault.url, token=vault.root_token, namespace="data", kv_mount="keys")
    assert await key_of(settings) == KEY
    with pytest.raises(VaultRefused, match="no handler"):
        await key_of(replace(settings, namespace=""))
    await vault.stop()


async def test_the_certificate_is_checked_by_the_given_authority(tmp_path: Path) -> None:
    """Vault over TLS is believed when the CA file vouches for it, and not otherwise."""
    certificate, key = tmp_path / "vault.pem", tmp_path / "vault.key"
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-keyout", str(key), "-out", str(certificate), "-subj", "/CN=vault"),
        *("-addext", "subjectAltName=IP:127.0.0.1"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    vault = DevVault(certificate=(certificate, key))
    await vault.start()
    root = hvac.Client(url=vault.url, token=vault.root_token, verify=str(certificate))
    await asyncio.to_thread(
        root.sys.enable_secrets_engine, "kv", path="secret", options={"version": "2"}
    )
    await asyncio.to_thread(
        root.secrets.kv.v2.create_or_update_secret, "crosstalk/notes", secret={"api_key": KEY}
    )
    settings = VaultSettings(vault.url, token=vault.root_token, ca_file=certificate)
    assert vault.url.startswith("https://")
    assert await key_of(settings) == KEY
    with pytest.raises(VaultUnreachable, match="VAULT_CACERT"):
        await key_of(replace(settings, ca_file=None))
    await vault.stop()


async def test_sealed_slow_and_away_are_told_apart(one: One) -> None:
    """Each way in which Vault can fail a read is an error of its own."""
    vault = Vault(replace(one.settings, timeout_s=0.3))
    await vault.secret("crosstalk/notes")
    with one.vault.holding("secret/"), pytest.raises(VaultSlow, match="too long"):
        await vault.secret("crosstalk/notes")
    one.vault.seal()
    with pytest.raises(VaultSealed, match="unseal"):
        await vault.secret("crosstalk/notes")
    one.vault.unseal()
    assert (await vault.secret("crosstalk/notes")).api_key == KEY
    await vault.close()
    with pytest.raises(VaultUnreachable, match="VAULT_ADDR"):
        await key_of(replace(one.settings, address="http://127.0.0.1:9"))


async def test_nothing_shows_a_secret(one: One) -> None:
    """Neither settings nor what is kept of a login show token or secret id."""
    token = await one.token_with(["crosstalk"])
    settings = replace(one.settings, token=token)
    vault = Vault(settings, one.sessions())
    await vault.secret("crosstalk/notes")
    async with one.store.engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(sa.select(vault_sessions))]
    shown = repr((settings, vault, vars(vault), rows)) + json.dumps(rows)
    assert token not in shown
    assert one.settings.secret_id not in shown
    await vault.close()
