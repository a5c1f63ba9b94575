"""Where the runs end: how sharp the objective is there, as a table, and the objective along the line between two ends."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from engine.learned.minima import PROBES, Ends, EndsJob, Line, LineJob, RunEnd
from graph.text.messages import _, ngettext
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.widgets import label
from ui.maths.plots import dot, dress, new_plot, pen
from ui.noise.beside import PictureAndWords
from ui.shell.workspace.present import outdated
from ui.shell.workspace.services import RUNS

if TYPE_CHECKING:
    from engine.numerics.job import Job, JobEnd
    from ui.shell.workspace.workspace import Workspace

PAUSE = _("Pause training to compare where the runs end.")


class EndsView(PictureAndWords):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__(500, share=0.64)
        self.workspace = workspace
        self.seen: Ends | None = None
        self.line: Line | None = None
        self._why = self._no_line = ""
        self._wanted: tuple[int, int] | None = None
        """The runs that were chosen for the line."""
        self._refresh = Refresh(workspace.work, self._answered, 0.1)
        self._lining = Refresh(workspace.work, self._lined, 0.05)
        self.plot: Any = new_plot(_("The objective along the straight line between the ends of two runs"))
        self.words = label("", "strong", wrap=True)
        self.table = label("", "", wrap=True)
        self.table.setTextFormat(Qt.TextFormat.RichText)
        self.first, self.second = QComboBox(), QComboBox()
        for box, text in ((self.first, _("line from the end of")), (self.second, _("line to the end of"))):
            box.setAccessibleName(text)
            box.setToolTip(text)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(5)
            box.activated.connect(lambda _i: self._picked())
        self.between = label("", "", wrap=True)
        self.notes = label("", "secondary", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        self._ends = (label(_("Line from"), "secondary"), self.first, label(_("to"), "secondary"), self.second)
        for column, widget in enumerate(self._ends):
            grid.addWidget(widget, 0, column)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.lay_out(self.plot, [self.words, self.table, grid, self.between, self.notes])

    def first_stop(self) -> QWidget:
        return self.first

    # asking

    def ask(self) -> None:
        """Ask where the runs end now, while nothing trains."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None or not self.isVisible():
            return
        if kernel.training:
            self.draw()
            return
        self._refresh.follow(EndsJob(document.structure, document.revision, kernel.progress.run))
        if self.seen is None:
            self.draw()
        if self.seen is not None and self.line is None:
            self._ask_line()

    def _answered(self, _job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers:
            return
        if end.how == "done":
            self.seen = end.answer
            self._offer()
            self._ask_line()
        elif end.how == "failed":
            self.seen, self.line, self._why = None, None, end.text
        self.draw()

    def _offer(self) -> None:
        """The runs that have an end, in both lists."""
        ends = self._there
        known = [end.run for end in ends]
        wanted = self._wanted
        if wanted is None or not set(wanted) <= set(known):
            wanted = (known[1], known[0]) if len(known) > 1 else None
        for i, box in enumerate((self.first, self.second)):
            box.clear()
            for end in ends:
                box.addItem(self.name(end.run), end.run)
            if wanted is not None:
                box.setCurrentIndex(known.index(wanted[i]))

    @property
    def _there(self) -> list[RunEnd]:
        return [] if self.seen is None else [end for end in self.seen.ends if not end.why]

    def name(self, run: int) -> str:
        """What a run is called."""
        runs = self.workspace.services.find(RUNS)
        return (runs.name(run) if runs is not None else "") or (_("present numbers") if run == 0 else _("run {number}").format(number=run))

    def _hue(self, run: int) -> str:
        runs = self.workspace.services.find(RUNS)
        return runs.hue(run) if runs is not None else self.theme.text

    def _picked(self) -> None:
        self._wanted = int(self.first.currentData()), int(self.second.currentData())
        self._ask_line()

    def _ask_line(self) -> None:
        steps = {end.run: end.step for end in self._there}
        first, second = self.first.currentData(), self.second.currentData()
        if self.seen is None or first is None or second is None or first == second:
            self.line = None
            self._lining.stop()
            self.draw()
            return
        stamp = self.seen.stamp
        self._lining.follow(LineJob((first, steps[first]), (second, steps[second]), stamp.structure, stamp.revision, stamp.run))

    def _lined(self, _job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers:
            return
        if end.how in ("done", "failed"):
            self.line, self._no_line = (end.answer, "") if end.how == "done" else (None, end.text)
            self.draw()

    def forget(self, why: str = "") -> None:
        self.stop()
        self.seen, self.line, self._why = None, None, why
        if not why:
            self._wanted = None
        self.draw()

    def stop(self) -> None:
        self._refresh.stop()
        self._lining.stop()

    # what is shown

    def draw(self) -> None:
        seen, kernel = self.seen, self.workspace.kernel
        for widget in (*self._ends, self.between):
            widget.setVisible(len(self._there) > 1)
        self._draw_line()
        if seen is None:
            training = kernel is not None and kernel.training
            self.words.setText(self._why or (PAUSE if training else _("Computing …") if self._refresh.running else ""))
            self.table.setText("")
            self.notes.setText("")
            return
        said = ngettext("Where {count} run ends", "Where {count} runs end", len(seen.ends)).format(count=len(seen.ends))
        self.words.setText(_("{said}. The network has changed since.").format(said=said) if outdated(self.workspace, seen.stamp) else said)
        self.table.setText(self._table(seen))
        self.notes.setText("\n".join(self._notes(seen)))
        self.give_room()

    def _table(self, seen: Ends) -> str:
        heads = (_("run"), _("step"), _("objective"), "‖∇f‖", "λmax", _("trace"))
        head = "".join(f"<th align='{'left' if i == 0 else 'right'}' style='padding-left:6px'>{html.escape(text)}</th>"
                       for i, text in enumerate(heads))  # fmt: skip
        lines = []
        for end in seen.ends:
            name = f"<td style='color:{self._hue(end.run)};padding-left:6px'><b>{html.escape(self.name(end.run))}</b></td>"
            texts = [count(end.step), *self._numbers(end)]
            cells = "".join(f"<td align='right' style='padding-left:6px'>{html.escape(text)}</td>" for text in texts)
            lines.append(f"<tr>{name}{cells}</tr>")
        return f"<table cellspacing='0' cellpadding='2'><tr>{head}</tr>{''.join(lines)}</table>"

    @staticmethod
    def _numbers(end: RunEnd) -> list[str]:
        if end.why:
            return [end.why]
        trace = number(end.trace) if end.exact else f"{number(end.trace, 3)} ± {number(end.trace_error, 2)}"
        top = number(end.largest) if not end.largest_error else f"{number(end.largest)} ± {number(end.largest_error, 1)}"
        return [number(end.value), number(end.gradient, 3), top, trace]

    def _notes(self, seen: Ends) -> list[str]:
        notes = []
        if len(seen.ends) == 1:
            notes.append(_("There is one run. Train another one, from a reset or with other settings, to compare where they end."))
        notes.append(_("λmax is the largest eigenvalue of the Hessian by all {numbers} trained numbers, the trace the sum of all.").format(
            numbers=count(seen.numbers)))  # fmt: skip
        if any(not end.exact and not end.why for end in seen.ends):
            notes.append(_("Estimated: λmax by Lanczos’ method with its error bound, the trace by Hutchinson with {probes} random vectors, "
                           "± its standard error.").format(probes=PROBES))  # fmt: skip
        if seen.rows:
            notes.append(ngettext("Over {count} training sample, in training mode.", "Over all {count} training samples, in training mode.",
                                  seen.rows).format(count=count(seen.rows)))  # fmt: skip
        if seen.left_out:
            notes.append(_("{count} older runs are left out.").format(count=count(seen.left_out)))
        return notes

    def _draw_line(self) -> None:
        plot, theme, line = self.plot, self.theme, self.line
        plot.clear()
        plot.setVisible(line is not None)
        one = self.seen is not None and len(self._there) < 2
        self.say_absent(_("With the ends of two runs, the objective along the line between them is drawn here.") if one else "")
        if line is None:
            self.between.setText(self._no_line if self.seen is not None else "")
            return
        dress(plot, theme, left=_("objective"), bottom=_("t: (1 − t) · first end + t · second end"), size=13)
        stale = outdated(self.workspace, line.stamp)
        plot.plot(line.t, line.f, pen=pen(theme.stale if stale else theme.forward, 2.6, theme), connect="finite")
        for t, value, (run, _step) in zip((0.0, 1.0), line.at_ends, (line.first, line.second), strict=True):
            if math.isfinite(value):
                dot(plot, t, value, self._hue(run), theme, 13)
        plot.enableAutoRange()
        said = _("‖θ₂ − θ₁‖ = {distance}. ").format(distance=number(line.distance))
        if not math.isfinite(line.barrier):
            said += _("The objective is not finite everywhere between the ends.")
        elif line.barrier > 0:
            said += _("Between the ends the objective rises by {barrier} above the higher one: a barrier.").format(
                barrier=number(line.barrier))  # fmt: skip
        else:
            said += _("Between the ends the objective is nowhere above the higher one: no barrier on this line.")
        self.between.setText(said)
