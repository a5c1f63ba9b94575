"""The charts of a sweep as files, without a window: for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter

from engine.sweep.plan import SweepPlan
from engine.sweep.results import MemberResult
from graph.model.graph import Graph
from graph.storage.writing import replace_file
from graph.text.messages import _
from ui.look import pictures
from ui.look.theme import THEMES, load_fonts
from ui.sweep.curves import facet_of
from ui.sweep.drawing import View, paint_chart
from ui.sweep.state import SweepState

ENDINGS: Final = (".svg", ".png")
SIZE, SCALE = QSize(1120, 640), 1.3


def write_chart(
    path: Path, graph: Graph, plan: SweepPlan, rows: Mapping[int, MemberResult], measure: str, view: View, theme: str
) -> None:
    """Paint one chart. Raises ValueError where there is no such one, OSError where it cannot be written."""
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(_("{name}: a chart is an .svg or a .png").format(name=path.name))
    state = SweepState(None)
    state.graph, state.plan, state.rows = graph, plan, dict(rows)
    if view == "multiples" and facet_of(state) is None:
        raise ValueError(_("small plots need a second setting, for example --set lr=0.01,0.1"))
    load_fonts()

    def paint(painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_chart(painter, QRectF(0, 0, SIZE.width(), SIZE.height()), replace(THEMES[theme], scale=SCALE), state, view, measure, True)

    data = pictures.svg(SIZE, paint, _("Sweep")) if path.suffix.lower() == ".svg" else pictures.png(pictures.image(SIZE, paint))
    replace_file(path, data)
