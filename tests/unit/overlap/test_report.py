"""The overlap of keys of a small company in files, read by the whole pipeline."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import structlog
import yaml

from adapters.errors import UnknownName
from orchestrator.overlap import Overlap, overlaps
from orchestrator.semantic import load
from tests.conftest import ADA, opened

Compared = Callable[..., Awaitable[Overlap]]


def field(kind: str, **more: Any) -> dict[str, Any]:
    """A field of the model."""
    return {"type": kind, **more}


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    """Compares column `ref` of `left` with `id` of `right`, two Parquet files in two sources."""

    async def compare(
        left: pa.Array | list[Any],
        right: pa.Array | list[Any],
        *,
        spec: dict[str, Any] | None = None,
        bound: Any = "ref",
        kind: str = "int64",
        max_rows: int = 1000,
        examples: bool = False,
    ) -> Overlap:
        pq.write_table(pa.table({"ref": left}), tmp_path / "left.parquet")
        pq.write_table(pa.table({"id": right}), tmp_path / "right.parquet")
        tree = {
            "name": "Test",
            "sources": {
                name: {"kind": "duckdb", "connect": {"files": {name: f"{name}.parquet"}}}
                for name in ("left", "right")
            },
            "entities": {
                "child": {
                    "description": "Many",
                    "key": "ref",
                    "fields": {"ref": spec or field(kind)},
                    "bindings": {"left": {"relation": "left", "fields": {"ref": bound}}},
                },
                "parent": {
                    "description": "One",
                    "key": "id",
                    "fields": {"id": field(kind)},
                    "bindings": {"right": {"relation": "right", "fields": {"id": "id"}}},
                },
            },
            "relationships": [
                {
                    "name": "child_parent",
                    "from": "child",
                    "to": "parent",
                    "from_columns": ["ref"],
                    "to_columns": ["id"],
                }
            ],
            "policies": {"max_rows": max_rows},
        }
        path = tmp_path / "model.yaml"
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
        async with opened(load(path), None, tmp_path, warm=False) as pipeline:
            (found,) = await overlaps(pipeline, ADA, "child_parent", with_examples=examples)
        return found

    return compare


async def test_keys_are_counted(compared: Compared) -> None:
    """Distinct keys, matched ones, those of one side, nulls and repeats are each told."""
    found = await compared([1, 1, 2, 3, 9, None, None], [1, 2, 3, 4])
    assert found.counts is not None
    left, right = found.counts.left, found.counts.right
    assert (left.keys, left.matched, left.only, left.null, left.repeated) == (4, 3, 1, 2, 1)
    assert (right.keys, right.matched, right.only, right.null, right.repeated) == (4, 3, 1, 0, 0)
    assert found.counts.share == 0.75
    assert found.is_broken
    assert found.proposal is None
    assert found.examples == ()


async def test_all_match(compared: Compared) -> None:
    """Where all is well, nothing is proposed."""
    found = await compared([1, 2, 2], [1, 2, 3])
    assert (found.verdict, found.is_broken, found.proposal) == ("All keys match.", False, None)


async def test_a_repeated_key_of_the_unique_side_is_broken(compared: Compared) -> None:
    """Sums over such a join count twice, so it is told even when all keys match."""
    found = await compared([1, 2], [1, 2, 2])
    assert found.is_broken
    assert "1 keys of parent.id in right stand more than once" in found.verdict


@pytest.mark.parametrize(
    ("left", "right", "is_broken"),
    [([], [1], False), ([None], [1], False), ([1], [], True), ([], [], False)],
)
async def test_empty_sides(
    compared: Compared, left: list[Any], right: list[Any], is_broken: bool
) -> None:
    """Without keys on the left nothing is wrong; without any on the right, nothing matches."""
    kind = pa.int64()
    found = await compared(pa.array(left, kind), pa.array(right, kind))
    assert found.is_broken is is_broken
    assert found.proposal is None


async def test_text_for_numbers_is_told_and_mended(compared: Compared) -> None:
    """Text where the model says numbers fails each question: the proposal says how it is stored."""
    refs = [f"CUST-{n:06}" for n in range(50)]
    found = await compared(refs, list(range(50)))
    assert found.is_broken
    assert "stored as text" in found.verdict
    assert found.proposal is not None
    assert (found.proposal.before, found.proposal.after, found.proposal.keys) == (0, 50, 50)
    assert found.proposal.fixes[0].yaml == (
        "ref: {path: ref, stored: string, "
        "transform: \"TRY_CAST(REGEXP_REPLACE(value, '^CUST-', '') AS BIGINT)\"}"
    )


async def test_a_transform_that_fails_is_told_apart(compared: Compared) -> None:
    """CAST fails each question over the one key that it can't read; TRY_CAST drops that key."""
    refs = [*map(str, range(20)), "none"]
    bound = {"path": "ref", "stored": "string", "transform": "CAST(value AS BIGINT)"}
    found = await compared(refs, list(range(20)), bound=bound)
    assert found.is_broken
    assert "fails on some stored keys" in found.verdict
    bound["transform"] = "TRY_CAST(value AS BIGINT)"
    found = await compared(refs, list(range(20)), bound=bound)
    assert not found.is_broken
    assert found.counts is not None
    assert (found.counts.left.lost, found.counts.left.matched) == (1, 20)


