"""What is really painted on the canvas: every text is legible on what was painted under it, in every theme.

The painter looks at its image before each text: the ink is its pen, the ground the colour that covers most of the text's place.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.compile.views import Absent, ArrayView
from graph.model.problem import Problem
from graph.text.messages import Message
from tests.support.canvas_graphs import xy_plus_z, xy_plus_z_trace
from tests.support.contrast import contrast
from ui.canvas.paint.picture import paint_graph
from ui.look.theme import THEMES, ContrastPair, Theme, load_fonts, pairs, required

SIZE = (1200, 700)


class Watching(QPainter):
    """Notes (text, ink, ground) before it writes."""

    def __init__(self, image: QImage) -> None:
        super().__init__(image)
        self.image = image
        self.texts: list[tuple[str, str, str]] = []

    def drawText(self, place: QPointF | QRectF, *rest: Any) -> None:  # type: ignore[override]
        text, metrics = str(rest[-1]), QFontMetricsF(self.font())
        if isinstance(place, QPointF):
            box = QRectF(place.x(), place.y() - metrics.ascent() * 0.7, metrics.horizontalAdvance(text), metrics.ascent() * 0.7)
        else:
            box = metrics.boundingRect(place, int(rest[0]), text)
        seen = self.combinedTransform().mapRect(box).toAlignedRect().intersected(self.image.rect())
        if text.strip() and not seen.isEmpty():
            part = self.image.copy(seen)
            grounds = Counter(part.pixelColor(x, y).name().upper() for x in range(part.width()) for y in range(part.height()))
            self.texts.append((text, self.pen().color().name().upper(), grounds.most_common(1)[0][0]))
        super().drawText(place, *rest)


def painted(theme: Theme) -> list[tuple[str, str, str]]:
    """Every text of a graph with values, an absent gradient, a NaN, an error and a warning."""
    trace = xy_plus_z_trace(
        problems=(Problem("error", Message("wrong", "wrong"), ("d",)), Problem("warning", Message("odd", "odd"), ("z",)))
    )
    bad = ArrayView((), "float64", np.array(np.nan), None, np.nan, np.nan, np.nan, np.nan, np.nan, False)
    trace = replace(
        trace,
        values={**trace.values, ("d", "y"): bad},
        edge_gradients={**trace.edge_gradients, "e3": Absent("independent"), "e2": Absent("not differentiable")},
    )
    painter = Watching(QImage(*SIZE, QImage.Format.Format_RGB32))
    paint_graph(painter, xy_plus_z(), trace, theme, QRectF(0, 0, *SIZE))
    painter.end()
    return painter.texts


@pytest.mark.parametrize("name", THEMES)
def test_every_text_on_the_canvas_is_legible_on_what_is_under_it(name: str, qtbot: QtBot) -> None:
    load_fonts()
    theme = THEMES[name]

    texts = painted(theme)

    assert {"−7", "2", "−5"} <= {text for text, _, _ in texts}
    dim = [(t, ink, ground) for t, ink, ground in texts if contrast(ContrastPair(ink, ground, "text", t)) < required(theme, "text")]
    assert not dim


@pytest.mark.parametrize("name", THEMES)
def test_inks_are_colours_of_the_theme_that_a_pair_names(name: str, qtbot: QtBot) -> None:
    load_fonts()
    theme = THEMES[name]
    known = {QColor(pair.foreground).name().upper() for pair in pairs(theme) if pair.kind == "text"}

    assert {ink for _, ink, _ in painted(theme)} <= known
