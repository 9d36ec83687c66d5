"""The overlap of keys for people in a terminal, and as JSON for scripts."""

import dataclasses
import json
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cells import number, printable
from orchestrator.overlap import Overlap, Proposal
from orchestrator.overlap.propose import as_yaml

_COUNTED = ("keys", "matched", "only here", "rows without", "unreadable", "merged", "repeated")


def show_overlap(console: Console, overlap: Overlap) -> None:
    """Print one pair: its verdict, its counts, a proposal and, where asked for, examples."""

    def say(words: str, style: str = "") -> None:
        console.print(Text(printable(words), style=style), soft_wrap=True)

    pair = overlap.pair
    say(f"{pair.name}: {pair.left} → {pair.right}", "bold")
    say(f"{'✗' if overlap.is_broken else '✓'} {overlap.verdict}")
    if overlap.cut:
        cut = " and ".join(overlap.cut)
        say(f"⚠️  Cut at `policies.max_rows`: {cut}. Counts and shares are of what was read.")
    if overlap.counts is not None:
        console.print(_table(overlap))
    if overlap.examples:
        say(f"No partner, for example: {' · '.join(overlap.examples)}")
    if overlap.proposal is not None:
        _show_proposal(say, overlap, overlap.proposal)
    say("")


def _table(overlap: Overlap) -> Table:
    assert overlap.counts is not None
    table = Table("side", box=None)
    for heading in _COUNTED:
        table.add_column(heading, justify="right")
    table.add_column("share", justify="right")
    sides = ((overlap.pair.left, overlap.counts.left), (overlap.pair.right, overlap.counts.right))
    for side, count in sides:
        numbers = (
            count.keys,
            count.matched,
            count.only,
            count.null,
            count.lost,
            count.merged,
            count.repeated,
        )
        table.add_row(
            Text(printable(str(side))),
            *(number(one) for one in numbers),
            f"{count.matched / count.keys:.1%}" if count.keys else "–",
        )
    return table


def _show_proposal(say: Any, overlap: Overlap, proposal: Proposal) -> None:
    side = proposal.side
    gained = f"{number(proposal.before)} → {number(proposal.after)} of {number(proposal.keys)}"
    say(f"Proposed for entities.{side.entity}.bindings.{side.source}.fields ({gained} keys match):")
    for line in as_yaml(proposal.fixes).splitlines():
        say(f"  {line}", "green")
    if proposal.merged:
        say(
            f"⚠️  {number(proposal.merged)} keys of {side} become equal to another of them. "
            "Make sure that they mean the same."
        )
    if side == overlap.pair.right:
        say(f"⚠️  Other relationships may use the key of {side.entity} too: compare them again.")


def overlap_line(overlap: Overlap) -> str:
    """One pair as a line of JSON, without examples."""
    pair, counts, proposal = overlap.pair, overlap.counts, overlap.proposal
    found: dict[str, Any] = {
        "name": pair.name,
        "left": dataclasses.asdict(pair.left),
        "right": dataclasses.asdict(pair.right),
        "verdict": overlap.verdict,
        "broken": overlap.is_broken,
        "cut": overlap.cut,
        "share": counts.share if counts else None,
        "counts": dataclasses.asdict(counts) if counts else None,
        "proposal": None,
    }
    if proposal is not None:
        found["proposal"] = {**dataclasses.asdict(proposal), "yaml": as_yaml(proposal.fixes)}
    return json.dumps(found, ensure_ascii=False)
