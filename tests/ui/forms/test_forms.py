"""Forms are made from declared settings, accept typing, and say why a value cannot stand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from graph.model.spec import Setting
from ui.forms.forms import ParameterForm, TextArea
from ui.forms.number_field import NumberField
from ui.forms.tensor_field import TensorField, as_matrix

SETTINGS = (
    Setting("features", "int", 8, 1, 4096),
    Setting("rate", "float", 0.1, 0.0, 10.0, logarithmic=True),
    Setting("bias", "bool", True),
    Setting("start", "choice", "normal", choices=("normal", "custom")),
    Setting("value", "tensor", 0.0, when="start=custom"),
    Setting("sizes", "shape", [2]),
)


@pytest.fixture
def form(qtbot: QtBot) -> ParameterForm:
    form = ParameterForm(SETTINGS)
    qtbot.addWidget(form)
    form.set_values({s.name: s.default for s in SETTINGS})
    form.show()
    return form


def changes(form: ParameterForm) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []
    form.changed.connect(lambda name, value: seen.append((name, value)))
    return seen


def field_of(form: ParameterForm, name: str) -> Any:
    """The text field of a setting that is edited as a table."""
    editor: Any = form.editors[name]
    return editor.field


def type_into(qtbot: QtBot, field: Any, text: str) -> None:
    line: QLineEdit = field.lineEdit() if isinstance(field, NumberField) else field
    field.setFocus()
    line.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)  # to the spin box, as from a keyboard: its line never sees the key


def test_a_typed_number_is_one_change(form: ParameterForm, qtbot: QtBot) -> None:
    seen = changes(form)

    type_into(qtbot, form.editors["features"], "16")

    assert seen == [("features", 16)]


def test_a_number_out_of_range_is_refused_with_its_reason_and_kept_as_typed(form: ParameterForm, qtbot: QtBot) -> None:
    seen = changes(form)

    type_into(qtbot, form.editors["features"], "0")

    assert seen == []
    assert form._complaints["features"].isVisibleTo(form) and "1" in form._complaints["features"].text()
    assert form.editors["features"].property("complaint") is True


def test_a_small_number_can_be_typed_in_scientific_notation(form: ParameterForm, qtbot: QtBot) -> None:
    seen = changes(form)

    type_into(qtbot, form.editors["rate"], "1e-8")

    assert seen == [("rate", 1e-8)]


def test_arrow_keys_step_a_logarithmic_setting_by_a_factor(form: ParameterForm, qtbot: QtBot) -> None:
    seen = changes(form)
    field = form.editors["rate"]
    field.setFocus()

    for _ in range(10):
        qtbot.keyClick(field, Qt.Key.Key_Up)

    assert seen[-1][1] == pytest.approx(1.0, rel=0.05) and len(seen) == 10


def test_a_row_hides_until_its_condition_holds(form: ParameterForm) -> None:
    assert not form.editors["value"].isVisible()

    form.set_values({"start": "custom", "value": [1.0, 2.0]})

    assert form.editors["value"].isVisible() and field_of(form, "value").text() == "[1, 2]"


def test_nested_lists_and_sizes_are_typed_as_text(form: ParameterForm, qtbot: QtBot) -> None:
    form.set_values({"start": "custom"})
    seen = changes(form)

    type_into(qtbot, field_of(form, "value"), "[[1, 2], [3, 4.5]]")
    type_into(qtbot, form.editors["sizes"], "3, 4")
    type_into(qtbot, field_of(form, "value"), "[[1], [2, 3]]")

    assert seen == [("value", [[1, 2], [3, 4.5]]), ("sizes", [3, 4])]
    assert form._complaints["value"].isVisibleTo(form)


def test_a_click_toggles_a_bool_once(form: ParameterForm, qtbot: QtBot) -> None:
    seen = changes(form)
    box = form.editors["bias"]

    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center().__class__(8, box.height() // 2))

    assert seen == [("bias", False)]


def test_showing_a_value_tells_nobody(form: ParameterForm) -> None:
    seen = changes(form)

    form.set_values({"features": 3, "rate": 1.0, "bias": False, "start": "custom", "value": 1.0, "sizes": [1, 1]})

    assert seen == []


@pytest.fixture
def matrix(form: ParameterForm) -> TensorField:
    form.set_values({"start": "custom", "value": [[1.0, 2.0], [3.0, 4.0]]})
    field = form.editors["value"]
    assert isinstance(field, TensorField)
    return field


def press(field: TensorField, name: str) -> None:
    next(b for b in field.findChildren(QPushButton) if b.accessibleName() == name).click()


def test_a_matrix_is_edited_cell_by_cell(form: ParameterForm, matrix: TensorField) -> None:
    seen = changes(form)

    matrix.table.item(1, 0).setText("-7.5")

    assert seen == [("value", [[1.0, 2.0], [-7.5, 4.0]])]
    assert matrix.field.text() == "[[1, 2], [-7.5, 4]]"


def test_rows_and_columns_are_added_and_taken_away(form: ParameterForm, matrix: TensorField) -> None:
    seen = changes(form)

    press(matrix, "Add a row")
    press(matrix, "Remove the last column")

    assert [value for _, value in seen] == [[[1, 2], [3, 4], [0, 0]], [[1], [3], [0]]]


def test_a_vector_stays_a_vector_until_it_gets_a_second_row(form: ParameterForm, matrix: TensorField) -> None:
    form.set_values({"start": "custom", "value": [5.0, 6.0]})
    seen = changes(form)

    press(matrix, "Add a column")
    press(matrix, "Add a row")

    assert [value for _, value in seen] == [[5, 6, 0], [[5, 6, 0], [0, 0, 0]]]


def test_a_cell_that_is_no_number_is_refused_in_words(form: ParameterForm, matrix: TensorField) -> None:
    seen = changes(form)

    matrix.table.item(0, 1).setText("two")

    assert not seen
    assert form._complaints["value"].text() == 'Row 0, column 1: "two" is not a number'


def test_a_block_from_a_spreadsheet_is_pasted_and_the_table_grows(form: ParameterForm, matrix: TensorField, qtbot: QtBot) -> None:
    seen = changes(form)
    QApplication.clipboard().setText("9\t8\n7\t6")
    matrix.table.setCurrentCell(1, 1)

    qtbot.keyClick(matrix.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    assert seen == [("value", [[1, 2, 0], [3, 9, 8], [0, 7, 6]])]


def test_a_number_has_no_table(form: ParameterForm, matrix: TensorField) -> None:
    form.set_values({"start": "custom", "value": 2.0})

    assert not matrix.table.isVisible() and not matrix.sizes.isVisible()


def test_only_small_vectors_and_matrices_become_a_table() -> None:
    assert as_matrix([[1, 2], [3]]) is None
    assert as_matrix([[[1]]]) is None
    assert as_matrix([0.0] * 65) is None
    assert as_matrix(3.0) is None


def test_a_description_has_several_lines_and_is_one_change(qtbot: QtBot) -> None:
    form = ParameterForm((Setting("description", "text", "", several_lines=True), Setting("title", "text", "")))
    qtbot.addWidget(form)
    form.show()
    seen = changes(form)
    area = form.editors["description"]
    assert isinstance(area, TextArea)

    qtbot.waitExposed(form)
    form.activateWindow()
    area.setFocus()
    qtbot.waitUntil(area.hasFocus, timeout=1000)
    qtbot.keyClicks(area, "two")
    qtbot.keyClick(area, Qt.Key.Key_Return)
    qtbot.keyClicks(area, "lines")
    qtbot.keyClick(area, Qt.Key.Key_Tab)

    assert seen == [("description", "two\nlines")]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rate", "1/3", 1 / 3), ("rate", "0,05", 0.05), ("rate", "10^-3", 0.001), ("rate", "5 %", 0.05), ("rate", "sqrt(2)", 2**0.5),
        ("features", "2*32", 64), ("features", "1 024", 1024), ("features", "12 units", 12), ("sizes", "3 × 4", [3, 4]), ("sizes",
        "64,128", [64, 128]),
    ],
)  # fmt: skip
def test_a_field_reads_a_number_as_it_is_written(form: ParameterForm, qtbot: QtBot, name: str, text: str, value: Any) -> None:
    seen = changes(form)

    type_into(qtbot, form.editors[name], text)

    assert seen == [(name, value)]


@pytest.mark.parametrize("name", ["features", "rate", "sizes", "value"])
def test_a_number_with_two_meanings_is_refused_and_stays_to_be_corrected(form: ParameterForm, qtbot: QtBot, name: str) -> None:
    form.set_values({"start": "custom"})
    seen = changes(form)
    field = form.editors[name]
    line: Any = field.lineEdit() if isinstance(field, NumberField) else field.field if isinstance(field, TensorField) else field

    type_into(qtbot, line if not isinstance(field, NumberField) else field, "1,000")
    form.editors["bias"].setFocus()
    form.set_values({"start": "custom"})  # as a new trace does

    assert seen == [] and line.text() == "1,000"
    assert "can mean" in form._complaints[name].text() and form._complaints[name].isVisibleTo(form)
    form.forget()
    assert line.text() != "1,000" and not form._complaints[name].isVisibleTo(form)


def test_how_a_text_was_read_is_said_under_the_field(form: ParameterForm, qtbot: QtBot) -> None:
    type_into(qtbot, form.editors["features"], "12 epochs")

    said = form._complaints["features"]
    assert said.text() == '"epochs" is left out' and said.property("role") == "secondary" and said.isVisibleTo(form)
    assert form.editors["features"].property("complaint") is False


def test_the_wheel_changes_no_field_even_with_the_focus(form: ParameterForm, qtbot: QtBot) -> None:
    seen = changes(form)
    for name in ("features", "rate", "start"):
        field = form.editors[name]
        field.setFocus()
        place = QPointF(field.rect().center())
        wheel = QWheelEvent(
            place, field.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(field, wheel)
        assert not wheel.isAccepted()
    assert seen == []


def test_a_block_with_decimal_commas_is_pasted_as_it_is_meant(form: ParameterForm, matrix: TensorField, qtbot: QtBot) -> None:
    seen = changes(form)
    QApplication.clipboard().setText("1,5\t2,5\n3,5\t4,5")
    matrix.table.setCurrentCell(0, 0)

    qtbot.keyClick(matrix.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    assert seen == [("value", [[1.5, 2.5], [3.5, 4.5]])]


@pytest.mark.parametrize("value", [5e-324, -5e-324, 1e-323, 1e-310, 1.7e308, -1.7e308])
def test_the_smallest_and_largest_numbers_are_stepped_too(qtbot: QtBot, value: float) -> None:
    field = NumberField(Setting("value", "float", 0.0))
    qtbot.addWidget(field)
    field.set_value(value)
    for steps in (1, -1, 10):
        number = field.stepped(steps)
        assert math.isfinite(number) and (number - value) * steps >= 0
