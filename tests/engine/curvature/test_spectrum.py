"""The Hessian and what its eigenvalues say: figures by hand, torch.func and numpy.linalg as oracles."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.curvature.point import point_at
from engine.curvature.spectrum import Hessian, HessianJob
from engine.curvature.spectrum.definite import condition, definiteness, stationary
from engine.explain.context import ExplainContext
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.storage.files import load

EXAMPLES = Path(__file__).parents[3] / "resources/examples"


def of(formula: str, **numbers: float) -> Hessian:
    answer: Hessian = finished(_job(Model(build(formula, CATALOG, params=numbers))))
    return answer


def _job(model: Model):  # type: ignore[no-untyped-def]
    from engine.curvature.spectrum.answer import hessian

    return hessian(ExplainContext(model), HessianJob())


def kind(hessian: Hessian) -> str:
    assert hessian.eigen is not None
    return stationary(hessian.eigen.values, hessian.eigen.tolerance, float(np.linalg.norm(hessian.gradient)))


def test_the_saddle_of_one_minus_a_product() -> None:
    """(1 − w₂w₁)²: at (0, 0) the Hessian is ((0, −2), (−2, 0)); on w₁w₂ = 1 it is 2(w₂, w₁)(w₂, w₁)ᵀ."""
    saddle = of("f = (1 - w2*w1)^2", w1=0.0, w2=0.0)
    assert saddle.matrix.tolist() == [[0, -2], [-2, 0]] and saddle.eigen is not None
    assert saddle.eigen.values.tolist() == pytest.approx([2, -2], abs=1e-12) and kind(saddle) == "saddle"
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
    assert hessian.eigen is not None and np.allclose(hessian.matrix, right, rtol=0, atol=1e-10)
    assert np.allclose(np.sort(hessian.eigen.values), np.linalg.eigvalsh(right), rtol=0, atol=1e-9)
    assert np.allclose(right @ hessian.eigen.vectors, hessian.eigen.vectors * hessian.eigen.values, rtol=0, atol=1e-9)
