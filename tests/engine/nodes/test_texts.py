"""The formulas and local derivatives that are shown, read as mathematics: on single numbers they give what `forward` and the rules give."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from engine.nodes import TYPES, activations, losses, math_elementwise, math_functions, penalties, types_in
from engine.nodes.base import Result, Settings
from tests.support.latex import evaluate

KEYS = [t.key for family in (math_elementwise, math_functions, activations, losses, penalties) for t in types_in(family)]
ON_VECTORS = ("activation.softmax", "activation.log_softmax")
WITHIN_0_AND_1 = ("math.log", "math.log10", "math.log2", "math.sqrt", "math.power", "loss.bce", "loss.kl")
LETTERS = {"slope": "\\alpha", "alpha": "\\alpha", "beta": "\\beta", "delta": "\\delta", "lam": "\\lambda"}
VALUES = {"slope": 0.3, "alpha": 1.7, "beta": 2.5, "delta": 0.8, "lam": 0.4}
LEFT_OUT = {r"H_\delta": "defined beside it, and its derivative is compared", r"d@y": "the slope of GELU's approximation is left as dy/dx"}
"""What cannot be read as it stands, and why."""


def variants(key: str) -> list[dict[str, Any]]:
    """The settings that change the texts, in all combinations; the others at values no formula could guess."""
    spec = TYPES[key].spec
    given = {name: value for name, value in VALUES.items() if spec.setting(name)}
    choices = {s.name: s.choices for s in spec.settings if s.name in {setting for setting, _ in spec.formula_parts.values()}}
    return [given | dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


@pytest.mark.parametrize(("key", "settings"), [(k, v) for k in KEYS if k not in ON_VECTORS for v in variants(k)], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_texts_rules_and_forward_say_the_same(key: str, settings: dict[str, Any], seed: int) -> None:
    node_type = TYPES[key]
    s = Settings(**{**node_type.spec.defaults(), **settings}, name="n", training=True, batched=frozenset(), dtype=torch.float64)
    rng = torch.Generator().manual_seed(seed)
    low, high = (0.05, 0.95) if key in WITHIN_0_AND_1 else (-2.0, 2.0)
    numbers = [low + (high - low) * torch.rand((), generator=rng, dtype=torch.float64) for _ in node_type.inputs]
    if key in ("math.maximum", "math.minimum") and seed == 3:
        numbers[1] = numbers[0].clone()  # a tie
    arguments = [(t,) if port.many else t for t, port in zip(numbers, node_type.inputs, strict=True)]
    run = node_type.forward(s, *arguments)
    y, kept = (run.outputs[0], run.kept) if isinstance(run, Result) else (run, None)
    g = torch.tensor(0.7, dtype=torch.float64)
    names = {f"@{port.name}": float(t) for port, t in zip(node_type.inputs, numbers, strict=True)}
    names |= {"@y": float(y), "\\bar{@y}": float(g)} | {LETTERS[name]: value for name, value in VALUES.items() if name in settings}
    formula, _, _ = node_type.spec.formula_for(settings).partition(r", \quad")
    sides = [(side, y) for side in formula.split(" = ")[1:]]
    for name, text in node_type.spec.local_derivatives_for(settings).items():
        answer = node_type.gradients[name](s, g, y, kept, *arguments)
        sides.append((text.partition(" = ")[2], answer[0] if isinstance(answer, tuple) else answer))
    for side, number in sides:
        if not any(part in side for part in LEFT_OUT):
            assert evaluate(side, names) == pytest.approx(float(number), rel=1e-9, abs=1e-12), side


def test_the_reader_of_formulas_multiplies_before_it_adds() -> None:
    assert evaluate(r"-2\,(@x + 1)^2 \cdot \frac{1}{2} + |@x - 5|", {"@x": 3.0}) == -14.0
    assert evaluate(r"(1 \;\mathrm{if}\; @x > 0, \;\mathrm{else}\; \alpha)", {"@x": -1.0, "\\alpha": 0.2}) == 0.2
    assert evaluate(r"e^{-@x} [@x < 2]", {"@x": 0.0}) == 1.0
