"""Formulas as pictures: LaTeX to SVG by ziamath, drawn by Qt, cached. ziamath is imported at the first formula."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

_AT = re.compile(r"@([A-Za-z]\w*)")
_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega".split()
)


def latex_name(name: str) -> str:
    """A node's or port's name as LaTeX: `x`, `x_2` with a lowered 2, `hidden` upright, `theta` as the letter."""
    stem, _, rest = name.partition("_")
    if not stem:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    body = stem if len(stem) == 1 else "\\" + stem if stem in _GREEK else r"\mathrm{" + stem + "}"
    digits = re.fullmatch(r"([A-Za-z])(\d+)", stem)
    if digits and not rest:
        return f"{digits[1]}_{{{digits[2]}}}"
    lowered = rest.replace("_", r",\,")
    return body + (f"_{{{lowered if len(rest) == 1 or rest.isdigit() else chr(92) + 'mathrm{' + lowered + '}'}}}" if rest else "")


def named(formula: str, names: Mapping[str, str]) -> str:
    """`formula` with every `@port` replaced by the LaTeX of what is there; a port without an entry keeps its own name."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name in names:
            return latex_name(names[name])
        stem, mark, rest = name.partition("_")
        if mark and stem in names:
            return latex_name(names[stem]) + f"_{{{rest}}}"
        return latex_name(name)

    return _AT.sub(replaced, formula)


@lru_cache(maxsize=512)
def svg(latex: str, size: float, ink: str) -> bytes | None:
    """The formula as SVG, or None where it cannot be typeset."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath

        ziamath.config.svg2 = False
        try:
            return str(ziamath.Latex(latex, size=size, color=ink).svg()).encode()
        except Exception:  # any complaint of the typesetter means the same here: show the text instead
            return None


def warm() -> None:
    """Import the typesetter ahead of the first formula."""
    svg("x", 16.0, "#000000")


class FormulaView(QWidget):
    """One formula, left-aligned, shrunk to the width there is; the LaTeX itself where it cannot be typeset."""

    def __init__(self, size: float = 17.0) -> None:
        super().__init__()
        self._size = size
        self._scale = 1.0
        self._latex = ""
        self._ink = "#000000"
        self._renderer: QSvgRenderer | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_formula(self, latex: str, ink: str, scale: float = 1.0) -> None:
        if (latex, ink, scale) == (self._latex, self._ink, self._scale):
            return
        self._latex, self._ink, self._scale = latex, ink, scale
        picture = svg(latex, self._size * scale, ink) if latex else None
        self._renderer = QSvgRenderer(QByteArray(picture)) if picture else None
        self.setAccessibleName(latex)
        self.setVisible(bool(latex))
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
        if self._renderer is None:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self._latex)
            return
        natural = self._renderer.defaultSize()
        share = min(1.0, self.width() / max(1, natural.width()))
        width, height = natural.width() * share, natural.height() * share
        self._renderer.render(painter, QRectF(0, (self.height() - height) / 2, width, height))
