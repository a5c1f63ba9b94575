"""The presenter's tools in a strip at the lower edge of the canvas, and the black screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.look.marks import dot
from ui.look.style import px
from ui.look.theme import Theme, color
from ui.look.typing import claim_keys
from ui.look.widgets import FlowLayout, button
from ui.presenter.pen import INKS, hue

if TYPE_CHECKING:
    from ui.canvas.view import Canvas


class Strip(QFrame):
    """Buttons only: what they do is decided elsewhere. `clicked` carries the name of one."""

    clicked = Signal(str)
    ink_chosen = Signal(str)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("searchbox")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.hint = QLabel("")
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.inks: dict[str, QPushButton] = {}
        self.buttons: dict[str, QPushButton] = {}
        self._row = FlowLayout(2)
        self._add("pen", _("Pen"), _("Draw on the canvas  (Ctrl+Shift+K)"), True)
        for ink, name in INKS.items():
            choice = button("", "quiet", tip=_("{name} pen").format(name=name))
            choice.setAccessibleName(_("{name} pen").format(name=name))
            choice.setCheckable(True)
            choice.clicked.connect(lambda _=False, ink=ink: self.ink_chosen.emit(ink))
            self.inks[ink] = choice
            self._row.addWidget(choice)
        self._add("eraser", _("Eraser"), _("Erase strokes (also with the right button)"), True)
        self._add("undo", _("Undo"), _("Undo the last stroke  (Ctrl+Z while drawing)"))
        self._add("clear", _("Clear"), _("Erase everything that was drawn here"))
        self._add("spotlight", _("Spotlight"), _("Darken everything except around the pointer; the wheel sets the size"), True)
        self._add("black", _("Black"), _("Black screen  (B or .)"))
        self._add("lock", _("Lock"), _("Prevent accidental edits"), True)
        self._add("leave", _("End"), _("Leave presenter mode  (Esc)"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(2)
        layout.addWidget(self.hint)
        layout.addLayout(self._row)
        self.hint.hide()
        self.hide()

    def _add(self, name: str, text: str, tip: str, checkable: bool = False) -> None:
        tool = button(text, "quiet", tip=tip)
        tool.setCheckable(checkable)
        tool.clicked.connect(lambda _=False: self.clicked.emit(name))
        self.buttons[name] = tool
        self._row.addWidget(tool)

    def set_theme(self, theme: Theme) -> None:
        for ink, choice in self.inks.items():
            choice.setIcon(dot(hue(ink, theme)))
            choice.setIconSize(QSize(px(theme, 14), px(theme, 14)))
        self.place()

    def show_state(self, tool: str, ink: str, spotlight: bool, locked: bool, presenting: bool, strokes: bool, undo: bool) -> None:
        """Show the chosen tool and enable what can be done."""
        for name, on in (("pen", tool == "pen"), ("eraser", tool == "eraser"), ("spotlight", spotlight), ("lock", locked)):
            self.buttons[name].setChecked(on)
        for name, choice in self.inks.items():
            choice.setChecked(tool == "pen" and name == ink)
        self.buttons["undo"].setEnabled(undo)
        self.buttons["clear"].setEnabled(strokes)
        for name in ("black", "lock", "leave"):
            self.buttons[name].setVisible(presenting)
        self.place()

    def say(self, text: str) -> None:
        """A sentence above the buttons; empty for none."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self.place()

    def place(self) -> None:
        """In the middle of the lower edge, or left of it where the small map has its place."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        margins, room = layout.contentsMargins(), self._canvas.size()
        shown = [control for control in (*self.buttons.values(), *self.inks.values()) if not control.isHidden()]
        natural = sum(control.sizeHint().width() + 2 for control in shown) + margins.left() + margins.right()
        width = max(120, min(natural, room.width() - 16))
        height = layout.totalHeightForWidth(width)
        left = min((room.width() - width) // 2, round(self._canvas.model.map.place().left()) - 8 - width)
        self.setGeometry(max(left, 8), room.height() - height - 12, width, height)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # not for the canvas below

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()


class BlackScreen(QWidget):
    """Over everything in a window; any key or click takes it away, and does nothing else."""

    ended = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setAccessibleName(_("Black screen; any key ends it"))
        self.setGeometry(window.rect())
        window.installEventFilter(self)

    def start(self) -> None:
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # type: ignore[override]
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(watched.rect())
        return False

    def event(self, event: QEvent) -> bool:
        return claim_keys(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.ended.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.ended.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("#000000"))
        painter.end()
