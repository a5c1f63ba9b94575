"""Dead and saturated units, counted by hand and by torch's derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.compile.activity import FLAT, Activity, activity
from engine.compile.views import FULL_LIMIT
from engine.training.model import Model
from tests.support.networks import network


def test_a_relu_unit_is_dead_if_it_is_off_for_every_sample() -> None:
    values = np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]])
    assert activity("activation.relu", values, True) == Activity("dead", 1, 3, 2)
    assert activity("activation.relu", values[:1], True) is None  # one sample says nothing about a unit
    assert activity("activation.relu", np.array([0.0, 0.0]), False) is None
    assert activity("activation.gelu", values, True) is None


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_a_value_is_saturated_where_torchs_slope_is_small(name: str) -> None:
    x = torch.linspace(-8, 8, 41, dtype=torch.float64, requires_grad=True)
    y = getattr(torch, name)(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    expected = int((slope < FLAT * slope.max()).sum())
    found = activity(f"activation.{name}", y.detach().numpy(), False)
    assert found is not None and (found.count, found.of) == (expected, 41) and 0 < expected < 41


def test_what_is_not_finite_says_nothing() -> None:
    assert activity("activation.tanh", np.array([1.0, np.nan]), False) is None


def test_values_too_large_to_travel_are_counted_where_they_are() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 100}), "u": ("layer.linear", {"out_features": 700}),
        "h": ("activation.relu", {}), "s": ("math.sum", {}),
    }  # fmt: skip
    model = Model(network(nodes, "data.x -> u.x; u -> h.x; h -> s.x"))
    view, value = model.trace_view(), model.trace().values["h", "y"]
    assert value.numel() > FULL_LIMIT and view.values["h", "y"].data is None
    dead = int((value == 0).all(dim=0).sum())
    assert view.activities == {"h": Activity("dead", dead, 700, 8)} and 0 < dead < 700
