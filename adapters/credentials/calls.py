"""One call of Vault's API, in a thread, and its errors as those of adapters/errors.py."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import hvac
import hvac.exceptions
import requests
import requests.adapters

from adapters.credentials.settings import VaultSettings
from adapters.errors import (
    CredentialError,
    VaultForbidden,
    VaultRefused,
    VaultSealed,
    VaultSlow,
    VaultUnreachable,
)

T = TypeVar("T")
Use = Callable[[Any], T]
"""What is asked of an hvac client."""
_THREADS = 8
_LATE = 3
"""How many times its deadline a call is waited for behind the scenes, so that a login which is made
too late is still given back."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a driver needs to log in; secrets never show in a repr."""

    username: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    lease_id: str = ""


class Calls:
    """Calls of one Vault, over connections that are kept, in threads of their own: a Vault that
    hangs holds up nobody else."""

    def __init__(self, settings: VaultSettings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="vault")
        self._connections = requests.Session()
        self._connections.verify = str(settings.ca_file) if settings.ca_file else True
        pool = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=_THREADS)
        self._connections.mount("https://", pool)
        self._connections.mount("http://", pool)

    async def call(self, token: str, use: Use[T]) -> T:
        """What `use` gives, called with a client of this token. Raises CredentialError."""
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, use, self._client(token)
            )
        except (hvac.exceptions.VaultError, requests.RequestException) as error:
            raise translated(error) from error

    def close(self) -> None:
        """Close the connections; calls that are still under way are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connections.close()

    def _client(self, token: str) -> Any:
        timeout_s = self._settings.timeout_s
        return hvac.Client(
            url=self._settings.address,
            token=token,
            timeout=(timeout_s, _LATE * timeout_s),  # pyright: ignore[reportArgumentType]
            namespace=self._settings.namespace or None,
            session=self._connections,
        )


def translated(error: hvac.exceptions.VaultError | requests.RequestException) -> CredentialError:
    """The error as one that tells people what it means. Vault's own words are kept where they name
    a role or a path, never a secret."""
    match error:
        case hvac.exceptions.VaultDown():
            return VaultSealed(
                "Vault is sealed, so no credential could be made and this source was not read. "
                "Ask whoever runs Vault to unseal it, then ask again."
            )
        case hvac.exceptions.InternalServerError() | hvac.exceptions.BadGateway():
            return VaultRefused(
                "Vault could not make a credential for this source, so it was not read; most often "
                "its database is down. Check that the database is up, then ask again."
            )
        case hvac.exceptions.Forbidden():
            return VaultForbidden(
                "Vault's policy does not allow the credential of this source "
                f"({_reason(error)}), so it was not read. Check the Vault role that the source "
                "names, and the policy of the role or token that Crosstalk logs in with."
            )
        case hvac.exceptions.VaultError():
            return VaultRefused(
                f"Vault refused a credential ({type(error).__name__}: {_reason(error)}), so this "
                "source was not read. Check the Vault role that the source names and the "
                "policy of the role or token that Crosstalk logs in with."
            )
        case requests.exceptions.SSLError():
            return VaultUnreachable(
                "Vault's certificate could not be verified, so no credential could be made and "
                "this source was not read. Check VAULT_ADDR and VAULT_CACERT."
            )
        case requests.ReadTimeout():
            return slow()
        case _:
            return VaultUnreachable(
                "Vault does not answer, so no credential could be made and this source was not "
                "read. Check VAULT_ADDR and that Vault is up, then ask again."
            )


def slow() -> VaultSlow:
    """What is said of a Vault that is there and does not answer in time."""
    return VaultSlow(
        "Vault took too long to make a credential, so this source was not read. "
        "Check how Vault and its storage are doing, then ask again."
    )


def _reason(error: hvac.exceptions.VaultError) -> str:
    return " ".join(str(next(iter(error.errors or ()), "no reason given")).split())[:200]
