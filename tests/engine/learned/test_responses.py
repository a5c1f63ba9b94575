"""Maps of every unit on a plane, against the network written in torch, point by point."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.plane import Axis, Plane
from engine.learned.plane import responding as module
from engine.learned.plane.responses import Responses, ResponsesJob
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from tests.support.networks import product, tanh_net


def test_the_map_of_each_unit_is_its_activation_at_each_point(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(tanh_net())
    Run(model).train(max_steps=30)
    monkeypatch.setattr(module, "FIRST", 50)  # several pieces
    plane = Plane((Axis(0, 17, (-1.5, 2.0)), Axis(1, 13, (-1.0, 1.5))))
    seen: Responses = finished(module.responses(ExplainContext(model), ResponsesJob(plane, 1, 2, 3)))
    state = model.state.parameters
    assert {key[0]: units for key, units in seen.units.items()} == {"hidden": 4, "tanh": 4, "out": 2}
    for i, y in enumerate(np.linspace(-1.0, 1.5, 13)):
        for j, x in enumerate(np.linspace(-1.5, 2.0, 17)):
            before = state["hidden.W"] @ torch.tensor([x, y]) + state["hidden.b"]
            after = torch.tanh(before)
            for node, expected in (("hidden", before), ("tanh", after), ("out", state["out.W"] @ after + state["out.b"])):
                assert np.abs(seen.maps[node, "y"][:, i, j] - expected.numpy()).max() < 1e-12
    assert (seen.stamp.step, [axis.name for axis in seen.axes]) == (30, ["x1", "x2"])


def test_a_graph_without_data_has_no_maps() -> None:
    with pytest.raises(Unanswerable):
        finished(module.responses(ExplainContext(Model(product())), ResponsesJob(Plane(), 0, 0, 0)))
