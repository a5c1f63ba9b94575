"""Updates of parameters that lie one after another in one tensor: the bits of updates one tensor after another, in fewer operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.numerics.flat import Flat, laid_out
from engine.training.model import Model
from engine.training.optimizers.adam import Adam
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.run import Run
from engine.training.unzeroed import Unzeroed
from engine.training.wrapped import Accumulating, Clipped
from tests.engine.training.optimizers.cases import VARIANTS
from tests.support.networks import tanh_net

SHAPES = ((5, 3), (5,), (1, 5), ())
NAMES = ["a.W", "a.b", "c.W", "d.value"]


def numbers(seed: int, size: float = 1.0) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [size * torch.randn(shape, generator=draw, dtype=torch.float64) for shape in SHAPES]


def same(wrap: Callable[[Optimizer], Optimizer], key: str, hyper: dict[str, Any], undecayed: frozenset[int] = frozenset()) -> None:
    """Four steps on either side, and what is remembered after them."""
    sides: list[tuple[list[Tensor], Optimizer, Callable[[list[Tensor]], list[Tensor]]]] = []
    lays: list[Callable[[list[Tensor]], list[Tensor]]] = [list, laid_out]
    for lay in lays:
        parameters = lay(numbers(0))
        inner = OPTIMIZERS[key](hyper, parameters)
        inner.undecayed = undecayed
        sides.append((parameters, wrap(inner), lay))
    for step in range(4):
        for _parameters, optimizer, lay in sides:
            optimizer.step(lay(numbers(step + 1)))
    (plain, one, _), (flat, other, _) = sides
    assert isinstance(flat, Flat)
    assert all(torch.equal(a, b) for a, b in zip(plain, flat, strict=True)), key
    mine, theirs = one.state_dict(NAMES), other.state_dict(NAMES)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine), key


def test_every_optimizer_makes_the_same_steps() -> None:
    for key, hyper in VARIANTS:
        same(lambda inner: inner, key, hyper)


@pytest.mark.parametrize("decoupled", [False, True])
def test_biases_without_weight_decay(decoupled: bool) -> None:
    same(lambda inner: inner, "adam", {"weight_decay": 0.1, "decoupled": decoupled}, frozenset({1, 3}))


WRAPPERS: list[Callable[[Optimizer], Optimizer]] = [
    lambda inner: Clipped(inner, 0.5, None), lambda inner: Clipped(inner, 0.7, 0.2), lambda inner: Unzeroed(Clipped(inner, 0.5, None)),
    lambda inner: Accumulating(inner, 2),
]  # fmt: skip


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_gradients_that_are_limited_or_added_up(wrap: Callable[[Optimizer], Optimizer]) -> None:
    same(wrap, "momentum", {})


def test_gradients_are_not_changed_by_limiting_them() -> None:
    gradients = laid_out(numbers(1))
    before = gradients.row.clone()
    Clipped(Adam({}, laid_out(numbers(0))), 0.1, 0.1).step(gradients)
    assert torch.equal(gradients.row, before)


def test_a_run_lays_its_parameters_out_and_its_states_are_copies_of_their_own() -> None:
    run = Run(Model(tanh_net(optimizer="adam", hyper={"lr": 0.1})))
    run.train(max_steps=7)
    live = list(run.state.parameters.values())
    assert len({tensor.untyped_storage().data_ptr() for tensor in live}) == 1
    kept = run.capture()
    assert all(t.untyped_storage().nbytes() == t.numel() * t.element_size() for t in [*kept.parameters.values(), *kept.optimizer.values()])
    other = Run(Model(tanh_net(optimizer="adam", hyper={"lr": 0.1})))
    other.model.restore(kept)
    run.train(max_steps=9)
    other.train(max_steps=9)
    assert not run.capture().diff(other.capture())
