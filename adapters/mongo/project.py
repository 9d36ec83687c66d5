"""A pipeline's last `$project` as the server does it best."""

from typing import Any

from adapters.query import AggregationQuery

Stored = dict[str, str]
"""The name that each column has in the documents which the server sends."""


def including(query: AggregationQuery) -> tuple[list[dict[str, Any]], Stored]:
    """The pipeline to send, and its columns' names there.

    Where all columns are whole fields of the top level, the last stage includes these fields
    instead of computing new ones by `"$path"`: the server then copies bytes, which is several times
    quicker (ADR 0007). The columns get their own names when they are read.
    """
    same = {column.name: column.name for column in query.columns}
    *before, last = query.pipeline or ({},)
    project = last.get("$project")
    if not isinstance(project, dict) or project.keys() != {"_id", *same} or project["_id"] != 0:
        return list(query.pipeline), same
    paths = [project[name] for name in same]
    if not all(isinstance(path, str) and _is_field(path) for path in paths):
        return list(query.pipeline), same
    stored = {name: path[1:] for name, path in zip(same, paths, strict=True)}
    if len(set(stored.values())) < len(stored):
        return list(query.pipeline), same
    return [*before, {"$project": {"_id": 0} | dict.fromkeys(stored.values(), 1)}], stored


def _is_field(path: str) -> bool:
    return path[:1] == "$" and path[1:2] != "$" and "." not in path and len(path) > 1
