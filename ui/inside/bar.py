"""The line above the canvas while the inside of an optimizer is shown: which rule, of what, at which step, and what can be done with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.look.numbers import count, shape_text
from ui.look.theme import Theme
from ui.look.typing import scroll_past
from ui.look.widgets import FlowLayout, button, label, set_property

ALL = _("All parameters")
WHOLE = _("all numbers")


@dataclass(frozen=True, slots=True)
class Choice:
    """A learned tensor that can be looked into."""

    node: str
    name: str
    label: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the line says. `entry` is None for a whole tensor; `node` is empty for all parameters. `optimizers` are titles by key."""

    title: str
    node: str
    name: str
    shape: tuple[int, ...]
    entry: tuple[int, ...] | None
    step: int
    choices: tuple[Choice, ...]
    optimizers: Mapping[str, str]
    optimizer: str
    training: bool
    can_go_back: bool
    why_not: str = ""
    """Why no step can be made."""


class InsideBar(QWidget):
    """Emits a signal for every request."""

    parameter_chosen = Signal(str, str)
    """Node and name; both empty for all parameters."""
    entry_chosen = Signal(object)
    optimizer_chosen = Signal(str)
    step_clicked = Signal()
    back_clicked = Signal()
    train_clicked = Signal()
    leave_clicked = Signal()
    train_with_clicked = Signal()
    race_clicked = Signal()
    export_clicked = Signal()
    discard_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(_("Inside of the optimizer"))
        self.shown: Shown | None = None
        self.title, self.step_text = label("", "strong"), label("", "secondary")
        self.parameter, self.optimizer = QComboBox(), QComboBox()
        for box, name, tip in (
            (self.parameter, _("Parameter"), _("Whose update is shown")),
            (self.optimizer, _("Optimizer"), _("Train your graph with another optimizer, and see what of the rule changes")),
        ):
            scroll_past(box)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setAccessibleName(name)
            box.setToolTip(tip)
        self.entry = QLineEdit()
        self.entry.setAccessibleName(_("Entry"))
        self.entry.setPlaceholderText(WHOLE)
        self.whole = button(WHOLE, "quiet")
        self.back = button(_("‹ Step"), tip=_("Take back one training step of your graph, exactly"))
        self.back.setAccessibleName(_("Back one training step"))
        self.step = button(_("Step ›"), "primary", tip=_("Make one training step of your graph"))
        self.train = button(_("Train"), tip=_("Train your graph, or pause; the numbers here follow"))
        self.leave = button(_("Back to your graph"), tip=_("Show your own graph again, as it was  (Esc)"))
        self.said = label("", wrap=True)
        self.train_with = button(_("Train with it"), "primary", tip=_("Train your graph with this rule; undo returns to the one before"))
        self.race = button(_("Race it against the original"), tip=_("Train your graph with both rules from the same start"))
        self.export = button(_("Export as PyTorch code"), tip=_("Write the rule as a class for PyTorch"))
        self.discard = button(_("Discard"), "quiet", tip=_("Wire the rule again as your training uses it; undo brings your changes back"))
        self._compose()
        self._connect()
        self.hide()

    def _compose(self) -> None:
        self._column = QVBoxLayout(self)
        self._row, self._own = FlowLayout(8), FlowLayout(8)
        for widget in (
            self.title, self.parameter, self.entry, self.whole, self.optimizer, self.step_text, self.back, self.step, self.train,
            self.leave,
        ):  # fmt: skip
            self._row.addWidget(widget)
        for widget in (self.train_with, self.race, self.export, self.discard):
            self._own.addWidget(widget)
        self._column.addLayout(self._row)
        self._column.addWidget(self.said)
        self._column.addLayout(self._own)

    def _connect(self) -> None:
        self.parameter.activated.connect(self._parameter)
        self.optimizer.activated.connect(lambda at: self.optimizer_chosen.emit(str(self.optimizer.itemData(at))))
        self.entry.editingFinished.connect(self._typed)
        self.whole.clicked.connect(self._toggle_entry)
        for widget, signal in (
            (self.back, self.back_clicked), (self.step, self.step_clicked), (self.train, self.train_clicked),
            (self.leave, self.leave_clicked), (self.train_with, self.train_with_clicked), (self.race, self.race_clicked),
            (self.export, self.export_clicked), (self.discard, self.discard_clicked),
        ):  # fmt: skip
            widget.clicked.connect(signal)

    def set_theme(self, theme: Theme) -> None:
        self._column.setContentsMargins(*(round(side * theme.scale) for side in (16, 6, 12, 6)))
        self._column.setSpacing(round(4 * theme.scale))
        self.title.setStyleSheet(f"font-size: {round(15 * theme.scale)}px")
        for words in (self.title, self.step_text):
            words.setMinimumHeight(round(30 * theme.scale))  # as high as the fields beside it
        self.entry.setFixedWidth(round(92 * theme.scale))
        self.parameter.setMaximumWidth(round(190 * theme.scale))
        self.optimizer.setMaximumWidth(round(150 * theme.scale))

    # what is shown

    def show_state(self, shown: Shown) -> None:
        """Show which rule this is and where the run stands."""
        before, self.shown = self.shown, shown
        self.title.setText(shown.title)
        if before is None or (before.choices, before.node, before.name) != (shown.choices, shown.node, shown.name):
            self._fill_parameters(shown)
        if before is None or (before.optimizers, before.optimizer) != (shown.optimizers, shown.optimizer):
            _fill(self.optimizer, list(shown.optimizers.items()), shown.optimizer)
        many = bool(shown.node and shown.shape)
        self.entry.setVisible(many)
        self.whole.setVisible(many)
        if not self.entry.isModified():
            self._show_entry()
        self.whole.setText(_("One number") if shown.entry is None else _("All numbers"))
        self.whole.setToolTip(
            _("Follow one number of the parameter") if shown.entry is None else _("Follow all numbers of the parameter together")
        )
        self.step_text.setText(_("step {step} → {next}").format(step=count(shown.step), next=count(shown.step + 1)))
        self.train.setText(_("Pause") if shown.training else _("Train"))
        self.back.setEnabled(shown.can_go_back and not shown.training)
        self.step.setEnabled(not shown.why_not)
        self.train.setEnabled(shown.training or not shown.why_not)
        self.step.setToolTip(shown.why_not or _("Make one training step of your graph  (F9)"))

    def show_words(self, text: str, own: bool = False, complaint: bool = False) -> None:
        """A sentence below; `own`: it is about a rule of the user's own, which can be trained with."""
        self.said.setText(text)
        self.said.setVisible(bool(text))
        set_property(self.said, "role", "complaint" if complaint else "")
        for widget in (self.train_with, self.race, self.export, self.discard):
            widget.setVisible(own)
        for widget in (self.train_with, self.race, self.export):
            widget.setEnabled(own and not complaint)

    def _fill_parameters(self, shown: Shown) -> None:
        rows = [("|", ALL)] if len(shown.choices) > 1 or not shown.node else []
        rows += [(f"{choice.node}|{choice.name}", _named(choice)) for choice in shown.choices]
        _fill(self.parameter, rows, f"{shown.node}|{shown.name}")

    def _show_entry(self) -> None:
        entry = self.shown.entry if self.shown is not None else None
        self.entry.setText("" if entry is None else f"[{', '.join(map(str, entry))}]")
        set_property(self.entry, "complaint", False)
        if self.shown is not None:
            self.entry.setToolTip(
                _("Which number of the {shape} numbers, counted from 0; empty for all").format(shape=shape_text(self.shown.shape))
            )

    # what is asked for

    def _parameter(self, at: int) -> None:
        node, _bar, name = str(self.parameter.itemData(at)).partition("|")
        self.parameter_chosen.emit(node, name)

    def _typed(self) -> None:
        """Go to the entry that was typed; one that does not exist is marked."""
        shown, text = self.shown, self.entry.text().strip()
        if shown is None or not self.entry.isModified():
            return
        index = read_entry(text, shown.shape)
        set_property(self.entry, "complaint", index is None)
        if index is None:
            example = f"[{', '.join('0' for _size in shown.shape)}]"
            self.entry.setToolTip(
                _("The parameter has the shape {shape}: type an index, such as {example}.").format(
                    shape=shape_text(shown.shape), example=example
                )
            )
            return
        self.entry.setModified(False)
        self.entry_chosen.emit(index or None)

    def _toggle_entry(self) -> None:
        if self.shown is not None:
            self.entry.setModified(False)
            self.entry_chosen.emit(() if self.shown.entry is None else None)


def read_entry(text: str, shape: Sequence[int]) -> tuple[int, ...] | None:
    """An index that was typed; () for an empty text, None where there is no such entry."""
    if not text.strip():
        return ()
    index = tuple(int(digits) for digits in re.findall(r"\d+", text))
    there = len(index) == len(shape) and all(i < size for i, size in zip(index, shape, strict=True))
    return index if there and re.fullmatch(r"[\[(]?[\d\s,;]*[\])]?", text.strip()) else None


def _named(choice: Choice) -> str:
    return f"{choice.label}  {shape_text(choice.shape)}" if choice.shape else choice.label


def _fill(box: QComboBox, rows: Sequence[tuple[str, str]], chosen: str) -> None:
    box.blockSignals(True)
    box.clear()
    for data, text in rows:
        box.addItem(text, data)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
