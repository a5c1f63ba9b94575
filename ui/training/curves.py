"""Loss and accuracy against steps: zoomed, read at a step, smoothed. pyqtgraph is imported when the first point arrives, not before."""

from __future__ import annotations

import functools
import math
from bisect import bisect_left
from collections.abc import Sequence
from html import escape
from operator import is_not
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from graph.model.loss_words import loss_words
from graph.text.messages import _
from ui.look.job_bar import JobBar
from ui.look.numbers import count
from ui.look.schedule import Schedule
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import label
from ui.maths.curve_scale import LINEAR, chosen_scale
from ui.maths.series import PointSeries, Series
from ui.maths.span import Span
from ui.training.curve_reading import reading_rows, reading_texts, smoothing_title, spoken
from ui.training.curve_styles import PLOTS, STYLES, TITLES, part_of, part_word_of, step_loss
from ui.training.curve_tools import CurveTools
from ui.training.other_runs import OtherRun
from ui.training.step_series import StepSeries

if TYPE_CHECKING:
    from engine.training.curve import Point
    from engine.training.losses import Losses
    from ui.training.curve_plot import CurvePlot, Drawn

EMPTY = _("Press Train and watch the loss fall.")
FIELDS = tuple(field for fields in PLOTS.values() for field in fields)
TALL = 90
"""Pixels of a plot, for type at 100 %, from which on there is room for five numbers above each other."""
DRAW_MS, DRAW = 200, "curves"
"""Least time between two drawings: two antialiased plots take longer than the numbers beside them."""
FAR = 30.0
"""Curvatures of which one is so many times another are drawn logarithmically."""
Numbers = tuple[list[float], list[float]]


