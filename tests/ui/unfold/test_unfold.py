"""Opening a node by key, looking around inside, and folding it back: on the window, with the engine's own numbers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.grouping.groups import group, set_open
from graph.model.edits import SetParam
from graph.model.graph import Graph
from graph.model.group_view import card
from graph.model.lint import lint
from graph.storage.document import Document
from ui.shell.files import example_document
from ui.shell.menus import context
from ui.shell.window import Window

U, ESCAPE, RETURN, Z = Qt.Key.Key_U, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Z
NONE, SHIFT, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
MakeWindow = Callable[..., Window]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def window(make_window: MakeWindow) -> Window:
    """The tanh network 2–4–2 with its numbers."""
    window = make_window(example_document("tanh-mlp-2-4-2", CATALOG))
    compute(window)
    return window


def compute(window: Window) -> None:
    """What the engine would answer to the document as it is."""
    document = window.document
    view = Model(document.graph.copy()).trace_view()
    window.showing.show_trace(replace(view, structure=document.structure, revision=document.revision))


def press(window: Window, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    window.activateWindow()
    window.canvas.setFocus()
    QApplication.processEvents()
    QTest.keyClick(window.canvas, key, held)
    QApplication.processEvents()


def choose(window: Window, *names: str) -> list[str]:
    ids = [node.id for name in names if (node := window.document.graph.named(name)) is not None]
    window.canvas.select(ids)
    window.refresh_actions()
    return ids


def said(window: Window) -> str:
    return window.status.message.full


def enabled(window: Window) -> set[str]:
    return {action for action in ("open_box", "open_neurons", "fold_back") if window.actions_by_id[action].isEnabled()}


@pytest.mark.parametrize("name", ["hidden", "h", "output", "loss"])
def test_u_opens_the_selected_node_and_ctrl_u_folds_it_back(window: Window, name: str) -> None:
    graph, start = window.document.graph, window.document.graph.copy()
    (node,) = choose(window, name)

    press(window, U)

    assert node in graph.groups and node not in graph.nodes and lint(graph) == []
    assert [level.id for level in window.canvas.navigation.way()] == [node]
    assert window.document.history.undo_text == f"Open {name}"
    press(window, U, CTRL)
    assert graph == start and window.canvas.navigation.inside is None and window.canvas.selection == {node}
    press(window, Z, CTRL)
    press(window, Z, CTRL)
    assert graph == start and not window.document.history.can_undo


def test_shift_u_shows_every_weight_of_a_small_layer_with_its_number(window: Window) -> None:
    weights = Model(window.document.graph).values()["n4", "W"].tolist()
    choose(window, "output")

    press(window, U, SHIFT)
    compute(window)

    graph, content = window.document.graph, window.canvas.content
    for j, row in enumerate(weights):
        for i, expected in enumerate(row):
            node = graph.named(f"w{j + 1}{i + 1}_output")
            assert node is not None
            shown = content.node_value(node.id, "y")
            assert shown is not None and shown.scalar == expected
    press(window, U, CTRL)
    assert graph == example_document("tanh-mlp-2-4-2", CATALOG).graph


def test_escape_goes_out_to_the_card_which_keeps_the_names_of_the_ports(window: Window) -> None:
    view = window.canvas.view_state()
    (loss,) = choose(window, "loss")
    press(window, U)
    press(window, ESCAPE)

    assert window.canvas.navigation.inside is None and window.canvas.selection == {loss}
    assert [port.name for port in card(window.document.graph, loss).inputs] == ["scores", "target"]
    assert window.canvas.view_state() == pytest.approx(view, abs=1.0) or window.canvas.fitted
    assert enabled(window) == {"open_box", "fold_back"}
    for key in (RETURN, U):
        press(window, key)
        assert window.canvas.navigation.inside == loss
        press(window, ESCAPE)
    assert [*window.document.graph.groups] == [loss]


def test_the_window_opens_without_loading_what_opens_boxes() -> None:
    code = "import sys; import ui.unfold.feature, ui.unfold.rows; sys.exit('engine.unfold' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_opening_and_folding_need_no_torch() -> None:
    code = "import sys; sys.modules['torch'] = sys.modules['numpy'] = sys.modules['PySide6'] = None; import engine.unfold"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_the_numbers_on_the_wires_around_are_those_from_before(window: Window) -> None:
    trace = window.trace
    assert trace is not None
    for name in ("hidden", "h", "loss"):
        choose(window, name)
        press(window, U)
        press(window, ESCAPE)
        compute(window)

    after = window.trace
    assert after is not None and after is not trace
    for edge, old in trace.edge_gradients.items():
        new, data = after.edge_gradients[edge], getattr(old, "data", None)
        if data is None:
            assert new == old
        else:
            np.testing.assert_allclose(new.data, data, rtol=1e-12, atol=1e-15)  # type: ignore[arg-type]


def test_folding_from_deep_inside_shows_the_level_around(window: Window) -> None:
    (node,) = choose(window, "hidden")
    press(window, U, SHIFT)
    compute(window)
    choose(window, "w11_hidden")
    assert enabled(window) == {"fold_back"}

    press(window, U, CTRL)

    assert window.canvas.navigation.inside is None and window.canvas.selection == {node}


def test_a_neuron_of_a_larger_layer_is_a_card_to_look_into(make_window: MakeWindow) -> None:
    window = make_window(example_document("iris", CATALOG))
    compute(window)
    choose(window, "hidden")
    press(window, U, SHIFT)
    compute(window)
    graph, bar = window.document.graph, window.canvas.breadcrumb
    first = next(candidate for candidate in graph.groups.values() if candidate.name == "neuron 1")
    wide = bar.width()

    window.canvas.select([first.id])
    press(window, RETURN)

    assert [level.name for level in window.canvas.navigation.way()] == ["hidden", "neuron 1"] and bar.width() > wide
    assert [port.name for port in card(graph, first.id).inputs] == ["x1", "x2", "x3", "x4"]
    assert all(graph.named(f"w1{i}_hidden").id in window.canvas.scene.row for i in (1, 2, 3, 4))
    press(window, U, CTRL)
    assert graph == example_document("iris", CATALOG).graph and window.canvas.navigation.inside is None


def test_a_node_in_a_group_that_stands_open_folds_back_to_the_level_it_is_seen_on(window: Window) -> None:
    graph = window.document.graph
    edit, home = group(graph, ["n2", "n3"], "block")
    window.document.do(edit)
    window.document.do(set_open(graph, home, True))
    compute(window)
    (node,) = choose(window, "hidden")

    press(window, U)
    press(window, U, CTRL)

    assert window.canvas.navigation.inside is None and graph.nodes[node].group == home and window.canvas.selection == {node}


def test_undo_inside_an_opened_node_leads_out(window: Window) -> None:
    start = window.document.graph.copy()
    choose(window, "h")
    press(window, U)
    press(window, Z, CTRL)
    assert window.document.graph == start and window.canvas.navigation.inside is None
    window.document.redo()
    assert "n3" in window.document.graph.groups and window.canvas.scene.inside is None


def test_only_what_can_be_opened_offers_it(window: Window) -> None:
    offered = {}
    for name in ("data", "hidden", "h", "loss", "accuracy"):
        choose(window, name)
        offered[name] = enabled(window)
    assert offered == {
        "data": set(), "hidden": {"open_box", "open_neurons"}, "h": {"open_box"}, "loss": {"open_box"}, "accuracy": set(),
    }  # fmt: skip
    choose(window, "hidden", "h")
    assert enabled(window) == set()
    window.canvas.select([])
    window.refresh_actions()
    assert enabled(window) == set()


def test_what_was_edited_inside_stays_open_and_says_why(window: Window) -> None:
    graph = window.document.graph
    choose(window, "hidden")
    press(window, U)
    compute(window)
    weight = graph.named("W_hidden")
    assert weight is not None
    window.document.do(SetParam(weight.id, "frozen", True))
    QApplication.processEvents()
    before = graph.copy()

    press(window, U, CTRL)

    assert graph == before and window.canvas.navigation.inside == "n2"
    assert said(window) == "hidden was edited inside and cannot be folded: the settings of W_hidden were changed"


def test_without_numbers_it_is_said_that_the_size_is_not_known(make_window: MakeWindow) -> None:
    window = make_window(example_document("tanh-mlp-2-4-2", CATALOG))
    before = window.document.graph.copy()
    choose(window, "hidden")
    press(window, U)
    assert window.document.graph == before
    assert said(window).endswith("the output size of data is not known")
    choose(window, "h")
    press(window, U)
    assert "n3" in window.document.graph.groups, "an activation needs no sizes"


def test_numbers_of_another_structure_are_not_trusted(window: Window) -> None:
    trace = window.trace
    assert trace is not None
    window.visibility.set_truth(replace(trace, structure=trace.structure - 1))
    assert window.unfold._shapes() == {}


def test_a_document_that_cannot_be_changed_offers_nothing(make_window: MakeWindow) -> None:
    document = example_document("tanh-mlp-2-4-2", CATALOG)
    document.read_only = "written by a newer version"
    window = make_window(document)
    compute(window)
    choose(window, "hidden")
    assert enabled(window) == set()
    window.unfold.open_box()
    assert "n2" in document.graph.nodes


def test_the_commands_do_nothing_bad_on_an_empty_canvas(make_window: MakeWindow) -> None:
    window = make_window(Document(Graph(CATALOG)))
    for run in (window.unfold.open_box, window.unfold.open_neurons, window.unfold.fold_back):
        run()
    assert not window.document.history.can_undo


def test_the_context_menu_offers_all_three(window: Window) -> None:
    choose(window, "hidden")
    menu = context(window, window.actions_by_id, True)
    offered = [action.objectName() for action in menu.actions()]
    assert {"open_box", "open_neurons", "fold_back"} <= set(offered)
    menu.deleteLater()


@pytest.mark.parametrize("name", ["hidden", "h", "loss"])
def test_cards_inside_do_not_lie_on_each_other(window: Window, name: str) -> None:
    choose(window, name)
    press(window, U, SHIFT if name == "hidden" else NONE)
    scene = window.canvas.scene
    rects = [scene.rect(item) for item in scene.ids]
    assert len(rects) > 5
    assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])
