"""The tools of the Analysis panel and the audit on the canvas: what they show, what a click does, and that nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.explain.slices import SliceOf
from engine.explain.sweep import DEPTHS, WIDTHS
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.address import Address
from graph.model.edits import SetParam
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.window_support import names
from ui.canvas.model import number_texts
from ui.explain.audit_tool import AuditTool
from ui.explain.cost_tool import CostTool
from ui.explain.exact_tool import ExactTool
from ui.explain.modes_tool import FORWARD, REVERSE, ModesTool
from ui.explain.paths_tool import PathsTool
from ui.explain.picture_tool import PictureTool
from ui.explain.symbolic_tool import SymbolicTool
from ui.explain.tools_page import TOOLS
from ui.look.theme import DARK, PROJECTOR
from ui.look.type_size import sized
from ui.shell.files import example_document
from ui.shell.window import Window
from ui.shell.workspace.typed_number import behind, rounded

PATIENCE = 20_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Open = Callable[[Document], Window]


@pytest.fixture
def open_window(make_window: Callable[..., Window]) -> Open:
    """Windows with an engine beside the test, and their first numbers."""
    return lambda document: make_window(document, kernel=Desk(), size=(1440, 900), unsaved="discard")


@pytest.fixture
def window(open_window: Open) -> Window:
    """f = x·y + x at 2 and −5: two paths lead from x, one with −5 and one with 1."""
    return open_window(Document(build("x*y + x", CATALOG, {"x": 2.0, "y": -5.0})))


def audited(window: Window, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_A)
    audit = window.explain.audit
    qtbot.waitUntil(lambda: bool(audit.rows) and not audit.busy, timeout=PATIENCE)


# the audit


def test_one_key_audits_every_wire_and_the_same_key_ends_it(window: Window, qtbot: QtBot) -> None:
    audited(window, qtbot)
    tags = window.canvas.overlay.tags("audit")

    qtbot.keyClick(window.canvas, Qt.Key.Key_A)

    assert set(tags) == set(window.document.graph.edges) and all(tag.kind == "ok" for tag in tags.values())
    assert window.canvas.overlay.tags("audit") == {}


def test_a_kink_is_a_warning_and_no_error(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("relu(x) + y", CATALOG, {"x": 0.0, "y": 1.0})))

    audited(window, qtbot)

    kinds = {window.document.graph.nodes[window.document.graph.edges[edge].source[0]].name: tag.kind
             for edge, tag in window.canvas.overlay.tags("audit").items()}  # fmt: skip
    assert kinds["x"] == "warning" and kinds["y"] == "ok"


def test_a_click_on_a_tag_shows_the_curve_of_its_wire(window: Window, qtbot: QtBot) -> None:
    audited(window, qtbot)
    window.canvas.grab()
    place = next(QPoint(x, y) for y in range(0, window.canvas.height(), 6) for x in range(0, window.canvas.width(), 6)
                 if window.canvas.overlay.hit_tag(QPoint(x, y).toPointF()))  # fmt: skip
    edge = window.canvas.overlay.hit_tag(place.toPointF())

    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=place)

    tool = window.explain.tools.current
    assert isinstance(tool, AuditTool)
    qtbot.waitUntil(lambda: tool.curve is not None and tool.curve.place.id == edge, timeout=PATIENCE)
    assert tool.curve is not None and {c.dtype for c in tool.curve.curves} == {"float32", "float64"}


def test_tags_of_older_numbers_go_at_once_and_come_again_for_the_new_ones(window: Window, qtbot: QtBot) -> None:
    audited(window, qtbot)
    assert isinstance(window.kernel, Desk)
    window.kernel.quiet = True

    window.document.do(SetParam(names(window.document)["x"], "value", 3.0), "Set x")
    qtbot.waitUntil(lambda: window.canvas.overlay.tags("audit") == {}, timeout=PATIENCE)
    window.kernel.quiet = False
    window.kernel.evaluate_soon()

    qtbot.waitUntil(lambda: set(window.canvas.overlay.tags("audit")) == set(window.document.graph.edges), timeout=PATIENCE)


def test_an_audit_comes_row_by_row_and_can_be_cancelled(window: Window, qtbot: QtBot) -> None:
    window.explain.show_tool("audit")
    tool = window.explain.tools.current
    assert isinstance(tool, AuditTool)
    audit = window.explain.audit
    audit.toggle()
    qtbot.waitUntil(lambda: bool(audit.rows), timeout=PATIENCE)
    assert audit.busy and len(audit.rows) < audit.total

    tool.job_bar.cancel.click()
    kept = list(audit.rows)
    qtbot.wait(60)
    assert not audit.busy and audit.rows == kept and tool.summary.text().startswith("Cancelled: ")
    assert set(window.canvas.overlay.tags("audit")) == {row.address.id for row in kept}

    window.document.do(SetParam(names(window.document)["x"], "value", 3.0))  # other numbers are audited again, from the beginning
    qtbot.waitUntil(lambda: len(audit.rows) == audit.total > 0 and not audit.busy, timeout=PATIENCE)
    assert "all agree" in tool.summary.text()


def test_a_document_edited_during_an_audit_gets_an_audit_of_its_own(window: Window, qtbot: QtBot) -> None:
    audit, x = window.explain.audit, names(window.document)["x"]
    audit.toggle()
    qtbot.waitUntil(lambda: bool(audit.rows), timeout=PATIENCE)
    window.document.do(SetParam(x, "value", 7.0))
    qtbot.waitUntil(lambda: not window.stale and len(audit.rows) == audit.total > 0 and not audit.busy, timeout=PATIENCE)
    assert sorted(row.analytical for row in audit.rows if row.analytical is not None) == [-5.0, 1.0, 1.0, 7.0]  # y, 1, 1, x


def test_the_list_tells_the_numbers_of_the_newest_audit_when_it_is_seen_again(window: Window, qtbot: QtBot) -> None:
    """∂f/∂y = x at the product: 2, and 3 once x is 3, in as many rows."""
    audited(window, qtbot)
    window.explain.show_tool("audit")
    tool = window.explain.tools.current
    assert isinstance(tool, AuditTool)
    window.panels.docks["bottom"].hide()
    window.document.do(SetParam(names(window.document)["x"], "value", 3.0), "Set x")
    qtbot.waitUntil(lambda: not window.stale and bool(window.explain.audit.rows) and not window.explain.audit.busy, timeout=PATIENCE)

    window.explain.show_tool("audit")

    told = {tool.table.item(row, 0).text(): tool.table.item(row, 1).text() for row in range(tool.table.rowCount())}
    assert [number for wire, number in told.items() if wire.startswith("y")] == ["3"]


def test_rows_of_the_audit_are_as_high_as_their_type(window: Window, qtbot: QtBot) -> None:
    window.explain.show_tool("audit")
    tool = window.explain.tools.current
    assert isinstance(tool, AuditTool)

    tool.set_theme(sized(DARK, 2.0))

    assert tool.table.verticalHeader().defaultSectionSize() == 52


def test_the_panel_at_the_bottom_is_as_wide_as_the_tool_needs_not_as_its_widest_page(window: Window, qtbot: QtBot) -> None:
    """On a projector's 1280 pixels, with the panels at both sides."""
    window.resize(1280, 800)
    window.set_theme(PROJECTOR)
    window.explain.show_paths()
    pages = window.panel("bottom").pages
    room = pages.parentWidget()

    assert room is not None
    qtbot.waitUntil(lambda: pages.width() == room.width(), timeout=PATIENCE)


