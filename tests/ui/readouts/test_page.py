"""The results page on a real engine's answers: what it says, and that a cell, a row and a key lead to a sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sklearn.metrics import confusion_matrix, f1_score

from engine.compile.spot import Spot
from engine.data import load
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model.edits import SetParam
from graph.storage.document import Document
from tests.support.explain_support import Desk
from ui.look.theme import LIGHT
from ui.readouts.page import HIDDEN, ReadoutsPage
from ui.readouts.text_table import TextTable
from ui.shell.window import Window

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"


def opened(make_window: Callable[..., Window], qtbot: QtBot, example: str) -> tuple[Window, ReadoutsPage]:
    window = make_window(Document.load(EXAMPLES / f"{example}.gradwire", CATALOG), kernel=Desk())
    window.actions_by_id["readouts"].trigger()
    page = window.panel("readouts")
    assert isinstance(page, ReadoutsPage)
    qtbot.waitUntil(lambda: page.source.fresh)
    return window, page


def test_a_cell_lists_its_samples_and_one_becomes_the_sample_shown(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    window, page = opened(make_window, qtbot, "iris")
    graph = window.document.graph
    data_node = next(node for node in graph.nodes if graph.spec(node).role == "data")
    data, model = load(graph.settings_of(data_node)), Model(graph)
    found = page.source.latest
    assert found is not None and found.part == "test" and page.scores is not None
    measures = model.measures
    assert measures.prediction is not None
    program = model.program(training=False, outputs=[measures.prediction])
    feeds = model.feeds.whole(program.feeds, "test")
    scores = program.evaluate(feeds, model.parameters(program), model.buffers(program), model.random(0))[0]
    predicted = scores.argmax(1).numpy()
    assert np.array_equal(page.scores.matrix, confusion_matrix(data.test.y, predicted, labels=range(3)))
    assert "Test: " in page.state.full and f"{len(data.test.y)} samples" in page.state.full and "step 0" in page.state.full

    matrix, cell = page.matrix, page.cell
    true, guessed = (int(at[0]) for at in np.nonzero(page.scores.matrix - np.diag(np.diag(page.scores.matrix))))
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.place(true, guessed).center().toPoint())
    expected = np.flatnonzero((data.test.y == true) & (predicted == guessed))
    assert sorted(cell.places) == expected.tolist() and cell.heading.text().endswith(f": {len(expected)}")
    window.activateWindow()
    matrix.setFocus()
    QApplication.processEvents()
    matrix.cell = (0, 1)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(matrix, key)
    assert matrix.listed == (1, 0) and matrix.accessibleDescription() == matrix.said(1, 0)
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.place(true, guessed).center().toPoint())
    table = cell.table
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 0))
    qtbot.keyClick(table, Qt.Key.Key_Return)
    place = int(cell.places[0])
    assert window.canvas.model.samples.spot == Spot("test", place, len(data.test.y))
    qtbot.waitUntil(lambda: window.trace is not None and window.trace.batch.startswith("test sample"))
    assert table.model().index(0, 0).data() == str(data.test.rows[place] + 1)

    qtbot.mouseClick(page.views["classes"], Qt.MouseButton.LeftButton)
    macro = table_of(page.class_scores.table)[3]
    assert macro[0] == "macro mean" and macro[4] == f"{f1_score(data.test.y, predicted, average='macro', zero_division=0):.1%}"
    assert not page.views["roc"].isVisible()
    qtbot.mouseClick(page.parts["train"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Training: " in page.state.full)
    assert page.source.latest is not None and page.source.latest.part == "train"

    window.visibility.hide("test", values=[data_node])
    assert page.hint.text() == HIDDEN and page.hint.isVisible() and not page.state.full
    window.visibility.clear()
    assert not page.hint.isVisible()
    window.close()


def table_of(table: object) -> list[list[str]]:
    model = table.model()  # type: ignore[attr-defined]
    return [[model.index(row, column).data() for column in range(model.columnCount())] for row in range(model.rowCount())]


def test_numbers_have_residuals_and_an_edit_brings_new_predictions(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    window, page = opened(make_window, qtbot, "sine-regression")
    assert page.view == "numbers" and page.numbers.scores is not None and "R² " in page.numbers.said.text()
    assert [key for key, choice in page.views.items() if choice.isVisible()] == ["numbers", "loss"]
    before, graph = page.source.latest, window.document.graph
    data_node = next(node for node in graph.nodes if graph.spec(node).role == "data")
    window.document.do(SetParam(data_node, "noise", 0.4), "More noise")
    assert not page.source.fresh
    qtbot.waitUntil(lambda: page.source.fresh)
    assert page.source.latest is not before and page.source.latest is not None
    assert np.array_equal(page.source.latest.true, load(window.document.graph.settings_of(data_node)).test.y)
    page.numbers.chosen.emit(2)
    assert window.canvas.model.samples.spot == Spot("test", 2, page.source.latest.samples)
    window.close()


def test_beside_a_validation_part_the_test_part_is_read_on_request(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    document = Document.load(EXAMPLES / "iris.gradwire", CATALOG)
    data_node = next(node for node in document.graph.nodes if document.graph.spec(node).role == "data")
    document.do(SetParam(data_node, "validation_fraction", 0.2))
    window = make_window(document, kernel=Desk())
    window.actions_by_id["readouts"].trigger()
    page = window.panel("readouts")
    qtbot.waitUntil(lambda: page.source.fresh)
    assert page.source.latest.part == "validation" and page.parts["validation"].isChecked()
    qtbot.mouseClick(page.parts["test"], Qt.MouseButton.LeftButton)
    assert page.request.isVisible() and page.source.latest.part == "validation"
    qtbot.mouseClick(page.request, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Test: " in page.state.full)
    found = page.source.latest
    qtbot.mouseClick(page.parts["validation"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.source.fresh and page.source.latest.part == "validation")
    qtbot.mouseClick(page.parts["test"], Qt.MouseButton.LeftButton)  # it was read: no more questions
    qtbot.waitUntil(lambda: page.source.latest.part == "test")
    assert page.source.latest is not found and not page.request.isVisible()
    document.do(SetParam(data_node, "seed", 5))  # other data: this test part is unread
    qtbot.waitUntil(lambda: page.request.isVisible())
    qtbot.mouseClick(page.parts["validation"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.source.fresh and page.source.latest.part == "validation")
    window.close()


def test_pictures_are_chosen_from_a_grid_and_looked_at(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    window, page = opened(make_window, qtbot, "digits-mlp")
    data = load(window.document.graph.settings_of("n1"))
    found, grid = page.source.latest, page.samples.grid
    assert found is not None and found.pictures
    qtbot.mouseClick(page.views["mistakes"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.samples.picture(0) is not None)
    assert found.confidence is not None and (~found.right[page.samples.places]).all()
    assert (np.diff(found.confidence[page.samples.places]) <= 0).all()
    shown, pixels = page.samples.picture(0), data.test.x[page.samples.places[0]].reshape(8, 8)
    assert shown is not None and shown.pixelColor(3, 2).red() == 255 - round(pixels[2, 3] / pixels.max() * 255)
    window.activateWindow()
    grid.setFocus()
    QApplication.processEvents()
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    spot = window.canvas.model.samples.spot
    assert spot is not None and (spot.part, spot.place) == ("test", int(page.samples.places[1])) and grid.accessibleDescription()
    for view, pictures in (("layer", 1 + 2 * 64), ("gradient", 3)):
        qtbot.mouseClick(page.views[view], Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda view=view, pictures=pictures: len(page.seen[view].grid.captions) == pictures)
        assert page.state.full.startswith("test sample")
    assert page.seen["gradient"].answer.picture.shape == (8, 8)
    window.close()


def test_every_column_of_a_list_is_whole_at_any_width_that_its_least_type_fits_into(qtbot: QtBot) -> None:
    table = TextTable("Samples", print)
    qtbot.addWidget(table)
    table.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    table.resize(700, 720)
    headings = [(name, "") for name in ("row", "true", "predicted", "prob.", "loss")]
    table.show()
    table.model_.show_rows(headings, 40, lambda row, column: ("118", "versicolor", "virginica  ✕", "93.1%", "0.0001234")[column])
    table.dress(LIGHT)
    sizes = set()
    for width in (700, 460, 360, 700):
        table.resize(width, 720)
        QApplication.processEvents()
        header = table.horizontalHeader()
        wide = [header.sectionSize(at) for at in range(5)]
        assert sum(wide) <= table.viewport().width()
        assert all(own >= max(table.sizeHintForColumn(at), header.sectionSizeHint(at)) for at, own in enumerate(wide))
        sizes.add(table.font().pixelSize())
    assert max(sizes) == 16 and len(sizes) > 1
