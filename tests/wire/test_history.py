"""Slack's messages as a source of the whole bot: joined, kept apart by person, cut, searched."""

from pathlib import Path

from orchestrator.answer import Answer
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Requester, question
from orchestrator.semantic import SemanticModel
from sandbox.company.slack_places import shared_with
from sandbox.sandbox import Sandbox
from tests.conftest import NOON, opened, vault_of
from tests.wire.conftest import (
    SALES,
    ask,
    both_ways,
    command_line,
    table_of,
    thread_until_answer,
)

BY_CUSTOMER = "slack messages of enterprise customers in the last 30 days by customer"
PRIVATE = (
    "SELECT m.channel_id, m.text FROM slack_message AS m "
    "WHERE m.channel_id IN ('C0FINANCE', 'C0SHARED')"
)
SINCE = NOON.timestamp() - 4.5 * 86_400


async def answered(pipeline: Pipeline, sandbox: Sandbox, user: str, sql: str) -> Answer:
    """The answer that somebody of the sandbox's Slack gets."""
    requester = Requester(sandbox.slack.workspace.team_id, user)
    proposed = await pipeline.propose(question("what was said?", requester, asked_at=NOON), sql)
    assert isinstance(proposed, Proposed), proposed
    assert proposed.approved is not None
    events = [event async for event in pipeline.run(proposed.approved)]
    assert isinstance(events[-1], Finished)
    return events[-1].answer


async def test_messages_are_counted_by_channel(sandbox: Sandbox, bot: str) -> None:
    """The last messages of people, those in threads too, in each channel that Marco may read."""
    expected: dict[str, str] = {}
    for channel in sandbox.slack.workspace.channels.values():
        recent = [ts for ts in channel.messages if SINCE <= float(ts) <= NOON.timestamp()]
        if recent and channel.id != "C0FINANCE":
            expected[channel.name] = str(len(recent))
    said = (await ask(sandbox, "how many slack messages by channel in the last 4 days?"))[-1]
    _, *rows = table_of(said)
    assert len(expected) > 2
    assert dict(rows) == expected


@both_ways
async def test_messages_are_joined_with_customers(sandbox: Sandbox, bot: str) -> None:
    """What was said in the channel shared with a customer is counted for the customer, and no
    other channel is read."""
    current = shared_with(sandbox.company)[0]
    before = len(sandbox.slack.calls)
    said = (await ask(sandbox, BY_CUSTOMER))[-1]
    _, *rows = table_of(said)
    messages = sandbox.slack.workspace.channels[current.channel].messages
    assert rows == [[current.customer.name, str(len(messages))]]
    calls = sandbox.slack.calls[before:]
    read = {a["channel"] for name, a in calls if name == "conversations.history"}
    assert read <= {"C0SHARED", "C0FORMER"}


async def test_messages_before_a_customer_left(sandbox: Sandbox, pipeline: Pipeline) -> None:
    """Messages of the week before a customer churned, by the time of one and the other."""
    sql = (
        "SELECT c.name, m.text FROM slack_message AS m JOIN customer AS c "
        "ON m.customer_id = c.customer_id WHERE m.posted_at < c.churned_at "
        "AND m.posted_at >= c.churned_at - INTERVAL 7 DAY"
    )
    answer = await answered(pipeline, sandbox, "U0ELIN", sql)
    lost = shared_with(sandbox.company)[1]
    expected = sandbox.slack.workspace.channels[lost.channel].messages.values()
    found = [(row["name"], row["text"]) for row in answer.table.to_pylist()]
    assert sorted(found) == sorted((lost.customer.name, one["text"]) for one in expected)


