"""A declared source with the adapter that reaches it, and the credential of one use of it."""

import contextlib
import hashlib
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from adapters.base import Adapter
from adapters.credentials import Credential, Vault
from orchestrator.question import Requester
from orchestrator.semantic import SourceSpec

MARGIN_S = 5.0
"""How much longer a lease lives than the step that it is for."""

Credentials = Callable[[Requester], AbstractAsyncContextManager[Credential]]
"""Makes the credential of one use for one person, whose rights it bears. Raises CredentialError."""


Kind = Callable[..., tuple[Adapter, Credentials]]
"""A kind of source that whoever opens a pipeline brings along: called with the source's name, its
`connect`, and the pipeline's `store` and `vault`, None without one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A declared source with the adapter that reaches it.

    `credentials` stand in Vault's place where a source is read with the rights of who asks.
    """

    name: str
    spec: SourceSpec
    adapter: Adapter
    credentials: Credentials | None = None

    @property
    def address(self) -> str:
        """sha256 of the kind and of where it is: under another address its name means another
        database."""
        where = json.dumps([self.spec.kind, self.spec.connect], sort_keys=True, default=str)
        return hashlib.sha256(where.encode()).hexdigest()


@contextlib.asynccontextmanager
async def credential_of(
    source: Source,
    vault: Vault | None,
    requester: Requester | None = None,
    seconds: float | None = None,
) -> AsyncGenerator[Credential | None]:
    """The source's credential for one use: the requester's own, a lease, a KV secret, or None when
    there is none of these. The use takes `seconds` at most, or the source's own deadline."""
    if source.credentials is not None and requester is not None:
        async with source.credentials(requester) as credential:
            yield credential
    elif vault is None or not (source.spec.vault_role or source.spec.vault_secret):
        yield None
    elif source.spec.vault_role:
        seconds = source.spec.timeout_s if seconds is None else seconds
        async with vault.lease(source.spec.vault_role, seconds + MARGIN_S) as credential:
            yield credential
    else:
        yield await vault.secret(source.spec.vault_secret or "")
