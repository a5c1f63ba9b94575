"""A small, calm box beside a number on the canvas: what to say about an answer, and the way to give up."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from graph.text.messages import _
from ui.canvas.view import Canvas
from ui.look.widgets import FlowLayout, button, label

WIDE = 300
GAP = 10


class Callout(QFrame):
    """One at a time. `place()` gives the scene rectangle to stay beside; the callout follows when the view moves."""

    closed = Signal()

    def __init__(self, canvas: Canvas, again: Callable[[], None], reveal: Callable[[], None]) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._place: Callable[[], QRectF] = QRectF
        self.setObjectName("callout")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.text = label("", "strong", wrap=True), label("", "", wrap=True)
        self.again, self.reveal = (
            button(_("Try again"), "quiet", tip=_("Type another answer")),
            button(_("Reveal"), "quiet", tip=_("Show the number")),
        )
        self.dismiss = button(_("Close"), "quiet", tip=_("Close (Esc)"))
        row = FlowLayout(4)
        for control in (self.again, self.reveal, self.dismiss):
            row.addWidget(control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(6)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self.again.clicked.connect(again)
        self.reveal.clicked.connect(reveal)
        self.dismiss.clicked.connect(self.hide)
        canvas.view_changed.connect(self._put)
        self.hide()

    def show_text(self, title: str, texts: list[str], place: Callable[[], QRectF]) -> None:
        """The verdict, and what to look at: one line for each slip that fits."""
        self._place = place
        theme = self._canvas.theme
        self.setStyleSheet(
            f"#callout {{ background: {theme.panel}; border: 1px solid {theme.hairline}; border-radius: 9px; }}"
            f"#callout QLabel {{ color: {theme.text}; background: transparent; }}"
        )
        self.title.setText(title)
        self.text.setText("\n".join(f"• {text}" for text in texts) if len(texts) > 1 else "".join(texts))
        self.text.setVisible(bool(texts))
        wide = round(WIDE * theme.scale)
        self.setFixedWidth(min(wide, max(160, self._canvas.width() - 16)))
        self.setFixedHeight(self.heightForWidth(self.width()) if self.hasHeightForWidth() else self.sizeHint().height())
        self.show()
        self.raise_()
        self._put()

    def _put(self) -> None:
        if not self.isVisible():
            return
        canvas = self._canvas
        rect = canvas.camera.rect_to_view(self._place())
        seen = QRectF(canvas.rect().adjusted(8, 8, -8, -8))
        wide, high = self.width(), self.height()
        cards = [canvas.camera.rect_to_view(canvas.scene.rect(node)) for node in canvas.scene.nodes_in(canvas.seen())]
        taken = [*cards, rect.adjusted(-8, -6, 8, 24)]
        left, top = rect.center().x() - wide / 2, rect.center().y() - high / 2
        wanted = [(left, rect.bottom() + GAP + 18), (left, rect.top() - GAP - high), (rect.right() + GAP, top),
                  (rect.left() - GAP - wide, top),
                  (left, seen.bottom() - high), (left, seen.top()), (seen.right() - wide, top), (seen.right() - wide, seen.bottom() - high),
                  (seen.left(), seen.bottom() - high)]  # fmt: skip
        boxes = [QRectF(min(max(x, seen.left()), max(seen.left(), seen.right() - wide)),
                        min(max(y, seen.top()), max(seen.top(), seen.bottom() - high)), wide, high) for x, y in wanted]  # fmt: skip
        best = min(boxes, key=lambda box: sum(_area(box & other) for other in taken))
        self.move(best.topLeft().toPoint())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)


def _area(rect: QRectF) -> float:
    return rect.width() * rect.height()
