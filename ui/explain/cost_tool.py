"""Why reverse mode: naive differentiation against one backward pass, counted and timed over depth and width, and on the own graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from engine.explain.question import Question
from engine.explain.sweep import DEPTHS, WIDTHS, OwnSweep, Sweep, SweepResult
from engine.numerics.job import JobEnd, JobReport
from graph.text.messages import _, ngettext
from ui.explain.tool import Tool
from ui.look.job_bar import JobBar
from ui.look.numbers import count, number
from ui.look.theme import color
from ui.look.widgets import button, label
from ui.maths.plots import dress, legend, new_plot, pen
from ui.maths.sheet import Sheet, SheetLine

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace

FIXED_WIDTH, FIXED_DEPTH = 16, 8
DEPTH, WIDTH = 0, 1
START = _("Press Run to differentiate networks of increasing depth and width twice: naively and with one backward pass.")


class CostTool(Tool):
    """Points come one by one; the plot grows while they do."""

    follows_trace = False

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.results: dict[tuple[int, int], SweepResult] = {}
        self.own: SweepResult | None = None
        self._job: JobHandle | None = None
        self._plots: list[Any] = []
        self.run = button(_("Run"), accent="backward", tip=_("Count and time both over depth and width"))
        self.axis = QButtonGroup(self)
        self.key, self.words = label("", "small", wrap=True), Sheet()
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.hint, self.job_bar = label(START, "secondary", wrap=True), JobBar(_("Measuring networks"))
        self._build()

    def _build(self) -> None:
        top, middle = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.run)
        for number_, (text, tip) in enumerate(
            (
                (_("over depth k"), _("Width {FIXED_WIDTH}").format(FIXED_WIDTH=FIXED_WIDTH)),
                (_("over width H"), _("Depth {FIXED_DEPTH}").format(FIXED_DEPTH=FIXED_DEPTH)),
            )
        ):
            choice = button(text, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.setChecked(number_ == DEPTH)
            self.axis.addButton(choice, number_)
            top.addWidget(choice)
        top.addWidget(self.hint, 1)
        self._holder = QWidget()
        self._row = QHBoxLayout(self._holder)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)
        middle.addWidget(self._holder, 3)
        side = QVBoxLayout()
        side.addWidget(self.words)
        side.addStretch(1)
        side.addWidget(self.key)
        middle.addLayout(side, 1)
        down = QVBoxLayout(self.body)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addLayout(top)
        down.addWidget(self.job_bar)
        down.addLayout(middle, 1)
        self.run.clicked.connect(lambda _clicked: self.start())
        self.axis.idClicked.connect(lambda _number: self._draw())
        self.job_bar.cancelled.connect(self.cancel)

    # running

    def refresh(self) -> None:
        if self.workspace.kernel is None:
            return self.say(self.why_not() or _("The engine is not running."))
        self.show_body()
        if self.workspace.document.graph.nodes and self.workspace.trace is not None:
            self.ask(OwnSweep())
        self._draw()

    @property
    def sweeping(self) -> bool:
        """Whether networks are being measured."""
        return self._job is not None and self._job.running

    def start(self) -> None:
        """Measure all networks, the cheap ones first; the plot grows while they come."""
        if self.sweeping:
            return
        wanted = {(k, FIXED_WIDTH) for k in DEPTHS} | {(FIXED_DEPTH, h) for h in WIDTHS}
        networks = tuple(sorted(wanted, key=lambda kh: kh[0] * kh[1]))
        self.results = {}
        self.hint.setText("")
        self.run.setEnabled(False)
        self.job_bar.begin()
        self._job = self.workspace.work.job(Sweep(networks), self._progressed, self._ended)
        self._draw()

    def cancel(self) -> None:
        """Cancel the sweep; points measured so far stay."""
        if self._job is not None:
            self._job.cancel()

    def _progressed(self, report: JobReport, parts: Sequence[object]) -> None:
        self.job_bar.show_progress(report.done, report.total, report.text)
        for result in parts:
            if isinstance(result, SweepResult):
                self.results[result.layers, result.width] = result
        if parts:
            self._draw()

    def _ended(self, end: JobEnd) -> None:
        self.job_bar.finish()
        self.run.setEnabled(True)
        self.hint.setText(_("Cancelled; the measurements so far are shown.") if end.how == "cancelled" and self.results else end.text)

    def answered(self, question: Question, answer: Any) -> None:
        if isinstance(answer, SweepResult):
            self.own = answer
            self._draw()

    def refused(self, question: Question, text: str) -> None:
        self.own = None
        self._draw()

    # drawing

    def _points(self) -> list[SweepResult]:
        over_depth = self.axis.checkedId() == DEPTH
        wanted = [(k, FIXED_WIDTH) for k in DEPTHS] if over_depth else [(FIXED_DEPTH, h) for h in WIDTHS]
        return [self.results[key] for key in wanted if key in self.results]

    def _draw(self) -> None:
        self._explain()
        points = self._points()
        self._holder.setVisible(bool(points))
        if not points:
            return self.key.setText("")
        if not self._plots:
            self._plots = [new_plot(_("Multiplications")), new_plot(_("Milliseconds"))]
            for plot in self._plots:
                self._row.addWidget(plot)
        over_depth = self.axis.checkedId() == DEPTH
        across = [float(p.layers if over_depth else p.width) for p in points]
        theme = self.theme
        naive, reverse = theme.swatch["math"], theme.backward
        curves: tuple[tuple[str, Sequence[float | None], Sequence[float | None]], ...] = (
            ("multiplications", [float(p.naive) for p in points], [float(p.reverse) for p in points]),
            ("milliseconds", [_ms(p.naive_seconds) for p in points], [_ms(p.reverse_seconds) for p in points]),
        )
        for plot, (title, slow, fast) in zip(self._plots, curves, strict=True):
            plot.clear()
            dress(plot, theme, left=title, bottom=_("depth k") if over_depth else _("width H"))
            plot.setLogMode(x=True, y=True)
            plot.getAxis("bottom").setTicks([[(_log(x), str(round(x))) for x in across]])
            for values, hue in ((slow, naive), (fast, reverse)):
                known = [(x, v) for x, v in zip(across, values, strict=True) if v]
                plot.plot([x for x, _ in known], [v for _, v in known], pen=pen(hue, 1.8, theme), symbol="o",
                          symbolSize=round(6 * theme.scale), symbolBrush=color(hue), symbolPen=None)  # fmt: skip
        self.key.setText(legend(("━", naive, _("naive, O(k²H²)")), ("━", reverse, _("backpropagation, O(kH²)"))))

    def _explain(self) -> None:
        lines: list[SheetLine] = []
        points = self._points()
        if points:
            last = points[-1]
            lines.append(SheetLine(None, f"k = {last.layers}, H = {last.width}: {_ratio(last)}", 13.5))
        if self.own is not None:
            said = ngettext("This graph, {number} value: {ratio}", "This graph, {number} values: {ratio}", self.own.values)
            lines.append(SheetLine(None, said.format(number=count(self.own.values), ratio=_ratio(self.own)), 13.5))
        self.words.show_lines(lines, [], self.theme)

    def dress(self) -> None:
        self._draw()

    def forget(self) -> None:
        super().forget()
        self.own = None


def _ratio(result: SweepResult) -> str:
    """The cost of naive differentiation compared with one backward pass, in words."""
    text = _("{naive} multiplications naively, {reverse} by backpropagation").format(
        naive=count(result.naive), reverse=count(result.reverse)
    )
    if result.naive_seconds is not None and result.reverse_seconds > 0:
        text += _("; timed {ratio} times as long").format(ratio=number(result.naive_seconds / result.reverse_seconds, 3))
    return text + "."


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _log(value: float) -> float:
    return math.log10(value)
