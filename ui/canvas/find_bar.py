"""Find: what matches is ringed on the canvas, Enter goes from one to the next, Esc gives the focus back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit

from ui.look.theme import font

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

WIDTH = 320


def matches(canvas: Canvas, text: str) -> list[str]:
    """Ids of nodes, groups, frames and notes that a few letters mean: exact names first, then beginnings, then anywhere."""
    wanted = text.casefold().strip()
    if not wanted:
        return []
    graph = canvas.document.graph
    rows: list[tuple[str, tuple[str, ...]]] = [(n.id, (n.name, n.label, graph.spec(n).title)) for n in graph.nodes.values()]
    rows += [(g.id, (g.name,)) for g in graph.groups.values()]
    rows += [(f.id, (f.title,)) for f in graph.frames.values()] + [(t.id, (t.text,)) for t in graph.notes.values()]
    found: list[tuple[int, int, str]] = []
    for place, (identity, texts) in enumerate(rows):
        ranks = [0 if t == wanted else 1 if t.startswith(wanted) else 2 for t in map(str.casefold, texts) if wanted in t]
        if ranks:
            found.append((min(ranks), place, identity))
    return [identity for _, _, identity in sorted(found)]


class _Query(QLineEdit):
    """The keys of this field belong to it, shortcuts of the canvas included."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

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
    """A strip in the upper right corner of the canvas. `found` is what it rings."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.found: list[str] = []
        self._at = -1
        self.setObjectName("searchbox")
        self.setAutoFillBackground(True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.query = _Query(self)
        self.query.setPlaceholderText("Find a node, frame or note")
        self.query.setAccessibleName("Find a node, frame or note")
        self.count = QLabel(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 10, 6)
        row.addWidget(self.query, 1)
        row.addWidget(self.count)
        self.query.textChanged.connect(self._typed)
        canvas.installEventFilter(self)
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
        scale = self._canvas.theme.scale
        self.query.setFont(font("base", scale))
        self.count.setFont(font("small", scale))
        self.setFixedWidth(min(round(WIDTH * scale), self._canvas.width() - 24))
        self.adjustSize()
        self.move(self._canvas.width() - self.width() - 12, 12)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def dismiss(self) -> None:
        """Close; what was found last stays selected."""
        self.hide()
        self.found = []
        self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._canvas.update()

    def go(self, way: int) -> None:
        """Select and show the next match."""
        if not self.found:
            return
        self._at = (self._at + way) % len(self.found)
        self._show()

    def _typed(self, text: str) -> None:
        self.found = matches(self._canvas, text)
        self._at = 0
        if self.found:
            self._show()
        else:
            self.count.setText("none" if text.strip() else "")
            self._canvas.update()

    def _show(self) -> None:
        canvas, identity = self._canvas, self.found[self._at]
        self.count.setText(f"{self._at + 1} of {len(self.found)}")
        canvas.select([identity])
        canvas.reveal(identity)
        canvas.update()
