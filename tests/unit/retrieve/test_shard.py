"""Shards and their shelf: the kind of index by size, filters, and what a restart finds again."""

from pathlib import Path

import numpy as np
import pytest

from orchestrator.retrieve import vectors as kinds
from orchestrator.retrieve.shard import Shelf, of_words
from orchestrator.retrieve.vectors import Vectors
from tests.unit.retrieve.doubles import fields, vectors

NAMES = [f"thing_{at}.field_{at}" for at in range(900)]
CLOUD = vectors([f"{at} {at // 9}" for at in range(900)], 32)
DOCUMENTS = fields("sales", "customer.name", "customer.country", "order.amount")


@pytest.mark.parametrize(("flat", "hnsw"), [(1_000, 2_000), (100, 2_000), (100, 200)])
def test_every_kind_of_index_finds_the_nearest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flat: int, hnsw: int
) -> None:
    """Flat, HNSW and IVF find a vector's own place first, as made and as mapped from a file."""
    monkeypatch.setattr(kinds, "FLAT_UP_TO", flat)
    monkeypatch.setattr(kinds, "HNSW_UP_TO", hnsw)
    made = Vectors.of(CLOUD)
    made.save(tmp_path / "vectors.faiss")
    for index in (made, Vectors.mapped(tmp_path / "vectors.faiss")):
        for place in (0, 450, 899):
            places, cosines = index.search(CLOUD[place], 5)
            assert places[0] == place
            assert cosines[0] == pytest.approx(1.0, abs=0.02)
            assert np.allclose(index.rebuilt(np.array([place]))[0], CLOUD[place], atol=0.02)


@pytest.mark.parametrize(("flat", "hnsw"), [(1_000, 2_000), (100, 2_000), (100, 200)])
def test_only_what_is_allowed_is_found(
    monkeypatch: pytest.MonkeyPatch, flat: int, hnsw: int
) -> None:
    """With a filter, every place found is allowed, and all that are allowed can be found."""
    monkeypatch.setattr(kinds, "FLAT_UP_TO", flat)
    monkeypatch.setattr(kinds, "HNSW_UP_TO", hnsw)
    allowed = np.zeros(900, dtype=bool)
    allowed[[3, 500, 898]] = True
    places, _ = Vectors.of(CLOUD).search(CLOUD[500], 10, allowed)
    assert places[0] == 500
    assert set(places.tolist()) <= {3, 500, 898}


def test_a_saved_shard_is_found_again(tmp_path: Path) -> None:
    """Words, vectors and centroids are those that were saved, for the same documents alone."""
    texts = [document.text for document in DOCUMENTS]
    made = of_words(DOCUMENTS).with_vectors(vectors(texts))
    Shelf(tmp_path, "a model").save(made)
    found = Shelf(tmp_path, "a model").load(DOCUMENTS)
    assert found is not None
    assert found.vectors is not None
    assert found.centroids is not None
    assert made.centroids is not None
    assert found.segment.words == made.segment.words
    assert np.array_equal(found.segment.places, made.segment.places)
    assert np.array_equal(found.vectors.rebuilt(np.arange(3)), vectors(texts))
    assert np.array_equal(found.centroids, made.centroids)
    assert Shelf(tmp_path, "another model").load(DOCUMENTS) is None
    assert Shelf(tmp_path, "a model").load(DOCUMENTS[:2]) is None


def test_vectors_of_unchanged_texts_are_known(tmp_path: Path) -> None:
    """After a change, the older shard gives the vectors of the texts that stayed, and goes."""
    shelf = Shelf(tmp_path, "a model")
    shelf.save(of_words(DOCUMENTS).with_vectors(vectors([d.text for d in DOCUMENTS])))
    changed = (*fields("sales", "order.status"), *DOCUMENTS[1:])
    known = shelf.known(changed)
    assert sorted(known) == [1, 2]
    assert np.allclose(known[1], vectors(["customer country"])[0], atol=1e-6)
    shelf.save(of_words(changed).with_vectors(vectors([d.text for d in changed])))
    assert shelf.load(DOCUMENTS) is None
    assert shelf.load(changed) is not None


@pytest.mark.parametrize("file", ["words.npz", "vectors.faiss"])
def test_a_damaged_shard_is_made_anew(tmp_path: Path, file: str) -> None:
    """A file that can't be read counts as absent, and does not stand in the way of a new one."""
    shelf = Shelf(tmp_path, "a model")
    made = of_words(DOCUMENTS).with_vectors(vectors([d.text for d in DOCUMENTS]))
    shelf.save(made)
    next(tmp_path.glob(f"*/{file}")).write_bytes(b"half a file")
    assert shelf.load(DOCUMENTS) is None
    shelf.save(made)
    assert shelf.load(DOCUMENTS) is not None


def test_a_folder_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    """Where a file stands in the folder's place nothing is kept, and nothing is raised."""
    (tmp_path / "taken").touch()
    shelf = Shelf(tmp_path / "taken", "a model")
    shelf.save(of_words(DOCUMENTS).with_vectors(vectors([d.text for d in DOCUMENTS])))
    shelf.note_hot(["sales.field"])
    assert shelf.load(DOCUMENTS) is None
    assert (shelf.known(DOCUMENTS), shelf.hot()) == ({}, set())
