"""Matrix product and transpose, against numpy's einsum written out for each pairing."""

from __future__ import annotations

import numpy as np

from tests.engine.node_cases import Case, numbers

# (einsum, shape of a, shape of b, which have the batch n)
PRODUCTS = [
    ("j,j->", (3,), (3,), ""),
    ("ij,j->i", (2, 3), (3,), ""),
    ("j,jk->k", (3,), (3, 5), ""),
    ("ij,jk->ik", (2, 3), (3, 5), ""),
    ("pij,pjk->pik", (2, 2, 3), (2, 3, 5), ""),
    ("pij,jk->pik", (2, 2, 3), (3, 5), ""),
    ("ij,pjk->pik", (2, 3), (2, 3, 5), ""),
    ("nj,nj->n", (4, 3), (4, 3), "ab"),
    ("nij,nj->ni", (4, 2, 3), (4, 3), "ab"),
    ("nj,njk->nk", (4, 3), (4, 3, 5), "ab"),
    ("nij,njk->nik", (4, 2, 3), (4, 3, 5), "ab"),
    ("npij,npjk->npik", (4, 2, 2, 3), (4, 2, 3, 5), "ab"),
    ("nj,j->n", (4, 3), (3,), "a"),
    ("nj,jk->nk", (4, 3), (3, 5), "a"),
    ("nij,j->ni", (4, 2, 3), (3,), "a"),
    ("nij,jk->nik", (4, 2, 3), (3, 5), "a"),
    ("j,nj->n", (3,), (4, 3), "b"),
    ("ij,nj->ni", (2, 3), (4, 3), "b"),
    ("ij,nj->ni", (3, 3), (3, 3), "b"),
    ("j,njk->nk", (3,), (4, 3, 5), "b"),
    ("ij,njk->nik", (2, 3), (4, 3, 5), "b"),
]


def product(einsum: str, a_shape: tuple[int, ...], b_shape: tuple[int, ...], batched: str) -> Case:
    a, b = numbers(*a_shape), numbers(*b_shape, seed=1)
    return Case("math.matmul", (a, b), batched=tuple(batched), expected=np.einsum(einsum, a.numpy(), b.numpy()), label=einsum)


def transpose(shape: tuple[int, ...], batch: bool, axes: tuple[int, int] = (-2, -1)) -> Case:
    x = numbers(*((4, *shape) if batch else shape))
    expected = np.swapaxes(x.numpy(), *(axis + 1 if batch and axis >= 0 else axis for axis in axes))
    settings = {"first": axes[0], "second": axes[1]}
    return Case("math.transpose", (x,), settings, batched=("x",) if batch else (), expected=expected, label=f"{axes[0]},{axes[1]}")


CASES = [
    *(product(*row) for row in PRODUCTS),
    *(transpose(shape, batch) for shape in ((2, 3), (2, 1, 3)) for batch in (False, True)),
    *(transpose((2, 1, 3), batch, (0, 2)) for batch in (False, True)),
]
SKIPPED = {"rules": 0, "gradcheck": 0}
