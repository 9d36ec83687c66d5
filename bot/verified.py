"""Proposed verified queries: which still fit the model, whose they are to decide, and the diff that
adds them to its YAML."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

from adapters.errors import QueryError
from orchestrator.approve.review import ProposedQuery
from orchestrator.compile.parse import parse
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import VerifiedQuery
from orchestrator.semantic.verified import with_verified
from orchestrator.store.proposed_queries import same_question
from orchestrator.validate import ValidatedPlan, validate

_SQL = re.compile(r"(select|with)\s", re.IGNORECASE)
_NO_END = "\\ No newline at end of file\n"


def unfit(pipeline: Pipeline, question: str, sql: str) -> str | None:
    """Why a question and its SQL can't be proposed, or None when they can: the SQL has to compile
    and fit catalogs and policy, and the model must not have that question or query already."""
    if _SQL.match(question):
        return "It was asked as SQL, so there is no question to it."
    if "${" in question + sql:
        return "It would read the environment where the model's file is loaded."
    try:
        plan = pipeline.compiler.compile(sql, pipeline.registry)
    except QueryError as error:
        return str(error)
    if not isinstance(found := validate(plan, pipeline.model, pipeline.registry), ValidatedPlan):
        return found[0].message
    for verified in pipeline.model.verified_queries:
        if same_question(verified.question) == same_question(question):
            return "The model has a verified query for this question."
        if _spelled(verified.sql) == _spelled(sql):
            return f"The model has this query, for “{verified.question}”."
    return None


def owner_groups(pipeline: Pipeline, sql: str) -> tuple[str, ...]:
    """The user groups that own what a query reads; none when it does not compile."""
    try:
        read = pipeline.compiler.compile(sql, pipeline.registry).entities
    except QueryError:
        return ()
    return pipeline.model.owner_groups(read)


def diff(path: Path, accepted: Iterable[ProposedQuery]) -> str:
    """A unified diff that adds these to the model's file, each question once; "" without any.

    Raises SemanticModelError.
    """
    once = {same_question(one.question): one for one in accepted}
    queries = [VerifiedQuery(question=one.question, sql=one.sql) for one in once.values()]
    old = path.read_bytes().decode()
    new = with_verified(old, queries)
    name = path.name if path.is_absolute() else path.as_posix()
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _spelled(sql: str) -> str:
    """SQL as the compiler spells it; as it is when it can't be read."""
    try:
        return parse(sql).sql("duckdb")
    except QueryError:
        return sql
