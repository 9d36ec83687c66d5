"""The sources' catalogs, kept current while the bot runs. A binding that its source breaks is told
once, to those who own the entity."""

import hashlib
import itertools
import re
from collections.abc import Collection, Iterable

import structlog

from bot.slack.approval.people import SlackPeople
from bot.slack.clients import Clients
from bot.slack.conversation import now
from bot.slack.owners import tell_owners
from bot.slack.render import Block, escaped, mrkdwn, section
from orchestrator.pipeline import Pipeline
from orchestrator.registry import Broken

log = structlog.get_logger(__name__)

TIMEOUT_S = 60.0
MOST_TOLD = 20
_CHANNEL = re.compile(r"[CG][A-Z0-9]{6,}")


class CatalogWatch:
    """Reads each source's catalog once every `every_s`, one source after another.

    What breaks a binding is posted in the channels among the entity's owners, or else in `channel`;
    with neither it is logged alone. Of several replicas one reads, and one tells.
    """

    def __init__(
        self, pipeline: Pipeline, clients: Clients, channel: str | None, every_s: float
    ) -> None:
        self.step_s = every_s / max(1, len(pipeline.sources))
        self._pipeline = pipeline
        self._clients = clients
        self._channel = channel
        self._every_s = every_s
        self._turns = itertools.cycle(pipeline.sources)

    async def begin(self) -> None:
        """Keep what the model says now, and forget sources that it does not have any more."""
        await self._pipeline.catalogs.forget(but=set(self._pipeline.sources))
        await self._pipeline.catalogs.name(self._pipeline.model)

    async def step(self) -> None:
        """Read the catalog of the source whose turn it is, and those that could not be read yet."""
        registry = self._pipeline.registry
        due = {name for name in self._pipeline.sources if registry.catalog(name) is None}
        due |= set(itertools.islice(self._turns, 1))
        await registry.refresh(due, keep_s=self._every_s / 2, timeout_s=TIMEOUT_S)
        await self._pipeline.catalogs.clean()
        await self._tell(due)

    async def _tell(self, sources: Collection[str]) -> None:
        broken = self._pipeline.registry.broken(self._pipeline.model)
        for source in sources:
            its_own = {_key(one): one for one in broken if one.source == source}
            fresh = await self._pipeline.catalogs.report(source, list(its_own), now())
            by_channel: dict[str | None, dict[str, Broken]] = {}
            for key in (key for key in its_own if key in fresh):
                for channel in self._channels_of(its_own[key]):
                    by_channel.setdefault(channel, {})[key] = its_own[key]
            for channel, told in by_channel.items():
                await self._post(source, channel, told)

    def _channels_of(self, broken: Broken) -> list[str | None]:
        return [one for one in broken.owners if _CHANNEL.fullmatch(one)] or [self._channel]

    async def _post(self, source: str, channel: str | None, told: dict[str, Broken]) -> None:
        log.warning("bindings_broken", source=source, bindings=len(told))
        if channel is None:
            return
        client = self._clients.of("")
        groups = {owner for one in told.values() for owner in _groups(one.owners)}
        people = SlackPeople(client)
        mentions = [await people.mention(group.lstrip("@")) for group in sorted(groups)]
        text = f"The semantic model no longer fits {escaped(source)}"
        blocks = report_blocks(source, list(told.values()), mentions)
        if not await tell_owners(client, channel, text, blocks, source=source):
            await self._pipeline.catalogs.unreport(told.keys())


def report_blocks(source: str, broken: list[Broken], mentions: Iterable[str]) -> list[Block]:
    """What is broken, for those who own the data; `mentions` are mrkdwn."""
    title = f"⚠️ *The semantic model no longer fits {escaped(source)}* {' '.join(mentions)}".strip()
    lines = [section(f"• {', '.join(_fields(one))}: {one.message}") for one in broken[:MOST_TOLD]]
    more = f"And {len(broken) - MOST_TOLD} more: see `crosstalk drift`. "
    rest = "Questions that read these are refused until the model is corrected; others go on."
    return [
        {"type": "section", "text": mrkdwn(title)},
        *lines,
        section((more if len(broken) > MOST_TOLD else "") + rest),
    ]


def _fields(one: Broken) -> list[str]:
    return [f"{one.entity}.{field}" for field in one.fields] or [one.entity]


def _groups(owners: Iterable[str]) -> list[str]:
    return [owner for owner in owners if not _CHANNEL.fullmatch(owner)]


def _key(one: Broken) -> str:
    place = repr((one.source, one.entity, one.relation, one.column))
    return hashlib.sha256(place.encode()).hexdigest()
