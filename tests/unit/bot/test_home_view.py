"""Home and the modals as Slack would judge them, with as much in them as there can be."""

from datetime import UTC, datetime
from string import ascii_uppercase

from bot.slack.feedback import COMPLAINTS, complaint_blocks, complaint_modal
from bot.slack.home.view import Home, SourceHealth, health_line, home_view, settings_modal
from bot.slack.render import Block
from orchestrator.semantic import Currencies
from orchestrator.store import Opinion, PersonalSettings, RecentRun, StoredRun
from sandbox.slack.blocks import wrong_in_message, wrong_in_view

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
CHOSEN = PersonalSettings("Asia/Tokyo", is_private=True, currency="USD")
MANY = Currencies(
    base="EUR",
    rates={f"{a}{b}X": 2.0 for a in "ABCDEFGH" for b in ascii_uppercase} | {"USD": 1.1},
    as_of=NOON.date(),
)
NASTY = "<!channel> & *how* <https://evil.example|many>? " * 40


def home(many: int) -> Home:
    """A Home with so many of everything."""
    runs = [RecentRun(f"r{n}", "C1", NASTY, "answered", NOON) for n in range(many)]
    sources = [SourceHealth(f"s{n}", "postgres", n, 60.0 * n, n % 2 == 0) for n in range(many)]
    return Home(NASTY, runs, runs, [], [NASTY] * many, sources, CHOSEN, "Asia/Tokyo", "Asked.")


def sections(blocks: list[Block]) -> list[str]:
    """The texts that Slack reads as mrkdwn."""
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]


def test_slack_finds_nothing_wrong_with_any_home() -> None:
    """Nothing of it, or far too much: the view keeps every limit, and no text of a person's is a
    mention or a link."""
    for many in (0, 1, 500):
        view = home_view(home(many))
        assert wrong_in_view(view, "home") == []
        assert len(view["blocks"]) <= 100
        assert not any("<!channel>" in text for text in sections(view["blocks"]))


def test_slack_finds_nothing_wrong_with_the_modals() -> None:
    """All modals keep every limit."""
    few = MANY.model_copy(update={"rates": {"USD": 1.1}})
    made = [
        settings_modal(settings, currencies)
        for settings in (PersonalSettings(), CHOSEN)
        for currencies in (None, few, MANY)
    ]
    for modal in (*made, complaint_modal("r1")):
        assert wrong_in_view(modal, "modal") == []


def test_slack_finds_nothing_wrong_with_a_complaint() -> None:
    """However long the question, the SQL and the words are, the owners can read them."""
    run = StoredRun(
        "r1", "T1", "U1", NASTY, f"SELECT '{NASTY * 5}'", NASTY * 5, "grammar", "failed"
    )
    for verdict in COMPLAINTS:
        for words in ("", NASTY):
            complaint = Opinion("r1", "T1", "U2", verdict, words, NOON)
            blocks = complaint_blocks(complaint, run)
            assert wrong_in_message(blocks) == []
            assert not any("<!channel>" in text for text in sections(blocks))


def test_health_is_said_in_words() -> None:
    """A source that can't be read, one whose schema is old, and one that is well."""
    assert "can't be read" in health_line(SourceHealth("crm", "postgres", None, None, False))
    old = health_line(SourceHealth("crm", "postgres", 3, 1_900.0, True))
    assert old == "🟡 crm (postgres): 3 relations, schema read 31 min ago"
    well = health_line(SourceHealth("crm", "postgres", 1, 5.0, False))
    assert well == "🟢 crm (postgres): 1 relation, schema read just now"
