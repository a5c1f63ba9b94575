"""The audit as a list, and beside it the V curve of one wire: the error of the numerical derivative against the step size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from engine.compile.views import WHY_ABSENT
from engine.explain.audit import AuditRow, ErrorCurve, StepCurve, StepErrors, StraightPiece
from engine.explain.question import Question
from graph.model.address import Address
from graph.text.messages import _
from ui.explain.audit import kind_of, severity, verdict
from ui.explain.links import follow, point_at
from ui.explain.tool import Tool, chosen_place, telling_entry
from ui.look.job_bar import JobBar
from ui.look.numbers import exact, number
from ui.look.theme import color, font
from ui.look.widgets import ElidedLabel, button, label
from ui.maths.array_view import row_table
from ui.maths.plots import dress, legend, new_plot, pen

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

_DIFFERENCES = {"forward": _("forward differences"), "central": _("central differences")}
COLUMNS = ("", _("analytical"), _("numerical"), _("error"))
OFF = _("Press A to compute the gradient on every wire twice: by the chain rule and by small steps.")
SIGNS = {"ok": "✓", "warning": "!", "error": "✕", "plain": ""}


class AuditTool(Tool):
    """Left the rows, right the curve of the chosen one. Without an audit the curve of the selected number."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.audit = self.meaning.audit
        self.curve: StepErrors | None = None
        self.chosen: Address | None = None
        self._plot: Any = None
        self._filled: list[AuditRow] = []
        self.toggle = button(_("Audit the graph"), accent="forward", tip=_("Compare numerical and analytical gradients on every wire  (A)"))
        self.toggle.setCheckable(True)
        self.summary = label("", "secondary", wrap=True)
        self.table = self._table()
        self.job_bar = JobBar(_("Comparing gradients"))
        self.job_bar.cancelled.connect(self.audit.cancel)
        self.caption, self.key = ElidedLabel("", "strong"), label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self._build()
        self.toggle.clicked.connect(lambda _: self.audit.turn(self.toggle.isChecked()))
        self.audit.changed.connect(self._audited)

    def _build(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        top = QHBoxLayout()
        top.addWidget(self.toggle)
        top.addWidget(self.summary, 1)
        left.addLayout(top)
        left.addWidget(self.job_bar)
        left.addWidget(self.table, 1)
        self._holder = QWidget()
        self._place = QVBoxLayout(self._holder)
        self._place.setContentsMargins(0, 0, 0, 0)
        head = QHBoxLayout()
        head.addWidget(self.caption, 1)
        right.addLayout(head)
        right.addWidget(self._holder, 1)
        right.addWidget(self.key)
        right.setSpacing(2)
        row = QHBoxLayout(self.body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(left, 5)
        row.addLayout(right, 4)

    def _table(self) -> QTableWidget:
        table = row_table(COLUMNS, _("Audit"))
        table.itemSelectionChanged.connect(self._row_selected)
        table.itemActivated.connect(lambda item: self._go(item.row()))
        return table

    # what is shown

    def refresh(self) -> None:
        why = self.why_not()
        if why:
            return self.say(why)
        self.show_body()
        self._audited()
        if not self.table.selectedItems():
            self._follow_selection()
        elif self.chosen is not None:
            self._ask(self.chosen)

    def _follow_selection(self) -> None:
        """The curve of the selected number; of a tensor, the entry with the largest gradient."""
        workspace, canvas = self.workspace, self.workspace.canvas
        graph = workspace.document.graph
        place = chosen_place(graph, canvas.selected_nodes(), canvas.selected_edges())
        if place is None and workspace.trace is not None and self.chosen is None:
            return self._no_curve(_("Choose a row, click a tag on the canvas, or select a number."))
        if place is not None:
            self.chosen = place.at(telling_entry(graph, workspace.trace, place))
        if self.chosen is not None:
            self._ask(self.chosen)

    def _ask(self, place: Address) -> None:
        self.ask(StepCurve(place))

    def choose_row(self, row: AuditRow) -> None:
        """The row whose tag was clicked."""
        rows = self.audit.rows
        if row in rows and self.table.rowCount() == len(rows):
            self.table.selectRow(rows.index(row))
        self.chosen = row.address
        self._ask(row.address)

    def _row_selected(self) -> None:
        row = self._row()
        if row is not None and self.isVisible():
            point_at(self.workspace, row.address)
            if row.analytical is not None:
                self.chosen = row.address
                self._ask(row.address)

    def _row(self) -> AuditRow | None:
        chosen, rows = self.table.currentRow(), self.audit.rows
        return rows[chosen] if 0 <= chosen < len(rows) and self.table.selectedItems() else None

    def _go(self, number_: int) -> None:
        if 0 <= number_ < len(self.audit.rows):
            follow(self.workspace, self.audit.rows[number_].address)

    def _audited(self) -> None:
        if not self.audit.rows and self._filled:  # what is gone, because it is hidden now, say, does not stay in a table that nobody sees
            self._filled = []
            self.table.setRowCount(0)
        if not self.isVisible():
            return
        audit = self.audit
        self.toggle.setChecked(audit.on)
        self.toggle.setText(_("End the audit") if audit.on else _("Audit the graph"))
        self.summary.setText(self._summary())
        self._show_progress()
        rows = audit.rows
        if self._filled != rows:  # another audit may have as many rows
            self._filled = rows
            self.table.setRowCount(len(rows))
            for number_, row in enumerate(rows):
                self._fill(number_, row)
        compared = [row for row in rows if row.analytical is not None]
        if self.chosen is None and compared and not audit.busy:
            self.chosen = max(compared, key=severity).address  # the one with the most to tell
            self._ask(self.chosen)

    def _show_progress(self) -> None:
        if not self.audit.busy:
            return self.job_bar.finish()
        report = self.audit.report
        if not self.job_bar.begun:
            self.job_bar.begin(report.text)
        self.job_bar.show_progress(report.done, report.total, report.text)

    def _summary(self) -> str:
        audit = self.audit
        if not audit.on:
            return OFF
        if audit.refusal:
            return audit.refusal
        if audit.busy or not audit.total:
            return _("{rows} of {total} …").format(rows=len(audit.rows), total=audit.total) if audit.total else "…"
        if len(audit.rows) < audit.total:
            return _("Cancelled: {done} of {total} gradients were compared.").format(done=len(audit.rows), total=audit.total)
        return audit.summary

    def _fill(self, number_: int, row: AuditRow) -> None:
        theme, kind, name = self.theme, kind_of(row), row.name
        values = (row.analytical, row.numerical)
        said = f"{SIGNS[kind]} {verdict(row)}".strip()
        texts = [name, *("" if v is None else number(v) for v in values), said]
        told = WHY_ABSENT.get(row.note, row.note) or _("step {step}").format(step=number(row.step, 2))
        tips = [name, *("" if v is None else exact(v) for v in values), told]
        for column, (text, tip) in enumerate(zip(texts, tips, strict=True)):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if column == 3 and kind in ("warning", "error"):
                item.setForeground(color(theme.warning if kind == "warning" else theme.error))
            self.table.setItem(number_, column, item)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.setColumnHidden(1, self.width() < 640 * self.theme.scale)  # both are alike; the wires' names need the room

    # the curve

    def answered(self, question: Question, answer: Any) -> None:
        if isinstance(answer, StepErrors):
            self.curve = answer
            self._draw()

    def refused(self, question: Question, text: str) -> None:
        self._no_curve(text)

    def _no_curve(self, text: str) -> None:
        self.curve = None
        self.caption.set_full("")
        self.key.setText(text)
        self._holder.hide()

    def _draw(self) -> None:
        curve, theme = self.curve, self.theme
        if curve is None:
            return
        if self._plot is None:
            self._plot = new_plot(_("Error against step size"))
            self._place.addWidget(self._plot)
        self._holder.show()
        plot = self._plot
        plot.clear()
        dress(plot, theme, bottom=_("step ε"))
        plot.setLogMode(x=True, y=True)
        kind = _("relative") if curve.relative else _("absolute")
        self.caption.set_full(_("{name}: {kind} error against the step ε").format(name=curve.name, kind=kind))
        drawn = [self._draw_curve(plot, curve.steps, errors) for errors in curve.curves]
        if not any(drawn):
            return self._no_curve(curve.note or _("The error at {name} is 0 for every step size.").format(name=curve.name))
        plot.setXRange(math.log10(min(curve.steps)), math.log10(max(curve.steps)) + 2.5, padding=0.02)  # the names need room
        self._slopes(plot, curve)
        self.key.setText(self._legend(curve))

    def _hue(self, method: str) -> str:
        return self.theme.swatch["math"] if method == "central" else self.theme.swatch["activations"]

    def _draw_curve(self, plot: Any, steps: tuple[float, ...], curve: ErrorCurve) -> bool:
        """Whether there was anything to draw."""
        points = [(s, e) for s, e in zip(steps, curve.errors, strict=True) if e is not None and e > 0 and math.isfinite(e)]
        if points:
            line_pen = pen(self._hue(curve.method), 1.6, self.theme, dashed=curve.dtype == "float32")
            plot.plot([s for s, _ in points], [e for _, e in points], pen=line_pen)
        return bool(points)

    def _slopes(self, plot: Any, curve: StepErrors) -> None:
        """Both slopes of the curve in double precision, named where they lie."""
        import pyqtgraph

        for errors in curve.curves:
            if errors.dtype != "float64":
                continue
            for branch in (errors.truncation, errors.round_off):
                if branch is None or (branch is errors.round_off and errors.method != "central"):
                    continue
                middle = (math.log10(branch.low) + math.log10(branch.high)) / 2
                # beside its line, outside the V, where nothing else is drawn
                aside = (0.0, 0.0) if branch is errors.truncation else (1.0, 0.0)
                text = pyqtgraph.TextItem(_slope(branch), color=color(self.theme.text), anchor=aside)
                text.setFont(font("small", self.theme.scale))
                text.setPos(middle, branch.slope * middle + branch.intercept)
                plot.addItem(text)

    def _legend(self, curve: StepErrors) -> str:
        methods = [("━", self._hue(method), _DIFFERENCES[method]) for method in dict.fromkeys(errors.method for errors in curve.curves)]
        return legend(*methods, ("┅", self.theme.secondary, "float32")) + (f"<br>{curve.note}" if curve.note else "")

    def dress(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(round(26 * self.theme.scale))
        if self.table.rowCount() == len(self.audit.rows):
            for number_, row in enumerate(self.audit.rows):
                self._fill(number_, row)
        self._draw()

    def drop(self) -> None:
        self._no_curve("")

    def forget(self) -> None:
        super().forget()
        self.chosen, self.curve, self._filled = None, None, []
        self.table.setRowCount(0)


def _slope(branch: StraightPiece) -> str:
    return _("slope {slope:.1f}").format(slope=branch.slope).replace("-", "−")