async def test_nobody_is_given_another_s_rows(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """Right after Jonas has read a private channel Marco gets none of it, also with a cache; a
    guest gets neither channel."""
    async with opened(
        model, vault_of(sandbox), tmp_path, environment=sandbox.environment, cache_seconds=300.0
    ) as pipeline:
        of_jonas = await answered(pipeline, sandbox, "U0JONAS", PRIVATE)
        of_marco = await answered(pipeline, sandbox, "U0MARCO", PRIVATE)
        of_nora = await answered(pipeline, sandbox, "U0NORA", PRIVATE)
        again = await answered(pipeline, sandbox, "U0JONAS", PRIVATE)
    assert set(of_jonas.table.column("channel_id").to_pylist()) == {"C0FINANCE", "C0SHARED"}
    assert set(of_marco.table.column("channel_id").to_pylist()) == {"C0SHARED"}
    assert of_nora.table.num_rows == 0
    assert again.table.num_rows == of_jonas.table.num_rows
    assert not any(source.cached for one in (of_marco, again) for source in one.sources)


@both_ways
async def test_a_private_channel_is_not_told_in_a_public_one(sandbox: Sandbox, bot: str) -> None:
    """Jonas, who may read finance, asks for it in #sales: he is sent to a direct message."""
    changes = sandbox.slack.workspace.subscribe()
    words = "@crosstalk slack messages of channel “finance”"
    ts = await sandbox.slack.post_as("U0JONAS", SALES, words)
    said = (await thread_until_answer(sandbox.slack, ts, changes))[-1]
    assert "Ask in a direct message" in str(said)
    assert "write-offs" not in str(said)


async def test_a_cut_is_said_in_the_answer(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """When the budget ends before the messages do, the answer says that it may be too low."""
    spec = model.sources["slack"]
    few = spec.model_copy(update={"connect": {**spec.connect, "max_messages": 30}})
    small = model.model_copy(update={"sources": {**model.sources, "slack": few}})
    async with opened(small, None, tmp_path, sandbox.environment) as pipeline:
        sql = "SELECT COUNT(*) AS n FROM slack_message AS m"
        answer = await answered(pipeline, sandbox, "U0MARCO", sql)
    assert answer.truncated
    assert any("may be too low" in warning for warning in answer.warnings)
    assert 0 < answer.table.column("n")[0].as_py() <= 30


@both_ways
async def test_a_question_brings_the_right_to_search(sandbox: Sandbox, bot: str) -> None:
    """A mention's token lets Slack search for whoever wrote it, and no history is read for it."""
    before = len(sandbox.slack.calls)
    said = (await ask(sandbox, "slack messages about credit note"))[-1]
    called = {name for name, _ in sandbox.slack.calls[before:]}
    assert "assistant.search.context" in called
    assert "conversations.history" not in called
    _, *rows = table_of(said)
    assert "credit note" in rows[0][0]


async def test_hostile_messages_ping_nobody(sandbox: Sandbox, bot: str) -> None:
    """A message that calls a whole channel stands in the answer as text."""
    ts = f"{NOON.timestamp() - 86_400:.0f}.777777"
    text = "<!channel> *urgent* xylophones &lt;!here&gt; <@U0ADA>"
    sandbox.slack.seed_messages([{"user": "U0LUC", "channel": "C0DATA", "text": text, "ts": ts}])
    said = (await ask(sandbox, "slack messages about xylophones"))[-1]
    del sandbox.slack.workspace.channels["C0DATA"].messages[ts]
    _, *rows = table_of(said)
    assert rows[0][0].startswith("@channel *urgent* xylophones")
    assert "<!" not in said["text"]
    assert "<@" not in said["text"]


@both_ways
async def test_a_thread_says_which_country(sandbox: Sandbox, bot: str) -> None:
    """“That country” is the one that a person named above in the thread."""
    root = await sandbox.slack.post_as("U0ELIN", "C0SALES", "We had many visitors from France.")
    said = (await ask(sandbox, "how many customers in that country?", thread_ts=root))[-1]
    expected = sum(customer.country == "France" for customer in sandbox.company.customers)
    assert f"{expected:,}" in str(said["blocks"])


async def test_the_command_line_reads_no_messages(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nobody in Slack asks there, so the question has no rights; that is said."""
    store = {"CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{tmp_path}/store.db"}
    status, output, errors = await command_line(
        "ask", "how many slack messages last week?", environment=sandbox.environment | store
    )
    assert status == 1
    assert "Ask this question in Slack" in " ".join((output + errors).split())