def test_a_slice_is_drawn_after_the_next_frame_of_a_moving_canvas(window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window.canvas.select([names(window.document)["x"]])
    window.explain.show_picture()
    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: tool.local is not None and "−4" in tool.numbers.text, timeout=PATIENCE)
    drawn: list[str] = []
    monkeypatch.setattr(tool, "_explain", lambda local: drawn.append("slice"))
    window.canvas.painted.connect(lambda: drawn.append("frame"))
    assert tool.local is not None and tool._place is not None

    window.canvas.painted.emit()
    tool.answered(SliceOf(tool._place), tool.local)
    assert drawn == ["frame"]
    window.canvas.painted.emit()

    qtbot.waitUntil(lambda: "slice" in drawn, timeout=PATIENCE)
    assert drawn.index("slice") >= 2  # never before the next frame; the canvas may have painted another one of its own meanwhile


# paths


def paths_of(window: Window, qtbot: QtBot, name: str) -> PathsTool:
    window.canvas.select([names(window.document)[name]])
    window.explain.show_paths()
    tool = window.explain.tools.current
    assert isinstance(tool, PathsTool)
    qtbot.waitUntil(lambda: tool.ledger is not None and tool.ledger.place.id in window.canvas.selection, timeout=PATIENCE)
    return tool


