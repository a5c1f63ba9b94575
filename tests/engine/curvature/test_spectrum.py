"""The Hessian and what its eigenvalues say: figures by hand, torch.func and numpy.linalg as oracles."""

from __future__ import annotations

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.curvature.point import point_at
from engine.curvature.spectrum import Hessian, HessianJob, Method
from engine.curvature.spectrum.answer import hessian
from engine.curvature.spectrum.definite import condition, definiteness, stationary
from engine.curvature.spectrum.density import density
from engine.curvature.spectrum.lanczos import extremes
from engine.explain.context import ExplainContext
from engine.nodes.catalog import CATALOG
from engine.numerics.job import Steps, finished
from engine.training.model import Model
from engine.training.second import SecondDerivatives
from graph.formula.to_graph import build
from graph.storage.files import load

A = TypeVar("A")
EXAMPLES = Path(__file__).parents[3] / "resources/examples"


def of(formula: str, **numbers: float) -> Hessian:
    answer: Hessian = finished(_job(Model(build(formula, CATALOG, params=numbers))))
    return answer


def _job(model: Model, method: Method = "exact") -> Steps:
    return hessian(ExplainContext(model), HessianJob(method=method))


def _end(work: Generator[Any, None, A]) -> A:
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: A = end.value
            return result


def kind(hessian: Hessian) -> str:
    assert hessian.eigen is not None
    return stationary(hessian.eigen.values, hessian.eigen.tolerance, hessian.gradient)


def test_the_saddle_of_one_minus_a_product() -> None:
    """(1 − w₂w₁)²: at (0, 0) the Hessian is ((0, −2), (−2, 0)); on w₁w₂ = 1 it is 2(w₂, w₁)(w₂, w₁)ᵀ."""
    saddle = of("f = (1 - w2*w1)^2", w1=0.0, w2=0.0)
    assert saddle.matrix.tolist() == [[0, -2], [-2, 0]] and saddle.eigen is not None
    assert saddle.eigen.values.tolist() == pytest.approx([2, -2], abs=1e-12) and kind(saddle) == "saddle"
    # On the circle of radius r the lowest eigenvalue is largest at w₁ = w₂: 3r² − 2, and ‖∇f‖ = 2r|1 − w₁w₂| is least there: 2r(1 − r²/2).
    strict = saddle.strict
    assert strict is not None and strict.gamma == pytest.approx(2) and strict.radius == pytest.approx(math.sqrt(1 / 3), abs=1e-4)
    assert strict.alpha == pytest.approx(2 * strict.radius * (1 - strict.radius**2 / 2)) and not strict.unbounded
    for w1, w2 in ((1.0, 1.0), (0.5, 2.0), (-4.0, -0.25)):
        ridge = of("f = (1 - w2*w1)^2", w1=w1, w2=w2)
        assert ridge.eigen is not None
        assert ridge.eigen.values.tolist() == pytest.approx([2 * (w1 * w1 + w2 * w2), 0], abs=1e-9)
        assert kind(ridge) == "inconclusive" and condition(ridge.eigen.values, ridge.eigen.tolerance) == math.inf


@pytest.mark.parametrize(
    ("formula", "definite", "what"),
    [
        ("f = x^2 - y^2", "indefinite", "saddle"), ("f = x^3 - 3*x*y^2", "zero", "inconclusive"),
        ("f = x^2 + 3*y^2", "positive definite", "minimum"), ("f = 1 - x^2 - x*y - y^2", "negative definite", "maximum"),
        ("f = x^4 - y^2", "negative semidefinite", "inconclusive"),
    ],
)  # fmt: skip
def test_stationary_points_at_the_origin(formula: str, definite: str, what: str) -> None:
    hessian = of(formula, x=0.0, y=0.0)
    assert hessian.eigen is not None
    assert definiteness(hessian.eigen.values, hessian.eigen.tolerance) == definite and kind(hessian) == what


def test_away_from_a_stationary_point_nothing_is_classified() -> None:
    hessian = of("f = x^2 + 3*y^2", x=1.0, y=0.0)
    assert hessian.strict is None
    assert kind(hessian) == "not stationary"
    assert hessian.eigen is not None and condition(hessian.eigen.values, hessian.eigen.tolerance) == pytest.approx(3)


