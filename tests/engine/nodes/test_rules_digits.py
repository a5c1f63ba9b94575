"""The rules keep their digits over the whole range of floats: against mpmath with 60 digits, and against autograd at extreme values."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import torch
from torch import Tensor

from engine.nodes import TYPES
from engine.nodes.base import NodeError, Result, Settings
from tests.engine.node_cases import Case, all_cases
from tests.support.node_call import Call, flat

mpmath.mp.dps = 60
SIZES = (0.0, 1e-30, 1e-5, 0.1, 0.5, 1, 2, 3, 5, 8, 12, 16.5, 18, 20.5, 25, 30, 37, 44, 80, 100, 355, 700, 1e30)
POINTS = [sign * size for size in SIZES for sign in (1, -1)]


def logistic(x: Any) -> Any:
    return 1 / (1 + mpmath.e ** (-x))


def inner(x: Any) -> Any:
    return mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)


def gelu(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2 + x * mpmath.e ** (-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def gelu_tanh(x: Any) -> Any:
    slope = mpmath.sqrt(2 / mpmath.pi) * (1 + 3 * mpmath.mpf("0.044715") * x * x)
    return logistic(2 * inner(x)) + 2 * x * logistic(2 * inner(x)) * logistic(-2 * inner(x)) * slope


SLOPES: dict[tuple[str, tuple[tuple[str, Any], ...]], Callable[[Any], Any]] = {
    ("activation.elu", ()): lambda x: mpmath.mpf(1) if x > 0 else mpmath.e**x,
    ("activation.elu", (("alpha", 0.3),)): lambda x: mpmath.mpf(1) if x > 0 else mpmath.mpf(0.3) * mpmath.e**x,
    ("activation.gelu", ()): gelu,
    ("activation.gelu", (("approximate", "tanh"),)): gelu_tanh,
    ("activation.silu", ()): lambda x: logistic(x) + x * logistic(x) * logistic(-x),
    ("activation.softplus", ()): logistic,
    ("activation.softplus", (("beta", 3.0),)): lambda x: logistic(3 * x),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("key, more", SLOPES, ids=str)
def test_a_slope_is_right_to_its_last_digits(key: str, more: tuple[tuple[str, Any], ...], dtype: torch.dtype) -> None:
    """Relative to the slope itself, down to the smallest normal number. (Near a zero of the slope, relative to its terms.)"""
    node_type = TYPES[key]
    s = Settings(**{**node_type.spec.defaults(), **dict(more), "name": "n", "training": True, "batched": frozenset(), "dtype": dtype})
    x = torch.tensor(POINTS, dtype=dtype)
    result = node_type.forward(s, x)
    y = result.outputs[0] if isinstance(result, Result) else result
    rule = node_type.gradients["x"](s, torch.ones_like(y), y, None, x)
    limits = torch.finfo(dtype)
    for at, slope in zip(x.tolist(), rule.tolist(), strict=True):
        true = SLOPES[key, more](mpmath.mpf(at))
        error = abs(mpmath.mpf(slope) - true)
        assert error <= 100 * (1 + abs(at) if abs(at) < 50 else 1) * limits.eps * abs(true) + limits.tiny, (at, slope, true)


EXTREME = [s * x for x in (0.0, 1e-300, 1e-30, 0.5, 1.0, 2.0, 40.0, 89.0, 355.0, 710.0, 1e30) for s in (1, -1)]
ENDLESS = [*EXTREME, math.inf, -math.inf, math.nan]
DOMAINS: dict[tuple[str, str], list[float]] = {
    ("loss.bce", "probabilities"): [0.0, 1e-300, 1e-30, 1e-7, 0.3, 1 - 1e-10, 1.0], ("loss.bce", "target"): [0.0, 1.0, 0.25],
    ("loss.kl", "target"): [0.0, 1e-300, 0.5, 1.0], ("loss.hinge", "target"): [1.0, -1.0], ("loss.logistic", "target"): [1.0, -1.0],
    ("loss.bce_logits", "target"): [0.0, 1.0, 0.25],
}  # fmt: skip
OWN: dict[str, str] = {
    "activation.gelu": "torch's derivative is NaN where 0 · ∞ occurs in it; the rule gives the limit, and more digits below 0",
    "activation.elu": "for NaN torch's derivative is 1", "math.abs": "for NaN torch's derivative is 0",
    "math.norm": "for NaN torch's derivative is 0", "loss.l1": "for NaN torch's derivative is 0",
    "loss.hinge": "for NaN torch's derivative is that of a short score", "layer.recurrent": "0 · ∞ in another order",
}  # fmt: skip
"""Types whose rule may say something finite, or NaN, where torch does not: only where a number is infinite or NaN already."""


def extreme(case: Case, rng: random.Random, values: list[float]) -> Case:
    """The case with its real inputs replaced by extreme numbers."""
    names = [p.name for p in TYPES[case.type].spec.inputs if not p.parameter]

    def drawn(name: str, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(drawn(name, v) for v in value)
        if not isinstance(value, Tensor) or not value.is_floating_point():
            return value
        pool = DOMAINS.get((case.type, name), values)
        return torch.tensor([rng.choice(pool) for _ in range(value.numel())], dtype=value.dtype).reshape(value.shape)

    return dataclasses.replace(case, inputs=tuple(drawn(n, v) for n, v in zip(names, case.inputs, strict=False)), expected=None)


def compare(case: Case) -> bool:
    """Hold the rules of a case against autograd; False where there is nothing to compare: refused numbers, no gradient at all."""
    call = Call(case)
    leaves = call.leaves()
    try:
        result, kept = call.result(leaves), call.result()
    except NodeError:
        return False
    y = result.outputs[0]
    if not y.requires_grad:
        return False
    expected = torch.autograd.grad(y, flat(leaves), torch.ones_like(y), allow_unused=True)
    with torch.no_grad():
        arguments = list(call.arguments.values())
        gradients = {n: call.type.gradients[n](call.s, torch.ones_like(y), kept.outputs[0], kept.kept, *arguments) for n in leaves}
    usual = all(bool(torch.isfinite(t).all()) for t in [*flat(leaves), *result.outputs])
    for rule, auto, leaf in zip(flat(gradients), expected, flat(leaves), strict=True):
        largest = float(torch.nan_to_num(rule, 0, 0, 0).abs().max()) if rule.numel() else 0.0
        if call.type.flow != "entries":  # sums of products, whose order is torch's own affair
            largest = max([largest, *(float(torch.nan_to_num(t.detach(), 0, 0, 0).abs().max()) for t in flat(leaves) if t.numel())])
        rule = rule.sum_to_size(leaf.shape)
        auto = torch.zeros_like(leaf) if auto is None else auto
        both = torch.isfinite(rule) & torch.isfinite(auto)
        if case.type not in OWN or usual:
            ours, theirs = (torch.nan_to_num(t[~both], nan=7.5) for t in (rule, auto))
            assert torch.equal(ours, theirs), (case, arguments, rule, auto)
        scale = max(1.0, largest, float(auto[both].abs().max()) if bool(both.any()) else 1.0)
        if usual:
            assert bool(((rule - auto)[both].abs() <= 1e-10 * scale).all()), (case, arguments, rule, auto)
    return True


RULED = [case for case in all_cases() if TYPES[case.type].gradients and Call(case).differentiable]
FEW = [case for key in TYPES for case in [c for c in RULED if c.type == key][:4]]


@pytest.mark.parametrize("case", FEW, ids=str)
def test_rules_are_autograd_s_at_extreme_values(case: Case) -> None:
    if case.type == "math.atan2" and torch.__version__.startswith("2.9."):
        pytest.skip("at (0, 0) the derivative of torch 2.9 is NaN; the rule says 0, as later versions do")
    rng = random.Random(str(case))
    compared = [compare(extreme(case, rng, values)) for values in (EXTREME, EXTREME, ENDLESS)]
    assert any(compared)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_rules_are_autograd_s_at_many_extreme_values(seed: int) -> None:
    for case in RULED:
        rng = random.Random(f"{seed} {case}")
        compare(extreme(case, rng, EXTREME if seed % 2 else ENDLESS))


@pytest.mark.parametrize(
    "key", [k for k, t in TYPES.items() if (t.loss or k.startswith(("activation.", "math."))) and t.spec.role == "op" and t.gradients]
)
def test_nan_comes_through(key: str) -> None:
    """One NaN in what is differentiable makes the value NaN somewhere, and the gradient there is not a silent 0."""
    some_entries_only = ("math.slice", "loss.nll", "math.where")
    cases = [c for c in RULED if c.type == key and key not in some_entries_only][:8]
    for case in cases:
        call = Call(case)
        for name in call.differentiable:
            value = call.arguments[name]
            tensor = value[0] if isinstance(value, tuple) else value
            tensor = tensor.clone()
            tensor.view(-1)[0] = math.nan
            changed = (tensor, *value[1:]) if isinstance(value, tuple) else tensor
            twin = Call(case)
            twin.arguments[name] = changed
            if key == "math.power" and name == "b":
                continue  # 1 to any power is 1, NaN too, as everywhere in floating point
            result = twin.result()
            assert any(bool(torch.isnan(t).any()) for t in result.outputs), (case, name)
            y = result.outputs[0]
            rule = call.type.gradients[name](twin.s, torch.ones_like(y), y, result.kept, *twin.arguments.values())
            own = (rule[0] if isinstance(value, tuple) else rule).sum_to_size(tensor.shape)
            straight = key in ("math.add", "math.subtract", "math.negate", "math.sign")
            linear = straight or call.type.flow in ("sums", "products", "selection")
            assert linear or float(own.reshape(-1)[0]) != 0.0, (case, name, own)


def test_hand_values() -> None:
    """ELU at −12 in float32 is e⁻¹²; KL by a target of 0 is −∞; BCE at p = 0 against 1 is −10¹² by p, and 100 by the target."""
    s = Settings(**TYPES["activation.elu"].spec.defaults(), name="n", training=True, batched=frozenset(), dtype=torch.float32)
    x = torch.tensor([-12.0, -20.5])
    gradients = TYPES["activation.elu"].gradients["x"](s, torch.ones(2), torch.expm1(x), None, x)
    assert gradients.tolist() == pytest.approx([math.exp(-12), math.exp(-20.5)], rel=2e-7)
    zero, one = torch.tensor(0.0, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64)
    s = Settings(reduction="sum", batched=frozenset())
    assert TYPES["loss.kl"].gradients["target"](s, one, zero, zero.shape, torch.tensor(-3.0), zero).item() == -math.inf
    assert TYPES["loss.bce"].gradients["probabilities"](s, one, zero, zero.shape, zero, one).item() == pytest.approx(-1e12, rel=1e-7)
    assert TYPES["loss.bce"].gradients["target"](s, one, zero, zero.shape, zero, one).item() == 100.0
    assert math.isnan(TYPES["loss.hinge"].gradients["scores"](s, one, zero, zero.shape, zero * math.nan, one).item())