async def test_merged_keys_are_counted(compared: Compared) -> None:
    """A proposal under which two stored keys become one says so."""
    refs = [form.format(n) for n in range(100, 140) for form in ("A-{}", " A-{} ")]
    found = await compared(refs, list(range(100, 140)))
    assert found.proposal is not None
    assert (found.proposal.after, found.proposal.merged) == (80, 40)


async def test_the_other_side_is_changed_where_that_helps_more(compared: Compared) -> None:
    """Where only the right side can be brought to the left one's form, it is."""
    plain = [f"{name}{n}" for n in range(30) for name in ("ab", "Ab", "AB")]
    found = await compared(plain, [f" {key}" for key in plain], kind="string")
    assert found.proposal is not None
    assert (found.proposal.after, found.proposal.side.entity) == (90, "parent")
    assert found.proposal.fixes[0].transform == "TRIM(value)"


async def test_personal_data_is_not_read(compared: Compared) -> None:
    """A key of a class that the policy does not allow is withheld, which is not a fault."""
    spec = field("int64", pii="contact")
    found = await compared([1], [1], spec=spec)
    assert (found.counts, found.is_broken) == (None, False)
    assert "personal data (class contact)" in found.verdict


async def test_a_column_that_is_not_there_is_told(compared: Compared) -> None:
    """What the source or the catalog refuses is the pair's verdict, not the command's end."""
    found = await compared([1], [1], bound="reference")
    assert (found.counts, found.is_broken) == (None, True)
    assert "no such column" in found.verdict


async def test_more_keys_than_the_policy_lets_through_are_cut(compared: Compared) -> None:
    """What was cut is named, with how many keys were read."""
    found = await compared(list(range(50)), list(range(5)), max_rows=20)
    assert found.cut == ("child.ref in left (20 keys)",)


async def test_examples_are_few_and_asked_for(compared: Compared) -> None:
    """At most three keys with no partner are given, and none is in the logs."""
    with structlog.testing.capture_logs() as logs:
        found = await compared([1, *range(901, 990)], [1], examples=True)
    assert found.examples == ("901", "902", "903")
    assert "901" not in str(logs)


async def test_an_unknown_name_is_refused(compared: Compared, tmp_path: Path) -> None:
    """A relationship that is not in the model is answered with the nearest that is."""
    await compared([1], [1])
    async with opened(load(tmp_path / "model.yaml"), None, tmp_path, warm=False) as pipeline:
        with pytest.raises(UnknownName, match="did you mean `child_parent`"):
            await overlaps(pipeline, ADA, "child_parents")


async def test_keys_of_two_columns_and_of_two_bindings(tmp_path: Path) -> None:
    """A composite key is compared as a whole and mended column by column; a further binding's
    against its home's."""
    home = [(f"S{n % 4}", n) for n in range(40)]
    there = [(f" s{n % 4}", f"#{n}") for n in range(40)]
    for name, rows in (("home", home), ("there", there)):
        site, number = zip(*rows, strict=True)
        pq.write_table(pa.table({"site": site, "number": number}), tmp_path / f"{name}.parquet")
    files = {name: f"{name}.parquet" for name in ("home", "there")}
    text = {"site": {"path": "site"}, "number": {"path": "number", "stored": "string"}}
    text["number"]["transform"] = "TRY_CAST(value AS BIGINT)"
    plain = {"site": "site", "number": "number"}
    tree = {
        "name": "Test",
        "sources": {n: {"kind": "duckdb", "connect": {"files": files}} for n in ("one", "two")},
        "entities": {
            "part": {
                "description": "A part",
                "key": ["site", "number"],
                "fields": {"site": field("string"), "number": field("int64")},
                "bindings": {
                    "one": {"relation": "home", "fields": plain},
                    "two": {"relation": "there", "fields": text},
                },
            }
        },
    }
    path = tmp_path / "model.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False))
    async with opened(load(path), None, tmp_path, warm=False) as pipeline:
        (found,) = await overlaps(pipeline, ADA)
    assert found.pair.name == "part.two"
    assert found.counts is not None
    assert (found.counts.left.keys, found.counts.left.matched) == (40, 0)
    assert found.proposal is not None
    assert (found.proposal.after, found.proposal.keys) == (40, 40)
    assert [fix.field for fix in found.proposal.fixes] == ["site", "number"]
