"""Several objectives in the window: the list, the marks on the canvas, and whose gradients are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from graph.model.edits import AddGroup, SetGraphSetting, SetGroup
from graph.model.elements import Group
from graph.model.graph import Graph
from graph.model.several_objectives import goals_of
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.networks import network
from ui.objectives.feature import Objectives
from ui.objectives.page import ObjectivesPage


def two_losses() -> Graph:
    """f = x·y and g = y², of two parameters."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "x": ("parameter.parameter", {"value": 2.0}), "y": ("parameter.parameter", {"value": 3.0}),
        "f": ("math.multiply", {}), "g": ("math.square", {}),
    }  # fmt: skip
    return network(nodes, "x -> f.a; y -> f.b; y -> g.x", settings={"objective": {"node": "f", "port": "y"}})


@pytest.fixture
def workspace(make_workspace: Callable[..., FakeWorkspace]) -> FakeWorkspace:
    return make_workspace(Document(two_losses()))


@pytest.fixture
def page(workspace: FakeWorkspace, qtbot: QtBot) -> ObjectivesPage:
    page = ObjectivesPage(workspace)
    qtbot.addWidget(page)
    page.install()
    return page


def test_a_second_objective_is_added_changed_and_taken_back(workspace: FakeWorkspace, page: ObjectivesPage, qtbot: QtBot) -> None:
    feature, document = Objectives(workspace), workspace.document
    workspace.canvas.select(["g"])
    feature.add()
    page.document_changed()
    assert [(goal.node, goal.parameters, goal.direction) for goal in goals_of(document.graph)] == [
        ("f", ("x", "y"), "minimise"), ("g", (), "minimise"),
    ]
    assert "Objective 2 (g) moves no parameter" in page.problems.text()
    workspace.canvas.select(["y"])
    page.selection_changed()
    qtbot.mouseClick(page.rows[1]["take"], Qt.MouseButton.LeftButton)
    page.document_changed()
    assert [goal.parameters for goal in goals_of(document.graph)] == [("x",), ("y",)]
    assert page.problems.isHidden()
    direction = page.rows[1]["direction"]
    qtbot.keyClick(direction, Qt.Key.Key_Down)
    page.document_changed()
    assert goals_of(document.graph)[1].maximised
    qtbot.mouseClick(page.rows[1]["up"], Qt.MouseButton.LeftButton)
    page.document_changed()
    assert [goal.node for goal in goals_of(document.graph)] == ["g", "f"]
    while document.graph.settings.get("objectives"):
        document.undo()
    page.document_changed()
    assert not page.rows and document.graph == two_losses()


def test_an_entry_that_is_left_out_takes_no_number(workspace: FakeWorkspace, page: ObjectivesPage) -> None:
    entries = ({"node": node, "port": "y", "parameters": ["y"]} for node in ("old", "f", "g"))
    workspace.document.do(SetGraphSetting("objectives", list(entries)))
    page.document_changed()
    assert [row["name"].text() for row in page.rows] == ["gone", "①  f", "②  g"]
    assert "no longer exists" in page.problems.text()


def test_objectives_and_what_they_move_are_marked_on_the_canvas(workspace: FakeWorkspace, qtbot: QtBot) -> None:
    feature = Objectives(workspace)
    workspace.canvas.select(["g"])
    feature.add()
    workspace.document.do(AddGroup(Group("g1", "players")))
    workspace.document.do(SetGroup("x", "g1"))
    feature.document_changed()
    overlay = workspace.canvas.model.overlay
    assert {node: tag.text for node, tag in overlay.tags("objectives").items()} == {"f": "① min", "g": "② min"}
    assert set(overlay.marks("objectives").values()) == {"1"}
    assert feature.chooser is not None and not feature.chooser.isHidden() and "① f" in feature.chooser.text()
    feature.look_at_next()
    assert "② g" in feature.chooser.text() and feature.shown == 1
    while workspace.document.graph.settings.get("objectives"):
        workspace.document.undo()
    feature.document_changed()
    assert feature.chooser.isHidden() and not overlay.tags("objectives") and feature.goal is None
