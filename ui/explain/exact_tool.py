"""Every number of the graph as a fraction, beside the computed number and what rounding has done to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QTableWidget, QTableWidgetItem, QVBoxLayout

from engine.explain.exact import Exact, ExactNumbers, ExactTensor
from engine.explain.question import Question
from graph.model.address import Address
from graph.text.messages import _
from ui.explain.exact_mode import written
from ui.explain.links import follow, point_at
from ui.explain.tool import Tool
from ui.look.numerals import exact as all_digits
from ui.look.numerals import number
from ui.look.theme import color
from ui.look.widgets import button, label
from ui.maths.array_view import row_table

COLUMNS = (_("number"), _("fraction"), _("computed"), _("rounding error"))
MOST_ROWS = 400
LONGEST = 60
"""Characters of a fraction in the list; a longer one is shown whole when you point at it."""


class ExactTool(Tool):
    """A row per number: values in the colour of values, gradients in the colour of gradients."""

    def __init__(self, workspace: Any) -> None:
        super().__init__(workspace)
        self.exact: Exact | None = None
        self._addresses: list[Address] = []
        self.toggle = button(_("On the canvas"), "quiet", tip=_("Write fractions on the canvas, too  (Shift+E)"))
        self.toggle.setCheckable(True)
        self.summary = label("", "secondary", wrap=True)
        self.table = self._table()
        top = QHBoxLayout()
        top.addWidget(self.summary, 1)
        top.addWidget(self.toggle)
        down = QVBoxLayout(self.body)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addLayout(top)
        down.addWidget(self.table, 1)
        self.toggle.clicked.connect(lambda checked: self.meaning.exact.turn(checked))
        self.meaning.exact.changed.connect(self._switched)

    def _table(self) -> QTableWidget:
        table = row_table(COLUMNS, _("Fractions and rounding errors"), stretched=1)
        table.itemSelectionChanged.connect(self._row_selected)
        table.itemActivated.connect(lambda item: follow(self.workspace, self._addresses[item.row()]))
        return table

    def refresh(self) -> None:
        self._switched()
        why = self.why_not()
        if why:
            return self.say(why)
        if self.workspace.kernel is not None and self.workspace.kernel.training:
            return self.say(_("Pause the training to see its numbers as fractions."))
        self.ask(ExactNumbers())

    def answered(self, question: Question, answer: Any) -> None:
        if isinstance(answer, Exact):
            self.exact = answer
            self.show_body()
            self._fill()

    def drop(self) -> None:
        self.exact, self._addresses = None, []
        self.table.setRowCount(0)

    def dress(self) -> None:
        if self.exact is not None:
            self._fill()

    def forget(self) -> None:
        super().forget()
        self.drop()

    def _switched(self) -> None:
        self.toggle.setChecked(self.meaning.exact.on)

    def _fill(self) -> None:
        assert self.exact is not None
        rows = [row for tensor in _in_order(self.exact) for row in _rows(tensor)][:MOST_ROWS]
        self._addresses = [address for address, *_rest in rows]
        self.summary.setText(_summary(self.exact, self.workspace.document.graph))
        self.table.setRowCount(len(rows))
        for at, (address, name, fraction, computed, error) in enumerate(rows):
            ink = color(self.theme.backward if address.gradient else self.theme.forward)
            short = fraction if len(fraction) <= LONGEST else fraction[: LONGEST - 1] + "…"
            for column, text in enumerate((name, short, computed, error)):
                item = QTableWidgetItem(text)
                item.setForeground(ink if column in (1, 2) else color(self.theme.text))
                side = Qt.AlignmentFlag.AlignLeft if column < 2 else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | side)
                if column == 1:
                    item.setToolTip(fraction)
                self.table.setItem(at, column, item)

    def _row_selected(self) -> None:
        chosen = self.table.currentRow()
        if self.table.selectedItems() and 0 <= chosen < len(self._addresses):
            point_at(self.workspace, self._addresses[chosen])


def _in_order(exact: Exact) -> Sequence[ExactTensor]:
    """Values before gradients, and wires last: a producer's gradient is what its wires add up to."""
    return sorted(exact.tensors.values(), key=lambda tensor: (tensor.place.gradient, tensor.place.kind == "edge"))


def _rows(tensor: ExactTensor) -> list[tuple[Address, str, str, str, str]]:
    if tensor.hidden is not None:
        return [(tensor.place, tensor.name, str(tensor.hidden), "", "")]
    rows = []
    entries = zip(product(*map(range, tensor.shape)), tensor.fractions, tensor.computed, tensor.errors, strict=True)
    for index, fraction, computed, error in entries:
        name = tensor.name + (f"[{', '.join(map(str, index))}]" if index else "")
        rows.append((tensor.place, name, written(fraction), all_digits(computed), number(error, 2)))
    return rows


def _summary(exact: Exact, graph: Any) -> str:
    """What is exact, and why the rest is not."""
    reasons = [
        _("{name}: {reason}").format(name=graph.nodes[node].name, reason=reason)
        for node, reason in exact.inexact.items()
        if reason and node in graph.nodes
    ]
    if not reasons:
        rounded = sum(1 for tensor in exact.tensors.values() if tensor.largest_error)
        if not rounded:
            return _("Every number was computed without rounding.")
        return _("{rounded} of {all} numbers and tensors were rounded.").format(rounded=rounded, all=len(exact.tensors))
    return _("Not exact: {reasons}.").format(reasons="; ".join(reasons[:3]) + ("; …" if len(reasons) > 3 else ""))