def test_newtons_step_of_a_quadratic_lands_on_its_minimum() -> None:
    """f = x² + xy + 2y² − 3x: the gradient at (2, 1) is (2, 6), H = ((2, 1), (1, 4)), d = −H⁻¹g = (−2/7, −10/7)."""
    hessian = of("f = x^2 + x*y + 2*y^2 - 3*x", x=2.0, y=1.0)
    step = hessian.newton
    assert step is not None and not step.singular
    assert step.direction.tolist() == pytest.approx([-2 / 7, -10 / 7])
    assert step.reached == pytest.approx(hessian.value + step.predicted) and step.predicted == pytest.approx(-(4 + 60) / 14)


@pytest.mark.parametrize("name", ["iris", "logistic-regression", "tanh-mlp-2-4-2", "valley", "xor"])
def test_eigenvalues_are_those_of_numpy(name: str) -> None:
    model = Model(load(EXAMPLES / f"{name}.gradwire", CATALOG))
    hessian: Hessian = finished(_job(model))
    point = point_at(model)
    right = torch.autograd.functional.hessian(point._value, point.here).double().numpy()
    assert hessian.eigen is not None and hessian.matrix is not None and np.allclose(hessian.matrix, right, rtol=0, atol=1e-10)
    assert np.allclose(np.sort(hessian.eigen.values), np.linalg.eigvalsh(right), rtol=0, atol=1e-9)
    assert np.allclose(right @ hessian.eigen.vectors, hessian.eigen.vectors * hessian.eigen.values, rtol=0, atol=1e-9)


def test_lanczos_and_the_density_of_five_hundred_parameters() -> None:
    """20–20–4 has 504 parameters: the ten leading eigenvalues against numpy.linalg of torch's own Hessian."""
    torch.manual_seed(3)
    x, y = torch.randn(30, 20, dtype=torch.float64), torch.randn(30, 4, dtype=torch.float64)

    def loss(flat: Tensor) -> Tensor:
        w1, b1, w2, b2 = flat.split([400, 20, 80, 4])
        return ((torch.tanh(x @ w1.view(20, 20).T + b1) @ w2.view(4, 20).T + b2 - y) ** 2).mean()

    place = 0.4 * torch.randn(504, dtype=torch.float64)
    right = torch.func.hessian(loss)(place)
    values = np.linalg.eigvalsh(right.numpy())
    product = SecondDerivatives(lambda at: [torch.func.grad(loss)(at[0])], [place])
    pairs = _end(extremes(product.product, 504, 10, 1e-8, 300))
    assert pairs is not None and not pairs.complete and pairs.products < 300
    for each in (values, pairs.values):
        each[:] = each[np.argsort(-abs(each))]
    assert np.allclose(pairs.values[:10], values[:10], rtol=0, atol=1e-6)
    thick = _end(density(product.products, 504, 10, 40))
    assert thick is not None
    for power in (1, 2):
        mean, error = thick.moment(power)
        assert abs(mean - (values**power).sum()) < 4 * error
    assert thick.largest == pytest.approx(values.max(), abs=1e-6)
    assert thick.share_below(np.array([values.max() + 1])) == pytest.approx([1])


def test_eigenvalues_that_occur_several_times_are_all_found() -> None:
    """After an invariant space another direction begins: diag(3, 3, 3, −1, 0)."""
    matrix = torch.diag(torch.tensor([3.0, 3, 3, -1, 0], dtype=torch.float64))
    pairs = _end(extremes(lambda v: matrix @ v, 5, 10, 1e-8, 300))
    assert pairs is not None and pairs.complete and pairs.values.tolist() == pytest.approx([3, 3, 3, 0, -1], abs=1e-12)


def test_lanczos_and_all_eigenvalues_of_an_example_agree() -> None:
    model = Model(load(EXAMPLES / "tanh-mlp-2-4-2.gradwire", CATALOG))
    answer: Hessian = finished(_job(model, "lanczos"))
    whole: Hessian = finished(_job(model))
    assert answer.eigen is not None and whole.eigen is not None and answer.exact is not None and answer.density is not None
    assert np.allclose(answer.eigen.values, whole.eigen.values, rtol=0, atol=1e-12)
    assert answer.shares.sum(1) == pytest.approx(np.ones(22)) and answer.tensors.sizes == (8, 4, 8, 2)
    assert whole.parts[0] == tuple((whole.names[i], whole.eigen.vectors[i, 0]) for i in np.argsort(-abs(whole.eigen.vectors[:, 0]))[:4])
