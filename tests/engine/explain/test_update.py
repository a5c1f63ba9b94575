"""The update phase: every parameter's step is the one that is made, and its equation comes to what it says."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from engine.explain.answer import answer
from engine.explain.cards import Line, Number, Tex
from engine.explain.context import ExplainContext
from engine.explain.question import Refusal
from engine.explain.update import ParameterUpdate, UpdateOf, UpdateTable
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.run import Run
from graph.model.faults import Fault, plant
from graph.model.graph import Graph
from tests.engine.training.optimizers.cases import ANY_LOSS
from tests.support.latex import evaluate
from tests.support.networks import network, product, tanh_net

SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"lr": 0.1}), ("sgd", {"lr": 0.1, "weight_decay": 0.05}), ("momentum", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3}),
    ("momentum", {"lr": 0.1, "momentum": 0.0, "dampening": 0.3}), ("nesterov", {"lr": 0.1, "momentum": 0.0}),
    ("momentum", {"lr": 0.1, "weight_decay": 0.05}), ("nesterov", {"lr": 0.1}), ("nesterov", {"lr": 0.1, "weight_decay": 0.05}),
    ("adagrad", {"lr": 0.1, "lr_decay": 0.2, "initial_accumulator_value": 0.1}), ("adagrad", {"weight_decay": 0.1}),
    ("rmsprop", {"lr": 0.02}), ("rmsprop", {"lr": 0.02, "momentum": 0.7, "centered": True, "weight_decay": 0.01}),
    ("rmsprop", {"centered": True}), ("adadelta", {}), ("adadelta", {"weight_decay": 0.1}),
    ("adam", {"lr": 0.02}), ("adam", {"lr": 0.02, "amsgrad": True, "weight_decay": 0.01}), ("adamw", {"lr": 0.02}),
    ("adamw", {"lr": 0.02, "weight_decay": 0.0}), ("adamw", {"lr": 0.02, "amsgrad": True, "weight_decay": 0.1}),
    ("nadam", {"lr": 0.02}), ("nadam", {"lr": 0.02, "weight_decay": 0.01, "momentum_decay": 0.1}),
]  # fmt: skip
OTHERS: list[tuple[str, dict[str, Any]]] = [(key, {}) for key in ANY_LOSS if key not in dict(SETTINGS)]
ALL = SETTINGS + [(key, hyper) for key, hyper in OTHERS if not OPTIMIZERS[key].evaluates_loss]
"""Every optimizer, one that nobody thought of here with its own defaults."""
TORCH: dict[str, Any] = {
    "sgd": lambda p, h: torch.optim.SGD(p, h.get("lr", 0.1), weight_decay=h.get("weight_decay", 0)),
    "momentum": lambda p, h: torch.optim.SGD(
        p, h.get("lr", 0.1), h.get("momentum", 0.9), h.get("dampening", 0), h.get("weight_decay", 0)),
    "nesterov": lambda p, h: torch.optim.SGD(
        p, h.get("lr", 0.1), h.get("momentum", 0.9), 0, h.get("weight_decay", 0), h.get("momentum") != 0),
    "adagrad": lambda p, h: torch.optim.Adagrad(p, **h),
    "rmsprop": lambda p, h: torch.optim.RMSprop(p, **h),
    "adadelta": lambda p, h: torch.optim.Adadelta(p, **h),
    "adam": lambda p, h: torch.optim.Adam(p, **h),
    "adamw": lambda p, h: torch.optim.AdamW(p, **h),
    "nadam": lambda p, h: torch.optim.NAdam(p, **h),
}  # fmt: skip


def asked(trainer: Run, question: UpdateOf = UpdateOf()) -> UpdateTable:  # noqa: B008 - a frozen question
    update = answer(ExplainContext(trainer.model, trainer), question)
    assert isinstance(update, UpdateTable), update
    return update


def lines_of(row: ParameterUpdate) -> list[tuple[str, list[float], float]]:
    """The right sides with their numbers, and what they come to."""
    lines = []
    for line in row.lines:
        if line.kind == "numbers":
            left, right, equals, result = line.pieces
            assert isinstance(left, Tex) and isinstance(right, Tex) and isinstance(result, Number)
            assert isinstance(equals, Tex) and equals.text == "="
            numbers = [part.value for part in right.parts if isinstance(part, Number)]
            lines.append((right.text, numbers, result.value))
    return lines


def made_of(row: ParameterUpdate) -> float:
    """What the last equation of θ comes to."""
    results = [line.pieces[-1] for line in row.lines if line.kind == "numbers" and isinstance(line.pieces[0], Tex)
               and line.pieces[0].text.startswith(r"\theta")]  # fmt: skip
    assert isinstance(results[-1], Number)
    return results[-1].value


def comes_to(text: str, numbers: list[float]) -> float:
    """A right side, read by the reader that the node types' formulas are read by."""
    for i in range(len(numbers) - 1, -1, -1):
        text = text.replace(f"@{i}", f"{{@n{i}x}}")
    return evaluate(text, {f"@n{i}x": value for i, value in enumerate(numbers)})