class Curves(QWidget):
    """Plots side by side; accuracy appears when something is measured, the curvature while it is followed. Training part solid, other
    parts dashed.

    Other runs lie behind the present one: pale, or in colours of their own with their names.
    """

    chosen = Signal()
    """The axis or the smoothing was chosen."""
    spanned = Signal()
    """Other steps are shown, or there are curves now."""

    def __init__(self, work: Schedule | None = None) -> None:
        super().__init__()
        self._work = work or Schedule(self)
        self._theme = LIGHT
        self._points: Sequence[Point] = ()
        self._losses: Losses | None = None
        self._taken: dict[str, Numbers] = {field: ([], []) for field in FIELDS}
        self._known: list[Point] = []
        """The points that are sorted in."""
        self.plots: dict[str, CurvePlot] = {}
        self._others: tuple[OtherRun, ...] = ()
        self.name = ""
        """What the present run is called, for the legend where others with names are beside it."""
        self.names: dict[str, str] = {}
        """What the curves of several objectives are called, by field."""
        self._run = -1
        self._curvature = False
        self._part, self._penalised = "", False
        self._scale = LINEAR
        self._drawn = QElapsedTimer()
        self._owed = False
        """Whether points came while nobody saw the curves."""
        self.span: Span | None = None
        """The steps that are shown; None for all."""
        self.step_read: int | None = None
        """The step whose numbers are read."""
        self.smoothing = 0
        """The curve of the mean of so many steps is drawn over the losses; 0: none."""
        apart = QWidget(self)
        apart.hide()
        self.tools = CurveTools(apart)  # until the first plot takes them
        self.tools.chosen.connect(self._chose)
        self.tools.smoothed.connect(self.set_smoothing)
        self.tools.all.clicked.connect(lambda: self.show_span(None))
        self.note = label("", "small", wrap=True)
        self.note.setParent(apart)
        self.hint = label(EMPTY, "secondary", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.saving = JobBar(_("Saving the curves"))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._stack = QStackedLayout()
        whole.addLayout(self._stack, 1)
        whole.addWidget(self.saving)
        self._stack.addWidget(self.hint)
        self._board = QWidget()
        self._row = QHBoxLayout(self._board)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)
        self._stack.addWidget(self._board)

    # what is shown

    @property
    def theme(self) -> Theme:
        return self._theme

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self.plots.values():
            plot.set_theme(theme)
        self._draw()

    def set_hint(self, text: str) -> None:
        """Shown in place of curves while there are none."""
        self.hint.setText(text)

    def clear(self) -> None:
        """Another document: nothing of the old one's runs stays."""
        self._points, self._losses, self._others, self._run = (), None, (), -1
        self.span = self.step_read = None
        self._take()
        self._stack.setCurrentWidget(self.hint)

    def show_curvature(self, on: bool) -> None:
        """Draw λmax beside the loss, where it was measured."""
        self._curvature = on
        if self.plots:
            self._draw()

    def show_others(self, others: Sequence[OtherRun]) -> None:
        """Draw these runs behind the present one."""
        if [run.key for run in others] == [run.key for run in self._others]:
            return
        self._others = tuple(others)
        self.spanned.emit()
        if self.plots:
            self._draw()

    def show_present(self, step: int | None) -> None:
        """Mark the step that the numbers on the screen are of, where the curve goes on behind it; None: it does not."""
        for plot in self.plots.values():
            plot.show_present(step)

    def show_points(
        self, points: Sequence[Point], run: int = 0, part: str = "", losses: Losses | None = None, penalised: bool = False
    ) -> None:
        """Draw these points, all that there are of a run, and the loss of every step, where these may be seen; `part` says what a step's
        loss is computed over (see `curve_styles.PARTS`), `penalised` whether it includes a penalty."""
        if run != self._run:
            self._run, self.step_read = run, None
            self.spanned.emit()
        self._points, self._losses = points, losses
        self._part, self._penalised = part or self._part, penalised
        if not points and not self._others:
            self._stack.setCurrentWidget(self.hint)
            return
        if not self.plots:
            self._make()
        self._stack.setCurrentWidget(self._board)
        if not self.isVisible():
            self._owed = True
        elif not self._work.pending(DRAW):
            since = self._drawn.elapsed() if self._drawn.isValid() else DRAW_MS
            if since < DRAW_MS:
                self._work.after_frame(DRAW, self._draw_soon, int(DRAW_MS - since))
            else:
                self._draw_soon()

    @property
    def loss_name(self) -> str:
        """What the losses of the steps are called in a table: objective where they include a penalty."""
        return loss_words(self._penalised).name

    @property
    def _steps(self) -> str:
        return step_loss(self._part, self._penalised)

    @property
    def anything(self) -> bool:
        return bool(self._points or self._others)

    @property
    def beside(self) -> bool:
        """Whether there are curves of other runs."""
        return bool(self._others)

    def series(self, field: str) -> Numbers:
        """Steps and values of the points of one curve, without the gaps."""
        self._take()
        steps, values = self._taken[field]
        return list(steps), list(values)

    def numbers(self, field: str) -> Series:
        """All that there is of one curve."""
        self._take()
        if field == "loss" and self._losses is not None and self._losses.steps:
            return StepSeries(self._losses)
        return PointSeries(*self._taken[field])

    @property
    def others(self) -> Sequence[OtherRun]:
        """The other runs, while they are shown."""
        return self._others if self.tools.others.isChecked() else ()

    def _take(self) -> None:
        """Sort the points that came since into the curves. The newest one is told again with each answer, so what is kept of those before
        ends where the first of them was replaced."""
        known, points = self._known, self._points
        if len(points) == len(known) and (not known or points[-1] is known[-1]):
            return
        same = next((i for i, replaced in enumerate(map(is_not, known, points)) if replaced), min(len(known), len(points)))
        if same < len(known):
            for steps, values in self._taken.values():
                at = bisect_left(steps, known[same].step)
                del steps[at:], values[at:]
        for point in points[same:]:
            for field, (steps, values) in self._taken.items():
                value = getattr(point, field)
                if value is not None and math.isfinite(value):
                    steps.append(float(point.step))
                    values.append(float(value))
        self._known[same:] = points[same:]

    # what can be chosen

    def choose(self, logarithmic: bool, smoothing: int) -> None:
        """What was chosen before."""
        self.tools.logarithmic.setChecked(logarithmic)
        self.set_smoothing(smoothing)

    def set_smoothing(self, steps: int) -> None:
        self.smoothing = steps
        self.tools.smooth.setText(smoothing_title(steps))
        self._chose()

    def _chose(self) -> None:
        self.chosen.emit()
        self._draw()

    def show_span(self, span: Span | None) -> None:
        """Show these steps, as far as there are any; None: all of them."""
        whole = self.whole()
        self.span = span.within(whole) if span is not None and whole is not None else None
        self._draw()
        self.spanned.emit()

    def whole(self) -> Span | None:
        """From the first step to the newest, those of other runs included."""
        self._take()
        steps: list[float] = [point.step for point in (*self._points[:1], *self._points[-1:])]
        steps += self.numbers("loss").ends() or ()
        steps += [step for run in self.others for series in run.series.values() for step in series.ends() or ()]
        if not steps:
            return None
        return Span(min(steps), max(max(steps), min(steps) + 1))

    def zoom(self, about: float, factor: float) -> None:
        now = self.span or self.whole()
        if now is not None:
            self.show_span(now.zoomed(about, factor))

    def _pan(self, part: float) -> None:
        if self.span is not None:
            self.show_span(self.span.moved(part * self.span.width))

    # the step that is read

    def read(self, step: float | None) -> None:
        """Read the numbers at this step, as far as there are any; None: at no step."""
        ends = self.numbers("loss").ends()
        if step is None or ends is None:
            self.step_read = None
        else:
            self.step_read = round(min(max(step, ends[0]), ends[1]))
        self._show_reading()

    def _step_cursor(self, sign: int, single: bool) -> None:
        span = self.span or self.whole()
        if span is None:
            return
        plot = self.plots["loss"]
        by = 1 if single else max(1, round(span.width / plot.columns))
        start = self.step_read if self.step_read is not None else (span.first if sign > 0 else span.last)
        self.read(start + sign * by if self.step_read is not None else start)
        if self.step_read is not None and self.span is not None and not self.span.first <= self.step_read <= self.span.last:
            self._pan(0.5 * sign)

    def _read_end(self, last: bool) -> None:
        whole = self.whole()
        if whole is not None:
            if self.span is not None:
                self.show_span(self.span.moved((whole.last - self.span.last) if last else (whole.first - self.span.first)))
            self.read(whole.last if last else whole.first)

    def _show_reading(self) -> None:
        """Above each plot: the numbers at the step that is read, or what is drawn."""
        for name, plot in self.plots.items():
            if self.step_read is None:
                plot.read(None)
                plot.write(self._legends(name))
                continue
            drawn = {field: self.numbers(field) for field in PLOTS[name]}
            rows = reading_rows(self.step_read, drawn, self._steps, self.smoothing, self.names)
            plot.read(self.step_read, spoken(self.step_read, rows))
            plot.write(reading_texts(self.step_read, rows, self._theme))

    # drawing

    def _resized(self) -> None:
        """There is room for more or fewer points, and numbers beside the axes."""
        self._tick_accuracy()
        self._work.after_frame((DRAW, "resized"), self._draw)

    def _make(self) -> None:
        """The plots that every run has; that of the curvature once it was measured."""
        for name in PLOTS:
            if name != "curvature":
                self._make_plot(name)

    def _make_plot(self, name: str) -> None:
        from ui.training.curve_plot import CurvePlot

        styles = {field: STYLES[field] for field in PLOTS[name]}
        plot = CurvePlot(TITLES[name], styles, *((self.tools, self.note) if name == "loss" else ()))
        plot.pointed.connect(self.read)
        plot.left.connect(lambda: self.read(None))
        plot.zoomed.connect(self.zoom)
        plot.chosen.connect(lambda first, last: self.show_span(Span(first, last)))
        plot.moved.connect(self._pan)
        plot.stepped.connect(self._step_cursor)
        plot.ended.connect(self._read_end)
        plot.whole.connect(lambda: self.show_span(None))
        plot.resized.connect(self._resized)
        self._row.addWidget(plot, 1)
        self.plots[name] = plot
        self.spanned.emit()
        if name != "loss":
            plot.legend.setMinimumHeight(self.tools.sizeHint().height())  # all plots are equally high
        plot.set_theme(self._theme)
        self._tick_accuracy()

    def _tick_accuracy(self) -> None:
        if "accuracy" in self.plots:
            plot = self.plots["accuracy"].plot
            shares = (0.0, 0.25, 0.5, 0.75, 1.0) if plot.height() >= TALL * self._theme.scale else (0.0, 0.5, 1.0)
            plot.getAxis("left").setTicks([[(share, f"{share:.0%}") for share in shares]])

    def _make_curvature(self) -> None:
        """Make its plot where there is something to draw."""
        if self._curvature and self.plots and "curvature" not in self.plots:
            self._take()
            if any(self._taken[field][0] for field in PLOTS["curvature"]):
                self._make_plot("curvature")

    def _fit(self) -> None:
        """The legend first, then as many buttons as there is room for beside it."""
        plot = self.plots["loss"]
        self.tools.fit(plot.beside(self._legends("loss")[0]), self.span is not None, self.beside)

    def _legends(self, name: str) -> list[str]:
        """Name what is drawn, and nothing else: in full, and shorter for where room is short."""
        small = f'<span style="font-size:{round(10 * self._theme.scale)}px">'
        brief = self._legend(name, brief=True)
        named = [f'<span style="color:{run.hue}">— {escape(run.name)}</span>' for run in self.others if run.hue and name == "loss"]
        shortest = [f"{small}{'&nbsp; '.join(named)}</span>"] if named else []  # the names of runs say more than which part it is
        return [self._legend(name), brief, f"{small}{brief}</span>", *shortest]

    def _legend(self, name: str, brief: bool = False) -> str:
        theme, fields = self._theme, PLOTS[name]
        shown = [field for field in fields if self._taken[field][0]]
        words = part_word_of if brief else part_of
        said = {f: escape(self.names[f]) if f in self.names else words(f, self._steps) for f in shown}
        parts = [f'<span style="color:{STYLES[f].color(theme)}">{STYLES[f].sign} {said[f]}</span>' for f in shown]
        if parts and self.name and name == "loss" and any(run.hue for run in self.others):
            parts.insert(0, f'<span style="color:{theme.forward}">{escape(self.name)}:</span>')
        parts += [f'<span style="color:{run.hue}">— {escape(run.name)}</span>' for run in self.others if run.hue and name == "loss"]
        if name == "loss" and self.smoothing:
            parts.append(f'<span style="color:{theme.secondary}">{smoothing_title(self.smoothing)}</span>')
        if name == "loss" and self.span is not None:
            first, last = count(max(math.ceil(self.span.first), 1)), count(math.floor(self.span.last))
            parts.append(f'<span style="color:{theme.secondary}">{_("steps {first} to {last}").format(first=first, last=last)}</span>')
        return "&nbsp;&nbsp; ".join([f'<b style="color:{theme.text}">{TITLES[name]}</b>', *parts])

    def _draw_soon(self) -> None:
        """One plot after the other, each between two frames of the canvas."""
        self._drawn.start()
        self._follow()
        self._make_curvature()
        first, *others = self.plots
        for name in others:
            self._work.after_frame((DRAW, name), functools.partial(self._draw_plot, name))
        self._draw_plot(first)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.catch_up()

    def catch_up(self) -> None:
        """Draw what came while nobody saw it: before the curves are seen, or copied."""
        if self._owed:
            self._follow()
            self._draw()

    def _draw(self) -> None:
        self._drawn.start()
        self._owed = False
        self._make_curvature()
        for name in self.plots:
            self._draw_plot(name)

    def _follow(self) -> None:
        """A piece that ended at the newest step goes on to end there."""
        whole = self.whole()
        if self.span is not None and whole is not None:
            ended = self._seen is not None and self.span.last >= self._seen
            moved = self.span.moved(whole.last - self.span.last) if ended else self.span
            self.span = moved.within(whole)
        self._seen = whole.last if whole is not None else None

    _seen: float | None = None
    """The newest step when the curves were drawn last."""

    def _draw_plot(self, name: str) -> None:
        if not self.anything:
            return
        plot, fields = self.plots[name], PLOTS[name]
        span = self.span or self.whole() or Span(0, 1)
        curves = {field: self._drawn_of(self.numbers(field), span, plot.columns, name) for field in fields}
        behind = {
            (run.id, field): (run.hue, self._drawn_of(series, span, plot.columns, "loss" if field == "loss" and run.hue else ""))
            for run in self.others for field, series in run.series.items() if field in fields
        }  # fmt: skip
        everything = [*curves.values(), *(drawn for _, drawn in behind.values())]
        finite = [drawn.y[np.isfinite(drawn.y)] for drawn in everything]
        values = [float(end) for y in finite if y.size for end in (y.min(), y.max())]
        if name == "accuracy":
            plot.setVisible(bool(values))
            low, high, ticks = 0.0, 1.0, None
        else:
            low, high = (min(values), max(values)) if values else (0.0, 1.0)
            if name == "loss":
                self._set_scale(everything)
                self._fit()
                scale = self._scale
            else:
                plot.setVisible(bool(values) and self._curvature)
                scale = chosen_scale(_least_and_largest(everything), high > FAR * max(low, 0.0))
                plot.set_scale(scale)
            edge = 0.04 * (high - low) if scale.kind == "linear" and math.isfinite(1.1 * (high - low)) else 0.0
            ticks = scale.ticks(low - edge, high + edge)
        plot.look(span, low, high, ticks)
        plot.draw(behind, curves)
        if name == tuple(self.plots)[-1]:
            self._show_reading()

    def _drawn_of(self, series: Series, span: Span, columns: int, name: str) -> Drawn:
        from ui.training.curve_plot import Drawn

        x, y = series.drawn(span.first, span.last, columns)
        if name != "loss" or not self.smoothing:
            return Drawn(x, y)
        return Drawn(x, y, *series.smooth(span.first, span.last, columns, self.smoothing))

    def _set_scale(self, drawn: Sequence[Drawn]) -> None:
        self._scale = chosen_scale(_least_and_largest(drawn), self.tools.logarithmic.isChecked())
        self.plots["loss"].set_scale(self._scale)
        self.note.setText(self._scale.note)
        self.note.setVisible(bool(self._scale.note))


def _least_and_largest(drawn: Sequence[Drawn]) -> list[float]:
    """The ends of what is drawn, and its least positive numbers."""
    places = [y for drawn_curve in drawn if (y := drawn_curve.y[np.isfinite(drawn_curve.y)]).size]
    return [float(value) for y in places for value in (y.min(), y.max(), *([y[y > 0].min()] if (y > 0).any() else []))]
