"""The plot of rates: measured numbers on logarithmic axes, bounds over them, the fitted line, and where an assumption fails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.learned.rates import Floats
from engine.learned.rates.bounds import Bound
from graph.text.messages import _
from ui.look.numbers import count, number
from ui.look.numerals import raised
from ui.look.theme import Theme, color, faded
from ui.maths.plots import dress, new_plot, pen
from ui.rates.reading import Reading

HUES = ("losses", "activations", "parameters", "layers", "probes", "math")
"""Of the bounds, in their order."""
DECADES = 14
"""Powers of ten below the largest measured number that are shown at most."""
POINTS = 400
"""Of a bound that is drawn."""


def hue_of(place: int, theme: Theme) -> str:
    """The colour of the bound at this place among those of its quantity."""
    return theme.swatch[HUES[place % len(HUES)]]


class RatesPlot(QObject):
    """`widget` goes into a layout. `ranged`: the user moved the range of the fit to these steps."""

    ranged = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.widget: Any = new_plot(_("Measured convergence with its bounds"))
        self._region: Any = None
        self._both = False

    def show(self, reading: Reading | None, theme: Theme, stale: bool, left: str, bottom: str) -> None:
        """Draw all of it."""
        plot = self.widget
        plot.clear()
        self._region = None
        dress(plot, theme, left=left, bottom=bottom, size=13)
        if reading is None:
            return
        self._both = reading.choices.axes == "both"
        plot.setLogMode(x=False, y=False)  # the logarithms are taken here, once for lines, marks and texts
        low, high = self._heights(reading)
        steps = self._across(reading.rates.steps.astype(np.float64))
        plot.setXRange(0.0, max(float(np.nanmax(steps)), 1.0), padding=0.02)
        plot.setYRange(low, high, padding=0)
        self._ticks(low, high, reading)
        for place, (bound, why) in enumerate(reading.bounds):
            if not why and bound.key not in reading.choices.off:
                self._bound(reading, bound, hue_of(place, theme), theme)
        self._measured(reading, steps, theme, stale)
        self._fit(reading, theme)
        self._failure(reading, high, theme)

    # where things are

    def _across(self, steps: Floats) -> Floats:
        """Steps as they are drawn; NaN where a logarithmic axis has no place for them."""
        if not self._both:
            return steps
        with np.errstate(divide="ignore"):
            return np.where(steps >= 1, np.log10(np.maximum(steps, 1e-300)), np.nan)

    def _starts(self, bound: Bound) -> bool:
        """Whether the bound is drawn at t = 0 as well."""
        return not self._both and bound.quantity != "mean"

    def _step(self, place: float) -> int:
        return round(10**place if self._both else place)

    def _heights(self, reading: Reading) -> tuple[float, float]:
        """The lowest and the highest logarithm: the measured numbers fill the plot, and a bound may begin a little above them."""
        seen = _log(reading.measured)
        seen = seen[np.isfinite(seen)]
        if not seen.size:
            return -1.0, 1.0
        ends = [
            _log(bound.at(reading.known, np.array([0.0 if self._starts(bound) else 1.0, 1.0, reading.rates.last])))
            for bound in reading.drawn
        ]
        tops = [float(np.nanmax(end)) for end in ends if np.isfinite(end).any()]
        top = max([float(seen.max()), *(min(end, float(seen.max()) + 3) for end in tops)])
        bottom = max(float(seen.min()), float(seen.max()) - DECADES)
        room = 0.06 * max(top - bottom, 0.5)
        return bottom - room, top + room

    def _ticks(self, low: float, high: float, reading: Reading) -> None:
        self.widget.getAxis("left").setTicks([_powers(low, high)])
        if self._both:
            self.widget.getAxis("bottom").setTicks([_steps(reading.rates.last)])
        else:
            self.widget.getAxis("bottom").setTicks([_whole_steps(reading.rates.last)])

    # what is drawn

    def _bound(self, reading: Reading, bound: Bound, hue: str, theme: Theme) -> None:
        """As a line; thin and dashed from the step on at which an assumption fails."""
        last = reading.rates.last
        first = 0.0 if self._starts(bound) else 1.0
        if bound.key == "stochastic_end":
            x, y = np.array([first, last], dtype=np.float64), np.full(2, bound.at(reading.known, np.array([float(last)]))[0])
        else:
            x = np.unique(np.round(np.geomspace(1, max(last, 1), POINTS) if self._both else np.linspace(first, last, POINTS), 3))
            y = bound.at(reading.known, x)
        broken, places, heights = reading.broken(bound), self._across(x), _log(y)
        holds = x <= broken
        self.widget.plot(places[holds], heights[holds], pen=pen(hue, 2.4, theme, dashed=bound.expected), connect="finite")
        if not holds.all():
            after = x >= x[holds][-1] if holds.any() else ~holds
            self.widget.plot(places[after], heights[after], pen=pen(hue, 1.0, theme, dashed=True), connect="finite")

    def _measured(self, reading: Reading, steps: Floats, theme: Theme, stale: bool) -> None:
        values = _log(reading.measured)
        with np.errstate(invalid="ignore"):
            rough = reading.measured <= reading.noise
        hue = theme.stale if stale else theme.forward
        self.widget.plot(steps, np.where(rough, np.nan, values), pen=pen(hue, 3.0, theme), connect="finite")
        self.widget.plot(steps, np.where(rough, values, np.nan), pen=pen(theme.stale, 1.2, theme, dashed=True), connect="finite")
        if len(steps) <= 60:
            self.widget.plot(steps, values, pen=None, symbol="o", symbolSize=6 * theme.scale, symbolBrush=color(hue), symbolPen=None)

    def _fit(self, reading: Reading, theme: Theme) -> None:
        import pyqtgraph

        low, high = reading.range
        ends = self._across(np.array([max(low, 1), max(high, 1)], dtype=np.float64))
        region = pyqtgraph.LinearRegionItem(
            values=(float(ends[0]), float(ends[1])), brush=faded(theme.highlight, 0.05), hoverBrush=faded(theme.highlight, 0.1),
            pen=pen(theme.highlight, 1.4, theme), hoverPen=pen(theme.highlight, 3.0, theme),
        )  # fmt: skip
        region.setZValue(-10)
        self.widget.addItem(region, ignoreBounds=True)
        region.sigRegionChangeFinished.connect(self._moved)
        self._region = region
        fit = reading.fit
        if fit is None:
            return
        t = np.unique(np.geomspace(max(fit.low, 1), max(fit.high, 1), POINTS))
        with np.errstate(divide="ignore"):
            straight = math.log10(fit.start) + t * math.log10(fit.factor) if fit.start > 0 and fit.factor > 0 else np.full_like(t, np.nan)
            curved = math.log10(fit.scale) + fit.power * np.log10(t) if fit.scale > 0 else np.full_like(t, np.nan)
        line = curved if fit.better == "sublinear" else straight
        self.widget.plot(self._across(t), line, pen=pen(theme.highlight, 1.8, theme, dashed=True), connect="finite")

    def _moved(self, region: Any) -> None:
        low, high = (self._step(place) for place in region.getRegion())
        if high > low:
            self.ranged.emit(max(low, 1), high)

    def _failure(self, reading: Reading, high: float, theme: Theme) -> None:
        """A red line at the first step at which an assumption of what is drawn fails."""
        import pyqtgraph

        if not reading.failures:
            return
        first = reading.failures[0]
        place = float(self._across(np.array([max(first.step, 1 if self._both else 0)], dtype=np.float64))[0])
        self.widget.addItem(pyqtgraph.InfiniteLine(place, angle=90, pen=pen(theme.error, 2.2, theme)), ignoreBounds=True)
        text = pyqtgraph.TextItem(mark_words(first.assumption), color=color(theme.error), anchor=(0, 0), fill=faded(theme.panel, 0.85))
        text.setFont(self.widget.getAxis("bottom").style["tickFont"])
        (left, right), _y = self.widget.viewRange()
        if place > (left + right) / 2:
            text.setAnchor((1, 0))
        text.setPos(place, high)
        self.widget.addItem(text, ignoreBounds=True)


def mark_words(assumption: str) -> str:
    """What a red mark says, in few words."""
    return {
        "smooth": _("✕ curvature exceeds L"), "convex": _("✕ f is not convex"), "strong": _("✕ curvature below μ"),
        "least": _("✕ f is below f*"),
    }[assumption]  # fmt: skip


def _log(values: Floats) -> Floats:
    """log₁₀; NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)
    return found