def test_the_ledger_lists_every_path_and_their_sum_is_the_gradient(window: Window, qtbot: QtBot) -> None:
    tool = paths_of(window, qtbot, "x")

    assert tool.ledger is not None and tool.ledger.count == 2
    # −5 through the product, 1 directly
    assert "= −5" in tool.sheet.text and "= 1" in tool.sheet.text
    assert tool.sum.text.count("−4") == 2


def test_a_path_under_the_cursor_is_lit_and_a_click_keeps_it(window: Window, qtbot: QtBot) -> None:
    tool = paths_of(window, qtbot, "x")
    assert tool.ledger is not None
    path = tool.ledger.paths[0]
    qtbot.waitUntil(lambda: tool.sheet.height() >= tool.sheet.heightForWidth(tool.sheet.width()), timeout=PATIENCE)
    rect = next(rect for rect, link in tool.sheet.links() if link == f"path|{path.number}")

    qtbot.mouseMove(tool.sheet, rect.center().toPoint())
    lit = window.canvas.overlay.highlighted("paths")
    qtbot.mouseClick(tool.sheet, Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    QApplication.processEvents()
    tool.sheet.leaveEvent(None)  # type: ignore[arg-type]
    kept = window.canvas.overlay.highlighted("paths")
    window.explain.show_cost()

    assert lit == (frozenset(path.nodes), frozenset(path.edges)) == kept
    assert window.canvas.overlay.highlighted("paths") == (frozenset(), frozenset())


def test_the_counters_show_what_each_way_costs(window: Window, qtbot: QtBot) -> None:
    tool = paths_of(window, qtbot, "x")
    assert tool.ledger is not None
    counts = tool.ledger.counts

    said = tool.counters.accessibleName()

    assert said.startswith(f"path by path: {counts.path_by_path} ") and f"reverse mode: {counts.reverse} " in said


# the sweep


def cost_of(window: Window) -> CostTool:
    window.explain.show_cost()
    tool = window.explain.tools.current
    assert isinstance(tool, CostTool)
    return tool


def test_the_sweep_shows_its_points_as_they_come_and_how_far_it_is(window: Window, qtbot: QtBot) -> None:
    tool = cost_of(window)

    qtbot.mouseClick(tool.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(tool.results) == 3, timeout=PATIENCE)
    first = dict(tool.results)
    assert tool.sweeping and not tool.run.isEnabled() and tool.job_bar.bar.value() == 3
    qtbot.waitUntil(lambda: tool.job_bar.isVisible(), timeout=PATIENCE)
    assert tool.job_bar.text.full.endswith("9 networks")

    qtbot.waitUntil(lambda: not tool.sweeping, timeout=PATIENCE)
    assert set(tool.results) == {(k, 16) for k in DEPTHS} | {(8, h) for h in WIDTHS}
    assert all(tool.results[key] is result for key, result in first.items())
    assert tool.run.isEnabled() and not tool.job_bar.isVisible()


@pytest.mark.parametrize("by", ["mouse", "Esc on the bar", "Esc on the canvas"])
def test_a_sweep_that_is_cancelled_keeps_what_it_has_and_can_begin_again(window: Window, qtbot: QtBot, by: str) -> None:
    tool = cost_of(window)
    tool.start()
    qtbot.waitUntil(lambda: tool.job_bar.isVisible() and len(tool.results) > 1, timeout=PATIENCE)

    if by == "mouse":
        qtbot.mouseClick(tool.job_bar.cancel, Qt.MouseButton.LeftButton)
    elif by == "Esc on the bar":
        qtbot.keyClick(tool.job_bar.cancel, Qt.Key.Key_Escape)
    else:
        window.canvas.select(())
        window.canvas.setFocus()
        qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    kept = dict(tool.results)
    assert not tool.sweeping and not tool.job_bar.isVisible() and "Cancelled" in tool.hint.text()
    qtbot.wait(100)
    assert tool.results == kept

    tool.start()
    qtbot.waitUntil(lambda: bool(tool.results), timeout=PATIENCE)
    assert tool.sweeping and tool.hint.text() == ""
    window.close()  # while it runs
    assert not tool.sweeping


# slices


def test_the_slice_names_tangent_and_curvature_of_a_parabola(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("x*x", CATALOG, {"x": 3.0})))
    window.canvas.select([names(window.document)["x"]])

    window.explain.show_picture()

    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: tool.local is not None, timeout=PATIENCE)
    # (x²)′ = 6 and (x²)″ = 2 at 3
    assert "= 6" in tool.numbers.text and "= 2" in tool.numbers.text


