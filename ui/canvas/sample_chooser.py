"""The button at the lower left of the canvas that says which sample of the batch is shown, and a menu to choose another."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSpinBox, QWidget, QWidgetAction

from graph.text.messages import _
from ui.canvas.model import samples
from ui.canvas.model.canvas_model import CanvasModel
from ui.look.theme import font

EDGE = 12
LISTED = 16
"""Batches of up to so many samples are listed; for larger ones the menu has a field for the number."""


class SampleChooser(QPushButton):
    """Shown while the graph on the canvas has a batch. The wheel over it goes from sample to sample."""

    def __init__(self, parent: QWidget, model: CanvasModel) -> None:
        super().__init__(parent)
        self._canvas, self._model = parent, model
        self._shown: tuple[object, ...] = ()
        self.count = 0
        """How many samples the batch has; 0 without one."""
        self.samples_menu: QMenu | None = None
        self.setAccessibleName(_("Sample shown on the canvas"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()
        self.clicked.connect(self.open_menu)
        model.samples.changed.connect(self.follow)
        model.samples.pointed_out.connect(self.follow)
        model.level_changed.connect(self.follow)  # also emitted for another theme
        parent.installEventFilter(self)

    def follow(self) -> None:
        """Say what is shown of the batch; nothing without one."""
        trace, choice = self._model.content.trace, self._model.samples.choice
        count = self.count = samples.count(trace)
        batch = trace.batch if trace is not None else ""
        spot = self._model.samples.spot
        shown = (count, choice, batch, self._model.theme, spot)
        if shown == self._shown:
            return
        self._shown = shown
        self.setVisible(count > 0)
        if not count:
            return
        self.setText((batch if spot is not None and count == 1 and batch else samples.said(choice, count)) + "  ▾")
        self.setToolTip(explained(choice, count, batch))
        self._dress()
        self.adjustSize()
        self._place()

    def open_menu(self) -> None:
        """The menu above the button."""
        menu = self._menu()
        self.samples_menu = menu
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4)))

    def _menu(self) -> QMenu:
        count, choice = samples.count(self._model.content.trace), self._model.samples.choice
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._model.samples.spot is not None:
            back = QAction(_("Back to the demonstration batch"), menu)
            back.triggered.connect(lambda: self._model.samples.point_out(None))
            menu.addAction(back)
            menu.addSeparator()
        self._add(menu, samples.said(None, count), None)
        self._add(menu, samples.said("mean", count), "mean")
        menu.addSeparator()
        if count <= LISTED:
            for row in range(count):
                self._add(menu, samples.said(row, count), row)
            return menu
        if not isinstance(choice, int):
            self._add(menu, samples.said(0, count), 0)
        field = QSpinBox()
        field.setRange(1, count)
        field.setPrefix(_("sample") + " ")
        field.setSuffix(" " + _("of {count}").format(count=count))
        field.setAccessibleName(_("Number of the sample"))
        field.setValue(min(choice, count - 1) + 1 if isinstance(choice, int) else 1)
        field.valueChanged.connect(lambda number: self._model.samples.choose(number - 1))
        holder = QWidgetAction(menu)
        holder.setDefaultWidget(field)
        menu.addAction(holder)
        return menu

    def _add(self, menu: QMenu, text: str, choice: samples.Choice) -> None:
        action = QAction(text, menu)
        action.setCheckable(True)
        action.setChecked(choice == self._model.samples.choice)
        action.triggered.connect(lambda: self._model.samples.choose(choice))
        menu.addAction(action)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self._model.step_sample(-1 if event.angleDelta().y() > 0 else 1)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisibleTo(self._canvas):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.move(EDGE, self._canvas.height() - self.height() - EDGE)
        self.raise_()

    def _dress(self) -> None:
        theme = self._model.theme
        self.setFont(font("base"))
        self.setStyleSheet(
            f"QPushButton {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.hairline};"
            f" border-radius: 6px; padding: 3px 10px; min-height: 20px; }}"
            f"QPushButton:hover {{ background: {theme.hover}; }} QPushButton:pressed {{ background: {theme.pressed}; }}"
            f"QPushButton:focus {{ border: 2px solid {theme.focus}; padding: 2px 9px; }}"
        )


def explained(choice: samples.Choice, count: int, batch: str) -> str:
    """What the numbers on the canvas are."""
    rows = [_("The batch: {batch}.").format(batch=batch)] if batch else []
    if choice is None:
        rows.append(_("Vectors and matrices show the whole batch. Choose one sample to read its numbers."))
    elif choice == "mean":
        rows.append(_("Vectors show the mean over the batch; so do gradients."))
    else:
        rows.append(
            _("Vectors show this sample's row of the batch. Nothing is computed again: the loss is that of all samples, and gradients are "
              "this sample's part of it. Where the loss is a mean, they contain the factor 1/{count}.").format(count=count)
        )  # fmt: skip
    return "\n".join(rows)
