"""Formulas as pictures: LaTeX to SVG by ziamath, drawn by Qt, cached. ziamath is imported at the first formula."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakSet

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget
from shiboken6 import isValid

from graph.formula.latex import filled as filled
from graph.formula.latex import latex_name as latex_name
from graph.formula.latex import named as named
from ui.look.theme import color
from ui.maths.formula_lines import broken
from ui.maths.typesetter import typesetter

if TYPE_CHECKING:
    from ui.maths.formula_text import TextLine

SMALLEST = 0.8
"""A formula is drawn at this share of its size before it is broken into lines."""

_SIGN = re.compile(
    r"((?:^|[(\[{=,;&<>]|\\(?:cdot|times|to|le|ge|approx|quad|qquad|langle|displaystyle|textstyle|\\))\s*)([-+])(?=\s*[\w\\(])"
)
"""A minus or plus that is a sign: the typesetter sets every one as an operation, with room on both sides."""


@lru_cache(maxsize=512)
def svg(latex: str, size: float, ink: str) -> bytes | None:
    """The formula as SVG, or None where it cannot be typeset."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return str(typesetter().Latex(_SIGN.sub(r"\1{\2}", latex), size=size, color=ink).svg()).encode()
        except Exception:  # any complaint of the typesetter means the same here: show the text instead
            return None


class _Loader(QObject):
    """Imports the typesetter off the window's thread, once, and notifies every formula that waits for it."""

    loaded = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ready = False
        self.started = False

    def start(self) -> None:
        if not self.started:
            self.started = True
            self.loaded.connect(self._finish, Qt.ConnectionType.QueuedConnection)
            QThreadPool.globalInstance().start(self._run)

    def _run(self) -> None:
        svg("x", 16.0, "#000000")
        with suppress(RuntimeError):  # the application ended meanwhile and took this object's Qt half along
            self.loaded.emit()

    def _finish(self) -> None:
        self.ready = True
        for view in list(_waiting):
            if isValid(view):  # its window may have been closed while the typesetter was loading
                view.typeset()
        _waiting.clear()


_loader: _Loader | None = None
_waiting: WeakSet[FormulaView] = WeakSet()


def loader() -> _Loader:
    global _loader
    if _loader is None:
        _loader = _Loader()
    return _loader


class NumberLine(QWidget):
    """A formula with numbers in it that change many times a second: painted as text, never typeset. Where it is too long for one
    line, its result, which it is read for, stands on a second."""

    def __init__(self, size: float = 15.0) -> None:
        super().__init__()
        self._size, self._scale = size, 1.0
        self._latex, self._ink = "", "#000000"
        self._lines: list[TextLine] = []
        self._laid = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_formula(self, latex: str, ink: str, scale: float = 1.0) -> None:
        if (latex, ink, scale) == (self._latex, self._ink, self._scale):
            return
        self._latex, self._ink, self._scale = latex, ink, scale
        _show(self, bool(latex))
        self._lay()
        self.update()

    @property
    def lines(self) -> list[str]:
        """What is written, line by line."""
        return ["".join(run.text for _, run in line.pieces) for line in self._lines]

    def _lay(self) -> None:
        """Break the line where it is too long; room is asked for only when there is another number of lines."""
        from ui.maths.formula_text import line, runs

        size, before = self._size * self._scale, (len(self._lines), self._laid)
        left, sign, right = self._latex.rpartition("=")
        whole = line(runs(self._latex), 1e6, size)
        parts = [self._latex] if whole.width <= self.width() or not left.strip() else [left, f"{sign} {right}"]
        self._lines = [line(runs(part), self.width(), size) for part in parts]
        self._laid = size
        self.setToolTip("".join(run.text for _, run in whole.pieces) if len(parts) > 1 else "")
        if before != (len(self._lines), size):
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    @property
    def latex(self) -> str:
        return self._latex

    def sizeHint(self) -> QSize:
        return QSize(120, round(self._size * self._scale * 1.7) * max(1, len(self._lines)))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(color(self._ink))
        size, high = self._size * self._scale, self.height() / max(1, len(self._lines))
        for number, text in enumerate(self._lines):
            text.paint(painter, 0, high * (number + 0.68), size)