def test_the_secant_turns_into_the_tangent_as_the_slider_moves(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("x*x", CATALOG, {"x": 3.0})))
    window.canvas.select([names(window.document)["x"]])
    window.explain.show_picture()
    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: tool.local is not None, timeout=PATIENCE)
    tool.chord.setChecked(True)
    errors = []

    for value in (0, 24, 48):
        tool.epsilon.setValue(value)
        qtbot.waitUntil(lambda: tool.secant is not None and tool.secant.epsilon == pytest.approx(tool.step), timeout=PATIENCE)
        assert tool.secant is not None
        errors.append(tool.secant.error)
        assert tool.secant.error == pytest.approx(tool.secant.epsilon, rel=1e-3)  # ((3+ε)² − 9)/ε − 6 = ε

    assert errors == sorted(errors, reverse=True)


def dragged(tool: PictureTool, name: str, to: float, end: Qt.Key | None = None) -> None:
    """Press on a point of the plot, move it to x = `to`, and let go, or press a key instead."""
    port, box = tool._plot.viewport(), tool._plot.plotItem.vb
    start = tool.points.place(name).toPoint()
    there = tool._plot.mapFromScene(box.mapViewToScene(QPointF(to, 0.0)))
    QTest.mousePress(port, LEFT, NONE, start)
    for share in (0.5, 1.0):
        QTest.mouseMove(port, QPoint(round(start.x() + share * (there.x() - start.x())), start.y()))
    if end is not None:
        QTest.keyClick(tool._plot, end)
    QTest.mouseRelease(port, LEFT, NONE, QPoint(there.x(), start.y()))


def test_the_point_of_tangency_is_dragged_and_the_graph_follows(open_window: Open, qtbot: QtBot) -> None:
    """x·x at 3 is dragged to 2: the slope is 4, one undo leads back, and Esc calls a drag off."""
    window = open_window(Document(build("x*x", CATALOG, {"x": 3.0})))
    x = names(window.document)["x"]
    window.canvas.select([x])
    window.explain.show_picture()
    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: tool.local is not None and tool.isVisible(), timeout=PATIENCE)
    qtbot.wait(1)
    before = window.document.graph.copy()

    dragged(tool, "point", 2.0)

    value = window.document.graph.setting(x, "value")
    assert value == pytest.approx(2.0, abs=0.03) and window.document.modified
    qtbot.waitUntil(lambda: tool.local is not None and tool.local.at == value and f"= {2 * value:g}" in tool.numbers.text, timeout=PATIENCE)
    window.document.undo()
    assert window.document.graph == before and not window.document.history.can_undo
    qtbot.waitUntil(lambda: tool.local is not None and tool.local.at == 3.0, timeout=PATIENCE)
    qtbot.wait(1)

    dragged(tool, "point", 1.0, Qt.Key.Key_Escape)
    assert window.document.graph == before and not window.document.history.can_undo
    tool._plot.setFocus()
    qtbot.keyClick(tool._plot, Qt.Key.Key_Right)
    assert window.document.graph.setting(x, "value") > 3.0


