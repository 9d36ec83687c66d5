"""Where Vault is, and how to log in there."""

from dataclasses import dataclass, field
from pathlib import Path

KUBERNETES_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Where Vault is and how to log in: with a token, a Kubernetes role, or an AppRole; the first
    of these that is given is used.

    `ca_file` holds the certificates that Vault's is checked by in the place of the system's.
    `timeout_s` is how long a step waits for one answer of Vault.
    """

    address: str
    role_id: str = ""
    secret_id: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    kubernetes_role: str = ""
    kubernetes_token: Path = KUBERNETES_TOKEN
    kubernetes_mount: str = "kubernetes"
    approle_mount: str = "approle"
    kv_mount: str = "secret"
    namespace: str = ""
    ca_file: Path | None = None
    timeout_s: float = 5.0

    @property
    def where(self) -> str:
        """The Vault and the namespace in it, which tokens are valid in."""
        return f"{self.address.rstrip('/')}/{self.namespace.strip('/')}".rstrip("/")
