"""The button at the lower left of the canvas that says of which objective the gradients on the wires are, and a menu to choose another."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from graph.formula.latex import display_name
from graph.model.goal import Goal, circled
from graph.text.messages import _
from ui.canvas.sample_chooser import EDGE
from ui.canvas.view import Canvas
from ui.look.theme import Theme, font

COVERS = "objectives"


class ObjectiveChooser(QPushButton):
    """Shown while a document has several objectives; `chosen` carries a number counted from 0, or None for the one whose turn it is."""

    chosen = Signal(object)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._goals: Sequence[Goal] = ()
        self._names: Sequence[str] = ()
        self._shown: tuple[object, ...] = ()
        self._number, self._chosen = 0, False
        self.objectives_menu: QMenu | None = None
        self.setAccessibleName(_("Objective whose gradients are shown"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()
        self.clicked.connect(self.open_menu)
        canvas.installEventFilter(self)
        canvas.sample_chooser.installEventFilter(self)

    def show_goals(self, goals: Sequence[Goal], names: Sequence[str], number: int, chosen: bool, theme: Theme) -> None:
        """Say of which of these objectives the gradients are; `chosen`: a person chose it."""
        shown = (tuple(goals), tuple(names), number, chosen, theme)
        if shown == self._shown:
            return
        self._shown, self._goals, self._names, self._number, self._chosen = shown, goals, names, number, chosen
        self.setVisible(len(goals) > 1)
        if len(goals) > 1:
            self.setText(_("Gradients of {objective}").format(objective=self._title(number)) + "  ▾")
            self.setToolTip(
                _("Every gradient on the canvas is a derivative of {objective}, also where it is maximised. Choose another objective to "
                  "see its backward pass. (Shift+J)").format(objective=display_name(names[number]))
            )  # fmt: skip
            self._dress(theme)
            self.adjustSize()
        self._place()

    def _title(self, number: int) -> str:
        return f"{circled(number + 1)} {display_name(self._names[number])}"

    def open_menu(self) -> None:
        """The menu above the button."""
        menu = self.objectives_menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, goal in enumerate(self._goals):
            way = _("maximised") if goal.maximised else _("minimised")
            self._add(menu, f"{self._title(number)}  –  {way}", number)
        menu.addSeparator()
        self._add(menu, _("That of the training step"), None)
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4)))

    def _add(self, menu: QMenu, text: str, number: int | None) -> None:
        action = QAction(text, menu)
        action.setCheckable(True)
        action.setChecked(number is None if not self._chosen else number == self._number)
        action.triggered.connect(lambda: self.chosen.emit(number))
        menu.addAction(action)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Move):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """Above the choice of the sample, where that is there."""
        covers = not self.isHidden()
        if covers:
            below = self._canvas.sample_chooser
            bottom = below.y() - 6 if not below.isHidden() else self._canvas.height() - EDGE
            self.move(EDGE, bottom - self.height())
            self.raise_()
        self._canvas.viewport.cover(COVERS, QRectF(self.geometry()) if covers else None)

    def _dress(self, theme: Theme) -> None:
        self.setFont(font("base"))
        self.setStyleSheet(
            f"QPushButton {{ background: {theme.panel}; color: {theme.backward}; border: 1px solid {theme.hairline};"
            f" border-radius: 6px; padding: 3px 10px; min-height: 20px; }}"
            f"QPushButton:hover {{ background: {theme.hover}; }} QPushButton:pressed {{ background: {theme.pressed}; }}"
            f"QPushButton:focus {{ border: 2px solid {theme.focus}; padding: 2px 9px; }}"
        )
