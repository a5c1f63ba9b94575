"""What a screen reader is told of the canvas: nodes, ports and wires, by name, role, value, place and focus."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.compile.views import Absent
from graph.model.edits import RemoveNode
from graph.model.problem import Problem
from graph.text.messages import Message
from tests.support.canvas_graphs import shown, xy_plus_z, xy_plus_z_trace
from ui.canvas import accessible
from ui.canvas.view import Canvas
from ui.shell.window import Window

Name, Value, Description = QAccessible.Text.Name, QAccessible.Text.Value, QAccessible.Text.Description


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    accessible.install()
    canvas = shown(qtbot, xy_plus_z())
    canvas.set_trace(xy_plus_z_trace())
    return canvas


def children(interface: QAccessibleInterface) -> list[QAccessibleInterface]:
    return [interface.child(i) for i in range(interface.childCount())]


def called(interface: QAccessibleInterface, name: str) -> QAccessibleInterface:
    return next(child for child in children(interface) if child.text(Name) == name)


def test_the_canvas_is_one_widget_with_nodes_and_wires_as_children(canvas: Canvas) -> None:
    root = QAccessible.queryAccessibleInterface(canvas)

    assert (root.role(), root.text(Name), root.text(Value)) == (QAccessible.Role.Canvas, "Graph", "5 nodes, 4 wires")
    assert [child.text(Name) for child in children(root)] == [
        "x, Input", "y, Input", "z, Input", "d, Multiply", "f, Add",
        "wire from x to d, input a", "wire from y to d, input b", "wire from d to f, input a", "wire from z to f, input b",
    ]  # fmt: skip


def test_nodes_and_wires_say_their_values_and_gradients(canvas: Canvas) -> None:
    root = QAccessible.queryAccessibleInterface(canvas)

    assert called(root, "d, Multiply").text(Value) == "−10, gradient 1"  # 2 · (−5); f = d + z
    assert called(root, "wire from x to d, input a").text(Value) == "value 2, gradient −5"
    assert "the objective" in called(root, "f, Add").text(Description)


def test_ports_are_children_of_their_node(canvas: Canvas) -> None:
    node = called(QAccessible.queryAccessibleInterface(canvas), "d, Multiply")

    assert [port.text(Name) for port in children(node)] == ["input a", "input b", "output y"]
    assert children(node)[1].text(Value) == "from y: value −5, gradient 2"
    assert children(node)[1].parent() is node
    assert node.indexOfChild(children(node)[2]) == 2


def test_places_are_where_the_pixels_are(canvas: Canvas) -> None:
    root = QAccessible.queryAccessibleInterface(canvas)
    node = called(root, "d, Multiply")
    corner = canvas.mapToGlobal(canvas.camera.to_view(canvas.scene.rect("d").topLeft()).toPoint())

    assert (node.rect().topLeft() - corner).manhattanLength() <= 2
    middle = node.rect().center()
    assert root.childAt(middle.x(), middle.y()) is node
    port = children(node)[0].rect().center()
    assert node.childAt(port.x(), port.y()) is children(node)[0]


def test_the_focused_child_follows_the_arrow_keys(canvas: Canvas) -> None:
    root = QAccessible.queryAccessibleInterface(canvas)
    canvas.select(["x"])
    assert root.focusChild().text(Name) == "x, Input"

    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)

    assert root.focusChild().text(Name) == "d, Multiply"
    assert root.focusChild().state().focused and root.focusChild().state().selected
    assert not called(root, "x, Input").state().focused


def test_a_problem_and_an_absent_gradient_are_told(canvas: Canvas) -> None:
    trace = xy_plus_z_trace(problems=(Problem("error", Message("d-wrong", "d: wrong"), ("d",)),))
    canvas.set_trace(replace(trace, edge_gradients={**trace.edge_gradients, "e3": Absent("independent")}))
    root = QAccessible.queryAccessibleInterface(canvas)

    assert called(root, "d, Multiply").text(Description).startswith("error: d: wrong")
    assert called(root, "wire from z to f, input b").text(Value) == "value 3, gradient the objective does not depend on it"


def test_a_removed_nodes_interface_is_invalid_and_says_nothing(canvas: Canvas) -> None:
    root = QAccessible.queryAccessibleInterface(canvas)
    gone = called(root, "z, Input")
    port = children(gone)[0]
    wire = canvas.document.graph.outputs_of("z")[0].id

    canvas.select([wire])
    canvas.delete_selection()
    canvas.document.do(RemoveNode("z"))

    assert not gone.isValid() and not port.isValid()
    assert (gone.text(Name), port.text(Value), gone.rect().isEmpty()) == ("", "", True)
    assert root.childCount() == 7


def test_a_group_is_one_child_whose_ports_tell_what_is_inside(canvas: Canvas) -> None:
    canvas.select(["d", "z"])
    QTest.keyClick(canvas, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    root = QAccessible.queryAccessibleInterface(canvas)
    (group,) = canvas.document.graph.groups.values()

    card = called(root, f"{group.name}, Group")

    assert card.text(Value) == "2 nodes inside"
    assert root.focusChild() is card
    assert [child.text(Name) for child in children(root)][:3] == ["x, Input", "y, Input", "f, Add"]
    ports = {port.text(Name): port.text(Value) for port in children(card)}
    assert "from x: value 2, gradient −5" in ports.values()
    assert {"−10", "3"} <= set(ports.values())  # what d and z give to f


def test_interfaces_outlive_what_python_forgets_and_go_with_the_canvas(qtbot: QtBot) -> None:
    accessible.install()
    for _ in range(4):  # going through all objects twice each time
        canvas = Canvas(shown(qtbot, xy_plus_z()).document, shown(qtbot, xy_plus_z()).theme)
        root = QAccessible.queryAccessibleInterface(canvas)
        numbers = [QAccessible.uniqueId(child) for child in children(root)]
        numbers += [QAccessible.uniqueId(port) for child in children(root) for port in children(child)]
        del root
        gc.collect()
        assert [QAccessible.accessibleInterface(n).text(Name) for n in numbers[:2]] == ["x, Input", "y, Input"]
        shiboken6.delete(canvas)
        gc.collect()
        assert not any(QAccessible.accessibleInterface(n) for n in numbers)


def test_every_widget_that_takes_the_focus_has_a_name(window: Window, qtbot: QtBot) -> None:
    nameless = []
    window.canvas.select([next(iter(window.document.graph.nodes))])
    for widget in window.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and type(widget).__name__ != "QScrollArea":
            interface = QAccessible.queryAccessibleInterface(widget)
            if interface is not None and not (interface.text(Name) or widget.accessibleName()) and not _inner(widget):
                nameless.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")

    assert not nameless


def _inner(widget: QWidget) -> bool:
    """The line inside a spin box is named by the box."""
    parent = widget.parentWidget()
    return parent is not None and parent.focusProxy() is widget or (parent is not None and bool(parent.accessibleName()))


def test_the_panels_are_named(window: Window) -> None:
    assert window.canvas.accessibleName() == "Graph"
    for panel in (window.panel("library"), window.panel("inspector"), window.panel("bottom")):
        assert panel.accessibleName() or (panel.parentWidget() is not None and panel.parentWidget().windowTitle())


def test_nothing_is_made_while_nobody_asks(qtbot: QtBot) -> None:
    accessible.install()
    canvas = shown(qtbot, xy_plus_z())

    assert id(canvas) not in accessible._roots
    assert QApplication.widgetAt(canvas.mapToGlobal(QPoint(5, 5))) is not None
