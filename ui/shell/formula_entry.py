"""Type a formula on the canvas: what it will become is said, and typeset, with every letter; Enter lays out its graph."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QPushButton, QVBoxLayout, QWidget

from graph.formula.reading import CONSTANTS
from graph.formula.to_graph import FormulaError, insert_formula, likely_parameter, names_in
from graph.formula.to_latex import latex
from graph.model.edits import Edit
from graph.model.graph import Graph
from graph.text.messages import _
from ui.look.theme import Theme
from ui.look.widgets import FlowLayout, button, label, set_property
from ui.maths.formula import FormulaView

HINT = _("A formula, such as (1 - w2*w1)^2")
KEYS = _("Enter builds the graph here · separate statements with ; · Esc closes")
_WORDS = {"the", "there", "something", "between", "after", "everything", "this", "write", "only", "in", "a"}
"""First words of complaints; others are parts of the formula, and stay as they are."""


@dataclass(frozen=True, slots=True)
class FormulaDraft:
    """What a typed text would do: the edit and its new nodes, or a complaint. `used` are names that are on the canvas already."""

    edit: Edit | None = None
    nodes: tuple[str, ...] = ()
    complaint: str = ""
    used: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """Names that stand for their number: e, pi."""


def read_entry(
    graph: Graph, text: str, at: tuple[float, float], inside: str | None = None, choices: dict[str, bool] | None = None
) -> FormulaDraft:
    """The formula in `text` as an edit of `graph`. `choices` says of a new name whether it is a Parameter; without, its name decides."""
    choices = choices or {}
    try:
        names = names_in(text, True, lambda name: graph.named(name) is not None)
        used = tuple(name for name in names if graph.named(name) is not None)
        numbers = tuple(name for name in names if name in CONSTANTS and name not in used)
        fresh = [name for name in names if name not in (*used, *numbers)]
        parameters = tuple(name for name in fresh if choices.get(name, likely_parameter(name)))
        edit, nodes = insert_formula(graph, text, at, inside, parameters)
    except FormulaError as wrong:
        return FormulaDraft(complaint=explained(str(wrong)))
    return FormulaDraft(edit, nodes, "", used, tuple(name for name in fresh if name not in parameters), parameters, numbers)


def explained(error: str) -> str:
    """A complaint as a sentence."""
    first = error.split(" ", 1)[0]
    begun = error[0].upper() + error[1:] if first in _WORDS else error
    return begun if begun.endswith((".", "?")) else f"{begun}."


def summary(entry: FormulaDraft) -> str:
    """What pressing Enter will do, in words."""
    count = len(entry.nodes)
    parts = [_("{count} new node").format(count=count) + "s" * (count != 1)]
    if entry.used:
        parts.append(_("connected to ") + ", ".join(entry.used))
    parts += [f"{name} = {CONSTANTS[name]:.6g}…" for name in entry.numbers]
    return " · ".join(parts)


class FormulaEntry(QFrame):
    """A popup over the window. `accepted` carries the `FormulaDraft` to carry out."""

    accepted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._window, self._theme = parent, theme
        self._graph: Graph | None = None
        self._sketch: Graph | None = None
        """A copy that previews are read in: ids given to them are not lost to the document."""
        self._at = (0.0, 0.0)
        self._inside: str | None = None
        self._before: QWidget | None = None
        self._choices: dict[str, bool] = {}
        self.entry = FormulaDraft()
        self.setObjectName("searchbox")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(_("Type a formula"))
        self.hide()
        self.field = QLineEdit()
        self.field.setPlaceholderText(HINT)
        self.field.setAccessibleName(_("Formula"))
        self.field.setMaxLength(10_000)
        self.preview = FormulaView(20.0)
        self.note = label("", "secondary", wrap=True)
        self.names = QWidget()
        self._names = FlowLayout(6)
        self.names.setLayout(self._names)
        self.chips: dict[str, QPushButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        for widget in (self.field, self.preview, self.note, self.names, label(KEYS, "small", wrap=True)):
            layout.addWidget(widget)
        self.field.textChanged.connect(lambda _: self._read())
        self.field.installEventFilter(self)
        QApplication.instance().focusChanged.connect(self._focus_changed)  # type: ignore[union-attr]

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme

    def ask(self, graph: Graph, scene: QPointF, at: QPoint | None, inside: str | None = None, text: str = "") -> None:
        """Open at a global place (None: the window's upper middle); the graph will stand at a place of the scene."""
        focus = QGuiApplication.focusObject()
        self._before = focus if isinstance(focus, QWidget) and not self.isAncestorOf(focus) else self._before
        self._graph, self._sketch, self._at, self._inside = graph, graph.copy(), (scene.x(), scene.y()), inside
        self._choices = {}
        self.field.setText(text)
        parent, scale = self._window, self._theme.scale
        self.setFixedWidth(min(round(440 * scale), parent.width() - 16))
        self._read()
        corner = parent.mapFromGlobal(at) if at is not None else QPoint((parent.width() - self.width()) // 2, round(64 * scale))
        highest = round(260 * scale)
        self.move(
            max(8, min(corner.x(), parent.width() - self.width() - 8)),
            max(8, min(corner.y(), parent.height() - highest - 8)),
        )
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Close; the focus returns to where it was."""
        if self.isVisible():
            self.hide()
            if self._before is not None:
                self._before.setFocus(Qt.FocusReason.PopupFocusReason)

    def accept(self) -> None:
        if self.entry.edit is None or self._graph is None:
            return
        entry = read_entry(self._graph, self.field.text(), self._at, self._inside, self._choices)
        if entry.edit is not None:
            self.dismiss()
            self.accepted.emit(entry)

    def _read(self) -> None:
        if self._sketch is None:
            return
        text = self.field.text()
        self.entry = read_entry(self._sketch, text, self._at, self._inside, self._choices) if text.strip() else FormulaDraft()
        wrong = self.entry.complaint
        self.note.setText("" if not text.strip() else f"✕  {wrong}" if wrong else f"✓  {summary(self.entry)}")
        self.note.setVisible(bool(text.strip()))
        set_property(self.note, "role", "complaint" if wrong else "secondary")
        if not wrong:
            self.preview.set_formula(_typeset(text) if text.strip() else "", self._theme.text, self._theme.scale)
        self._show_names()
        self._fit()

    def _fit(self) -> None:
        """As high as what is in it at this width, and inside the window."""
        box, room = self.layout(), self._window.height() - 8
        if box is None:
            return
        box.activate()
        self.resize(self.width(), box.totalHeightForWidth(self.width()))
        if self.isVisible() and self.geometry().bottom() > room:
            self.move(self.x(), max(8, room - self.height()))

    def _show_names(self) -> None:
        """A switch for every new name: Input or Parameter. They stay while the formula cannot be read for a moment."""
        if self.entry.complaint:
            return
        entry = self.entry
        for name in [name for name in self.chips if name not in (*entry.inputs, *entry.parameters)]:
            chip = self.chips.pop(name)
            chip.hide()
            self._names.removeWidget(chip)
            chip.deleteLater()
        for name in (*entry.inputs, *entry.parameters):
            if name not in self.chips:
                chip = self.chips[name] = button("", "chip")
                chip.clicked.connect(lambda _=False, name=name: self._flip(name))
                self._names.addWidget(chip)
            trained = name in entry.parameters
            self.chips[name].setText(_("{name}  θ Parameter").format(name=name) if trained else _("{name}  → Input").format(name=name))
            self.chips[name].setToolTip(_("Trained") if trained else _("Not trained: a slider on the canvas"))
            self.chips[name].setAccessibleDescription(_("Press to make it an Input") if trained else _("Press to make it a Parameter"))
        self.names.setVisible(bool(self.chips))

    def _flip(self, name: str) -> None:
        self._choices[name] = name not in self.entry.parameters
        self._read()

    def _focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if self.isVisible() and new is not None and new is not self and not self.isAncestorOf(new):
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # while the field is open, its keys are letters
            return True
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # a formula was typeset, and is higher than the last
            self._fit()
        return handled

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        else:
            super().keyPressEvent(event)


def _typeset(text: str) -> str:
    try:
        return latex(text).replace(" \\\\\n", r",\quad ")
    except FormulaError:
        return ""
