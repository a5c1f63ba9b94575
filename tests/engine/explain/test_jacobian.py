"""Jacobians of nodes by values and learned tensors before them, against torch.func.jacrev of the same formulas written in plain torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.explain.context import ExplainContext
from engine.explain.jacobian import Jacobian, JacobianJob
from engine.explain.jacobian.answer import jacobian
from engine.explain.question import Unanswerable
from engine.numerics.job import finished
from engine.training.model import Model
from graph.model.address import Address, output
from tests.support.networks import network, product, tanh_net

MODEL = Model(tanh_net(), dtype=torch.float64)


def asked(of: Address, by: Address | None = None, sample: int = 0, model: Model = MODEL) -> Jacobian:
    answer: Jacobian = finished(jacobian(ExplainContext(model), JacobianJob(of, by, sample)))
    return answer


def plain(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """2–4–2 with tanh, without its loss."""
    hidden = torch.tanh(weights["hidden.W"] @ x + weights["hidden.b"])
    return weights["out.W"] @ hidden + weights["out.b"]


@pytest.mark.parametrize("sample", [0, 5])
def test_a_networks_jacobian_by_its_input_and_by_each_of_its_tensors(sample: int) -> None:
    weights = dict(MODEL.state.parameters)
    x = MODEL.feeds.train["data", "x"][sample]
    by_input = asked(output("out"), output("data", "x"), sample)
    assert torch.allclose(torch.from_numpy(by_input.matrix), torch.func.jacrev(lambda x: plain(weights, x))(x), rtol=0, atol=1e-14)
    assert (by_input.rows, by_input.columns) == (("out[0]", "out[1]"), ("data.x[0]", "data.x[1]"))
    assert (by_input.sample, by_input.samples, by_input.direct) == (sample, 8, False)
    assert by_input.singular == pytest.approx(torch.linalg.svdvals(torch.from_numpy(by_input.matrix)).numpy(), abs=1e-14)
    for name in weights:
        node, _dot, own = name.partition(".")
        found = asked(output("out"), Address("parameter", node, own), sample)

        def of(tensor: Tensor, name: str = name) -> Tensor:
            return plain({**weights, name: tensor}, x)

        expected = torch.func.jacrev(of)(weights[name]).reshape(2, -1)
        assert torch.allclose(torch.from_numpy(found.matrix), expected, rtol=0, atol=1e-14), name
        assert found.direct == name.startswith("out")


def test_the_jacobian_of_softmax_is_diag_p_minus_ppt() -> None:
    nodes: dict[str, tuple[str, Any]] = {"z": ("source.input", {"value": [1.0, 2.0, 3.0]}), "p": ("activation.softmax", {})}
    model = Model(network(nodes, "z -> p.x", settings={"dtype": "float64"}))
    p = torch.softmax(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), 0)
    found = asked(output("p"), model=model)
    assert torch.allclose(torch.from_numpy(found.matrix), torch.diag(p) - torch.outer(p, p), rtol=0, atol=1e-15)
    assert found.rank == 2 and found.sample is None and found.columns == ("z[0]", "z[1]", "z[2]")


def test_a_scalar_has_one_row_its_gradient_and_what_does_not_lead_there_is_refused() -> None:
    model = Model(product())  # f = x·y + z at (2, −5, 3)
    rows = [asked(output("f"), output(name), model=model).matrix.tolist() for name in ("x", "y", "z", "d")]
    assert rows == [[[-5.0]], [[2.0]], [[1.0]], [[1.0]]]
    assert [place.id for place in asked(output("f"), model=model).offered] == ["d", "z", "x", "y"]
    with pytest.raises(Unanswerable, match="does not depend on z"):
        asked(output("d"), output("z"), model=model)
    with pytest.raises(Unanswerable, match="has no Jacobian"):
        asked(output("x"), model=model)
    with pytest.raises(Unanswerable, match="class indices"):
        asked(output("data", "target"))


def test_without_a_choice_it_is_by_what_can_move() -> None:
    nodes: dict[str, tuple[str, Any]] = {
        "one": ("source.constant", {"value": 1.0}), "w": ("source.input", {"value": 3.0}), "f": ("math.subtract", {})
    }  # fmt: skip
    model = Model(network(nodes, "one -> f.a; w -> f.b", settings={"dtype": "float64"}))
    found = asked(output("f"), model=model)
    assert (found.by, found.matrix.tolist()) == (output("w"), [[-1.0]])
    assert found.offered == (output("one"), output("w"))
