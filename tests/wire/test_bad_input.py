"""Bad input, each with a message of its own that says what to do."""

from pathlib import Path

import pytest

from adapters.errors import ConfigurationError
from bot.serve import running
from orchestrator.pipeline import Pipeline, Refused
from orchestrator.question import question
from orchestrator.semantic import ApprovalPolicy, SemanticModel
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON, ROOT, answer_of, opened, vault_of
from tests.wire.conftest import ask, bot_settings, command_line, table_of


async def said(sandbox: Sandbox, words: str) -> str:
    """What the bot answers to a mention."""
    return (await ask(sandbox, words))[-1]["text"]


async def test_an_unknown_term_is_named_and_nothing_is_guessed(sandbox: Sandbox, bot: str) -> None:
    """An unknown word is named, with the words that are known."""
    text = await said(sandbox, "how many unicorns?")
    assert "I did not understand “unicorns”" in text
    assert "customer" in text


async def test_an_empty_mention_gets_an_example(sandbox: Sandbox, bot: str) -> None:
    """A mention without words is answered with an example."""
    assert "There is no question in that message" in await said(sandbox, "")


async def test_a_long_question_is_told_its_length(sandbox: Sandbox, bot: str) -> None:
    """Ten thousand characters are too many, and the message says how many there may be."""
    long = "revenue by country " * 526 + "revenue"
    text = await said(sandbox, long[:10_000])
    assert "2,000 is the most" in text


async def test_a_wrong_slack_token_stops_the_start(sandbox: Sandbox, pipeline: Pipeline) -> None:
    """A token that Slack refuses ends the start with the variable's name."""
    settings = bot_settings(sandbox, SLACK_BOT_TOKEN="xoxb-wrong")
    with pytest.raises(ConfigurationError, match="SLACK_BOT_TOKEN"):
        async with running(settings, pipeline):
            pass


async def test_a_sealed_vault_is_told(sandbox: Sandbox, bot: str) -> None:
    """A sealed Vault gives no answer, its own reason, and an answer again once unsealed."""
    assert sandbox.vault is not None
    sandbox.vault.seal()
    try:
        text = await said(sandbox, "how many customers in Germany?")
    finally:
        sandbox.vault.unseal()
    assert "Vault is sealed" in text
    assert table_of((await ask(sandbox, "how many customers in Germany?"))[-1])


async def test_a_missing_vault_role_names_what_to_check(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A role that Vault does not have fails that source alone and says what to check."""
    support = model.sources["support"].model_copy(update={"vault_role": "no-such-role"})
    changed = model.model_copy(update={"sources": {**model.sources, "support": support}})
    async with opened(changed, vault_of(sandbox), tmp_path) as pipeline:
        answer = await answer_of(pipeline, "average health score by segment")
    assert answer.partial
    assert any("Check the Vault role that the source names" in one for one in answer.warnings)


async def test_a_missing_relation_is_refused_with_the_nearest_name(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A binding to a table that is not there is refused before any row is read."""
    entity = model.entities["product"]
    binding = entity.bindings["sales"].model_copy(update={"relation": "public.prodcts"})
    broken = entity.model_copy(update={"bindings": {"sales": binding}})
    changed = model.model_copy(update={"entities": {**model.entities, "product": broken}})
    async with opened(changed, vault_of(sandbox), tmp_path) as pipeline:
        refused = await pipeline.propose(question("how many products?", ADA, asked_at=NOON))
    assert isinstance(refused, Refused)
    assert "public.prodcts" in refused.message
    assert "public.products" in refused.message


async def test_personal_data_is_refused(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A field of a class that the policy does not allow is refused wherever it stands."""
    policies = model.policies.model_copy(update={"allow_pii": (), "approval": ApprovalPolicy()})
    strict = model.model_copy(update={"policies": policies})
    async with opened(strict, vault_of(sandbox), tmp_path) as pipeline:
        await _refused(pipeline)


async def _refused(pipeline: Pipeline) -> None:
    for sql in (
        "SELECT email FROM customer",
        "SELECT COUNT(*) AS n FROM customer WHERE email LIKE '%@%'",
        "SELECT name FROM customer ORDER BY email",
        "SELECT x FROM (SELECT UPPER(email) AS x FROM customer) AS t",
        "SELECT * FROM customer",
    ):
        refused = await pipeline.propose(question("by SQL", ADA, asked_at=NOON), sql)
        assert isinstance(refused, Refused), sql
        assert "customer.email is personal data" in refused.message


async def test_absent_model_weights_cost_the_search_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without weights a search by meaning fails with what to install; the command says so."""
    environment = {
        **sandbox.environment,
        "CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{tmp_path}/store.db",
        "CROSSTALK_EMBEDDING_MODEL": str(tmp_path / "no-model"),
        "HF_HUB_OFFLINE": "1",
    }
    status, output, errors = await command_line(
        "sql", "SELECT text FROM search(note, 'late', 3)", environment=environment
    )
    said = output + errors
    assert status in (1, 2)
    assert "CROSSTALK_EMBEDDING_MODEL" in said
    assert "Traceback" not in said


async def test_a_model_with_a_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    """A mistake in semantic_model.yaml ends the command with path, line and hint."""
    text = (ROOT / "semantic_model.yaml").read_text().replace("key: order_id", "key: order_nr")
    path = tmp_path / "model.yaml"
    path.write_text(text)
    line = text.splitlines().index("    key: order_nr") + 1
    status, _, errors = await command_line("check", "--model", str(path))
    assert status == 2
    assert f"{path}:{line}: key `order_nr` is not a field of order" in errors
