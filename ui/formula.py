"""Formulas as pictures: LaTeX to SVG by ziamath, drawn by Qt, cached. ziamath is imported at the first formula."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget
from shiboken6 import isValid

from graph.latex import filled as filled
from graph.latex import latex_name as latex_name
from graph.latex import named as named
from ui.theme import color

_SIGN = re.compile(
    r"((?:^|[(\[{=,;&<>]|\\(?:cdot|times|to|le|ge|approx|quad|qquad|langle|displaystyle|textstyle|\\))\s*)([-+])(?=\s*[\w\\(])"
)
"""A minus or plus that is a sign: the typesetter sets every one as an operation, with room on both sides."""


@lru_cache(maxsize=512)
def svg(latex: str, size: float, ink: str) -> bytes | None:
    """The formula as SVG, or None where it cannot be typeset."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath

        typesetter: Any = ziamath
        typesetter.config.svg2 = False
        try:
            return str(typesetter.Latex(_SIGN.sub(r"\1{\2}", latex), size=size, color=ink).svg()).encode()
        except Exception:  # any complaint of the typesetter means the same here: show the text instead
            return None


class _Loader(QObject):
    """Imports the typesetter off the window's thread, once, and tells every formula that waits for it."""

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
    """A formula with numbers in it that change many times a second: painted as one line of text, never typeset."""

    def __init__(self, size: float = 15.0) -> None:
        super().__init__()
        self._size, self._scale = size, 1.0
        self._latex, self._ink = "", "#000000"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_formula(self, latex: str, ink: str, scale: float = 1.0) -> None:
        if (latex, ink, scale) == (self._latex, self._ink, self._scale):
            return
        if scale != self._scale:
            self.updateGeometry()
        self._latex, self._ink, self._scale = latex, ink, scale
        _show(self, bool(latex))
        self.update()

    @property
    def latex(self) -> str:
        return self._latex

    def sizeHint(self) -> QSize:
        return QSize(120, round(self._size * self._scale * 1.7))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        from ui.canvas.formula_text import line, runs

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(color(self._ink))
        size = self._size * self._scale
        line(runs(self._latex), self.width(), size).paint(painter, 0, self.height() * 0.68, size)


def _show(view: QWidget, wanted: bool) -> None:
    """Show or hide; what has no parent yet shows with it, else it would be a window for a moment and take the focus."""
    if view.parentWidget() is not None or not wanted:
        view.setVisible(wanted)


class FormulaView(QWidget):
    """One formula, left-aligned, shrunk to the width there is; the LaTeX itself where it cannot be typeset."""

    def __init__(self, size: float = 17.0) -> None:
        super().__init__()
        self._size = size
        self._scale = 1.0
        self._latex = ""
        self._ink = "#000000"
        self._renderer: QSvgRenderer | None = None
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
            self._renderer, self._asked = None, False
            self.update()

    def typeset(self) -> None:
        """Make the picture; the typesetter is loaded by now."""
        picture = svg(self._latex, self._size * self._scale, self._ink) if self._latex else None
        self._renderer = QSvgRenderer(QByteArray(picture)) if picture else None
        self._asked = True
        self.updateGeometry()
        self.update()

    @property
    def latex(self) -> str:
        return self._latex

    def sizeHint(self) -> QSize:
        if self._renderer is None:
            return QSize(120, self.fontMetrics().height() + 4)
        natural = self._renderer.defaultSize()
        share = min(1.0, self.width() / natural.width()) if self.width() > 40 and natural.width() else 1.0
        return QSize(min(natural.width(), 200), round(natural.height() * share) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._renderer is None and not self._asked:
            loader().start()  # not before the first frame is on the screen
            return
        if self._renderer is None:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self._latex)
            return
        natural = self._renderer.defaultSize()
        share = min(1.0, self.width() / max(1, natural.width()))
        width, height = natural.width() * share, natural.height() * share
        self._renderer.render(painter, QRectF(0, (self.height() - height) / 2, width, height))
