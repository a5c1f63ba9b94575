"""All eigenvalues and eigenvectors of a symmetric matrix."""

from __future__ import annotations

import numpy as np

from engine.curvature.spectrum import Eigen, Floats


def eigen(matrix: Floats, unit: float = float(np.finfo(np.float64).eps)) -> Eigen | None:
    """Of (p, p), symmetric up to round-off; None where an entry is not finite. `unit` is the round-off of the entries (2⁻⁵² in float64).

    An eigenvalue counts as 0 up to p · `unit` · max |λ|, or as far as the matrix itself misses to be symmetric.
    """
    if not len(matrix) or not np.isfinite(matrix).all():
        return None
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    values, vectors = values[::-1].copy(), oriented(vectors[:, ::-1])
    skew = float(np.linalg.norm(matrix - matrix.T))
    return Eigen(values, vectors, max(len(matrix) * unit * float(abs(values).max()), skew))


def oriented(vectors: Floats) -> Floats:
    """The same columns, each with the sign that makes its entry of largest size positive."""
    largest = np.take_along_axis(vectors, abs(vectors).argmax(axis=0)[None], axis=0)
    return vectors * np.where(largest < 0, -1.0, 1.0)
