"""The objective as a function of chosen numbers: value, gradient and curvature, against autograd and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.curvature.point import Point, point_at
from engine.explain.question import Unanswerable
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model.address import Address
from graph.storage.files import load

EXAMPLES = Path(__file__).parents[3] / "resources/examples"
SMALL = ("fan-out", "gan-1d", "iris", "least-squares", "logistic-regression", "saddle", "sigmoid-neuron", "tanh-mlp-2-4-2", "valley", "xor",
         "xy-plus-z")  # fmt: skip


def at(name: str, *of: Address) -> Point:
    return point_at(Model(load(EXAMPLES / f"{name}.gradwire", CATALOG)), of or None)


@pytest.mark.parametrize("name", SMALL)
def test_derivatives_are_those_of_autograd(name: str) -> None:
    point = at(name)
    place = point.here.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(point._value(place), place)
    hessian = torch.autograd.functional.hessian(point._value, point.here)
    assert torch.allclose(point.gradient(), gradient, rtol=0, atol=1e-12)
    assert torch.allclose(point.hessian(), hessian, rtol=0, atol=1e-12)
    direction = torch.linspace(-1, 1, len(place), dtype=place.dtype)
    assert torch.allclose(point.product(direction), hessian @ direction, rtol=0, atol=1e-12)
    places = torch.stack([point.here, point.here + 0.25, point.here - 0.5])
    assert point.values(places).tolist() == pytest.approx([float(point.value(place)) for place in places], abs=1e-15)


def test_single_entries_and_inputs_can_be_chosen() -> None:
    whole = at("tanh-mlp-2-4-2")
    where = [5, 1, 20]
    some = at("tanh-mlp-2-4-2", *(whole.places[i] for i in where))
    order = [whole.places.index(place) for place in some.places]
    assert sorted(order) == sorted(where)
    assert some.here.tolist() == whole.here[order].tolist()
    assert torch.allclose(some.gradient(), whole.gradient()[order], rtol=0, atol=1e-14)
    assert torch.allclose(some.hessian(), whole.hessian()[order][:, order], rtol=0, atol=1e-14)
    inputs = at("xy-plus-z")  # f = (x + y)·z or x·y + z: of three inputs, by autograd above
    assert [place.kind for place in inputs.places] == ["output"] * 3


def test_what_is_no_number_of_the_objective_is_refused() -> None:
    with pytest.raises(Unanswerable, match="does not depend"):
        at("saddle", Address("parameter", "nowhere", "value"))
