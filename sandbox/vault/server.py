"""Turns HTTP requests into answers of a Vault that keeps everything in memory.

A request goes to what is mounted at its path, once its token's policies allow the operation. The
credentials it makes are real; what is still out when the Vault stops is taken back first.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Generator, Iterable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from sandbox.process import HttpServer
from sandbox.vault.accounts import AccountsFailed
from sandbox.vault.auth import AppRoleBackend, TokenBackend
from sandbox.vault.database import DatabaseBackend
from sandbox.vault.kubernetes import KubernetesBackend
from sandbox.vault.kv import KvBackend
from sandbox.vault.leases import Lease, Leases
from sandbox.vault.requests import Backend, Json, Refusal, VaultRequest
from sandbox.vault.system import SystemBackend
from sandbox.vault.tokens import Token, Tokens

OPERATIONS = {
    "GET": "read",
    "HEAD": "read",
    "LIST": "list",
    "PUT": "update",
    "POST": "update",
    "DELETE": "delete",
}
WITHOUT_TOKEN = {"sys/health", "sys/seal-status", "sys/init", "sys/unseal"}
ROOT_ALONE = ("sys/seal", "sys/leases/revoke-prefix/", "sys/leases/lookup/")


class DevVault:
    """A Vault for one machine: start it, provision it, and let programs sign in to it.

    With a `certificate` (its file and that of its key) it is served over TLS; with a `namespace`
    all that it has lies in that one.
    """

    def __init__(
        self, *, certificate: tuple[Path, Path] | None = None, namespace: str = ""
    ) -> None:
        self._namespace = namespace
        self._held = ""
        self._let_go = asyncio.Event()
        self.held = asyncio.Event()
        self.unseal_key = secrets.token_hex(32)
        self._unsealed = asyncio.Event()
        self._unsealed.set()
        self._leases = Leases(self._unsealed)
        self._tokens = Tokens(self._leases)
        self.mounts: dict[str, Backend] = {
            "sys/": SystemBackend(self, self._tokens, self._leases),
            "auth/token/": TokenBackend(self._tokens, self._leases),
        }
        self._http = HttpServer("The dev Vault", self._app(), certificate=certificate)

    async def start(self, port: int = 0) -> None:
        """Answer on the port, or on a free one."""
        await self._http.start(port)

    async def stop(self) -> None:
        """Stop answering, then revoke every lease that is left."""
        await self._http.stop()
        self._unsealed.set()
        await self._leases.revoke_all()

    @property
    def url(self) -> str:
        """What VAULT_ADDR is set to."""
        return self._http.url

    @property
    def root_token(self) -> str:
        """The token that may do everything: a secret."""
        return self._tokens.root.id

    @property
    def sealed(self) -> bool:
        """Whether every door but the unsealing one is shut."""
        return not self._unsealed.is_set()

    def seal(self) -> None:
        """Refuse everything; leases that end meanwhile are revoked after the unsealing."""
        self._unsealed.clear()

    def unseal(self, key: str | None = None) -> None:
        """Answer again; over HTTP the key is needed."""
        if key is not None and not secrets.compare_digest(key.encode(), self.unseal_key.encode()):
            raise Refusal(400, "invalid key")
        self._unsealed.set()

    @contextlib.contextmanager
    def holding(self, path: str) -> Generator[None]:
        """Let requests for paths that begin so wait until the block ends; `held` tells of one."""
        self._held = path
        self._let_go.clear()
        self.held.clear()
        try:
            yield
        finally:
            self._held = ""
            self._let_go.set()

    @property
    def leases(self) -> list[Lease]:
        """The database logins handed out since the start, live and revoked."""
        return [lease for lease in self._leases.all() if lease.username is not None]

    async def wait_for_revocation(self, lease_id: str) -> None:
        """Return when the login of this lease has been taken back."""
        await next(lease for lease in self._leases.all() if lease.id == lease_id).revoked.wait()

    def mount(self, path: str, kind: str, version: str) -> None:
        """Put a secrets engine, or below auth/ an auth method, at the path."""
        if path in self.mounts:
            raise Refusal(400, f"path is already in use at {path}")
        match path.startswith("auth/"), kind, version:
            case True, "approle", _:
                self.mounts[path] = AppRoleBackend(path, self._tokens)
            case True, "kubernetes", _:
                self.mounts[path] = KubernetesBackend(path, self._tokens)
            case False, "database", _:
                self.mounts[path] = DatabaseBackend(path, self._leases)
            case (False, "kv", "2") | (False, "kv-v2", _):
                self.mounts[path] = KvBackend()
            case _:
                raise Refusal(400, f'plugin not found in the catalog: "{kind}"')

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_api_route("/v1/{path:path}", self._serve, methods=list(OPERATIONS))
        app.add_exception_handler(Refusal, _refuse)
        app.add_exception_handler(AccountsFailed, _refuse)
        return app

    async def _serve(self, path: str, request: Request) -> Response:
        path = path.rstrip("/")
        if self._held and path.startswith(self._held):
            self.held.set()
            await self._let_go.wait()
        if request.headers.get("x-vault-namespace", "").strip("/") != self._namespace:
            raise Refusal(404, f'no handler for route "{path}". route entry not found.')
        query = dict(request.query_params)
        operation = OPERATIONS[request.method]
        if operation == "read" and query.get("list") == "true":
            operation = "list"
        if self.sealed and path not in WITHOUT_TOKEN:
            raise Refusal(503, "Vault is sealed")
        mount = self._mount_of(path)
        login = mount.startswith("auth/") and path == f"{mount}login"
        token = None
        if not login and path not in WITHOUT_TOKEN:
            token = self._authorised(request, operation, path, mount)
        if not mount:
            raise Refusal(404, f'no handler for route "{path}". route entry not found.')
        asked = VaultRequest(operation, path[len(mount) :], await _body(request), query, token)
        found = await self.mounts[mount].handle(asked)
        if found is None:
            return Response(status_code=204)
        status = int(query.get("sealedcode", 503)) if path == "sys/health" and self.sealed else 200
        return JSONResponse(found, status)

    def _mount_of(self, path: str) -> str:
        """The longest mount that the path lies in, or nothing."""
        return max((m for m in self.mounts if f"{path}/".startswith(m)), key=len, default="")

    def _authorised(self, request: Request, operation: str, path: str, mount: str) -> Token:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = self._tokens.find(request.headers.get("x-vault-token") or bearer)
        if token is None or not any(
            self._tokens.allow(token, path, wanted)
            for wanted in self._wanted(operation, path, mount)
        ):
            raise Refusal(403, "permission denied")
        return token

    def _wanted(self, operation: str, path: str, mount: str) -> Iterable[set[str]]:
        """The sets of capabilities of which one is enough."""
        backend = self.mounts.get(mount)
        if operation == "update" and backend is not None and backend.kind == "kv":
            return [{"update"}, {"create"}]
        return [{operation, "sudo"} if path.startswith(ROOT_ALONE) else {operation}]


async def _body(request: Request) -> Json:
    raw = await request.body()
    if not raw:
        return {}
    try:
        parsed = json.loads(raw)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Refusal(400, "failed to parse JSON input")
    return parsed


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Refusal):
        return JSONResponse({"errors": error.errors}, error.status)
    return JSONResponse({"errors": [f"1 error occurred: {error}"]}, 500)
