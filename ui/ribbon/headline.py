"""The line at the top of the canvas: the phase and the number of the event, the node at work, its equation; and why playback stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from engine.explain.cards import Line, Number, Piece, Role, Tex
from ui.canvas.view import Canvas
from ui.look.numerals import number
from ui.look.theme import Theme, color, faded, font
from ui.maths.formula_text import TextLine, TextRun, line, name_runs, runs
from ui.ribbon.position import Position

OWNER = "ribbon"
"""Its name among what lies over the view."""
SHARE, LEAST, MOST = 33, 20, 44
"""The title's size: this part of the window's height, within these bounds in pixels."""
SMALL = 0.72
"""The size of what is said about a stop, relative to the title."""
EDGE, FRAME = 14, 3
"""Room beside the text, and for the frame of a canvas that has the focus."""
_INKS: dict[Role, str] = {"value": "forward", "gradient": "backward", "local": "text", "plain": "text"}


@dataclass(frozen=True, slots=True)
class Said:
    """What the line says. `name` is that of the node at work, `lines` its equations, `reason` why playback or training stopped."""

    position: Position | None = None
    name: str = ""
    lines: tuple[Line, ...] = ()
    reason: str = ""

    @property
    def text(self) -> str:
        """All of it, for screen readers."""
        head = " · ".join(filter(None, (self.position.title if self.position is not None else "", self.name)))
        return ". ".join(filter(None, (head, *map(spoken, self.lines), self.reason)))


def spoken(said: Line) -> str:
    """An equation as plain text."""
    return " ".join("".join(run.text for run in part).strip() for part, _role in written(said))


def written(said: Line) -> tuple[tuple[tuple[TextRun, ...], Role], ...]:
    """An equation piece by piece, each with what it is."""
    pieces = (_written(piece) for piece in said.pieces)
    return tuple(piece for piece in pieces if piece is not None)


def _written(piece: Piece) -> tuple[tuple[TextRun, ...], Role] | None:
    if isinstance(piece, Number):
        return (TextRun(number(piece.value), 0),), piece.role
    if isinstance(piece, Tex):
        return runs(piece.latex(lambda part: number(part.value) if isinstance(part, Number) else part.symbol)), piece.role
    return None


@dataclass(frozen=True, slots=True)
class _Part:
    """A formula of a size in pixels, or a text in a font of its own."""

    text: TextLine | str
    size: float
    face: QFont | None
    hue: str
    width: float
    gap: float
    """Room before it."""


class Headline(QWidget):
    """Takes no mouse: what lies below it is reached through it. Its place is kept free for it while it is `used`."""

    def __init__(self, canvas: Canvas, theme: Theme) -> None:
        super().__init__(canvas)
        self._canvas, self._theme = canvas, theme
        self.said, self.used = Said(), False
        self._laid: list[list[_Part]] = []
        """What it says, set for its room: the canvas below it is painted in every frame, and so is this line."""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        canvas.installEventFilter(self)
        canvas.viewport.covered.append(self.place)

    def say(self, said: Said) -> None:
        if said != self.said:
            self.said = said
            self.setAccessibleName(said.text)
            self.place()
            self.update()

    def use(self, used: bool) -> None:
        """Keep a place for it at the top of the canvas, or no longer."""
        self.used = used
        self.place()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.place()
        self.update()

    # where it is

    @property
    def size_of_title(self) -> int:
        """In pixels, so that it is read from the last row."""
        wanted = max(LEAST * self._theme.scale, self._canvas.window().height() / SHARE)
        return round(min(wanted, MOST * self._theme.scale))

    def place(self) -> None:
        """At the top of the canvas, as far from the left edge as something lies over it there."""
        canvas, size = self._canvas, self.size_of_title
        self.setVisible(self.used and self.said != Said())
        if not self.used:
            canvas.viewport.cover(OWNER, None)
            return
        high = size * 1.9
        left, right = self._free(high)
        self._laid = self._rows(right - left - 2 * (FRAME + EDGE))
        high += max(0, len(self._laid) - 1) * size * SMALL * 1.5
        self.setGeometry(round(left) + FRAME, FRAME, round(right - left) - 2 * FRAME, round(high) - FRAME)
        canvas.viewport.cover(OWNER, QRectF(0, 0, canvas.width(), high))
        self.raise_()

    def _free(self, high: float) -> tuple[float, float]:
        """The widest part of the upper edge that nothing else lies over."""
        canvas = self._canvas
        others = [rect for owner, rect in canvas.viewport.covers.items() if owner != OWNER and rect.top() < high]
        if canvas.breadcrumb.isVisibleTo(canvas):
            others.append(QRectF(canvas.breadcrumb.geometry()))
        ends = sorted({0.0, float(canvas.width()), *(x for rect in others for x in (rect.left(), rect.right()))})
        gaps = [(a, b) for a, b in zip(ends, ends[1:], strict=False) if not any(rect.left() < b and rect.right() > a for rect in others)]
        return max(gaps, key=lambda gap: gap[1] - gap[0], default=(0.0, float(canvas.width())))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False

    # what it says

    def _rows(self, room: float) -> list[list[_Part]]:
        """The line; a second one for the reason of a stop, where both do not fit into one."""
        first, reason = self._first(room), self._reason()
        if reason is None:
            return [first]
        if not first:
            return [[reason]]
        if sum(part.gap + part.width for part in (*first, reason)) <= room:
            return [[*first, reason]]
        return [first, [reason]]

    def _first(self, room: float) -> list[_Part]:
        """Title, name, and as many equations as there is room for."""
        theme, size, said = self._theme, self.size_of_title, self.said
        if said.position is None:
            return []
        hues = {"forward": theme.forward, "loss": theme.forward, "backward": theme.backward}
        parts = [self._plain(said.position.title, size, hues.get(said.position.phase, theme.text), 0.0)]
        if said.name and (said.position.phase == "backward" or not said.lines):  # a formula begins with the name
            name = line(name_runs(said.name), 1e6, size)
            parts.append(_Part(name, size, None, theme.highlight, name.width, size * 0.9))
        used = sum(part.gap + part.width for part in parts)
        for index, equation in enumerate(said.lines):
            more = self._equation(equation, size * (1.0 if index == 0 else 0.86))
            wide = sum(part.gap + part.width for part in more)
            if used + wide > room:
                break
            parts += more
            used += wide
        return parts

    def _equation(self, said: Line, size: float) -> list[_Part]:
        gap, before = 1.4 * size, ""
        parts: list[_Part] = []
        for pieces, role in written(said):
            text, plain = line(pieces, 1e6, round(size)), "".join(run.text for run in pieces)
            if parts:
                gap = size * (0.3 if "=" in (plain, before) else 0.0 if before.endswith("(") or plain.startswith(")") else 0.12)
            parts.append(_Part(text, size, None, str(getattr(self._theme, _INKS[role])), text.width, gap))
            before = plain
        return parts

    def _reason(self) -> _Part | None:
        size = self.size_of_title
        return self._plain(self.said.reason, size * SMALL, self._theme.text, size * 1.2) if self.said.reason else None

    def _plain(self, text: str, size: float, hue: str, gap: float) -> _Part:
        face = QFont(font("heading"))
        face.setPixelSize(round(size))
        return _Part(text, size, face, hue, QFontMetricsF(face).horizontalAdvance(text), gap)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, size = QPainter(self), self.size_of_title
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), faded(self._theme.canvas, 0.9))
        y = size * 1.3
        for row in self._laid:
            self._paint_row(painter, row, y)
            y += size * SMALL * 1.6
        painter.end()

    def _paint_row(self, painter: QPainter, row: Sequence[_Part], y: float) -> None:
        x, room = float(EDGE), self.width() - EDGE
        for index, part in enumerate(row):
            x += part.gap if index else 0.0
            painter.setPen(color(part.hue))
            if isinstance(part.text, TextLine):
                part.text.paint(painter, x, y, round(part.size))
            elif part.face is not None:
                painter.setFont(part.face)
                short = painter.fontMetrics().elidedText(part.text, Qt.TextElideMode.ElideRight, max(0, round(room - x)))
                painter.drawText(QPointF(x, y), short)
            x += part.width