def plain(line: Line) -> str:
    """`\\theta \\leftarrow 1 - 0.1 …` with the numbers of a calculation by hand in it."""
    texts = []
    for piece in line.pieces:
        if isinstance(piece, Tex):
            texts.append(piece.latex(lambda part: f"{part.value:g}" if isinstance(part, Number) else "?"))
        elif isinstance(piece, Number):
            texts.append(f"{piece.value:g}")
    return " ".join(" ".join(texts).replace("{", "").replace("}", "").split())


def linear(w: float, x: float, target: float, **training: Any) -> Graph:
    """L = (w·x − target)²."""
    nodes = {
        "w": ("parameter.parameter", {"value": w}), "x": ("source.input", {"value": x}), "d": ("math.multiply", {}),
        "t": ("source.constant", {"value": target}), "e": ("math.subtract", {}), "f": ("math.square", {}),
    }  # fmt: skip
    return network(nodes, "w -> d.a; x -> d.b; d -> e.a; t -> e.b; e -> f.x", **({"optimizer": "sgd", "hyper": {"lr": 0.1}} | training))


def test_plain_gradient_descent_reads_old_minus_rate_times_gradient_is_new() -> None:
    # L = (2w − 6)² at w = 1: ∂L/∂w = 2·(−4)·2 = −16, and 1 − 0.1·(−16) = 2.6
    update = asked(Run(Model(linear(1.0, 2.0, 6.0))))

    (row,) = update.parameters
    assert [plain(line) for line in row.lines] == [r"\theta \leftarrow \theta - \eta\,g", r"\theta \leftarrow 1 - 0.1 \cdot -16 = 2.6"]
    assert (row.label, row.old.scalar, row.gradient.scalar, row.step.scalar) == ("w", 1.0, -16.0, pytest.approx(1.6))
    assert (update.loss, update.iteration, update.t, update.hyper[0]) == (16.0, 0, 1, ("Learning rate η", 0.1))


def test_the_three_parameters_of_x_times_y_plus_z_step_by_hand() -> None:
    # f = x·y + z at 2, −5, 3: ∂f = (−5, 2, 1); with η = 0.5: 2 + 2.5, −5 − 1, 3 − 0.5
    nodes = {n: ("parameter.parameter", {"value": v}) for n, v in (("x", 2.0), ("y", -5.0), ("z", 3.0))}
    nodes |= {"d": ("math.multiply", {}), "f": ("math.add", {})}
    graph = network(nodes, "x -> d.a; y -> d.b; d -> f.a; z -> f.b", optimizer="sgd", hyper={"lr": 0.5})

    update = asked(Run(Model(graph)))

    assert [(row.label, row.old.scalar, row.gradient.scalar, row.new.scalar) for row in update.parameters] == [
        ("x", 2.0, -5.0, 4.5), ("y", -5.0, 2.0, -6.0), ("z", 3.0, 1.0, 2.5),
    ]  # fmt: skip
    assert [plain(row.lines[1]) for row in update.parameters] == [
        r"\theta \leftarrow 2 - 0.5 \cdot -5 = 4.5", r"\theta \leftarrow -5 - 0.5 \cdot 2 = -6", r"\theta \leftarrow 3 - 0.5 \cdot 1 = 2.5",
    ]  # fmt: skip


def test_the_second_step_of_momentum_by_hand() -> None:
    # m₁ = −16, w = 2.6; then ∂L/∂w = 4·(5.2 − 6) = −3.2, m₂ = 0.9·(−16) − 3.2 = −17.6, w = 2.6 + 1.76 = 4.36
    trainer = Run(Model(linear(1.0, 2.0, 6.0, optimizer="momentum"))).prepare()
    assert plain(asked(trainer).parameters[0].lines[1]) == "m = -16 = -16"
    trainer.train(max_steps=1)

    lines = asked(trainer).parameters[0].lines

    assert plain(lines[1]) == r"m \leftarrow 0.9 \cdot -16 + (1 - 0) \cdot -3.2 = -17.6"
    assert plain(lines[3]) == r"\theta \leftarrow 2.6 - 0.1 \cdot -17.6 = 4.36"


