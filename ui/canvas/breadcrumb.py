"""The path from the outermost level to the group on show, one button per level."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from graph.text.messages import _
from ui.canvas.model.canvas_model import CanvasModel
from ui.look.theme import Theme, font

PLACE = (12, 12)
TOP = _("Graph")


class Breadcrumb(QFrame):
    """Shown at the top left of the canvas while the inside of a group is on show; the last step is that group."""

    def __init__(self, parent: QWidget, model: CanvasModel) -> None:
        super().__init__(parent)
        self._model = model
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 3, 10, 3)
        self._row.setSpacing(2)
        self._shown: tuple[object, ...] = ()
        self.buttons: list[QPushButton] = []
        self.setAccessibleName(_("The groups you are inside"))
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.move(*PLACE)
        self.hide()
        model.level_changed.connect(self.follow)

    def follow(self) -> None:
        """Show the way to the canvas's level; nothing on the outermost one."""
        model, way = self._model, self._model.navigation.way()
        shown = (model.theme, tuple((group.id, group.name) for group in way))
        if shown == self._shown:
            return
        self._shown = shown
        self._clear()
        steps: list[tuple[str | None, str]] = [(None, TOP), *((group.id, group.name) for group in way)]
        for depth, (target, name) in enumerate(steps):
            if depth:
                self._add(QLabel("›"))
            self._add(self._here(name) if depth == len(steps) - 1 else self._button(target, name))
        self._dress(model.theme)
        self.setVisible(bool(way))
        self.adjustSize()
        self.raise_()

    def _button(self, target: str | None, name: str) -> QPushButton:
        button = QPushButton(_short(name))
        button.setToolTip(_("Go up to {name}").format(name=name) if target is not None else _("Leave all groups"))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setFlat(True)
        button.clicked.connect(lambda: self._model.navigation.show(target))
        self.buttons.append(button)
        return button

    @staticmethod
    def _here(name: str) -> QLabel:
        label = QLabel(_short(name))
        label.setObjectName("here")
        return label

    def _add(self, widget: QWidget) -> None:
        self._row.addWidget(widget)
        widget.show()  # else the bar, when it is seen already, would take its size without it

    def _clear(self) -> None:
        self.buttons = []
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _dress(self, theme: Theme) -> None:
        for widget in self.findChildren(QWidget):
            widget.setFont(font("base"))
        self.setStyleSheet(
            f"Breadcrumb {{ background: {theme.panel}; border: 1px solid {theme.hairline}; border-radius: 6px; }}"
            f"QLabel {{ background: transparent; border: none; color: {theme.secondary}; padding: 3px 4px; }}"
            f"QLabel#here {{ color: {theme.text}; font-weight: 600; }}"
            f"QPushButton {{ background: transparent; border: none; color: {theme.highlight}; padding: 3px 6px; border-radius: 4px; }}"
            f"QPushButton:hover {{ background: {theme.hover}; }} QPushButton:pressed {{ background: {theme.pressed}; }}"
        )


def _short(name: str) -> str:
    return name if len(name) <= 28 else name[:27] + "…"
