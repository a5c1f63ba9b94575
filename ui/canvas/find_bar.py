"""Find: what matches is ringed on the canvas, Enter goes from one to the next, Esc gives the focus back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from graph.text.messages import _
from graph.text.suggest import nearest, no_match
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.find import known, matches
from ui.look.theme import font
from ui.look.typing import claim_keys

WIDTH = 320


class _Query(QLineEdit):
    """The keys of this field belong to it, shortcuts of the canvas included."""

    def event(self, event: QEvent) -> bool:
        return claim_keys(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.parent()
        assert isinstance(bar, FindBar)
        if event.key() == Qt.Key.Key_Escape:
            bar.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F3, Qt.Key.Key_Down, Qt.Key.Key_Tab):
            bar.go(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Backtab):
            bar.go(-1)
        else:
            super().keyPressEvent(event)


class FindBar(QFrame):
    """A strip in the upper right corner of `parent`, which shows the model."""

    def __init__(self, parent: QWidget, model: CanvasModel) -> None:
        super().__init__(parent)
        self._model = model
        self._at = -1
        self.setObjectName("searchbox")
        self.setAutoFillBackground(True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.query = _Query(self)
        self.query.setPlaceholderText(_("Find a node, frame or note"))
        self.query.setAccessibleName(_("Find a node, frame or note"))
        self.count = QLabel(self)
        self.nothing = QLabel(self)
        self.nothing.setWordWrap(True)
        self._near = ""
        """What was probably meant, where nothing matches."""
        row = QHBoxLayout()
        row.addWidget(self.query, 1)
        row.addWidget(self.count)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 10, 6)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.nothing)
        self.query.textChanged.connect(self._typed)
        parent.installEventFilter(self)
        self.hide()

    def ask(self) -> None:
        """Open, with what was looked for last ready to be typed over."""
        self._place()
        self.show()
        self.raise_()
        self.query.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.query.selectAll()
        self._typed(self.query.text())

    def _place(self) -> None:
        scale = self._model.theme.scale
        self.query.setFont(font("base", scale))
        self.count.setFont(font("small", scale))
        self.nothing.setFont(font("small", scale))
        self.setFixedWidth(min(round(WIDTH * scale), round(self._model.viewport.size().width()) - 24))
        self.adjustSize()
        self.move(round(self._model.viewport.size().width()) - self.width() - 12, 12)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def dismiss(self) -> None:
        """Close; what was found last stays selected."""
        self.hide()
        self._model.found = ()
        self._model.surface.take_focus(Qt.FocusReason.OtherFocusReason)
        self._model.surface.repaint_scene()

    def go(self, way: int) -> None:
        """Select and show the next match; where nothing matches, look for what was probably meant."""
        if not self._model.found:
            if self._near:
                self.query.setText(self._near)
            return
        self._at = (self._at + way) % len(self._model.found)
        self._show()

    def _typed(self, text: str) -> None:
        self._model.found = tuple(matches(self._model.document.graph, text))
        self._at = 0
        if self._model.found:
            self._show()
        else:
            self.count.setText("")
            self._model.surface.repaint_scene()
        self._near = nearest(text, known(self._model.document.graph)) if text.strip() and not self._model.found else ""
        self.nothing.setText(no_match(text, self._near) if text.strip() and not self._model.found else "")
        self.nothing.setVisible(bool(self.nothing.text()))
        self.adjustSize()

    def _show(self) -> None:
        model, identity = self._model, self._model.found[self._at]
        self.count.setText(_("{at} of {count}").format(at=self._at + 1, count=len(self._model.found)))
        model.select([identity])
        model.reveal(identity)
        model.surface.repaint_scene()
