"""The Home as blocks: nothing here asks Slack or the store."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.approval.card import when
from bot.slack.render import Block, button, clipped, context, escaped, header, mrkdwn, section
from orchestrator.approve.request import Request
from orchestrator.semantic import Currencies
from orchestrator.store import PersonalSettings, RecentRun

AGAIN, SUGGESTED, SETTINGS = "home_again", "home_suggested", "home_settings"
SETTINGS_SET = "home_settings_set"
TIME_ZONE, PRIVATE, CURRENCY = "time_zone", "private", "currency"
MOST_RECENT, MOST_WAITING, MOST_SUGGESTED, MOST_SOURCES = 10, 5, 5, 20
MOST_CURRENCIES = 100
MAX_QUESTION = 300

UNDER_WAY = frozenset({"proposed", "approved"})
STATUS = {
    "proposed": "⏳ running",
    "planned": "📝 planned, not run",
    "approved": "⏳ running",
    "waiting": "🔒 waits for a decision",
    "answered": "✅ answered",
    "partial": "⚠️ answered in part",
    "failed": "❌ failed",
    "stopped": "⏹️ stopped",
}


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request that the person may decide on; `link` is its card's, "" when it can't be had."""

    request: Request
    question: str
    link: str


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source and its catalog: `relations` that were read `age_s` ago, or None twice when it could
    not be read. After `stale` it is older than it should be."""

    name: str
    kind: str
    relations: int | None
    age_s: float | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Home:
    """What stands on one person's Home. `recent` is the newest first, `known_time_zone` the time
    zone that counts."""

    company: str
    running: Sequence[RecentRun]
    recent: Sequence[RecentRun]
    waiting: Sequence[WaitingRequest]
    suggested: Sequence[str]
    sources: Sequence[SourceHealth]
    settings: PersonalSettings
    known_time_zone: str
    notice: str = ""


def home_view(home: Home) -> Block:
    """The view for views.publish: at most 100 blocks, whatever there is."""
    blocks = [
        header(clipped(f"Ask about {home.company}", 150)),
        context("Write to me under “Messages”, or mention me in a channel."),
        *([section(home.notice)] if home.notice else []),
        *_part("Waiting for your decision", [_waiting(one) for one in home.waiting[:MOST_WAITING]]),
        *_part("Running now", [_asked(run) for run in home.running[:MOST_WAITING]]),
        *_recent(home.recent[:MOST_RECENT]),
        *_part("You could ask", [_suggested(one) for one in home.suggested[:MOST_SUGGESTED]]),
        *_part("Sources", [context(health_line(one)) for one in home.sources[:MOST_SOURCES]]),
        header("Your settings"),
        _settings(home),
    ]
    return {"type": "home", "blocks": blocks}


def settings_modal(settings: PersonalSettings, currencies: Currencies | None) -> Block:
    """What a person can set; a currency where the model has rates."""
    zone: Block = {"type": "plain_text_input", "action_id": TIME_ZONE, "max_length": 64}
    zone["placeholder"] = _plain("Europe/Berlin")
    if settings.time_zone:
        zone["initial_value"] = settings.time_zone
    option = {"text": _plain("Send them to me alone, until I share them"), "value": PRIVATE}
    private: Block = {"type": "checkboxes", "action_id": PRIVATE, "options": [option]}
    if settings.is_private:
        private["initial_options"] = [option]
    of_private = "The thread says that there is one."
    of_zone = "Such as Europe/Berlin or America/New_York. Leave it empty for that of your profile."
    return {
        "type": "modal",
        "callback_id": SETTINGS_SET,
        "title": _plain("Your settings"),
        "submit": _plain("Save"),
        "close": _plain("Back"),
        "blocks": [
            _input(TIME_ZONE, "Time zone", of_zone, zone),
            _input(PRIVATE, "Answers to you in channels", of_private, private),
            *([_currency(settings, currencies)] if currencies is not None else []),
        ],
    }


def health_line(source: SourceHealth) -> str:
    """One source in a few words."""
    name = f"{source.name} ({source.kind})"
    if source.relations is None or source.age_s is None:
        return f"🔴 {name}: can't be read now; answers say so where it is missing"
    minutes = int(source.age_s // 60)
    read = "just now" if minutes < 1 else f"{minutes} min ago"
    noun = "relation" if source.relations == 1 else "relations"
    mark = "🟡" if source.stale else "🟢"
    return f"{mark} {name}: {source.relations:,} {noun}, schema read {read}"


def _recent(runs: Sequence[RecentRun]) -> list[Block]:
    if not runs:
        return [header("Your questions"), context("You have not asked anything yet.")]
    again = [{**_asked(run), "accessory": button("Ask again", AGAIN, run.run_id)} for run in runs]
    return _part("Your questions", again)


def _part(title: str, blocks: list[Block]) -> list[Block]:
    return [header(title), *blocks] if blocks else []


def _asked(run: RecentRun) -> Block:
    status = STATUS.get(run.status, run.status)
    place = "a direct message" if run.channel.startswith("D") else f"<#{run.channel}>"
    said = f"{escaped(run.question, MAX_QUESTION)}\n{status} · {when(run.asked_at)} · in {place}"
    return _mrkdwn(said)


def _waiting(one: WaitingRequest) -> Block:
    asked = escaped(clipped(one.question, MAX_QUESTION).replace("|", "¦"))
    named = f"<{one.link}|{asked}>" if one.link else asked
    who = f"asked by <@{one.request.binding.user}>"
    return _mrkdwn(f"{named}\n{who} · ends {when(one.request.expires_at)}")


def _suggested(question: str) -> Block:
    shown = section(clipped(question, MAX_QUESTION))
    return {**shown, "accessory": button("Ask", SUGGESTED, question)}


def _settings(home: Home) -> Block:
    whose = "chosen by you" if home.settings.time_zone else "of your Slack profile"
    where = "go to you alone" if home.settings.is_private else "go into the thread"
    said = f"Time zone: {escaped(home.known_time_zone)} ({whose})\nAnswers in channels {where}"
    if home.settings.currency is not None:
        said += f"\nAmounts are shown in {escaped(home.settings.currency)}"
    return {**_mrkdwn(said), "accessory": button("Change", SETTINGS, "settings")}


def _currency(settings: PersonalSettings, currencies: Currencies) -> Block:
    codes = [currencies.base, *list(currencies.rates)[: MOST_CURRENCIES - 1]]
    options: list[Block] = [{"text": _plain(code), "value": code} for code in codes]
    chosen = settings.currency if settings.currency in codes else currencies.base
    menu: Block = {"type": "static_select", "action_id": CURRENCY, "options": options}
    menu["initial_option"] = options[codes.index(chosen)]
    hint = f"At the rates of {currencies.as_of}. Files and conditions stay in {currencies.base}."
    return _input(CURRENCY, "Amounts are shown in", hint, menu)


def _input(name: str, label: str, hint: str, element: Block) -> Block:
    shown = {"label": _plain(label), "hint": _plain(hint), "element": element}
    return {"type": "input", "block_id": name, "optional": True, **shown}


def _mrkdwn(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}
