"""Vault slow, silent, reset, gone, and gone between a lease and its end."""

from tests.faults.after import LEASE_ENDS_S
from tests.faults.conftest import Scene
from tests.faults.house import GOODBYES_S, TIMEOUT_S
from tests.faults.proxy import Strike

BOUND_S = TIMEOUT_S + GOODBYES_S
LATE_S = 20.0
"""When a call to Vault is given up at the latest that nobody waits for, but for its late lease."""
SLOW_BYTES_PER_S = 50.0
WORDS = "top 5 countries by revenue"


async def test_latency_is_borne(scene: Scene) -> None:
    """Twenty milliseconds each way cost time, and nothing of the answer."""
    scene.proxy("vault").latency_s = 0.02
    heard = await scene.house.heard(WORDS)
    assert heard.table[1][0] == "Germany"
    await scene.ended("20 ms of latency", "Vault", heard, BOUND_S)


async def test_a_vault_that_is_gone_is_told(scene: Scene) -> None:
    """Without a credential the source is not read, and the person reads why."""
    await scene.proxy("vault").refuse()
    heard = await scene.house.heard(WORDS)
    words = ("Vault does not answer", "Check VAULT_ADDR")
    await scene.ended("refused", "Vault", heard, BOUND_S, *words)


async def test_a_reset_before_the_lease_is_got_over(scene: Scene) -> None:
    """A connection that is reset before Vault has made anything is tried anew."""
    scene.proxy("vault").cut()
    scene.proxy("vault").strike = Strike("reset", times=1)
    heard = await scene.house.heard(WORDS)
    assert scene.proxy("vault").struck.is_set()
    assert heard.table[1][0] == "Germany"
    await scene.ended("reset once", "Vault", heard, BOUND_S)


async def test_a_vault_that_only_accepts_is_left_at_the_deadline(scene: Scene) -> None:
    """A Vault that takes the connection and says nothing is not waited for any longer."""
    scene.proxy("vault").cut()
    scene.proxy("vault").strike = Strike("hold")
    heard = await scene.house.heard(WORDS)
    fault = "half-open from the start"
    await scene.ended(fault, "Vault", heard, BOUND_S, "sk again", patience_s=LATE_S)


async def test_a_throttled_vault_is_left_at_the_deadline(scene: Scene) -> None:
    """A lease that trickles in is not waited for, and given back when it has come after all."""
    scene.proxy("vault").bytes_per_s = SLOW_BYTES_PER_S
    heard = await scene.house.heard(WORDS)
    scene.proxy("vault").bytes_per_s = None
    await scene.ended("throttled", "Vault", heard, BOUND_S, "sk again", patience_s=LATE_S)


async def test_a_lease_whose_answer_is_lost_ends_by_its_time(scene: Scene) -> None:
    """Vault has made the login and its answer is reset: another is made, and the first, which
    nobody knows, lives no longer than its role allows."""
    scene.proxy("vault").strike = Strike("reset", b'"lease_id"', times=1)
    heard = await scene.house.heard(WORDS)
    assert scene.proxy("vault").struck.is_set()
    assert heard.table[1][0] == "Germany"
    fault = "reset amid the lease"
    await scene.ended(fault, "Vault", heard, BOUND_S, patience_s=LEASE_ENDS_S)


async def test_vault_away_between_the_lease_and_its_end(scene: Scene) -> None:
    """The answer is whole, and the lease is given back once Vault is there again."""
    sales, vault = scene.proxy("sales"), scene.proxy("vault")
    sales.strike = Strike("hold", b"Germany", times=1)
    asking = await scene.house.ask(WORDS)
    await sales.struck.wait()
    vault.cut()
    vault.strike = Strike("reset", times=1)
    sales.release()
    heard = await asking.answered()
    assert vault.struck.is_set()
    assert heard.table[1][0] == "Germany"
    fault = "away between mint and revoke"
    await scene.ended(fault, "Vault", heard, BOUND_S, patience_s=LEASE_ENDS_S)
