"""The search for secrets in the tests' output finds them."""

from pathlib import Path

import pytest

from tests.leaks import Secrets

PLANTED = {
    "a database password": "A1a-abcdefgh12345678",
    "a Vault token": "hvs." + "a-_Z" * 8,
    "a Slack token": "xoxb-" + "0f" * 20,
}


@pytest.mark.parametrize(("kind", "secret"), PLANTED.items())
def test_a_secret_is_found_wherever_it_stands(kind: str, secret: str, tmp_path: Path) -> None:
    """In the midst of a line, in a URL and in a file of bytes; its value is not told."""
    secrets = Secrets()
    halves = secret[:8], secret[8:]
    for text in (f"user=x password={secret}, host", f"postgres://u:{secret}@h/db"):
        assert secrets.kinds(text) == [kind]
    (tmp_path / "deep").mkdir()
    leak = tmp_path / "deep" / "spilt"
    leak.write_bytes(b"\x00\xff" + secret.encode() + b"\x00")
    (tmp_path / "halves.log").write_text("\n".join(halves))
    assert list(secrets.in_files(tmp_path)) == [f"deep/spilt: {kind}"]
    leak.unlink()


def test_a_store_holds_tokens_of_workspaces_and_no_other_secret(tmp_path: Path) -> None:
    """Slack's tokens of installed workspaces are kept there; a database password is a leak."""
    store = tmp_path / "store.db-wal"
    store.write_text(PLANTED["a Slack token"])
    assert list(Secrets().in_files(tmp_path)) == []
    store.write_text(PLANTED["a database password"])
    assert list(Secrets().in_files(tmp_path)) == ["store.db-wal: a database password"]
    store.unlink()


def test_what_is_no_secret_is_not_taken_for_one() -> None:
    """Names of roles and leases, and tokens made up for a test, are let through."""
    assert (
        Secrets().kinds("database/creds/sales-read/abc xoxb-1 hvs.CAES A1a-short v-token-x") == []
    )
