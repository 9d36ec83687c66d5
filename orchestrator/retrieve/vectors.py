"""The vectors of one shard, in the kind of FAISS index that its size asks for.

Flat is exact and fast enough while small; HNSW and IVF over 8 bits a number take a quarter of the
memory. On disk, an index is mapped and not read.
"""

from pathlib import Path
from typing import Any

import numpy as np

FLAT_UP_TO, HNSW_UP_TO = 20_000, 200_000
_TRAINED_BY = 64  # vectors a cell of IVF


class Vectors:
    """Unit vectors, searched by the cosine with another one."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def of(cls, vectors: np.ndarray) -> "Vectors":
        """An index of unit vectors, in their order."""
        index = _index(*vectors.shape)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        index.train(vectors)
        index.add(vectors)
        return cls(index)

    @classmethod
    def mapped(cls, path: Path) -> "Vectors":
        """An index that was saved. Raises RuntimeError when the file is not one."""
        faiss = _faiss()
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))

    def save(self, path: Path) -> None:
        """Write it to a file."""
        faiss = _faiss()
        faiss.write_index(self._index, str(path))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(
        self, vector: np.ndarray, most: int, allowed: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The places of the nearest vectors and their cosines, nearest first; of the places where
        `allowed` is true alone, when it is given."""
        most = min(most, len(self))
        parameters = None if allowed is None else _selecting(self._index, allowed)
        scores, places = self._index.search(vector.reshape(1, -1), most, params=parameters)
        there = places[0] >= 0
        return places[0][there], scores[0][there]

    def touch(self) -> None:
        """Read what is mapped into memory, so that no question has to."""
        self.search(np.zeros(self._index.d, dtype=np.float32), 1)

    def rebuilt(self, places: np.ndarray) -> np.ndarray:
        """The vectors at these places, as exact as they are kept."""
        return self._index.reconstruct_batch(places)


def _index(count: int, dimensions: int) -> Any:
    faiss = _faiss()

    if count <= FLAT_UP_TO:
        return faiss.IndexFlatIP(dimensions)
    if count <= HNSW_UP_TO:
        hnsw = faiss.index_factory(dimensions, "HNSW24_SQ8", faiss.METRIC_INNER_PRODUCT)
        hnsw.hnsw.efConstruction, hnsw.hnsw.efSearch = 80, 128
        return hnsw
    cells = int(2 * count**0.5)
    ivf = faiss.index_factory(dimensions, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT)
    ivf.cp.max_points_per_centroid = _TRAINED_BY
    ivf.nprobe = max(8, cells // 32)
    ivf.set_direct_map_type(faiss.DirectMap.Array)
    return ivf


def _selecting(index: Any, allowed: np.ndarray) -> Any:
    faiss = _faiss()

    selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(sel=selector, efSearch=index.hnsw.efSearch)
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(sel=selector, nprobe=index.nprobe)
    return faiss.SearchParameters(sel=selector)


def _faiss() -> Any:
    """FAISS, which is heavy to import and whose types are not those of its Python."""
    import faiss

    faiss.omp_set_num_threads(1)  # a search is too short to be worth waking others
    return faiss
