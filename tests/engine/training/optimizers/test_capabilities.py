"""What an optimizer says that it needs is what it gets: the loss as often as it likes, all samples, all second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from engine.compile.program import Program
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.update import UpdateOf, UpdateTable
from engine.export.export import export
from engine.export.registry import ExportError
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.evaluation import Evaluation
from engine.training.model import Model
from engine.training.optimizers.base import LARGEST_HESSIAN, Optimizer
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.optimizers.settings import learning_rate
from engine.training.run import Run
from graph.model.graph import Graph
from tests.engine.training.test_checkpoints import lively_net
from tests.support.networks import network, tanh_net

if TYPE_CHECKING:
    from torch import Tensor


class Newton(Optimizer):
    """θ − η H⁻¹ g."""

    key, title, doc = "newton", "Newton", "For this test."
    settings = (learning_rate(1.0),)
    evaluates_loss = full_batch = needs_hessian = True

    def minimise(self, evaluate: Any, hessian: Any = None) -> Tensor:
        self.t += 1
        loss, gradients = evaluate()
        move = torch.linalg.solve(hessian(), torch.cat([g.reshape(-1) for g in gradients]))
        for parameter, part in zip(self.parameters, move.split([p.numel() for p in self.parameters]), strict=True):
            parameter.sub_(self.lr * part.view_as(parameter))
        result: Tensor = loss
        return result


@pytest.fixture
def newton(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(OPTIMIZERS, "newton", Newton)
    yield


def fourth_power() -> Graph:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"w": ("parameter.parameter", {"value": 3.0}), "f": ("math.power", {"b": 4.0})}
    return network(nodes, "w -> f.a", optimizer="newton", hyper={}, steps=4, epochs=None, batch_size=None)


def test_newton_s_step_by_hand(newton: None) -> None:
    """f = w⁴: w ← w − 4w³/12w² = 2w/3."""
    run = Run(Model(fourth_power()))
    update = answer(ExplainContext(run.model, run), UpdateOf())
    assert isinstance(update, UpdateTable) and update.parameters[0].numbers == pytest.approx((3.0, 108.0, -1.0, 2.0))
    run.train(max_steps=3)
    (w,) = run.state.parameters.values()
    assert float(w) == pytest.approx(3 * (2 / 3) ** 3, rel=1e-12) and run.problem is None


def kink() -> Graph:
    """relu(log w) + w³ at w > 1, whose program looks for gradients that are not finite."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "w": ("parameter.parameter", {"value": [1.5, 2.5]}), "log": ("math.log", {}), "relu": ("activation.relu", {}),
        "cube": ("math.power", {"b": 3.0}), "d": ("math.add", {}), "f": ("math.sum", {}),
    }  # fmt: skip
    return network(nodes, "w -> log.x; log -> relu.x; w -> cube.a; relu -> d.a; cube -> d.b; d -> f.x")


@pytest.mark.parametrize("make", [lambda: tanh_net(batch_size=None), lambda: lively_net("sgd", {}), kink], ids=["tanh", "dropout", "kink"])
def test_the_hessian_of_a_network_is_the_difference_of_its_gradients(make: Callable[[], Graph]) -> None:
    model = Model(make())
    run = Run(model)
    feeds, key = run.coming()
    program: Program = model.program(training=True)
    parameters = [p.clone() for p in model.parameters(program)]
    evaluation = Evaluation(program, feeds, parameters, model.buffers(program), key)
    with torch.no_grad(), threads(1):
        hessian = evaluation.hessian().numpy()
        columns = []
        for parameter in (parameters[i] for i in program.trainable):
            flat = parameter.view(-1)
            for i in range(len(flat)):
                sides = []
                for step in (1e-5, -2e-5):
                    flat[i] += step
                    sides.append(np.concatenate([g.reshape(-1).numpy() for g in evaluation()[1]]))
                flat[i] += 1e-5
                columns.append((sides[0] - sides[1]) / 2e-5)
    np.testing.assert_allclose(hessian, np.array(columns).T, atol=1e-7)


def test_too_many_second_derivatives_are_refused_in_words(newton: None) -> None:
    values = [1.0] * (LARGEST_HESSIAN + 1)
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"w": ("parameter.parameter", {"value": values}), "f": ("math.sum", {})}
    with pytest.raises(RunError, match=r"at most 2,000 numbers, but this graph has 2,001"):
        Run(Model(network(nodes, "w -> f.x", optimizer="newton", hyper={}))).train(max_steps=1)


def test_an_optimizer_that_no_program_can_be_written_with_is_refused_in_words(newton: None) -> None:
    with pytest.raises(ExportError, match="Newton"):
        export(Model(fourth_power()))


def test_capabilities_fit_together() -> None:
    for declared in OPTIMIZERS.values():
        assert declared.evaluates_loss or not declared.needs_hessian