@pytest.mark.parametrize(("optimizer", "hyper"), SETTINGS)
def test_the_update_is_that_of_torch_optim_on_the_same_gradients(optimizer: str, hyper: dict[str, Any]) -> None:
    trainer = Run(Model(tanh_net(optimizer=optimizer, hyper=hyper))).prepare()
    first = asked(trainer)
    own = [torch.tensor(row.old.data, requires_grad=True) for row in first.parameters]
    given = {k: v for k, v in hyper.items() if k not in ("beta1", "beta2")}
    reference = TORCH[optimizer](own, given)
    close = 1e-7 if optimizer == "nadam" else 1e-11  # torch keeps NAdam's product in single precision
    for _ in range(4):
        update = asked(trainer)
        for tensor, row in zip(own, update.parameters, strict=True):
            np.testing.assert_allclose(row.old.data, tensor.detach().numpy(), rtol=close, atol=close / 100)  # type: ignore[arg-type]
            tensor.grad = torch.tensor(row.gradient.data)
        reference.step()
        for tensor, row in zip(own, update.parameters, strict=True):
            np.testing.assert_allclose(row.new.data, tensor.detach().numpy(), rtol=close, atol=close / 100)  # type: ignore[arg-type]
        trainer.train(max_steps=1)


@pytest.mark.parametrize(("optimizer", "hyper"), [*SETTINGS, *OTHERS, ("lbfgs", {"line_search": "none", "lr": 0.1})])
def test_the_step_shown_is_made_and_nothing_is_changed_by_looking(optimizer: str, hyper: dict[str, Any]) -> None:
    trainer = Run(Model(tanh_net(optimizer=optimizer, hyper=hyper))).prepare()
    for _ in range(3):
        before = trainer.capture()
        update = asked(trainer)
        assert not before.diff(trainer.capture())
        trainer.train(max_steps=1)
        after = trainer.capture()
        assert (update.iteration, update.t, update.loss) == (before.step, before.step + 1, trainer.loss)
        for row in update.parameters:
            name = f"{row.node}.{row.name}"
            assert np.array_equal(row.new.data, after.parameters[name].numpy())  # type: ignore[arg-type]
            assert np.array_equal(row.old.data, before.parameters[name].numpy())  # type: ignore[arg-type]
            for letter, view in row.after:
                assert np.array_equal(view.data, after.optimizer[f"{letter}.{name}"].numpy())  # type: ignore[arg-type]
            for letter, view in row.before:
                assert np.array_equal(view.data, before.optimizer[f"{letter}.{name}"].numpy())  # type: ignore[arg-type]


@pytest.mark.parametrize(("optimizer", "hyper"), ALL)
def test_every_equation_comes_to_what_it_says(optimizer: str, hyper: dict[str, Any]) -> None:
    trainer = Run(Model(tanh_net(optimizer=optimizer, hyper=hyper))).prepare()
    for _ in range(4):
        for entry in ((0, 0), (1, 1), (3, 0)):
            for row in asked(trainer, UpdateOf(entry=entry)).parameters:
                equations = lines_of(row)
                for text, numbers, result in equations:
                    if r"\|" in text or "orthogonal" in text:  # of a whole tensor, whose numbers have no room in a line
                        continue
                    assert comes_to(text, numbers) == pytest.approx(result, rel=1e-9, abs=1e-12), text
                assert row.new.data is not None and made_of(row) == row.new.data[row.entry]
        trainer.train(max_steps=1)


def test_what_a_setting_switches_off_is_not_written() -> None:
    def lefts(optimizer: str, **hyper: Any) -> list[str]:
        row = asked(Run(Model(tanh_net(optimizer=optimizer, hyper=hyper)))).parameters[0]
        return [plain(line).split(" ")[0] for line in row.lines if line.kind == "numbers"]

    assert lefts("sgd") == [r"\theta"] and lefts("sgd", weight_decay=0.1) == ["g", r"\theta"]
    assert lefts("adam") == ["m", "r", r"\hat", r"\hat", r"\theta"]
    assert lefts("adam", amsgrad=True, weight_decay=0.1) == ["g", "m", "r", r"r_\max", r"\hat", r"\hat", r"\theta"]
    assert lefts("adamw") == [r"\theta", "m", "r", r"\hat", r"\hat", r"\theta"]
    assert lefts("rmsprop") == ["r", "d", r"\theta"] and lefts("rmsprop", centered=True) == ["r", "a", "d", r"\theta"]
    assert lefts("rmsprop", momentum=0.9) == ["r", "d", "m", r"\theta"]


