"""The exported program of an opened network computes what that of the closed one does, training included."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.export.export import export
from engine.training.model import Model
from graph.model.graph import Graph
from tests.engine.unfold.test_unfold_training import BOXES, normalized_net, opened_all
from tests.support.networks import tanh_net


@pytest.fixture(autouse=True)
def default_dtype_comes_back() -> Any:
    """An exported program sets torch's default."""
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


def losses(graph: Graph, training: bool) -> list[float]:
    """Of the exported program: the loss three times over the same batch, each after torch's own step of gradient descent."""
    program: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export(Model(graph)), "exported", "exec"), program)
    model = program["Model"]()
    model.load_state_dict(program["values"](), strict=False)
    model.train(training)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses_of_steps = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = model(**program["inputs"]())
        loss.backward()
        optimizer.step()
        losses_of_steps.append(loss.item())
    model.eval()
    return [*losses_of_steps, model(**program["inputs"]()).item()]


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize(
    ("graph", "boxes"), [(tanh_net(), BOXES["everything"]), (normalized_net(), [("first", False), ("norm", False)])], ids=["tanh", "norm"]
)
def test_the_exported_program_of_an_opened_network_learns_the_same(graph: Graph, boxes: list[tuple[str, bool]], training: bool) -> None:
    unfolded, _ = opened_all(graph, boxes)
    assert losses(unfolded, training) == pytest.approx(losses(graph, training), rel=1e-12)
