"""Features and panels work with a workspace that has no window: what they need of it is all they know."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.model.problem import Problem, Repair
from graph.storage.document import Document
from graph.text.messages import Message
from tests.support.fake_workspace import FakeWorkspace
from tests.support.window_support import hand_trace, names
from ui.presenter.feature import LOCKED, Presenter
from ui.problems.problems import ProblemsPage
from ui.shell.workspace.services import DRAWINGS, PROBES
from ui.unfold.feature import Unfold
from ui.watch.probes_page import ProbesPage

MakeWorkspace = Callable[..., FakeWorkspace]


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> FakeWorkspace:
    """f = x·y + z at 2, −5, 3, with its numbers."""
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    workspace = make_workspace(document)
    workspace.visibility.set_truth(hand_trace(document))
    return workspace


@pytest.mark.parametrize(("hidden", "values", "numbers"), [("values", True, True), ("gradients", False, True), ("measures", True, True)])
def test_what_a_panel_may_show_while_something_is_hidden(workspace: FakeWorkspace, hidden: str, values: bool, numbers: bool) -> None:
    visibility, node = workspace.visibility, names(workspace.document)["x"]
    visibility.hide("lesson", **{hidden: [("paths", node, ())] if hidden == "measures" else [node]})  # type: ignore[arg-type]
    assert (visibility.hides_values, visibility.hides_numbers) == (values, numbers)
    visibility.clear()
    assert not visibility.hides_values and not visibility.hides_numbers


# features


def test_a_layer_is_opened_and_folded_back(make_workspace: MakeWorkspace) -> None:
    document = Document.new(CATALOG)
    document.do(AddNode(Node("n1", "activation.tanh", "hidden")))
    workspace = make_workspace(document)
    unfold, before = Unfold(workspace), document.graph.copy()
    workspace.canvas.select(["n1"])
    assert set(unfold.facts()) == {"openable"}

    unfold.open_box()
    assert "n1" in document.graph.groups and workspace.canvas.navigation.inside == "n1"
    assert workspace.said == ["Inside hidden: the same numbers, step by step. Esc leaves, Ctrl+U folds it back"]

    unfold.fold_back()
    assert document.graph == before and workspace.canvas.navigation.inside is None


def test_presenting_hides_the_panels_and_locks_the_graph_until_it_ends(workspace: FakeWorkspace) -> None:
    presenter = Presenter(workspace)
    presenter.enter()
    assert workspace.document.read_only == LOCKED and workspace.modes.current == "teach"
    assert not workspace.pages.bars_shown and not workspace.pages.focus_shown
    assert workspace.actions_by_id["present"].isChecked() and set(presenter.facts()) == {"presenting"}

    presenter.leave()
    assert not workspace.document.read_only and workspace.modes.current == "build"
    assert workspace.pages.bars_shown and workspace.pages.focus_shown
    assert not workspace.actions_by_id["present"].isChecked()
    presenter.end()


def test_a_lesson_that_ends_wipes_the_drawings_through_a_service(workspace: FakeWorkspace) -> None:
    presenter = Presenter(workspace)
    assert workspace.services.get(DRAWINGS) is presenter
    with pytest.raises(ValueError, match="drawings is offered twice"):
        workspace.services.offer(DRAWINGS, presenter)
    with pytest.raises(LookupError, match="nobody offers probes"):
        workspace.services.get(PROBES)
    assert workspace.services.find(PROBES) is None


# panels


def test_a_problem_leads_to_its_node_and_is_fixed_by_a_click(workspace: FakeWorkspace, qtbot: QtBot) -> None:
    x = names(workspace.document)["x"]
    repair = Repair("Set to 1", (SetParam(x, "value", 1.0).to_json(),))
    workspace.problems = [Problem("warning", Message("too-large", "x: too large"), (x,), repairs=(repair,))]
    page, titles = ProblemsPage(workspace), list[str]()
    qtbot.addWidget(page)
    page.titled.connect(titles.append)
    page.problems_changed()
    page.show()
    assert titles == ["Problems 1"] and len(page.rows) == 1

    qtbot.mouseClick(page.rows[0], Qt.MouseButton.LeftButton)
    assert workspace.went == [((x,), ())]

    (fix,) = page.rows[0].findChildren(QPushButton)
    qtbot.mouseClick(fix, Qt.MouseButton.LeftButton)
    assert workspace.document.graph.setting(x, "value") == 1.0 and workspace.document.history.undo_text == "Set to 1"


def test_a_pinned_wire_has_a_card_and_its_number(workspace: FakeWorkspace, qtbot: QtBot) -> None:
    page, titles = ProbesPage(workspace), list[str]()
    qtbot.addWidget(page)
    page.titled.connect(titles.append)
    page.set_document(workspace.document)
    (edge,) = workspace.document.graph.outputs_of(names(workspace.document)["multiply"])
    workspace.canvas.select([edge.id])

    workspace.services.get(PROBES).pin_value()
    page.set_seen(replace(hand_trace(workspace.document), step=1), False)
    page.refresh()

    assert titles == ["Probes", "Probes 1"] and workspace.pages.shown == ["probes"]
    assert [card.number.text() for card in page.cards] == ["−10"]


def test_panels_and_features_load_without_the_window() -> None:
    """Nothing that a package of panels or features imports is the window, however far down."""
    program = """
import importlib, sys
sys.modules["ui.shell.window"] = None
from ui.shell import registry
for spec in (*registry.panel_specs().values(), *registry.feature_specs().values()):
    registry.load(spec.make)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr[-2000:]