def test_the_other_point_of_the_secant_sets_the_step(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("x*x", CATALOG, {"x": 3.0})))
    window.canvas.select([names(window.document)["x"]])
    window.explain.begin("picture", settings={"epsilon": 0.5})
    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: tool.secant is not None and tool.secant.epsilon == 0.5 and tool._plot is not None, timeout=PATIENCE)
    qtbot.wait(1)

    dragged(tool, "epsilon", 4.0)

    qtbot.waitUntil(lambda: tool.secant is not None and tool.secant.epsilon == pytest.approx(1.0, abs=0.05), timeout=PATIENCE)
    assert tool.secant is not None and tool.secant.secant == pytest.approx(6 + tool.secant.epsilon)  # ((3+ε)² − 9)/ε
    assert not window.document.modified


def test_a_computed_number_is_no_point_to_drag(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("sin(x*x)", CATALOG, {"x": 3.0})))
    window.canvas.select([names(window.document)["multiply"]])
    window.explain.show_picture()
    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: tool.local is not None, timeout=PATIENCE)
    assert "point" not in tool._points()


def test_a_typed_number_is_found_behind_nodes_wires_and_entries() -> None:
    graph = build("x*w + x", CATALOG, {"x": 2.0}, {"w": 0.5})
    ids = {node.name: node.id for node in graph.nodes.values()}
    wire = next(edge.id for edge in graph.edges.values() if edge.source[0] == ids["w"])
    assert behind(graph, Address("output", ids["x"], "y")) == behind(graph, Address("output", ids["x"], "y", index=()))
    held = behind(graph, Address("edge", wire))
    assert held is not None and held.node == ids["w"] and held.of(graph) == 0.5
    assert behind(graph, Address("output", ids["add"], "y")) is None
    SetParam(ids["x"], "value", [[1.0, 2.0], [3.0, 4.0]]).apply(graph)
    entry = behind(graph, Address("output", ids["x"], "y", index=(1, 0)))
    assert entry is not None and entry.of(graph) == 3.0
    assert entry.set_to(7.0, graph) == SetParam(ids["x"], "value", [[1.0, 2.0], [7.0, 4.0]])
    assert behind(graph, Address("output", ids["x"], "y")) is None
    assert [rounded(1.23456, width) for width in (4.0, 400.0, 4000.0)] == [1.23, 1.0, 1.0]


# formulas


def test_formulas_are_typeset_and_go_to_the_clipboard(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("valley", CATALOG))

    window.explain.show_symbolic()
    tool = window.explain.tools.current
    assert isinstance(tool, SymbolicTool)
    qtbot.waitUntil(lambda: bool(tool.rows), timeout=60_000)
    tool.rows[-1].copy()

    assert QGuiApplication.clipboard().text() == r"\frac{\partial f}{\partial w_{2}} = 25 w_{2}"
    assert tool.rows[-1].number.text() == "37.5"


def test_a_graph_of_tensors_is_refused_with_the_reason(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("tanh-mlp-2-4-2", CATALOG))

    window.explain.show_symbolic()

    tool = window.explain.tools.current
    assert tool is not None
    qtbot.waitUntil(lambda: len(tool.note.text()) > 40, timeout=PATIENCE)
    assert not tool.showing


# modes


def test_forward_mode_tags_the_wires_behind_the_seed(window: Window, qtbot: QtBot) -> None:
    ids, graph = names(window.document), window.document.graph
    window.canvas.select([ids["x"]])

    window.explain.show_modes()

    overlay = window.canvas.overlay
    qtbot.waitUntil(lambda: bool(overlay.tags("forward_mode")), timeout=PATIENCE)
    tags = {graph.edges[edge].target: tag.text for edge, tag in overlay.tags("forward_mode").items()}
    # d(x·y)/dx = y = −5 travels on behind the product; the wires out of x carry its own 1
    assert tags[ids["add"], "a"] == "→ −5" and tags[ids["multiply"], "a"] == "→ 1"
    assert overlay.marks("forward_mode") == {ids["x"]: "seed"}


