"""Second derivatives of a function whose gradient is computed by torch code: products with the Hessian, and the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

AT_ONCE = 64
"""Directions that are differentiated in one call, at most."""
Gradient = Callable[[Sequence[Tensor]], Sequence[Tensor | None]]
"""The gradient's parts, one for each tensor; None where the function does not depend on it."""


class SecondDerivatives:
    """The Hessian H of a function at one place, over p numbers that lie in several tensors, in their order.

    The gradient's code is run once, and autograd differentiates it: H is symmetric, so the derivative of ⟨∇f, d⟩ is Hd. That takes about a
    fifth of the time of a derivative in forward mode, and many directions go through it in one call. Where it is not finite, forward mode
    decides: in reverse mode an infinite slope in a branch that was not selected gives 0 · ∞.

    `at_once`: how many directions are taken in one call, at most.
    """

    def __init__(self, gradient: Gradient, at: Sequence[Tensor], at_once: int = AT_ONCE) -> None:
        self._code = gradient
        self._shapes = [tensor.shape for tensor in at]
        self._sizes = [tensor.numel() for tensor in at]
        self._at_once = at_once
        with torch.enable_grad():
            self._at = [tensor.detach().requires_grad_(True) for tensor in at]
            self._parts = list(gradient(self._at))
        self.gradient = self._flat([part if part is None else part.detach() for part in self._parts])
        """∇f, (p,)."""
        self._moving = [i for i, part in enumerate(self._parts) if part is not None and part.requires_grad]

    def product(self, direction: Tensor) -> Tensor:
        """Hd, (p,)."""
        if not self._moving:
            return torch.zeros_like(direction)
        product = self._flat(self._reverse(*self._split(direction)))
        return product if _finite(product) else self._forward(direction)

    def products(self, directions: Tensor) -> Tensor:
        """H times each row of `directions` (N, p); the products are the rows of the result."""
        return torch.cat([self._some(rows) for rows in torch.split(directions, self._at_once)]) if len(directions) else directions.clone()

    def hessian(self) -> Tensor:
        """(p, p), symmetric up to round-off."""
        count = sum(self._sizes)
        return self.products(torch.eye(count, dtype=self._at[0].dtype, device=self._at[0].device)) if count else torch.zeros(0, 0)

    def _some(self, rows: Tensor) -> Tensor:
        if len(rows) > 1 and self._moving and self._at_once > 1:
            try:
                products = self._flat(torch.func.vmap(self._reverse)(*self._split(rows)), rows.shape[:-1])
                if _finite(products):
                    return products
            except RuntimeError:
                self._at_once = 1  # an operation cannot be mapped over directions
        return torch.stack([self.product(row) for row in rows])

    def _reverse(self, *direction: Tensor) -> tuple[Tensor, ...]:
        """Hd in parts, for the parts of d."""
        moving = [part for part in self._parts if part is not None and part.requires_grad]
        return torch.autograd.grad(
            moving, self._at, [direction[i] for i in self._moving], retain_graph=True, allow_unused=True, materialize_grads=True
        )

    def _split(self, rows: Tensor) -> list[Tensor]:
        """Rows (…, p) as parts of the tensors' shapes."""
        parts = torch.split(rows, self._sizes, -1)
        return [part.reshape((*rows.shape[:-1], *shape)) for part, shape in zip(parts, self._shapes, strict=True)]

    def _forward(self, direction: Tensor) -> Tensor:
        def flat(at: Tensor) -> Tensor:
            parts = [part.view(shape) for part, shape in zip(torch.split(at, self._sizes), self._shapes, strict=True)]
            return self._flat(self._code(parts))

        here = torch.cat([tensor.detach().reshape(-1) for tensor in self._at])
        result: Tensor = torch.func.jvp(flat, (here,), (direction,))[1]
        return result

    def _flat(self, parts: Sequence[Tensor | None], lead: torch.Size | tuple[int, ...] = ()) -> Tensor:
        like = self._at[0]
        rows = [
            like.new_zeros((*lead, size)) if part is None else part.reshape((*lead, size))
            for part, size in zip(parts, self._sizes, strict=True)
        ]  # fmt: skip
        return torch.cat(rows, -1)


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())
