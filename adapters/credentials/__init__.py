"""Vault: a lease for one fetch step, taken just before use and revoked when the step ends.

hvac stays inside this package. A credential lives as long as its `async with`; what a process has
made is known to Vault by the token it was made with, so that it can be taken back after a crash.
"""

from adapters.credentials.calls import Credential
from adapters.credentials.login import Sessions
from adapters.credentials.secrets import IN_VAULT, Secret
from adapters.credentials.settings import KUBERNETES_TOKEN, VaultSettings
from adapters.credentials.vault import Vault

__all__ = [
    "IN_VAULT",
    "KUBERNETES_TOKEN",
    "Credential",
    "Secret",
    "Sessions",
    "Vault",
    "VaultSettings",
]