@pytest.mark.parametrize("mode", [FORWARD, REVERSE])
def test_an_answer_about_a_node_that_was_deleted_meanwhile_is_an_invitation(window: Window, qtbot: QtBot, mode: int) -> None:
    window.canvas.select([names(window.document)["x"]])
    window.explain.show_modes()
    tool = window.explain.tools.current
    assert isinstance(tool, ModesTool)
    tool.choose_mode(mode)
    qtbot.waitUntil(lambda: tool.answer is not None, timeout=PATIENCE)
    question, answer = window.kernel.asked[-1], tool.answer

    window.actions_by_id["delete"].trigger()
    tool.answered(question, answer)

    assert tool.answer is None and tool.title.text() == "" and not window.canvas.overlay.tags("forward_mode")


def test_stepping_reveals_one_node_after_the_other(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([names(window.document)["x"]])
    window.explain.show_modes()
    tool, overlay = window.explain.tools.current, window.canvas.overlay
    assert isinstance(tool, ModesTool)
    qtbot.waitUntil(lambda: bool(overlay.tags("forward_mode")), timeout=PATIENCE)
    everything = len(overlay.tags("forward_mode"))
    seen = []

    for _ in range(3):
        qtbot.mouseClick(tool.step, Qt.MouseButton.LeftButton)
        seen.append(len(overlay.tags("forward_mode")))

    assert seen == sorted(seen) and seen[0] < everything == seen[-1]


def test_reverse_mode_of_a_target_in_the_middle(window: Window, qtbot: QtBot) -> None:
    ids, graph = names(window.document), window.document.graph
    window.canvas.select([ids["multiply"]])
    window.explain.show_modes()
    tool, overlay = window.explain.tools.current, window.canvas.overlay
    assert isinstance(tool, ModesTool)

    qtbot.mouseClick(tool.modes.button(REVERSE), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: overlay.marks("forward_mode") == {ids["multiply"]: "target"}, timeout=PATIENCE)

    tags = {graph.edges[edge].target: tag.text for edge, tag in overlay.tags("forward_mode").items()}
    assert tags == {(ids["multiply"], "a"): "← −5", (ids["multiply"], "b"): "← 2"}


def test_tags_go_when_another_tool_is_looked_at(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([names(window.document)["x"]])
    window.explain.show_modes()
    overlay = window.canvas.overlay
    qtbot.waitUntil(lambda: bool(overlay.tags("forward_mode")), timeout=PATIENCE)

    window.explain.show_paths()

    assert overlay.tags("forward_mode") == {} and overlay.marks("forward_mode") == {}


# whatever happens


@pytest.mark.parametrize("key", [key for key, *_ in TOOLS])
def test_every_tool_bears_every_selection_and_none(open_window: Open, qtbot: QtBot, key: str) -> None:
    window = open_window(example_document("xor", CATALOG))
    graph = window.document.graph
    window.explain.show_tool(key)

    for chosen in ([], *([item] for item in [*graph.nodes, *graph.edges][::3]), [*graph.nodes]):
        window.canvas.select(chosen)
        qtbot.wait(15)
    window.grab()
    window.files.new()
    qtbot.wait(30)

    assert window.explain.tools.current is not None


def test_without_an_engine_every_tool_says_why_it_is_empty(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    window = make_window(Document(build("x*y", CATALOG, {"x": 2.0, "y": 3.0})))

    for key, *_ in TOOLS:
        window.explain.show_tool(key)
        tool = window.explain.tools.current
        assert tool is not None and "engine" in tool.note.text() and not tool.showing
    window.explain.toggle_audit()

    assert window.explain.audit.on and "engine" in window.explain.audit.refusal


def test_the_tools_work_with_the_entry_that_was_chosen_on_the_card(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("tanh-mlp-2-4-2", CATALOG))
    node = names(window.document)["hidden"]
    window.canvas.select([node])
    window.explain.why()
    card = window.explain.card
    qtbot.waitUntil(lambda: card.card is not None, timeout=PATIENCE)
    card.head.picked.emit(0, (5, 2))
    qtbot.waitUntil(lambda: card.card is not None and (card.card.sample, card.card.entry) == (5, (2,)), timeout=PATIENCE)

    window.explain.show_picture()

    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: tool.local is not None and tool.local.place.index == (5, 2), timeout=PATIENCE)


def test_the_tools_work_with_the_parameter_that_the_card_is_about(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("tanh-mlp-2-4-2", CATALOG))
    ids = names(window.document)
    window.canvas.select([ids["hidden"]])
    window.explain.why()
    card = window.explain.card
    qtbot.waitUntil(lambda: card.card is not None, timeout=PATIENCE)
    card.choose_parameter("W")
    window.explain.show_paths()
    tool = window.explain.tools.current
    assert isinstance(tool, PathsTool)
    qtbot.waitUntil(lambda: tool.ledger is not None and tool.ledger.place.kind == "parameter", timeout=PATIENCE)

    window.canvas.select([ids["output"]])

    qtbot.waitUntil(lambda: tool.ledger is not None and tool.ledger.place.key == (ids["output"], "y"), timeout=PATIENCE)


def test_a_new_theme_brings_no_tags_of_a_tool_that_nobody_sees(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([names(window.document)["x"]])
    window.explain.show_modes()
    tool = window.explain.tools.current
    assert isinstance(tool, ModesTool)
    qtbot.waitUntil(lambda: tool.answer is not None, timeout=PATIENCE)
    window.explain.show_paths()

    window.set_theme(DARK)

    assert not window.canvas.overlay.tags("forward_mode") and not window.canvas.overlay.marks("forward_mode")


# exact mode


def test_exact_mode_writes_fractions_on_the_canvas_and_the_same_key_ends_it(open_window: Open, qtbot: QtBot) -> None:
    """x/y at 7 and −3: f = −7/3, ∂f/∂x = −1/3, ∂f/∂y = −7/9."""
    window = open_window(Document(build("f = x/y", CATALOG, {"x": 7.0, "y": -3.0})))
    canvas, graph = window.canvas, window.document.graph
    content = lambda: canvas.model.content  # noqa: E731 - a new one comes with every trace
    edges = [number_texts.texts(edge, content()) for edge in graph.edges.values()]
    assert [backward.text for _, backward in edges] == ["−0.3333", "−0.7778"]
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: bool(content().fractions), timeout=PATIENCE)
    assert [backward.text for _, backward in (number_texts.texts(edge, content()) for edge in graph.edges.values())] == ["−1/3", "−7/9"]
    objective = content().objective()
    assert objective is not None
    assert number_texts.known_text(content(), content().node_value(*objective), objective).text == "−7/3"
    assert window.actions_by_id["exact"].isChecked()
    x = graph.named("x")
    assert x is not None
    window.document.do(SetParam(x.id, "value", 1.0))
    qtbot.waitUntil(lambda: "−1/9" in content().fractions.values(), timeout=PATIENCE)
    qtbot.keyClick(canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ShiftModifier)
    assert not content().fractions and not window.actions_by_id["exact"].isChecked()


def test_the_list_of_fractions_has_the_rounding_error_of_each_number(open_window: Open, qtbot: QtBot) -> None:
    """1/3 in double precision is 6004799503160661·2⁻⁵⁴, which is 1/(3·2⁵⁴) too small: −1.9e−17."""
    window = open_window(Document(build("f = x/y", CATALOG, {"x": 1.0, "y": 3.0})))
    window.actions_by_id["show_exact"].trigger()
    tool = window.explain.tools.tool("exact")
    assert isinstance(tool, ExactTool)
    qtbot.waitUntil(lambda: tool.table.rowCount() > 0, timeout=PATIENCE)
    rows = [[tool.table.item(row, column).text() for column in range(4)] for row in range(tool.table.rowCount())]
    assert ["f", "1/3", "0.3333333333333333", "−1.9×10⁻¹⁷"] in rows
    assert tool.summary.text() != "Every number was computed without rounding."


def test_exact_mode_does_not_show_what_is_hidden(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("f = x/y", CATALOG, {"x": 7.0, "y": -3.0})))
    window.explain.toggle_exact()
    content = lambda: window.canvas.model.content  # noqa: E731
    qtbot.waitUntil(lambda: "−1/3" in content().fractions.values(), timeout=PATIENCE)
    edge = next(edge for edge in window.document.graph.edges.values() if edge.target[1] == "a")
    window.visibility.hide("predict", gradients=[edge.id])
    qtbot.waitUntil(lambda: "−1/3" not in content().fractions.values(), timeout=PATIENCE)
    assert number_texts.texts(edge, content())[1].text == "?"
