"""Second derivatives by double backward against torch.func: products, many products, the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from engine.training.second import SecondDerivatives

Parts = Sequence[Tensor | None]
GRADIENTS: dict[str, Callable[[Sequence[Tensor]], Parts]] = {
    "tanh layer": lambda at: torch.func.grad(lambda a, b: (torch.tanh(a) @ b).square().sum() + a.prod(), argnums=(0, 1))(*at),
    "constant": lambda at: [torch.ones_like(tensor) for tensor in at],
    "one of two": lambda at: [4 * at[0].pow(3), None],
    "0 · ∞ where nothing was selected": lambda at: [torch.where(at[0] > 10, (at[0] - at[0].detach()).sqrt(), at[0] ** 3), at[1].exp()],
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_it_equals_torch_func(name: str) -> None:
    gradient = GRADIENTS[name]
    torch.manual_seed(0)
    at = [torch.randn(2, 3, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)]

    def flat(x: Tensor) -> Tensor:
        parts = gradient([x[:6].view(2, 3), x[6:].view(3, 2)])
        return torch.cat([torch.zeros(6, dtype=x.dtype) if part is None else part.reshape(-1) for part in parts])

    second, here = SecondDerivatives(gradient, at), torch.cat([tensor.reshape(-1) for tensor in at])
    right = torch.func.jacfwd(flat)(here)
    assert torch.isfinite(right).all()
    assert torch.equal(second.gradient, flat(here))
    assert torch.allclose(second.hessian(), right, atol=1e-12, rtol=0)
    directions = torch.randn(5, 12, dtype=torch.float64)
    assert torch.allclose(second.products(directions), directions @ right.T, atol=1e-10, rtol=0)
    assert torch.allclose(second.product(directions[0]), right @ directions[0], atol=1e-10, rtol=0)
