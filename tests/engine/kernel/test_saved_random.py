"""Whatever was done before, in whatever order: a saved file goes on with the very numbers the open document goes on with."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.kernel.protocol import GoTo, Load, Reset, Start, StepBack, StepOnce
from engine.kernel.worker import DocumentWorker
from engine.nodes.catalog import CATALOG
from graph.model.edits import (
    Compound,
    Edit,
    SetBypassed,
    SetGraphSetting,
    SetParam,
    SetTraining,
    StateMove,
    duplicate,
    moves_of,
    remove_nodes,
)
from graph.storage.document import Change, Document
from graph.storage.files import dumps, load

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"
NAMES = ("xor", "saddle", "iris", "tanh-mlp-2-4-2", "logistic-regression", "valley")
DEEDS = ("step", "step", "run", "back", "reset", "return", "undo", "redo", "edit", "edit", "save", "save")


class Desk:
    """A document and the worker that follows it, as the window makes it follow."""

    def __init__(self, document: Document) -> None:
        self.document, self.worker = document, DocumentWorker()
        self._moves: list[StateMove] = []
        document.changed.connect(self._changed)
        self.worker.open(dumps(document.graph), 1, (), document.graph.attachments)
        if document.state is not None:
            self.worker.command(Load(self.worker.run, document.state))

    def _changed(self, change: Change) -> None:
        for edit in change.edits:
            self._moves += moves_of(edit)

    def follow(self) -> None:
        self.worker.open(dumps(self.document.graph), None, tuple(self._moves), self.document.graph.attachments)
        self._moves.clear()

    def values(self) -> dict[Key, Tensor]:
        return {key: torch.nan_to_num(tensor).clone() for key, tensor in self.worker._model.values().items()}


def an_edit(draw: random.Random, desk: Desk) -> Edit:
    graph = desk.document.graph
    node = draw.choice(list(graph.nodes.values()))
    optimizer = draw.choice(("sgd", "adam", "momentum", "lbfgs", "nadam"))
    edits: list[Edit] = [
        Compound((SetTraining("optimizer", optimizer), SetTraining("hyper", {}))), SetTraining("seed", draw.randint(0, 5)),
        SetGraphSetting("dtype", draw.choice(("float32", "float64"))), SetBypassed(node.id, not node.bypassed),
        duplicate(graph, [node.id]), remove_nodes(graph, [node.id]),
    ]  # fmt: skip
    edits += [SetParam(n.id, "out_features", draw.randint(1, 6)) for n in graph.nodes.values() if n.type == "layer.linear"]
    edits += [SetParam(n.id, "value", draw.uniform(-2, 2)) for n in graph.nodes.values() if n.type == "parameter.parameter"]
    return draw.choice(edits)


def reopened(desk: Desk, place: Path) -> Desk:
    """The file that is saved now, opened beside the document: equal now and after one more step."""
    saved = desk.worker.state()
    desk.document.save(place, saved if saved.step else None)
    other = Desk(Document.load(place, CATALOG))
    assert "no longer fit" not in other.worker._message and other.worker.step == saved.step
    if not saved.step:
        return other
    for _ in range(2):
        mine, theirs = desk.values(), other.values()
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[key], theirs[key]) for key in mine.keys() - desk.worker._model.fitted)
        assert desk.worker.step == other.worker.step
        desk.worker.command(StepOnce(desk.worker.run))
        other.worker.command(StepOnce(other.worker.run))
        if "failed" in (desk.worker.progress({}).phase, other.worker.progress({}).phase):
            break  # the loss became infinite: there each goes back to the last good step it knows
    return other


def live(seed: int, place: Path) -> None:
    draw = random.Random(seed)
    desk = Desk(Document(load(EXAMPLES / f"{draw.choice(NAMES)}.gradwire", CATALOG)))
    for _ in range(draw.randint(3, 14)):
        deed = draw.choice(DEEDS)
        history = desk.document.history
        if deed == "save":
            desk = reopened(desk, place)
        elif deed == "run":
            desk.worker.command(Start(desk.worker.run, draw.randint(1, 9)))
            while desk.worker.training:
                desk.worker.run_slice(0.002)
        elif deed == "step":
            desk.worker.command(StepOnce(desk.worker.run))
        elif deed == "reset":
            desk.worker.command(Reset(desk.worker.run, desk.worker.run + 100))
        elif deed == "return":
            progress = desk.worker.progress({})
            desk.worker.command(GoTo(progress.run_before_reset, progress.before_reset))
        elif deed == "back":
            desk.worker.command(StepBack(desk.worker.run, draw.randint(1, 4)))
        else:
            if deed == "edit" and desk.document.graph.nodes:
                desk.document.do(an_edit(draw, desk))
            elif deed == "undo" and history.can_undo:
                desk.document.undo()
            elif deed == "redo" and history.can_redo:
                desk.document.redo()
            desk.follow()


@pytest.mark.parametrize("seed", range(12))
def test_a_file_goes_on_as_the_document_does(seed: int, tmp_path: Path) -> None:
    live(seed, tmp_path / "f.gradwire")


@pytest.mark.long
def test_a_thousand_files_go_on_as_the_documents_do(tmp_path: Path) -> None:
    for seed in range(100, 1100):
        live(seed, tmp_path / "f.gradwire")
