"""semantic_model.yaml to a checked SemanticModel; every mistake is named with path:line."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from adapters.errors import SemanticModelError
from orchestrator.semantic.check import Place, check
from orchestrator.semantic.check_access import check_access
from orchestrator.semantic.model import SemanticModel


def load(path: Path, environment: dict[str, str] | None = None) -> SemanticModel:
    """Read, fill in `${ENV}` and `${ENV:-default}` references, and check a model.

    Raises SemanticModelError that names every mistake, one a line, as `path:line: what`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SemanticModelError(
            f"{path}: can't be read ({error.strerror}). Give the file with --model PATH."
        ) from error
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SemanticModelError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    places = _lines(tree) if tree is not None else {}
    if tree is not None and (repeated := list(_repeated(tree))):
        raise SemanticModelError(
            "\n".join(
                f"{path}:{line}: the key `{key}` stands twice here." for line, key in repeated
            )
        )
    mistakes: list[tuple[Place, str]] = []
    filled = _fill(data, os.environ if environment is None else environment, (), mistakes)
    model = None
    if not mistakes:
        try:
            model = SemanticModel.model_validate(filled, context={"folder": path.parent})
        except ValidationError as error:
            mistakes += [(_place(e["loc"]), _hint(e)) for e in error.errors()]
    if model is not None:
        mistakes += [*check(model), *check_access(model)]
    if mistakes or model is None:
        lines = [f"{path}:{_line(places, place)}: {what}" for place, what in mistakes]
        raise SemanticModelError("\n".join(lines))
    return model


def json_schema() -> str:
    """The JSON Schema of semantic_model.yaml, for editors."""
    schema = SemanticModel.model_json_schema(by_alias=True)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _place(location: Place) -> Place:
    return tuple(part for part in location if not str(part).startswith("function-"))


def _hint(error: Any) -> str:
    where = ".".join(str(part) for part in _place(error["loc"]))
    if error["type"] == "missing":
        return f"`{where}` is missing; it is required."
    if error["type"] == "extra_forbidden":
        return f"`{where}` is not a key that is known here; check its spelling."
    return f"`{where}`: {error['msg']}."


_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")


def _fill(
    data: Any,
    environment: Any,
    place: Place,
    mistakes: list[tuple[Place, str]],
) -> Any:
    if isinstance(data, dict):
        return {k: _fill(v, environment, (*place, k), mistakes) for k, v in data.items()}
    if isinstance(data, list):
        return [_fill(v, environment, (*place, i), mistakes) for i, v in enumerate(data)]
    if not isinstance(data, str):
        return data

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1])
        if not found and match[2] is not None:
            found = match[2]
        if found is None:
            mistakes.append((place, f"the environment variable {match[1]} is not set."))
            return ""
        return found

    return _REFERENCE.sub(value, data)


def _lines(node: yaml.Node, place: Place = ()) -> dict[Place, int]:
    found = {place: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, key.value)
            found |= _lines(value, inner)
            found[inner] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found |= _lines(value, (*place, index))
    return found


def _repeated(node: yaml.Node) -> Iterator[tuple[int, str]]:
    """The keys that a mapping has twice, of which YAML would take the last without a word."""
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            if key.value in known:
                yield key.start_mark.line + 1, key.value
            known.add(str(key.value))
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)


def _line(places: dict[Place, int], place: Place) -> int:
    while place and place not in places:
        place = place[:-1]
    return places.get(place, 1)
