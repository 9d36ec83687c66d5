"""The search for a transform: what was done to one side's keys is undone."""

import uuid
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.compile.inputs import transformed
from orchestrator.overlap.propose import Fix
from orchestrator.overlap.search import Column, search
from orchestrator.semantic import load

MODEL = """
name: Test
sources: {{a: {{kind: sqlite, connect: {{database: a.db}}}}}}
entities:
  thing:
    description: A thing
    key: id
    fields: {{id: {{type: {word}}}}}
    bindings: {{a: {{relation: things, fields: {{{line}}}}}}}
"""


def found(stored: list[str], wanted: list[str] | list[int], *, unique: bool = True) -> str | None:
    """The transform for text keys that should be `wanted`."""
    with duckdb.connect() as connection:
        connection.register("a", pa.table({"value": pa.array(stored, pa.string())}))
        connection.register("b", pa.table({"value": wanted}))
        word = "string" if isinstance(wanted[0], str) else "int64"
        column = Column("SELECT value FROM a", "string", "SELECT value FROM b", word, unique)
        return search(connection, column)


def applied(transform: str, stored: list[str], word: str) -> list[object]:
    """What a transform makes of stored keys, as the join runs it."""
    with duckdb.connect() as connection:
        connection.register("a", pa.table({"value": pa.array(stored, pa.string())}))
        sql = f"SELECT {transformed(transform, 'value', word)} FROM a"
        return [row[0] for row in connection.execute(sql).fetchall()]


def is_pasted(transform: str, word: str, folder: Path) -> bool:
    """True when the model's loader reads the YAML back to the very transform."""
    path = folder / "model.yaml"
    line = Fix("id", "ref", "string", transform).yaml
    path.write_text(MODEL.format(word=word, line=line))
    return load(path).entities["thing"].bindings["a"].fields["id"].transform == transform


LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIRTYING: dict[str, Callable[[str, str], str]] = {
    "spaces": lambda key, word: f"  {key} ",
    "a tab": lambda key, word: f"{key}\t",
    "lower case": lambda key, word: key.lower(),
    "a prefix": lambda key, word: f"{word}-{key}",
    "a suffix": lambda key, word: f"{key}/{word}",
    "both": lambda key, word: f"{word}:{key}.{word}",
    "zeros": lambda key, word: key.zfill(12),
    "dashes": lambda key, word: "-".join(key[i : i + 3] for i in range(0, len(key), 3)),
    "dots": lambda key, word: ".".join(key[i : i + 2] for i in range(0, len(key), 2)),
    "a prefix and zeros": lambda key, word: f"{word}-{key.zfill(12)}",
    "a prefix and spaces": lambda key, word: f" {word}_{key} ",
    "a prefix in lower case": lambda key, word: f"{word}-{key}".lower(),
}
NUMBERS = st.lists(st.integers(1, 10**8), min_size=30, max_size=200, unique=True)
CODES = st.lists(
    st.text(LETTERS + "23456789", min_size=7, max_size=9), min_size=30, max_size=200, unique=True
)
PREFIX = st.text(LETTERS, min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(keys=NUMBERS | CODES, how=st.sampled_from(sorted(DIRTYING)), word=PREFIX)
def test_what_was_done_to_keys_is_undone(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str] | list[int], how: str, word: str
) -> None:
    """Of keys that one side wrote otherwise, at least 99 % match again, and as they were."""
    stored = [DIRTYING[how](str(key), word) for key in keys]
    transform = found(stored, keys)
    assert transform is not None, how
    kind = "string" if isinstance(keys[0], str) else "int64"
    same = sum(a == b for a, b in zip(applied(transform, stored, kind), keys, strict=True))
    assert same >= 0.99 * len(keys), (how, transform)
    assert is_pasted(transform, kind, tmp_path_factory.mktemp("model"))


@settings(max_examples=30, deadline=None)
@given(numbers=NUMBERS, prefix=PREFIX, width=st.integers(9, 11))
def test_keys_are_written_as_the_other_side_does(
    numbers: list[int], prefix: str, width: int
) -> None:
    """Where the other side has a prefix and leading zeros, plain numbers get both."""
    wanted = [f"{prefix}-{number:0{width}}" for number in numbers]
    stored = [str(number) for number in numbers]
    transform = found(stored, wanted)
    assert transform is not None
    assert applied(transform, stored, "string") == wanted


@settings(max_examples=6, deadline=None)
@given(ids=st.lists(st.uuids(), min_size=20, max_size=50, unique=True))
def test_uuids_with_and_without_dashes(ids: list[uuid.UUID]) -> None:
    """Dashes are taken out, or put in, and capitals do not matter."""
    dashed, bare = [str(one) for one in ids], [one.hex for one in ids]
    for stored, wanted in (
        (dashed, bare),
        (bare, dashed),
        ([text.upper() for text in dashed], bare),
        ([text.upper() for text in bare], dashed),
    ):
        transform = found(stored, wanted)
        assert transform is not None
        assert applied(transform, stored, "string") == wanted


def test_several_prefixes_go_at_once() -> None:
    """Systems that were merged have each left a prefix of their own."""
    stored = [f"{'ACC-' if number % 2 else 'CUST-'}{number}" for number in range(1, 400)]
    transform = found(stored, list(range(1, 400)))
    assert transform is not None
    assert applied(transform, stored, "int64") == list(range(1, 400))


def test_keys_that_would_merge_are_left_apart() -> None:
    """Where keys should be unique, dropping what tells them apart is no gain."""
    numbers = list(range(1, 100))
    stored = [f"{letter}-{number}" for letter in "AB" for number in numbers]
    transform = found(stored, numbers, unique=True)
    assert transform is not None
    read = [value for value in applied(transform, stored, "int64") if value is not None]
    assert sorted(map(str, read)) == sorted(map(str, numbers))
    assert found([*stored, *map(str, numbers)], numbers) == "TRY_CAST(value AS BIGINT)"


def test_strangers_get_no_transform() -> None:
    """Keys that have nothing in common stay as they are."""
    assert found(["north", "south", "east", "west"], [1, 2, 3, 4]) is None


@pytest.mark.parametrize(("stored", "wanted"), [([], [1, 2]), (["", " "], [1, 2])])
def test_an_empty_side_has_no_transform(stored: list[str], wanted: list[int]) -> None:
    """Without keys, or with empty ones alone, there is nothing to propose."""
    assert found(stored, wanted) is None