def _powers(low: float, high: float) -> Sequence[tuple[float, str]]:
    """Ticks of an axis of logarithms: whole powers of ten, with steps between where there are few."""
    whole = range(math.ceil(low), math.floor(high) + 1)
    if len(whole) < 3:
        between = (1, 2, 5) if high - low > 0.8 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
        steps = [math.log10(k) + power for power in range(math.floor(low), math.ceil(high) + 1) for k in between]
        return [(at, number(10**at, 2)) for at in steps if low <= at <= high]
    stride = -(-len(whole) // 7)
    return [(float(power), number(10.0**power, 1) if abs(power) < 4 else f"10{raised(power)}") for power in whole if power % stride == 0]


def _whole_steps(last: int) -> Sequence[tuple[float, str]]:
    """Ticks of a linear axis of steps: about six whole numbers."""
    least = max(last / 6, 1)
    unit = 10 ** math.floor(math.log10(least))
    stride = next(unit * k for k in (1, 2, 5, 10) if unit * k >= least)
    return [(float(step), count(step)) for step in range(0, last + 1, stride)]


def _steps(last: int) -> Sequence[tuple[float, str]]:
    """Ticks of a logarithmic axis of steps."""
    few = last < 100
    values = [k * 10**power for power in range(len(str(last))) for k in ((1, 2, 5) if few else (1,)) if k * 10**power <= last]
    return [(math.log10(value), count(value)) for value in values]
