"""The chart of gradient sizes by layer: which layers, how large, and what a click, a key and a theme do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.compile.views import Absent, TraceView, cover
from graph.model import edits
from tests.support.canvas_graphs import graph_of, view_of, xy_plus_z, xy_plus_z_trace
from tests.support.window_support import names
from ui.canvas.model.content import Content
from ui.canvas.model.gradient_size import Scale
from ui.gradients.feature import Gradients
from ui.gradients.layers import Layer, layers
from ui.gradients.strip import spoken, ticks
from ui.look.theme import THEMES
from ui.shell.window import Window


def test_the_layers_are_the_nodes_between_the_sources_and_the_objective() -> None:
    trace = xy_plus_z_trace(gradients={("d", "y"): view_of([3.0, 4.0]), ("f", "y"): view_of(1.0)})
    assert layers(Content(xy_plus_z(), trace)) == [Layer("d", "d", "number", 5.0), Layer("f", "f", "number", 1.0)]


def test_what_is_hidden_not_there_yet_or_not_there_at_all_is_no_number() -> None:
    def states(gradient: object) -> str:
        trace = xy_plus_z_trace(gradients={("d", "y"): gradient, ("f", "y"): view_of(1.0)})
        return layers(Content(xy_plus_z(), trace))[0].state

    assert states(cover(view_of(2.0))) == "hidden"
    assert states(Absent("not computed")) == "waiting" and states(Absent("not differentiable")) == "none"
    assert layers(Content(xy_plus_z(), None)) == [] == layers(Content(xy_plus_z(), xy_plus_z_trace(objective=None)))
    assert spoken(Layer("d", "h", "hidden", 5.0)) == "h: to be predicted"


def test_the_scale_has_at_most_four_powers_of_ten() -> None:
    assert ticks(Scale(-6, 0)) == [-6, -4, -2, 0] and ticks(Scale(-16, 2)) == [-16, -10, -4, 2]
    assert ticks(Scale(-6, 1)) == [-6, -2, 1]  # −5 would be written over −6


@pytest.fixture
def feature(window: Window) -> Gradients:
    feature = window.features["gradients"]
    assert isinstance(feature, Gradients)
    return feature


def test_a_key_turns_width_heat_and_nothing_and_never_touches_the_document(
    window: Window, feature: Gradients, qtbot: QtBot
) -> None:
    window.canvas.setFocus()
    looks = []
    for _count in range(3):
        qtbot.keyClick(window.canvas, Qt.Key.Key_G)
        looks.append(window.canvas.content.look)
        shown = window.canvas.content.look or "off"
        assert window.actions_by_id[f"gradient_size_{shown}"].isChecked() and window.settings.text("gradient_size") == looks[-1]
        assert (feature.strip is not None and feature.strip.isVisible()) == bool(looks[-1])
    assert looks == ["width", "heat", ""]
    assert not window.document.history.can_undo and not window.document.modified


def test_a_bar_is_clicked_or_chosen_by_keys_and_selects_its_layer(window: Window, feature: Gradients, qtbot: QtBot) -> None:
    window.actions_by_id["gradient_size_width"].trigger()
    strip, ids = feature.strip, names(window.document)
    assert strip is not None and [layer.node for layer in strip.layers] == [ids["multiply"], ids["add"]]
    assert [layer.size for layer in strip.layers] == [1.0, 1.0]  # ∂f/∂(x·y) and ∂f/∂f

    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.bar(1).center().toPoint())
    assert window.canvas.selected_nodes() == [ids["add"]]
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert window.canvas.selected_nodes() == [ids["add"]]
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert strip.hasFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert window.canvas.selected_nodes() == [ids["multiply"]]
    qtbot.keyClick(strip, Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()


def test_a_hidden_gradient_is_a_question_mark_and_its_wire_as_at_rest(window: Window, feature: Gradients) -> None:
    window.actions_by_id["gradient_size_heat"].trigger()
    ids = names(window.document)
    window.visibility.hide("test", gradients=[ids["multiply"]])
    strip = feature.strip
    assert strip is not None and strip.layers[0].state == "hidden" and strip.layers[0].size == 0.0
    window.visibility.hide("test")
    assert strip.layers[0].size == 1.0


@pytest.mark.parametrize("theme", list(THEMES))
def test_the_strip_is_painted_in_every_theme_and_stays_in_its_corner(window: Window, feature: Gradients, theme: str) -> None:
    window.set_theme(THEMES[theme])
    window.actions_by_id["gradient_size_heat"].trigger()
    strip = feature.strip
    assert strip is not None
    image = strip.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}) > 8
    window.resize(900, 600)
    assert window.canvas.rect().contains(strip.geometry())


def test_a_copied_picture_shows_the_sizes_too(window: Window) -> None:
    def orange() -> int:
        window.files.copy_picture()
        image, ink = QApplication.clipboard().image(), QColor(window.theme.backward).rgb()
        return sum(image.pixel(x, y) == ink for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))

    before = orange()
    window.actions_by_id["gradient_size_width"].trigger()
    assert orange() > 4 * before + 100


def test_of_many_nodes_those_of_one_depth_share_a_bar() -> None:
    """9 columns of 8 nodes; the gradient of the last column is 10⁰, of the one before 10⁻¹, and one node of each has twice as much."""
    nodes: list[tuple[str, str, float, float, dict[str, float]]] = [
        (f"n{c}_{r}", "math.sin" if c else "source.input", 0.0, 0.0, {}) for c in range(10) for r in range(8)
    ]
    wires = [(f"n{c}_{r}", "y", f"n{c + 1}_{r}", "x") for c in range(9) for r in range(8)]
    graph = graph_of([*nodes, ("f", "math.concatenate", 0, 0, {})], wires)
    for row in range(8):
        edits.connect(graph, (f"n9_{row}", "y"), ("f", "xs")).apply(graph)
    sizes = {(f"n{c}_{r}", "y"): view_of(10.0 ** (c - 9) * (2 if r == 3 else 1)) for c in range(10) for r in range(8)}
    shown = Content(graph, TraceView(objective=("f", "y"), gradients=sizes))
    bars = layers(shown)
    assert [bar.node for bar in bars] == [f"n{c}_3" for c in range(1, 10)] + ["f"]
    assert [bar.size for bar in bars[:-1]] == pytest.approx([2 * 10.0 ** (c - 9) for c in range(1, 10)], rel=1e-12)
    assert bars[-1].state == "waiting"
