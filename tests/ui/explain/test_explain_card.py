"""The explanation card: its numbers are the canvas's, its pieces lead where they came from, and it asks no more than it must."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from engine.compile.views import TraceView
from engine.explain.cards import Array, Number
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.address import parse
from graph.model.edits import SetParam
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.window_support import names
from ui.canvas.model.number_texts import texts
from ui.explain.card_page import CardPage
from ui.look.numbers import number
from ui.shell.files import example_document
from ui.shell.window import Window

PATIENCE = 10_000
Open = Callable[[Document], Window]


@pytest.fixture
def open_window(make_window: Callable[..., Window]) -> Open:
    """Windows with an engine beside the test, and their first numbers."""
    return lambda document: make_window(document, kernel=Desk(), size=(1440, 900), unsaved="discard")


@pytest.fixture
def window(open_window: Open) -> Window:
    return open_window(Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})))


def card_of(window: Window, qtbot: QtBot, item: str) -> CardPage:
    """Select something, press W, and wait for its card."""
    window.canvas.select([item])
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_W)
    page = window.explain.card
    qtbot.waitUntil(lambda: page.card is not None and page.card.address.id == item and not page.asking, timeout=PATIENCE)
    qtbot.waitUntil(lambda: page.head.height() >= page.head.sizeHint().height() > 0, timeout=PATIENCE)  # its sheet has grown
    return page


def bring_into_view(widget: QWidget) -> None:
    """Scroll the card until this part of it can be seen."""
    area = widget.parentWidget()
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    area.ensureWidgetVisible(widget)


def written(page: CardPage) -> str:
    """Everything the page says."""
    return "\n".join([page.head.text, *(f"{view.title.text()}\n{view.sheet.text}" for view in page.sections if not view.isHidden())])


def desk(window: Window) -> Desk:
    assert isinstance(window.kernel, Desk)
    return window.kernel


def test_the_key_opens_the_card_of_what_is_selected(window: Window, qtbot: QtBot) -> None:
    node = names(window.document)["multiply"]

    page = card_of(window, qtbot, node)

    assert window.panels.is_shown("explain") and page.title.text() == "multiply"


def test_the_key_without_a_selection_explains_the_objective(window: Window, qtbot: QtBot) -> None:
    window.canvas.select(())

    window.explain.why()

    qtbot.waitUntil(lambda: window.explain.card.card is not None, timeout=PATIENCE)
    assert window.explain.card.title.text() == "add"


def test_a_product_is_explained_with_the_numbers_of_a_hand_calculation(window: Window, qtbot: QtBot) -> None:
    page = card_of(window, qtbot, names(window.document)["multiply"])

    said = written(page)
    assert "multiply = x · y" in said and "2 · (−5)" in said and "multiply = −10" in said
    # upstream 1 times the other factor: −5 goes to x, 2 to y
    assert "upstream 1 × local (−5) = downstream −5" in said
    assert "upstream 1 × local 2 = downstream 2" in said


@pytest.mark.parametrize("example", ["xy-plus-z", "fan-out", "sigmoid-neuron", "valley"])
def test_values_and_gradients_agree_with_the_canvas_to_the_displayed_digit(open_window: Open, qtbot: QtBot, example: str) -> None:
    window = open_window(example_document(example, CATALOG))
    graph, content = window.document.graph, window.canvas.content

    for edge in list(graph.edges.values()):
        value, gradient = (text.text for text in texts(edge, content))
        page = card_of(window, qtbot, edge.id)
        card = page.card
        assert card is not None
        if isinstance(card.value, Number):
            assert value in page.head.text.split()
        if isinstance(card.gradient, Number):
            assert gradient in page.head.text.split() and gradient in written(page)


def test_the_numbers_of_a_network_s_card_are_those_of_the_trace(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("tanh-mlp-2-4-2", CATALOG))
    node = names(window.document)["hidden"]
    trace = window.trace
    assert trace is not None

    page = card_of(window, qtbot, node)
    page.choose_parameter("W")
    qtbot.waitUntil(lambda: page.card is not None and page.card.address.kind == "parameter" and not page.asking, timeout=PATIENCE)

    card = page.card
    assert card is not None and isinstance(card.gradient, Array)
    assert card.gradient.view.data is not None
    assert (card.gradient.view.data == trace.parameter_gradients[node, "W"].data).all()


def test_a_click_on_a_number_goes_to_the_node_it_came_from(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    page = card_of(window, qtbot, ids["multiply"])
    sheet = next(view.sheet for view in page.sections if "2 · (−5)" in view.sheet.text)
    place = next(rect for rect, link in sheet.links() if parse(link).id == ids["y"])

    bring_into_view(sheet)
    qtbot.waitUntil(lambda: not sheet.visibleRegion().isEmpty(), timeout=PATIENCE)  # a new card waits out of sight for its answer
    qtbot.mouseMove(sheet, place.center().toPoint())
    lit = window.canvas.overlay.highlighted("explain")
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=place.center().toPoint())

    assert lit == (frozenset({ids["y"]}), frozenset())
    assert window.canvas.selection == {ids["y"]}
    qtbot.waitUntil(lambda: page.card is not None and page.card.address.id == ids["y"], timeout=PATIENCE)


def test_keys_walk_through_the_links_and_follow_them(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    page = card_of(window, qtbot, ids["multiply"])
    sheet = page.sections[0].sheet
    sheet.setFocus()
    links = [link for _, link in sheet.links()]
    there = next(i for i, link in enumerate(links) if parse(link).id == ids["x"])

    for _ in range(there):
        qtbot.keyClick(sheet, Qt.Key.Key_Right)
    qtbot.keyClick(sheet, Qt.Key.Key_Return)

    assert window.canvas.selection == {ids["x"]}


def test_the_notation_is_switched_and_remembered(window: Window, qtbot: QtBot) -> None:
    page = card_of(window, qtbot, names(window.document)["multiply"])
    assert "∂add/∂multiply" in written(page)

    qtbot.mouseClick(page.switch.button(1), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.card is not None and page.card.notation == "bar", timeout=PATIENCE)

    assert "∂add" not in written(page) and "multiply\u0304" in written(page)
    assert window.settings.text("notation") == "bar"


def test_a_card_follows_the_numbers_and_keeps_its_widgets(window: Window, qtbot: QtBot) -> None:
    node = names(window.document)["multiply"]
    page = card_of(window, qtbot, node)
    before = list(page.sections)

    window.document.do(SetParam(names(window.document)["x"], "value", 3.0), "Set x")
    qtbot.waitUntil(lambda: "multiply = −15" in written(page), timeout=PATIENCE)

    assert page.sections == before and "3 · (−5)" in written(page)


def test_while_one_answer_is_awaited_no_other_is_asked_for(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    card_of(window, qtbot, ids["multiply"])
    desk(window).quiet = True
    desk(window).asked.clear()

    for item in ("x", "y", "z", "add"):
        window.canvas.select([ids[item]])
        qtbot.wait(20)

    assert len(desk(window).asked) <= 1
    desk(window).go_on()
    qtbot.waitUntil(lambda: window.explain.card.card is not None and window.explain.card.card.address.id == ids["add"], timeout=PATIENCE)
    assert len(desk(window).asked) == 2


def test_an_unseen_page_asks_nothing(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    card_of(window, qtbot, ids["multiply"])
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not window.explain.card.isVisible()
    qtbot.waitUntil(lambda: not window.explain.card.asking, timeout=PATIENCE)  # what was asked while it was seen
    desk(window).asked.clear()

    window.canvas.select([ids["x"]])
    window.document.do(SetParam(ids["x"], "value", 3.0), "Set x")
    qtbot.wait(120)

    assert desk(window).asked == []


def test_numbers_of_an_older_document_are_greyed_until_new_ones_come(window: Window, qtbot: QtBot) -> None:
    page = card_of(window, qtbot, names(window.document)["multiply"])
    desk(window).quiet = True

    window.document.do(SetParam(names(window.document)["x"], "value", 3.0), "Set x")
    qtbot.waitUntil(lambda: page.head.stale, timeout=PATIENCE)
    desk(window).quiet = False
    desk(window).evaluate_soon()

    qtbot.waitUntil(lambda: not page.head.stale and "−15" in written(page), timeout=PATIENCE)


def test_a_number_that_is_hidden_on_the_canvas_is_hidden_on_the_card(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    window.visibility.hide("predict", values=[ids["multiply"]])

    page = card_of(window, qtbot, ids["multiply"])

    assert "−10" not in written(page) and "multiply = ?" in written(page)
    window.visibility.hide("predict")
    qtbot.waitUntil(lambda: "multiply = −10" in written(page), timeout=PATIENCE)


def test_what_playback_has_not_reached_is_not_given_away(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    page = card_of(window, qtbot, ids["multiply"])
    for _ in range(4):  # x, y, z and the product have their values; no gradient yet
        window.playhead.step()
    window.showing.show_seen()

    qtbot.waitUntil(lambda: "gradient …" in page.head.text, timeout=PATIENCE)
    assert "−5) = −5" not in written(page)


def test_an_entry_of_a_tensor_is_chosen_with_a_click(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("tanh-mlp-2-4-2", CATALOG))
    page = card_of(window, qtbot, names(window.document)["hidden"])
    index, area = page.head._plate_at(page.head.links()[0][0].center()) or (0, None)
    assert area is not None
    cell = QPointF(area.left() + area.width() * 0.9, area.top() + area.height() * 0.95)

    qtbot.mouseClick(page.head, Qt.MouseButton.LeftButton, pos=cell.toPoint())
    qtbot.waitUntil(lambda: page.card is not None and page.card.entry == (3,), timeout=PATIENCE)

    assert index == 0 and page.card is not None and page.card.sample == 7


def test_another_sample_is_chosen_with_the_spin_box(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("tanh-mlp-2-4-2", CATALOG))
    page = card_of(window, qtbot, names(window.document)["h"])

    page.sample.setValue(3)

    qtbot.waitUntil(lambda: page.card is not None and page.card.sample == 2, timeout=PATIENCE)
    assert any("sample 3" in view.title.text() for view in page.sections)
    shown = window.canvas.model.samples
    assert shown.choice is None, "the canvas goes on showing all samples"

    shown.choose(5)
    qtbot.waitUntil(lambda: page.card is not None and page.card.sample == 5, timeout=PATIENCE)
    page.sample.setValue(2)
    qtbot.waitUntil(lambda: page.card is not None and page.card.sample == 1, timeout=PATIENCE)
    assert shown.choice == 1, "the canvas follows the card, so that both speak of one sample"


@pytest.mark.parametrize("example", ["tanh-mlp-2-4-2", "digits-cnn"])
def test_every_card_of_an_example_can_be_drawn(open_window: Open, qtbot: QtBot, example: str) -> None:
    window = open_window(example_document(example, CATALOG))
    graph = window.document.graph

    for item in [*graph.nodes, *graph.edges]:
        page = card_of(window, qtbot, item)
        page.grab()
        assert page.card is not None and page.head.text and not page.refusal


def test_text_that_is_not_a_number_is_loud(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("log(x) + y", CATALOG, {"x": -1.0, "y": 2.0})))

    page = card_of(window, qtbot, names(window.document)["log"])

    assert number(float("nan")) in written(page)


def test_without_an_engine_the_page_says_so(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    document = Document(build("x*y", CATALOG, {"x": 2.0, "y": 3.0}))
    window = make_window(document)
    window.showing.show_trace(hand_trace_of(document))

    window.explain.why()
    window.canvas.select([names(document)["x"]])

    assert "engine" in window.explain.card.note.text()


def hand_trace_of(document: Document) -> TraceView:
    """Numbers are not the point here."""
    from engine.training.model import Model as Engine

    return Engine(document.graph).trace_view()


def test_on_an_empty_canvas_nothing_is_asked(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("x", CATALOG, {"x": 1.0})))
    window.files.new()

    window.explain.why()
    qtbot.wait(50)

    assert not window.canvas.selection and "Select" in window.explain.card.note.text()


@pytest.mark.parametrize("side", ["forward", "backward"])
def test_a_double_click_on_a_wire_s_number_explains_it(window: Window, qtbot: QtBot, side: str) -> None:
    window.canvas.grab()
    edge = window.canvas.scene.edges[0]
    spot = getattr(window.canvas.labels.places[edge], side)
    at = window.canvas.camera.to_view(QPointF(spot.x, spot.y)).toPoint()
    before = window.document.graph.copy()

    qtbot.mouseDClick(window.canvas, Qt.MouseButton.LeftButton, pos=at)

    page = window.explain.card
    qtbot.waitUntil(lambda: page.card is not None and page.card.address.id == edge, timeout=PATIENCE)
    assert window.panels.is_shown("explain") and window.document.graph == before
