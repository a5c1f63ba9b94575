"""Formulas as lectures write them. What they are worth is torch's own arithmetic, written out beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import FormulaError, build, names_in
from graph.model.objective import Objective, find_objective

CASES = Path(__file__).parents[2] / "data" / "cases" / "formulas.txt"
PI, E = torch.pi, torch.e
VALUES = {"x": 2.0, "y": -5.0, "x1": 0.7, "x2": 1.3, "θ": 0.4, "μ": 0.3, "λ": 1.5, "lambda": 2.5, "theta_1": 0.2, "x_12": 0.6, "y_hat": 0.1}
"""Every name the formulas use; gradients are taken with respect to the first one that occurs."""

MEANINGS: dict[str, Callable[..., Tensor]] = {
    "e^x": lambda x: torch.exp(x), "1/(1+e^(-x))": lambda x: torch.sigmoid(x), "sin(2*pi*x)": lambda x: torch.sin(2 * PI * x),
    "π*x": lambda x: PI * x, "-x*log(x)/log(e)": lambda x: -x * torch.log(x), "θ*x": lambda θ, x: θ * x, "µ*x": lambda μ, x: μ * x,
    "λ*x": lambda λ, x: λ * x, "σ(x)": lambda x: torch.sigmoid(x), "lambda*x": lambda a, x: a * x, "x₁ + x₂": lambda a, b: a + b,
    "x⁴": lambda x: x**4, "x⁻¹": lambda x: 1 / x, "x²³": lambda x: x**23, "x⋅y": lambda x, y: x * y, "x∗y": lambda x, y: x * y,
    "½*x": lambda x: 0.5 * x, "2(x+1)": lambda x: 2 * (x + 1), "(x+1)(x-1)": lambda x: x * x - 1, "sin^2(x)": lambda x: torch.sin(x) ** 2,
    "|x|": lambda x: x.abs(), r"\frac{x}{y}": lambda x, y: x / y, "007*x": lambda x: 7 * x, "0,5*x": lambda x: 0.5 * x,
    "2x": lambda x: 2 * x, "1½x": lambda x: 1.5 * x, "√x": lambda x: x.sqrt(), "2|x||y|": lambda x, y: 2 * x.abs() * y.abs(),
    r"\frac{1}{1 + e^{-x}}": lambda x: torch.sigmoid(x), r"\left( x + 1 \right) \cdot y": lambda x, y: (x + 1) * y,
    r"\left. x^2 + y \right.": lambda x, y: x * x + y,
    r"\sqrt{x^2 + 1}": lambda x: (x * x + 1).sqrt(), r"\sqrt[3]{x}": lambda x: x ** (1 / 3),
    r"\sin x + \exp(x)": lambda x: x.sin() + x.exp(),
    r"\theta_1 x": lambda t, x: t * x, "x_{12}": lambda x: x * 1, r"\hat{y}^{2}": lambda y: y * y,
    "u = 2x; u² + e": lambda x: 4 * x * x + E,
    "2π θ": lambda θ: 2 * PI * θ, "2^x": lambda x: 2**x, "-x^2": lambda x: -(x**2), "5 % * x": lambda x: 0.05 * x,
    "x·y": lambda x, y: x * y,
    "e": lambda: torch.tensor(E, dtype=torch.float64),
    "sin²(x)": lambda x: torch.sin(x) ** 2, "1.234,5x": lambda x: 1234.5 * x, "max(1,5)*x": lambda x: 5 * x,
    "e^(x)^2": lambda x: (x**2).exp(),
    "x ^ 2 ^ 2": lambda x: x**4, "‖x‖": lambda x: x.abs(),
    "clip(x,0,1)": lambda x: x.clamp(0, 1), "clamp(x, -3, 3)": lambda x: x.clamp(-3, 3),
    "clip(x, y, 1)": lambda x, y: torch.maximum(x, y).clamp(max=1),
    "clip(x, low=3)": lambda x: x.clamp(min=3), "tan(x)": lambda x: x.tan(), "log10(x) + log2(x)": lambda x: x.log10() + x.log2(),
    "log₂(x)": lambda x: x.log2(), r"\log_{10}(x)": lambda x: x.log10(), "sinh(x)*cosh(x)": lambda x: x.sinh() * x.cosh(),
    "atan2(x, y)": lambda x, y: torch.atan2(x, y), "arctan(x)": lambda x: x.atan(), "sign(x)*x": lambda x: x.sign() * x,
    "where(x > 0, x^2, y)": lambda x, y: torch.where(x > 0, x**2, y), "where(x < y, x, 3y)": lambda x, y: torch.where(x < y, x, 3 * y),
    "max(x, y, x1)": lambda x, y, a: torch.stack([x, y, a]).amax(), "min(x, y, x1)": lambda x, y, a: torch.stack([x, y, a]).amin(),
    "logsumexp(concat(flatten(x), flatten(y)))": lambda x, y: torch.stack([x, y]).logsumexp(0),
    "max(concat(flatten(x), flatten(y)), axes=[0])": lambda x, y: torch.stack([x, y]).amax(),
    "min(concat(flatten(x), flatten(y)))": lambda x, y: torch.stack([x, y]).amin(),
}  # fmt: skip
REFUSED = {
    "2πr": "write π*r for the product",
    "x!": "factorial", "x'*y": "transpose", "x₁x₂": "Did you mean x1*x2", "where(x >= 0, x, y)": "swap a and b",
    "x^T*y": "inner product", "inf*x": "not a number", "i*x": "imaginary", "j*x": "imaginary", "nan*x": "not a number",
    "step(x)": "where(x > 0, 1, 0)",
}  # fmt: skip


@pytest.mark.parametrize("text", MEANINGS)
def test_a_formula_means_what_a_lecture_means(text: str) -> None:
    names = names_in(text)
    graph = build(text, CATALOG, {name: VALUES[name] for name in names})
    trace = Model(graph).trace()
    objective = find_objective(graph)
    assert isinstance(objective, Objective)

    leaves = [torch.tensor(VALUES[name], dtype=torch.float64, requires_grad=True) for name in names]
    expected = MEANINGS[text](*leaves)
    assert float(trace.values[objective.node, "y"]) == pytest.approx(float(expected.detach()), rel=1e-14)
    for name, leaf, slope in zip(names, leaves, torch.autograd.grad(expected, leaves) if leaves else [], strict=True):
        node = graph.named(name)
        assert node is not None and leaf is not None
        gradient = trace.gradients[node.id, "y"]
        assert isinstance(gradient, torch.Tensor)
        assert float(gradient) == pytest.approx(float(slope), rel=1e-12), name


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_what_could_mean_something_else_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(words)):
        build(text, CATALOG, {name: VALUES[name] for name in names_in(text) if name in VALUES})


def test_every_formula_of_the_cases_is_here() -> None:
    known = {*MEANINGS, *REFUSED}
    typed: list[str] = []
    for line in CASES.read_text(encoding="utf-8").split("# CLI")[0].splitlines():
        if not line.startswith("#"):
            head = line.split("  ")[0].strip()
            spaced = head in ("θ*x µ*x λ*x σ(x)", "i*x, j*x, nan*x") or head.startswith("x₁ + x₂, ")
            parts = head.replace("x₁ + x₂", "x₁␣+␣x₂").replace(",", " ").split() if spaced else [head]
            typed += [part.split(" (")[0].replace("␣", " ") for part in parts if not part.startswith("(U+")]
    assert len(typed) > 25 and [text for text in typed if text not in known] == []


@pytest.mark.parametrize("name", ["e", "pi", "π"])
def test_a_constant_is_a_name_where_someone_gives_it_a_meaning(name: str) -> None:
    for graph in (build(f"{name}^x", CATALOG, {name: 3.0, "x": 2.0}), build(f"{name} = 3; {name}^x", CATALOG, {"x": 2.0})):
        objective = find_objective(graph)
        assert isinstance(objective, Objective) and float(Model(graph).trace().values[objective.node, "y"]) == 9.0
