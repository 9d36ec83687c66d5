"""Texts to unit vectors, by a model that is loaded once, off the event loop.

It knows no entity: the index and the sources that search by meaning share one Embedder.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from adapters.errors import ModelWeightsMissing
from orchestrator.retrieve.recent import Recent
from orchestrator.retrieve.weights import DIMENSIONS, Encode, encoder, identity

_REMEMBERED = 256
_WORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")


class Embedder:
    """An `Embed`. `model` is a folder, a name on the hub or `weights.ONNX_MODEL`; without one it is
    all-MiniLM-L6-v2."""

    def __init__(self, model: str | None = None) -> None:
        self._chosen = model
        self._loading = asyncio.Lock()
        self._encode: Encode | None = None
        self._missing = ""
        self._recent = Recent[np.ndarray](_REMEMBERED)

    @property
    def identity(self) -> str:
        """What tells its vectors from those of another model."""
        return identity(self._chosen)

    @property
    def ready(self) -> bool:
        """Whether the model is in memory."""
        return self._encode is not None

    async def warm(self) -> None:
        """Load the model, once. Raises ModelWeightsMissing, then and every time after.

        The failure is kept since the hub is asked for over a minute before it counts as away.
        """
        await self._loaded()

    async def __call__(self, texts: list[str]) -> np.ndarray:
        """One unit vector a text. Raises ModelWeightsMissing."""
        encode = await self._loaded()
        if not texts:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        known = self._recent.get(texts[0]) if len(texts) == 1 else None
        if known is None:
            loop = asyncio.get_running_loop()
            known = await loop.run_in_executor(_WORKER, encode, texts)
            if len(texts) == 1:
                self._recent.put(texts[0], known)
        return known.copy()

    async def _loaded(self) -> Encode:
        async with self._loading:
            if self._encode is not None:
                return self._encode
            if self._missing:
                raise ModelWeightsMissing(self._missing)
            loop = asyncio.get_running_loop()
            try:
                encode = await loop.run_in_executor(_WORKER, encoder, self._chosen)
            except ModelWeightsMissing as error:
                self._missing = str(error)
                raise
            self._encode = encode
            return encode
