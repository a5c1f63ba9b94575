"""From a table to a Data node: what is shown, what can be changed by mouse and keyboard, and what is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.data import describe
from engine.data.preview import preview
from engine.nodes.catalog import CATALOG
from graph.storage.document import Document
from tests.support.importing import import_here, in_the_dialog
from tests.support.window_support import after_event, drop
from ui.importing.choices import Choices
from ui.importing.dialog import ImportDialog
from ui.importing.feature import looks_like_table
from ui.importing.preview import FIELDS
from ui.shell.window import Window

PEOPLE = "name;age;size;likes\nAda;36;1,70;tea\nBob;;1,82;milk\nCyd;41;1,65;tea\nDan;29;1,90;milk\nEve;33;1,75;tea\nFay;52;1,68;milk\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


@pytest.fixture
def empty(make_window: Callable[..., Window]) -> Window:
    return make_window(Document.new(CATALOG), size=(1280, 720))


def line(dialog: ImportDialog, field: str) -> list[str]:
    rows = dialog.preview.rows
    return [rows.data(rows.index(FIELDS.index(field), at)) for at in range(rows.columnCount())]


def choose(dialog: ImportDialog, column: int, field: str, title: str, by: str = "keys") -> None:
    """Open the menu of a cell and take the entry."""
    preview = dialog.preview
    index = preview.rows.index(FIELDS.index(field), column)
    if by == "keys":
        preview.setCurrentIndex(index)
        QTest.keyClick(preview, Qt.Key.Key_Space)
    else:
        preview.scrollTo(index)
        where = preview.visualRect(index).center()
        QTest.mouseClick(preview.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
    menu = preview.menu
    assert menu is not None and menu.isVisible()
    next(action for action in menu.actions() if action.text() == title).trigger()
    menu.close()


def test_a_table_with_a_network_is_one_step_and_fits_the_target(empty: Window, people: Path) -> None:
    seen: dict[str, list[str]] = {}

    def act(dialog: ImportDialog) -> None:
        assert dialog.width() <= 1280 and dialog.height() <= 720
        seen.update({field: line(dialog, field) for field in FIELDS})
        choose(dialog, 1, "missing", "use the mean", by="mouse")
        seen["after"] = line(dialog, "missing")
        dialog.accept()

    in_the_dialog(empty, act)
    before = empty.document.graph.copy()
    drop(empty, people)

    assert seen["role"] == ["ignore", "feature", "feature", "target"]
    assert seen["kind"] == ["text", "number", "number", "category"]
    assert seen["missing"][1] == "1 missing: drop the row" and seen["after"][1] == "1 missing: use the mean"
    assert seen["code"] == ["not used", "1 feature", "1 feature", "2 classes"]
    graph = empty.document.graph
    types = {node.name: node.type for node in graph.nodes.values()}
    assert types["people"] == "source.data" and types["loss"] == "loss.cross_entropy" and types["accuracy"] == "probe.accuracy"
    data, output = graph.named("people"), graph.named("output")
    assert data is not None and output is not None and output.params["out_features"] == 2
    stored = data.params
    assert (stored["separator"], stored["decimal"], stored["header"]) == ("semicolon", "comma", "names")
    assert stored["columns"]["age"] == {"role": "feature", "kind": "number", "missing": "mean"}
    empty.document.undo()
    assert empty.document.graph == before


def test_a_target_of_numbers_is_standardized_and_meets_a_squared_error(empty: Window, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("area,price\n" + "".join(f"{area},{area * 3000 + area % 7}\n" for area in range(40, 80)))
    in_the_dialog(empty)
    drop(empty, path)
    graph = empty.document.graph
    loss, scaled, data = graph.named("loss"), graph.named("scaled_target"), graph.named("prices")
    assert loss is not None and scaled is not None and data is not None and loss.type == "loss.squared_error"
    wires = {(edge.source, edge.target) for edge in graph.edges.values()}
    assert ((data.id, "target"), (scaled.id, "x")) in wires and ((scaled.id, "y"), (loss.id, "target")) in wires
    assert graph.training["optimizer"] == "adam" and graph.named("accuracy") is None


def test_all_missing_values_are_filled_in_by_one_click(empty: Window, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "holes.csv"
    path.write_text(
        "a,b,y\n" + "".join(f"{'' if i == 3 else i / 4},{'' if i == 5 else 'pq'[i % 2]},{'uv'[i % 3 > 0]}\n" for i in range(12))
    )

    def act(dialog: ImportDialog) -> None:
        assert dialog.summary.text().startswith("12 rows, 10 usable")
        offer = next(button for button in dialog.remarks.findChildren(QPushButton) if button.text().startswith("Keep all rows"))
        qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
        assert dialog.summary.text().startswith("12 rows · 3 columns · 4 features")
        import_here(dialog)

    in_the_dialog(empty, act)
    drop(empty, path)
    (node,) = empty.document.graph.nodes.values()
    assert [node.params["columns"][name]["missing"] for name in "ab"] == ["median", "category"]


def test_beside_another_graph_the_network_gets_a_document_of_its_own(window: Window, people: Path) -> None:
    before = window.document

    def act(dialog: ImportDialog) -> None:
        assert dialog.network.isChecked() and "new document" in dialog.network.text()  # an example that nobody has touched
        dialog.accept()

    in_the_dialog(window, act)
    drop(window, people)
    assert window.document is not before and window.document.graph.named("people") is not None
    assert before.graph.named("people") is None

    window.document.mark_modified()
    in_the_dialog(window, lambda dialog: dialog.accept() if not dialog.network.isChecked() else None)
    drop(window, people)
    assert window.document.graph.named("people_2") is not None


def test_a_column_gets_another_name_by_keyboard_and_by_mouse(empty: Window, people: Path, qtbot: QtBot) -> None:
    def act(dialog: ImportDialog) -> None:
        preview, field = dialog.preview, dialog.preview.name_field
        preview.setCurrentIndex(preview.rows.index(0, 2))
        qtbot.keyClick(preview, Qt.Key.Key_F2)
        assert field.isVisible() and field.text() == "size"
        qtbot.keyClicks(field, "age")  # another column has this name
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.isVisible() and field.property("complaint") is True
        qtbot.keyClick(field, Qt.Key.Key_Escape)
        assert not field.isVisible() and dialog.isVisible()
        qtbot.keyClick(preview, Qt.Key.Key_F2)
        qtbot.keyClicks(field, "height in m")
        qtbot.keyClick(field, Qt.Key.Key_Return)
        header = preview.horizontalHeader()
        assert header.model().headerData(2, Qt.Orientation.Horizontal) == "height in m" and dialog.isVisible()
        where = QPoint(header.sectionViewportPosition(3) + 20, header.height() // 2)
        qtbot.mouseDClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
        qtbot.keyClicks(field, "drink")
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert dialog.target.currentText() == "drink" and dialog.summary.text().endswith("drink (2 classes)")
        import_here(dialog)

    in_the_dialog(empty, act)
    drop(empty, people)
    (node,) = empty.document.graph.nodes.values()
    assert node.params["columns"]["size"]["name"] == "height in m" and node.params["columns"]["likes"]["name"] == "drink"
    about = describe(empty.document.graph.settings_of(node.id))
    assert about.feature_names == ("age", "height in m") and about.target_names == ("drink",)
    empty.document.undo()
    assert not empty.document.graph.nodes


def test_numbers_with_a_sign_are_numbers_only_after_a_click(empty: Window, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("share;y\n" + "".join(f"{n},5 %;{n % 4 + n / 8}\n" for n in range(12)))

    def act(dialog: ImportDialog) -> None:
        assert line(dialog, "kind") == ["text", "number"] and line(dialog, "role") == ["ignore", "target"]
        offers = {button.text(): button for button in dialog.remarks.findChildren(QPushButton)}
        qtbot.mouseClick(offers["12.5 % is 0.125"], Qt.MouseButton.LeftButton)
        assert line(dialog, "kind") == ["number, 1 % is 0.01", "number"] and line(dialog, "role") == ["feature", "target"]
        import_here(dialog)

    in_the_dialog(empty, act)
    drop(empty, path)
    (node,) = empty.document.graph.nodes.values()
    assert (node.params["columns"]["share"]["kind"], node.params["columns"]["share"]["unit"]) == ("number", "fraction")


def test_cancel_changes_nothing_and_a_reading_changed_is_one_step(empty: Window, people: Path, qtbot: QtBot) -> None:
    in_the_dialog(empty, lambda dialog: qtbot.keyClick(dialog, Qt.Key.Key_Escape))
    drop(empty, people)
    assert not empty.document.graph.nodes

    def without_network(dialog: ImportDialog) -> None:
        dialog.network.setChecked(False)
        qtbot.keyClick(dialog, Qt.Key.Key_Return)

    in_the_dialog(empty, without_network)
    drop(empty, people)
    (node,) = empty.document.graph.nodes.values()
    first = dict(node.params)

    def another_target(dialog: ImportDialog) -> None:
        choose(dialog, 2, "role", "target")
        assert line(dialog, "role") == ["ignore", "feature", "target", "feature"]
        assert line(dialog, "code")[2:] == ["the target, a number", "2 features, one-hot"]
        dialog.accept()

    in_the_dialog(empty, another_target)
    empty.actions_by_id["change_reading"].trigger()
    after_event()
    assert empty.document.graph.nodes[node.id].params["columns"]["size"]["role"] == "target"
    empty.document.undo()
    assert empty.document.graph.nodes[node.id].params == first


def test_a_document_whose_file_has_other_columns_now_is_read_again_and_says_so(empty: Window, people: Path) -> None:
    in_the_dialog(empty, import_here)
    drop(empty, people)
    people.write_text(PEOPLE.replace("age", "years"))
    told: list[str] = []

    def act(dialog: ImportDialog) -> None:
        told.extend(text.text() for text in dialog.remarks.findChildren(QLabel) if "no longer has" in text.text())
        dialog.accept()

    in_the_dialog(empty, act)
    empty.actions_by_id["change_reading"].trigger()
    after_event()
    (node,) = empty.document.graph.nodes.values()
    assert (
        told and told[0].endswith(": age.") and "age" not in node.params["columns"] and node.params["columns"]["years"]["role"] == "feature"
    )


@pytest.mark.parametrize(("text", "said"), [
    ("", "is empty"), ("a,b\n", "no rows below"), ("a,b\n1,2\n", ""), ("\x00\x01\x02PK\x00" * 40, "t.csv"),
    ("just a sentence.\n", "t.csv"), (None, "cannot be read"),
])  # fmt: skip
def test_what_cannot_be_imported_is_said_in_the_dialog(empty: Window, tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "t.csv"
    if text is not None:
        path.write_text(text)

    def act(dialog: ImportDialog) -> None:
        assert dialog.ok.isEnabled() == (not said)
        assert not said or said in dialog.remarks.problem
        dialog.accept()

    in_the_dialog(empty, act)
    drop(empty, path)
    assert bool(empty.document.graph.nodes) == (not said)


def test_a_pasted_table_or_file_opens_the_dialog_and_a_formula_does_not(empty: Window, people: Path) -> None:
    opened: list[str] = []

    def act(dialog: ImportDialog) -> None:
        opened.append(dialog.source.full)
        dialog.network.setChecked(False)
        dialog.accept()

    in_the_dialog(empty, act)
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("x\ty\n1\t2\n3\t4\n5\t7\n")
    empty.canvas.paste()
    after_event()
    (node,) = empty.document.graph.nodes.values()
    assert opened == ["The pasted table"] and node.params["dataset"] == "pasted" and node.params["separator"] == "tab"
    clipboard.setText(str(people))
    empty.canvas.paste()
    after_event()
    assert opened[-1] == str(people) and empty.document.graph.named("people") is not None
    clipboard.setText("a = max(x, 1)\nb = max(a, 2)")
    empty.canvas.paste()
    after_event()
    assert len(opened) == 2 and empty.document.graph.named("b") is not None


def test_what_was_chosen_for_a_column_outlives_another_separator(people: Path) -> None:
    choices = Choices({"dataset": "csv", "path": str(people)}, fresh=True)

    def read() -> None:
        while True:
            job = choices.job("")
            if not choices.took(preview(json.loads(job.settings), "", job.proposed)):
                return

    read()
    choices.set_columns(["likes"], "kind", "text")
    choices.set_columns(["size"], "role", "target")
    choices.set("separator", "tab")
    read()
    assert choices.reading is not None and "likes" not in [column.name for column in choices.reading.columns]
    choices.set("separator", "auto")
    read()
    columns = {column.name: column for column in choices.reading.columns}
    assert columns["likes"].kind == "text" and columns["size"].role == "target" and columns["likes"].role != "target"


@pytest.mark.parametrize(("text", "table"), [
    ("a\tb\n1\t2", True), ("1;2\n3;4\n", True), ("a = 1\nb = 2", False), ("a,b", False), ("one, two\nthree", False),
])  # fmt: skip
def test_a_table_is_told_from_other_text(text: str, table: bool) -> None:
    assert looks_like_table(text) == table
