"""A Vault for one machine that speaks Vault's HTTP API and makes real, short-lived logins."""

from sandbox.vault.leases import Lease
from sandbox.vault.provision import AppRole, provision
from sandbox.vault.server import DevVault

__all__ = ["AppRole", "DevVault", "Lease", "provision"]
