"""Where a weight's last change came from. What is right is torch.optim's own step, made here on tensors of our own."""

from __future__ import annotations

import pytest
import torch

from engine.explain.answer import answer
from engine.explain.cards import Card, CardOf, Number, Section, Tex, Words
from engine.explain.context import ExplainContext
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.formula.to_graph import build
from graph.model.address import Address, output, parameter
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.networks import tanh_net


def stepped(graph: Graph, steps: int) -> Run:
    """As the window trains with F9: the state before each single step is held."""
    run = Run(Model(graph, dtype=torch.float64)).prepare()
    for _ in range(steps):
        run.keep(single=True)
        run.train(max_steps=1)
    return run


def sections(run: Run, address: Address, entry: tuple[int, ...] | None = None) -> list[Section]:
    card = answer(ExplainContext(run.model, run), CardOf(address, entry=entry))
    assert isinstance(card, Card), card
    return [section for section in card.sections if section.topic == "update"]


def change(section: Section) -> tuple[float, float, float]:
    """Old, new and Δ of its first line."""
    old, new, step = (piece.value for piece in section.lines[0].pieces if isinstance(piece, Number))
    return old, new, step


@pytest.fixture
def quadratic() -> Graph:
    """f = (w x − 4)² with w = 1, x = 2 and η = 0.01."""
    document = Document(build("(x*w - 4)^2", CATALOG, {"x": 2.0}, {"w": 1.0}))
    document.do(SetTraining("hyper", {"lr": 0.01}))
    return document.graph


def test_a_parameters_card_says_its_last_step_as_torch_makes_it(quadratic: Graph) -> None:
    node = quadratic.named("w")
    assert node is not None
    w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.01)
    seen = [w.item()]
    for _ in range(3):
        optimizer.zero_grad()
        ((2.0 * w - 4.0) ** 2).backward()
        optimizer.step()
        seen.append(w.item())

    run = stepped(quadratic, 3)
    for address in (output(node.id, "y"), parameter(node.id, "value")):
        (section,) = sections(run, address)
        old, new, step = change(section)
        assert (old, new) == pytest.approx(seen[2:4], rel=1e-12) and step == pytest.approx(seen[3] - seen[2], rel=1e-9)
        assert "3" in section.title and "SGD" in section.title and section.step == 2
        assert section.place == parameter(node.id, "value")
        *_, numbers = section.lines
        left = numbers.pieces[0]
        assert isinstance(left, Tex) and left.text == r"\theta \leftarrow"
        result = numbers.pieces[-1]
        assert isinstance(result, Number) and result.value == new == float(run.state.parameters[f"{node.id}.value"])


def test_every_number_of_a_weight_matrix_under_the_settings_of_that_time() -> None:
    """The rate is changed after the step: the card still says what the step was made with."""
    document = Document(tanh_net())
    document.do(SetTraining("hyper", {"lr": 0.3}))
    run = stepped(document.graph, 2)
    run.keep(single=True)
    before = run.capture()
    run.train(max_steps=1)
    run.configure(dict(run.training) | {"hyper": {"lr": 0.001}})
    node = next(n for n in document.graph.nodes if document.graph.spec(n).parameters and document.graph.spec(n).inputs)
    old, new = before.parameters[f"{node}.W"], run.state.parameters[f"{node}.W"]
    for index in ((0, 0), (1, 1)):
        (section,) = sections(run, parameter(node, "W"), index)
        assert change(section)[:2] == (float(old[index]), float(new[index]))
        assert section.place == Address("parameter", node, "W", index=index)
        numbers = section.lines[-1].pieces[1]
        assert isinstance(numbers, Tex) and "0.3" in numbers.text


def test_untrained_frozen_and_edited_weights(quadratic: Graph) -> None:
    node = quadratic.named("w")
    assert node is not None
    place = parameter(node.id, "value")
    assert sections(stepped(quadratic, 0), place) == []

    run = stepped(quadratic, 2)
    run.state.parameters[f"{node.id}.value"].fill_(7.0)  # as an edit of the value does
    (section,) = sections(run, place)
    assert section.step is None and len(section.lines) == 1 and isinstance(section.lines[0].pieces[0], Words)

    run = Run(Model(quadratic, dtype=torch.float64)).prepare()
    run.train(max_steps=5)  # nothing is held on the way
    (section,) = sections(run, place)
    assert section.step is None and "not kept" in str(section.lines[0].pieces[0])
