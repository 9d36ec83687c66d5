"""A plan in a terminal: the semantic SQL, a tree of the fetches with the join, and why so.

A fetch that is bounded by another one's keys hangs below it. Colours are shown by terminals alone.
"""

import textwrap

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.syntax import Syntax
from rich.text import Text
from rich.tree import Tree

from bot.cells import printable
from orchestrator.explain import (
    Explained,
    ExplainedStep,
    heading,
    join_heading,
    notes,
    pretty,
    values,
    why,
)

_LEXERS = {"sql": "sql", "aggregation": "javascript"}
_THEME = "ansi_dark"
_INDENT = "  "


def show_plan(console: Console, plan: Explained) -> None:
    """Print a plan; in a pipe, no line is folded."""
    tree = _tree(plan)
    if not console.is_terminal:
        unfolded = console.options.update(width=10_000)
        console.width = max(console.width, Measurement.get(console, unfolded, tree).maximum)
    console.print(_code(pretty(plan.sql), "sql"), "", tree, "", Text(why(plan)), sep="\n")
    for warning in plan.warnings:
        console.print(Text(printable(f"⚠️  {warning}")))


def _tree(plan: Explained) -> Tree:
    tree = Tree(Text("plan", style="bold"), guide_style="dim")
    nodes: dict[str, Tree] = {}
    for step in plan.steps:
        above = nodes[step.bounded_by.step] if step.bounded_by else tree
        nodes[step.id] = above.add(_step(step))
    tree.add(Group(_heading(join_heading(plan)), _code(textwrap.indent(plan.join, _INDENT), "sql")))
    return tree


def _step(step: ExplainedStep) -> RenderableType:
    query = textwrap.indent(step.query, _INDENT)
    return Group(
        _heading(heading(step)),
        *(Text(printable(line), style="italic") for line in notes(step)),
        _code(query, _LEXERS.get(step.language, "text")),
        *(Text(printable(_INDENT + line), style="dim") for line in values(step)),
    )


def _heading(words: str) -> Text:
    text = Text(printable(words))
    text.stylize("bold", 0, words.find(" ("))
    return text


def _code(text: str, lexer: str) -> Text:
    code = Syntax("", lexer, theme=_THEME).highlight(printable(text))
    code.rstrip()
    code.no_wrap, code.overflow = False, "fold"
    return code
