"""What the policy makes of somebody's SQL, said without asking any source."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlglot import exp

from adapters.errors import AccessDenied
from orchestrator.compile.parse import parse
from orchestrator.compile.resolve import Resolver
from orchestrator.compile.rights import Rights, rights_of
from orchestrator.compile.shapes import Shapes
from orchestrator.question import Requester
from orchestrator.semantic import SemanticModel

Outcome = Literal["as it is", "changed", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, with its reasons or notes in `said`. `sql` is what would be compiled, "" when it
    is refused; `rules` are those that hold for the person, by entity that the SQL names."""

    outcome: Outcome
    said: tuple[str, ...] = ()
    sql: str = ""
    filtered: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    rules: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Judge:
    """Says what the policy makes of SQL over one model.

    Raises SemanticModelError when the policy's row filters can't be read.
    """

    def __init__(self, model: SemanticModel) -> None:
        self._model = model
        self._resolver = Resolver(model, Shapes(model))

    def verdict(self, sql: str, requester: Requester, at: datetime | None) -> Verdict:
        """The verdict at an aware moment; at None, rules with hours do not hold.

        Raises QueryError when the SQL is wrong whoever asks.
        """
        rights = rights_of(self._model, requester, at)
        tree = parse(sql)
        try:
            resolved = self._resolver.resolve(tree.copy(), rights)
        except AccessDenied as denied:
            return Verdict("refused", denied.reasons, rules=self._rules(tree, rights))
        seen = resolved.guarded
        return Verdict(
            "changed" if seen.digest else "as it is",
            seen.notes,
            resolved.tree.sql("duckdb", pretty=True),
            seen.filtered,
            seen.masked,
            seen.grouped,
            self._rules(tree, rights),
        )

    def _rules(
        self, tree: exp.Query, rights: Rights | None
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        named = [
            table.this.this.name if isinstance(table.this, exp.Search) else table.name
            for table in tree.find_all(exp.Table, bfs=False)
        ]
        read = [name for name in dict.fromkeys(named) if name in self._model.entities]
        if rights is None:
            return ()
        grants = {name: rights.readings[name].grants for name in read if name in rights.readings}
        return tuple((name, tuple(g.rule for g in grants.get(name, ()))) for name in read)
