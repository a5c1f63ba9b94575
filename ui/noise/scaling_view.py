"""Batch size and learning rate together: four runs from one start, their losses against the epoch, and where they end."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from engine.numerics.job import JobEnd, JobReport
from engine.sweep.results import How, MemberResult, SweepJob
from graph.model.address import Address
from graph.text.messages import _
from ui.look.job_bar import JobBar
from ui.look.numbers import count, number, plain
from ui.look.widgets import button, label
from ui.maths.plots import decades, dress, legend, new_plot, pen
from ui.noise.beside import PictureAndWords
from ui.noise.scaling import FACTORS, Scaling, by_epoch, scaling

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace

HIDDEN = _("A question hides numbers, so these runs are not shown.")
ENDS: dict[How, str] = {"diverged": _("diverged"), "failed": _("failed")}


class ScalingView(PictureAndWords):
    """`rows` are the runs that were trained last, of `shown`; an edit of the document does not change them, and the words say so."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(400)
        self.workspace = workspace
        self.rows: dict[int, MemberResult] = {}
        self.shown = Scaling()
        self._structure = self._revision = -1
        self._why = ""
        self._job: JobHandle | None = None
        self.plot: Any = new_plot(_("Loss against the epoch for batch sizes and learning rates"))
        self.words = label("", "strong", wrap=True)
        self.table = label("", "", wrap=True)
        self.table.setTextFormat(Qt.TextFormat.RichText)
        self.notes = label("", "secondary", wrap=True)
        self.factor = QComboBox()
        self.factor.setAccessibleName(_("how many times the batch"))
        self.factor.setToolTip(_("How many times the mini-batch of the training settings"))
        for factor in FACTORS:
            self.factor.addItem(_("batch × {factor}").format(factor=factor), factor)
        self.factor.setCurrentIndex(1)
        self.start = button(_("Train the four runs"), tip=_("Train all four from the initial values; the run stays as it is"))
        self.bar = JobBar(_("Training"))
        self._lay_out()
        self.factor.activated.connect(lambda _i: self.draw())
        self.start.clicked.connect(lambda _c: self.begin())
        self.bar.cancelled.connect(self.cancel)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.factor, 1)
        row.addWidget(self.start)
        self.lay_out(self.plot, [self.words, row, self.bar, self.table, self.notes])

    def first_stop(self) -> QWidget:
        return self.start

    @property
    def _factor(self) -> int:
        return int(self.factor.currentData())

    # training

    def ask(self, places: tuple[Address, ...]) -> None:
        """Nothing is trained until the button is pressed."""
        self._why = ""
        self.draw()

    def begin(self) -> None:
        """Train the runs from the initial values."""
        document = self.workspace.document
        wanted = scaling(document.graph, self._factor)
        if self.workspace.kernel is None or wanted.why or self.workspace.visibility.hides_numbers:
            self.draw()
            return
        self.cancel()
        self.rows, self.shown = {}, wanted
        self._structure, self._revision = document.structure, document.revision
        self.bar.begin()
        self._job = self.workspace.work.job(SweepJob(wanted.plan), self._progressed, self._ended)
        self.draw()

    def cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _progressed(self, report: JobReport, parts: Sequence[object]) -> None:
        self.bar.show_progress(report.done, report.total, report.text)
        for part in parts:
            self._take(part)
        if parts:
            self.draw()

    def _take(self, part: object) -> None:
        if isinstance(part, tuple):
            self.rows |= {row.index: row for row in part if isinstance(row, MemberResult)}

    def _ended(self, end: JobEnd) -> None:
        self._job = None
        self.bar.finish()
        self._why = end.text if end.how == "failed" else ""
        self.draw()

    @property
    def busy(self) -> bool:
        return self._job is not None

    def forget(self, why: str = "") -> None:
        self._why = why
        if not why:
            self.stop()
            self.rows, self.shown = {}, Scaling()
        self.draw()

    def stop(self) -> None:
        handle, self._job = self._job, None
        if handle is not None:
            handle.leave()
            self.bar.finish()

    # what is shown

    def draw(self) -> None:
        plot, theme = self.plot, self.theme
        hidden = self.workspace.visibility.hides_numbers
        rows = {} if hidden else self.rows
        plot.setVisible(bool(rows))
        plot.clear()
        wanted = scaling(self.workspace.document.graph, self._factor)
        self.say_absent("" if rows or hidden or wanted.why else _("The losses of the four runs are drawn here."))
        self.start.setEnabled(not wanted.why and not self.busy and not hidden)
        self.words.setText(HIDDEN if hidden else self._why or wanted.why or self._headline())
        runs = self.shown.runs if rows else wanted.runs
        hues = [theme.text, theme.secondary, theme.forward, theme.backward]
        self.table.setText(self._table(runs, rows, hues))
        self.notes.setText("" if hidden or not runs else "\n".join(self._notes()))
        if not rows:
            return
        dress(plot, theme, left=_("mean loss of the mini-batches"), bottom=_("epoch"), size=13)
        plot.setLogMode(x=False, y=True)
        decades(plot, "left")
        marks = []
        for i, (run, hue) in enumerate(zip(runs, hues, strict=True)):
            row = rows.get(i)
            if row is None or not row.curve:
                continue
            across, means = by_epoch(row)
            shown = [(x, y) for x, y in zip(across, means, strict=True) if y > 0]
            plot.plot([x for x, _y in shown], [y for _x, y in shown], pen=pen(hue, 2.6, theme, dashed=i == 1))
            marks.append(("╍" if i == 1 else "━", hue, run.title))
        plot.enableAutoRange()
        plot.setTitle(legend(*marks), size=f"{round(13 * theme.scale)}px")

    def _headline(self) -> str:
        document = self.workspace.document
        if not self.rows:
            return _("Larger mini-batches with the same, √N times and N times the learning rate")
        if (self._structure, self._revision) != (document.structure, document.revision):
            return _("These runs were trained before the document was changed.")
        return _("Four runs from the same initial values, equally many epochs")

    def _table(self, runs: Sequence[Any], rows: dict[int, MemberResult], hues: list[str]) -> str:
        """A line for each run: what it trains with, its steps, and the loss over the whole training part at its end."""
        head = "".join(f"<th align='right' style='padding-left:12px'>{html.escape(text)}</th>"
                       for text in ("B", "η", _("steps"), _("loss at the end")))  # fmt: skip
        lines = []
        for i, run in enumerate(runs):
            row = rows.get(i)
            end = "" if row is None else ENDS.get(row.how) or (
                number(row.loss) if row.loss is not None and row.how == "done" else "…")  # fmt: skip
            texts = (count(run.batch), plain(float(f"{run.rate:.4g}")), count(row.step) if row is not None else "", end)
            cells = "".join(f"<td align='right' style='padding-left:12px'>{html.escape(text)}</td>" for text in texts)
            lines.append(f"<tr><td style='color:{hues[i]}'><b>{html.escape(run.title)}</b></td>{cells}</tr>")
        return f"<table cellspacing='0' cellpadding='1'><tr><td></td>{head}</tr>{''.join(lines)}</table>" if runs else ""

    def _notes(self) -> list[str]:
        return [
            _("For SGD with small steps, N times the batch with N times the rate goes about as far in each epoch."),
            _("Adaptive methods make steps of about the length η: N times the rate where all samples agree, √N times where noise decides."),
            _("It is a rule of thumb: where N times the rate is too large for the curvature, the run diverges."),
            _("The loss at the end is that of the whole training part."),
        ]