def test_one_parameter_and_one_number_of_it_can_be_asked_for() -> None:
    trainer = Run(Model(tanh_net())).prepare()

    (row,) = asked(trainer, UpdateOf("hidden", "W", (99, 1))).parameters

    assert (row.label, row.entry) == ("hidden.W", (3, 1))
    assert row.old.data is not None and lines_of(row)[-1][1][0] == row.old.data[3, 1]


def test_dropout_and_batch_norm_are_those_of_the_coming_step() -> None:
    from tests.engine.training.test_checkpoints import lively_net

    trainer = Run(Model(lively_net("sgd", {"lr": 0.3}))).prepare()
    trainer.train(max_steps=5)
    trace, update = trainer.coming_trace(), asked(trainer)
    for row in update.parameters:
        gradient = trace.parameter_gradients[row.node, row.name]
        assert isinstance(gradient, torch.Tensor)
        np.testing.assert_array_equal(row.gradient.data, gradient.numpy())


def test_a_graph_that_learns_nothing_and_a_broken_loss_are_refused_in_words() -> None:
    refused = answer(ExplainContext(Model(product())), UpdateOf())
    assert isinstance(refused, Refusal) and "nothing to train" in refused.text
    refused = answer(ExplainContext(Model(linear(1e200, 1e200, 0.0))), UpdateOf())
    assert isinstance(refused, Refusal) and "not a finite number" in refused.text


def test_a_session_without_a_trainer_is_left_as_it_was() -> None:
    session = Model(tanh_net(optimizer="adam", hyper={}))
    trainer = Run(session).prepare()
    trainer.train(max_steps=3)
    other = Model(session.graph)
    other.restore(trainer.capture())
    before = other.state.copy()

    update = answer(ExplainContext(other), UpdateOf())

    assert isinstance(update, UpdateTable) and update.t == 4 and not before.diff(other.state)
    assert not math.isnan(update.loss) and pickle.loads(pickle.dumps(update)).title == "Adam"


def test_a_step_that_a_node_refuses_is_refused_in_words() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "p": ("parameter.parameter", {"value": -1.7}), "t": ("source.input", {"value": 1.0}), "loss": ("loss.bce", {}),
    }  # fmt: skip
    session = Model(network(nodes, "p -> loss.probabilities; t -> loss.target"))
    refusal = answer(ExplainContext(session), UpdateOf())
    assert isinstance(refusal, Refusal)


def test_a_refused_question_leaves_the_optimizers_memory_where_it_is() -> None:
    session = Model(network({"p": ("parameter.parameter", {"value": 2.0, "frozen": True}), "f": ("math.square", {})}, "p -> f.x"))
    session.state.optimizer = {"v.p.value": torch.tensor(0.5)}
    assert isinstance(answer(ExplainContext(session), UpdateOf()), Refusal)
    assert session.state.optimizer == {"v.p.value": torch.tensor(0.5)}


def test_where_gradients_are_never_set_to_zero_the_step_goes_along_their_sum() -> None:
    """f = w², w ← w − η Σ g: 2, then 2 − 0.1·4 = 1.6, then 1.6 − 0.1·(4 + 3.2) = 0.88, then 0.88 − 0.1·(4 + 3.2 + 1.76) = −0.016."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"w": ("parameter.parameter", {"value": 2.0}), "f": ("math.square", {})}
    graph = network(nodes, "w -> f.x", optimizer="sgd", hyper={"lr": 0.1})
    plant(Fault("zero_grad")).apply(graph)
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=2)
    (row,) = asked(trainer).parameters
    assert row.numbers == pytest.approx((0.88, 8.96, -0.896, -0.016))
    (_, right, result), *_ = lines_of(row)
    assert right == pytest.approx([0.88, 8.96]) and result == pytest.approx(-0.016)


def test_a_gradient_whose_square_is_no_float_is_explained_too() -> None:
    """RMSprop's centred square root of r − a² at a gradient of 1e200."""
    nodes = {"x": ("source.input", {"value": 1e200}), "w": ("parameter.parameter", {"value": 0.5}), "f": ("math.multiply", {})}
    graph = network(nodes, "x -> f.a; w -> f.b", optimizer="rmsprop", hyper={"centered": True}, steps=9)
    session = Model(graph)
    trainer = Run(session).prepare()
    trainer.train(max_steps=2)
    assert not isinstance(answer(ExplainContext(session, trainer), UpdateOf()), Refusal)
