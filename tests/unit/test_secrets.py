"""Secrets that are given, and those that lie in Vault's KV store."""

from typing import cast

import pytest

from adapters.credentials import Secret, Vault
from adapters.errors import ConfigurationError, CredentialError, VaultRefused, VaultSealed


class Kv:
    """Vault's KV store with one secret, or with a reason why it can't be read."""

    def __init__(self, **fields: str) -> None:
        self.fields_now: dict[str, str] | CredentialError = fields
        self.reads = 0

    async def fields(self, _path: str) -> dict[str, str]:
        """What the secret holds now."""
        self.reads += 1
        if isinstance(self.fields_now, CredentialError):
            raise self.fields_now
        return self.fields_now


def secret(kv: Kv, given: str = "vault:crosstalk/slack#bot_token", keep_s: float = 60.0) -> Secret:
    """A secret of that store."""
    return Secret(given, cast("Vault", kv), keep_s=keep_s)


async def test_a_given_secret_is_itself() -> None:
    """What does not name a place in Vault is the secret, and no other one is found."""
    given = Secret("sk-ant-1")
    assert await given.value() == "sk-ant-1"
    assert await given.other_than("sk-ant-1") is None


async def test_a_secret_of_vault_is_read_now_and_then() -> None:
    """It is kept for a while, then read again; without a field's name it is `api_key`."""
    kv = Kv(bot_token="one", api_key="key")
    kept, fresh = secret(kv), secret(kv, "vault:crosstalk/slack", keep_s=0)
    assert [await kept.value(), await kept.value(), kv.reads] == ["one", "one", 1]
    assert await fresh.value() == "key"
    kv.fields_now = {"bot_token": "two", "api_key": "other"}
    assert [await kept.value(), await fresh.value()] == ["one", "other"]


async def test_a_refused_secret_is_read_once_more() -> None:
    """What was refused is read again; many who were refused at once read it once."""
    kv = Kv(bot_token="one")
    kept = secret(kv)
    refused = await kept.value()
    assert await kept.other_than(refused) is None
    kv.fields_now = {"bot_token": "two"}
    reads = kv.reads
    assert [await kept.other_than(refused) for _ in range(3)] == ["two"] * 3
    assert kv.reads == reads + 1


async def test_while_vault_is_away_a_secret_stays() -> None:
    """One that was read is used on; one that never was can't be had."""
    kv = Kv(bot_token="one")
    kept = secret(kv, keep_s=0)
    assert await kept.value() == "one"
    kv.fields_now = VaultSealed("Vault is sealed.")
    assert await kept.value() == "one"
    with pytest.raises(VaultSealed):
        await secret(kv).value()


async def test_a_secret_that_is_not_there_is_said() -> None:
    """A missing field is named, and so is a missing Vault."""
    with pytest.raises(VaultRefused, match="has no field bot_token"):
        await secret(Kv(api_key="x")).value()
    with pytest.raises(ConfigurationError, match="VAULT_ADDR is not set"):
        Secret("vault:crosstalk/slack", None)


def test_a_secret_does_not_show() -> None:
    """Its repr tells nothing."""
    assert "sk-ant" not in repr(Secret("sk-ant-1"))
