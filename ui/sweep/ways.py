"""The paths of a race over the contours of the objective: asked for when they are seen, played or moved through by a slider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from engine.learned.surface import Numbers, Surface, SurfaceJob
from engine.numerics.job import JobEnd, JobReport
from engine.sweep.paths import MOST_RUNS, Path, Paths, PathsJob
from graph.model.loss_words import loss_words
from graph.text.messages import _
from ui.engine_link.work import JobHandle, Work
from ui.look.theme import Theme, color
from ui.look.widgets import button, label
from ui.maths.axes import Frame
from ui.maths.plane_view import PlaneView
from ui.sweep.legend import colours
from ui.sweep.state import SweepState
from ui.sweep.ways_painting import Drawn, box_of, looks, paint_readout, paint_way, readout_width

FRAME_MS, SECONDS = 40, 6.0
"""Time between two pictures of an animation, and how long all of it takes."""
POINTS = 81


class WaysPlot(PlaneView):
    """The plane with the paths as far as `step`, and beside it the numbers of that moment."""

    def __init__(self) -> None:
        super().__init__(_("Paths over the contours of the objective"), explorable=False)
        self.drawn: list[Drawn] = []
        self.loss, self.step = "", 0
        self.layers = [self._paint_ways]
        self.setMinimumSize(260, 160)

    def paint_to(self, painter: QPainter, whole: QRectF, theme: Theme) -> None:
        if not self.drawn:
            return
        painter.fillRect(whole, color(theme.panel))
        side = min(0.42 * whole.width(), readout_width(theme, self.drawn, self.step, self.loss, self.names))
        super().paint_to(painter, whole.adjusted(0, 0, -side - 8, 0), theme)
        beside = QRectF(whole.right() - side, whole.top(), side, whole.height())
        paint_readout(painter, beside, theme, self.drawn, self.step, self.loss, self.names)

    def _paint_ways(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        for each in self.drawn:
            paint_way(painter, frame, theme, each, self.step)


class WaysView(QWidget):
    """`follow` looks at the state: paths are asked for once its runs have ended, the contours once the paths are there."""

    def __init__(self, state: SweepState, work: Work) -> None:
        super().__init__()
        self._state, self._work = state, work
        self._paths: dict[int, Path] = {}
        self._found: Paths | None = None
        self._asked: Any = None
        self._handles: list[JobHandle] = []
        self.plot, self.words = WaysPlot(), label("", "secondary", wrap=True)
        self.play = button(_("Play"), tip=_("Play the steps of all paths together  (Space)"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(_("Step of the paths"))
        self.at = label("", "strong")
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._tick)
        foot = QHBoxLayout()
        foot.addWidget(self.play)
        foot.addWidget(self.slider, 1)
        foot.addWidget(self.at)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot, 1)
        column.addWidget(self.words)
        column.addLayout(foot)
        self.play.clicked.connect(lambda _clicked: self.toggle())
        self.slider.valueChanged.connect(self._moved)

    # what it shows

    @staticmethod
    def possible(state: SweepState) -> bool:
        """Whether exactly two numbers are trained."""
        return any(row.numbers == 2 for row in state.rows.values())

    def set_theme(self, theme: Theme) -> None:
        self.plot.theme = theme
        self._show()

    def follow(self) -> None:
        """Ask for the paths of runs that have ended, once."""
        state = self._state
        key = (id(state.graph), state.plan, state.ended)
        if state.graph is None or state.running or not state.rows or key == self._asked:
            return
        self.leave()
        self._asked, self._paths, self._found, self.plot.heights = key, {}, None, None
        members = tuple(sorted(index for index, row in state.rows.items() if row.ended and row.how != "failed"))[:MOST_RUNS]
        if state.outdated(state.graph) or not members:
            return
        self._handles.append(self._work.job(PathsJob(state.plan, members), self._heard, self._ended))
        self._show()

    def leave(self) -> None:
        """Nothing is asked or played any more."""
        self._timer.stop()
        for handle in self._handles:
            handle.leave()
        self._handles = []

    def _heard(self, _report: JobReport, parts: Sequence[Any]) -> None:
        for part in parts:
            self._paths |= {path.index: path for path in part}

    def _ended(self, end: JobEnd) -> None:
        if not isinstance(end.answer, Paths) or not self._paths:
            self.words.setText(end.text)
            return
        self._found = end.answer
        self.plot.box = box_of(list(self._paths.values()))
        job = SurfaceJob(Numbers(end.answer.x, end.answer.y), self.plot.box, POINTS)
        self._handles.append(self._work.job(job, lambda _report, _parts: None, self._surface))
        last = max(path.steps[-1] for path in self._paths.values())
        self.slider.setRange(0, last)
        self.slider.setValue(last)
        self._show()

    def _surface(self, end: JobEnd) -> None:
        if isinstance(end.answer, Surface):
            self.plot.heights = end.answer
        elif end.text:
            self.words.setText(end.text)
        self._show()

    def _show(self) -> None:
        state = self._state
        found = self._found
        if found is None or state.graph is None:
            self.plot.drawn = []
            self.plot.update()
            self.words.setText(_("The paths are made once more, step by step …") if self._handles else "")
            return
        by, look = colours(state, self.plot.theme)
        places = [state.plan.place(of) or 0 for of in by]
        keys = {index: tuple(state.values(index)[place] for place in places) for index in self._paths}
        names = {index: self._name(index) for index in self._paths}
        self.plot.drawn = looks(self._paths, keys, look, names)
        self.plot.names = found.names
        self.plot.loss = loss_words(any(row.penalised for row in state.rows.values())).word
        self.words.setText("")
        self.words.setVisible(bool(self.words.text()))
        self._moved()

    def _name(self, index: int) -> str:
        """Its settings, without a seed that all have."""
        state = self._state
        axes = zip(state.plan.axes, state.values(index), strict=True)
        return ", ".join(state.text(axis.of, value) if place == 0 else f"{state.short_title(axis.of)} {state.text(axis.of, value)}"
                         for place, (axis, value) in enumerate(axes) if len(axis.values) > 1 or place == 0)  # fmt: skip

    # moving through the steps

    def _moved(self) -> None:
        self.plot.step = self.slider.value()
        self.at.setText(_("step {step}").format(step=self.slider.value()))
        self.plot.update()

    def toggle(self) -> None:
        """Play from the start or from where the slider is, or stop."""
        if self._timer.isActive():
            self._timer.stop()
        elif self._found is not None:
            if self.slider.value() >= self.slider.maximum():
                self.slider.setValue(0)
            self._timer.start()
        self.play.setText(_("Stop") if self._timer.isActive() else _("Play"))

    def _tick(self) -> None:
        each = max(1, round(self.slider.maximum() * FRAME_MS / 1000 / SECONDS))
        self.slider.setValue(self.slider.value() + each)
        if self.slider.value() >= self.slider.maximum():
            self.toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.toggle()
        else:
            super().keyPressEvent(event)