def _show(view: QWidget, wanted: bool) -> None:
    """Show or hide; what has no parent yet shows with it, else it would be a window for a moment and take the focus."""
    if view.parentWidget() is not None or not wanted:
        view.setVisible(wanted)


class FormulaView(QWidget):
    """One formula, left-aligned, on as many lines as the width asks for; the LaTeX itself where it cannot be typeset."""

    def __init__(self, size: float = 17.0) -> None:
        super().__init__()
        self._size = size
        self._scale = 1.0
        self._latex = ""
        self._ink = "#000000"
        self._whole: QSvgRenderer | None = None
        self._lines: list[QSvgRenderer] = []
        self._laid_for = -1
        self._asked = False
        """Whether the typesetter has seen this formula; until then its place stays empty."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_formula(self, latex: str, ink: str, scale: float = 1.0) -> None:
        if (latex, ink, scale) == (self._latex, self._ink, self._scale):
            return
        self._latex, self._ink, self._scale = latex, ink, scale
        self.setAccessibleName(latex)
        _show(self, bool(latex))
        if loader().ready or not latex:
            self.typeset()
        else:
            _waiting.add(self)
            self._whole, self._asked = None, False
            self.update()

    def typeset(self) -> None:
        """Make the picture; the typesetter is loaded by now."""
        self._whole = self._picture(self._latex) if self._latex else None
        self._asked, self._laid_for = True, -1
        self.updateGeometry()
        self.update()

    def _picture(self, latex: str) -> QSvgRenderer | None:
        picture = svg(latex, self._size * self._scale, self._ink)
        return QSvgRenderer(QByteArray(picture)) if picture else None

    @property
    def latex(self) -> str:
        return self._latex

    @property
    def natural_width(self) -> int:
        """What the formula takes on one line; 0 until it is typeset."""
        return self._whole.defaultSize().width() if self._whole is not None else 0

    @property
    def lines(self) -> list[float]:
        """For each line, the share of its size at which it is drawn."""
        self._lay(self.width())
        return [self._share(line) for line in self._lines]

    def _lay(self, width: int) -> None:
        if width == self._laid_for or self._whole is None:
            return
        self._laid_for = width
        limit = max(width, 60) / SMALLEST
        if self.natural_width <= limit:
            self._lines = [self._whole]
            return
        texts = broken(self._latex, limit - self._indent, self._width_of)
        pictures = [self._picture(text) for text in texts]
        self._lines = [line for line in pictures if line is not None] if all(pictures) else [self._whole]

    def _width_of(self, latex: str) -> float:
        picture = self._picture(latex)
        return float(picture.defaultSize().width()) if picture is not None else 1e6  # never broken off where it cannot be set

    @property
    def _indent(self) -> float:
        return self._size * self._scale

    def _share(self, line: QSvgRenderer) -> float:
        room = self.width() - (self._indent if line is not self._lines[0] else 0.0)
        return min(1.0, room / max(1, line.defaultSize().width()))

    def _height(self) -> float:
        between = 0.35 * self._size * self._scale * (len(self._lines) - 1)
        return sum(line.defaultSize().height() * self._share(line) for line in self._lines) + between

    def sizeHint(self) -> QSize:
        if self._whole is None:
            return QSize(120, self.fontMetrics().height() + 4)
        if self.width() <= 40:
            natural = self._whole.defaultSize()
            return QSize(min(natural.width(), 200), natural.height() + 4)
        self._lay(self.width())
        return QSize(min(self.natural_width, 200), round(self._height()) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._whole is None and not self._asked:
            loader().start()  # not before the first frame is on the screen
            return
        if self._whole is None:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self._latex)
            return
        self._lay(self.width())
        y = (self.height() - self._height()) / 2
        for number, line in enumerate(self._lines):
            natural, share = line.defaultSize(), self._share(line)
            line.render(painter, QRectF(self._indent if number else 0.0, y, natural.width() * share, natural.height() * share))
            y += natural.height() * share + 0.35 * self._size * self._scale
