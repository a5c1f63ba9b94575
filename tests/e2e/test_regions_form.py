"""A person opens a graph on data with two features, presses Train, and sees what is learned; a click on a point chooses it."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.compile.activity import Activity
from engine.compile.spot import Spot
from engine.nodes.catalog import CATALOG
from graph.model.edits import SetTraining
from ui.canvas.model.activity_mark import mark_box
from ui.engine_link.link import Kernel
from ui.responses.feature import ResponsesFeature
from ui.shell.files import example_document
from ui.shell.window import Window

PATIENCE = 60_000


def test_regions_form_while_the_network_trains_and_a_point_is_chosen(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    document = example_document("xor", CATALOG)
    document.do(SetTraining("epochs", 10**6))
    window = make_window(document, example="xor", kernel=Kernel(), unsaved="discard", size=(1280, 720))
    kernel, panel = window.kernel, window.panel("regions")
    assert kernel is not None
    qtbot.waitUntil(lambda: window.panels.is_shown("regions") and panel.seen is not None, timeout=PATIENCE)
    assert panel.seen.stamp.step == 0
    steps: list[int] = []
    panel.changed.connect(lambda: panel.seen and steps.append(panel.seen.stamp.step))
    qtbot.mouseClick(window.topbar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(set(steps)) > 3, timeout=PATIENCE)
    qtbot.mouseClick(window.topbar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not kernel.training and steps[-1] == kernel.progress.step, timeout=PATIENCE)
    assert steps == sorted(steps)

    view, at = panel.view, panel.seen.points.at[3]
    frame = view.frame
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=frame.at(*at).toPoint())
    chosen = window.canvas.model.samples.spot
    assert isinstance(chosen, Spot)
    same = [panel.seen.points.spot(i) for i in range(len(panel.seen.points.at)) if (panel.seen.points.at[i] == at).all()]
    assert chosen in same
    qtbot.waitUntil(lambda: panel.seen.spot is not None and panel.seen.spot.spot == chosen, timeout=PATIENCE)
    assert panel.seen.spot.loss is not None and "loss" in panel.below.text()

    microscope(window, qtbot)
    window.actions_by_id["plane_stage"].trigger()
    assert view.isVisible() and view.width() > 0.8 * window.width()
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.window() is window and view.width() < 0.5 * window.width()

    window.visibility.hide("test", values=list(window.document.graph.nodes))
    assert panel.seen is None and not view.isVisible()
    window.visibility.hide("test")
    qtbot.waitUntil(lambda: panel.seen is not None, timeout=PATIENCE)

    responses(window, qtbot)
    no_responses(window, qtbot)


def no_responses(window: Window, qtbot: QtBot) -> None:
    """Where no unit has a map, the reason is said once to the person who asks for them, and not with every step."""
    said: list[str] = []
    window.say = lambda text, *_: said.append(text)  # type: ignore[method-assign]
    window.actions_by_id["cards_responses"].trigger()
    window.set_document(example_document("valley", CATALOG))
    qtbot.waitUntil(lambda: window.trace is not None and window.kernel.ready, timeout=PATIENCE)
    feature = window.features["responses"]
    assert isinstance(feature, ResponsesFeature)
    qtbot.waitUntil(lambda: feature._refresh.refused, timeout=PATIENCE)
    said.clear()
    qtbot.mouseClick(window.topbar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.kernel.progress.step > 5 and not window.kernel.training, timeout=PATIENCE)
    assert not [text for text in said if "responses" in text]
    window.actions_by_id["cards_numbers"].trigger()
    window.actions_by_id["cards_responses"].trigger()
    qtbot.waitUntil(lambda: any("There are no responses" in text for text in said), timeout=PATIENCE)


def responses(window: Window, qtbot: QtBot) -> None:
    """Every unit has a map at its card; a click enlarges one, Esc ends that; a question covers them all."""
    canvas, feature = window.canvas, window.features["responses"]
    assert isinstance(feature, ResponsesFeature)
    window.actions_by_id["cards_responses"].trigger()
    qtbot.waitUntil(lambda: feature.seen is not None, timeout=PATIENCE)
    canvas.grab()
    plates = {plate.node: plate for plate in feature._plates}
    units = {key[0]: count for key, count in (feature.seen.units if feature.seen is not None else {}).items()}
    assert {node: len(plate.cells) for node, plate in plates.items()} == units and len(units) >= 2
    node = next(node for node, count in units.items() if count > 1)
    kind = type(canvas.content)
    with patch.object(kind, "marking", True), patch.object(kind, "marked", lambda _, at: Activity("dead", 1, 2, 8) if at == node else None):
        canvas.grab()
        mark = mark_box(canvas.model.scene.rect(node), canvas.model.overlay.boost)
        plate = next(plate for plate in feature._plates if plate.node == node)
        assert plate.box.top() >= canvas.model.camera.to_view(mark.bottomLeft()).y()  # the mark below the card can be read
    canvas.grab()
    place = plates[node].cells[1].center().toPoint()
    undo = window.document.history.can_undo
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert feature._large == (node, 1) and not canvas.model.selection
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert feature._large == (node, 2 % units[node])
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert feature._large is None and window.document.history.can_undo == undo
    window.visibility.hide("test", values=list(window.document.graph.nodes))
    assert feature.seen is None
    canvas.grab()
    assert feature._plates == []
    window.visibility.hide("test")
    qtbot.waitUntil(lambda: feature.seen is not None, timeout=PATIENCE)
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    assert feature.seen is None and canvas.content.shows == "numbers"


def microscope(window: Window, qtbot: QtBot) -> None:
    """A click between samples makes that point the sample; one update from it alone is previewed, and nothing is changed."""
    panel, trace = window.panel("regions"), window.kernel.progress.step
    view, seen = panel.view, panel.seen
    place = (0.0, 0.0)  # between the four clouds
    assert view.sample_at(view.frame.at(*place)) is None
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.frame.at(*place).toPoint())
    spot = window.canvas.model.samples.spot
    assert spot is not None and [column for _node, column, _value in spot.free] == [0, 1]
    assert abs(spot.free[0][2]) < 0.1 > abs(spot.free[1][2]) and window.canvas.model.samples.sample is None
    qtbot.waitUntil(lambda: panel._preview.update is not None and panel._preview.update.spot == spot, timeout=PATIENCE)
    qtbot.waitUntil(lambda: "after one step of" in panel.below.text(), timeout=PATIENCE)  # once picture and update are of one grid
    assert window.kernel.progress.step == trace
    assert panel.below.heightForWidth(panel.below.width()) <= panel.below.height()  # the words of the update can be read
    window.visibility.hide("test", gradients=list(window.document.graph.nodes))
    assert panel._preview.update is None and "after one step of" not in panel.below.text()
    window.visibility.hide("test")
    qtbot.waitUntil(lambda: panel._preview.update is not None, timeout=PATIENCE)
    data = seen.node
    wanted = [value for _node, _column, value in spot.free]

    def there() -> bool:
        view_of_x = window.canvas.content.trace.values.get((data, "x"))
        return view_of_x is not None and view_of_x.data is not None and view_of_x.data.reshape(-1).tolist() == wanted

    qtbot.waitUntil(there, timeout=PATIENCE)
