"""The page of the Jacobian: which output by which value, the map, and what it says of the map from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.explain.jacobian import Jacobian, JacobianJob
from graph.model.address import Address
from graph.model.trained_numbers import trained_name
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count
from ui.look.numerals import number
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import ElidedLabel, button, label
from ui.maths.matrix_view import MatrixView
from ui.shell.workspace.present import outdated, standing

if TYPE_CHECKING:
    from engine.numerics.job import Job, JobEnd
    from graph.model.graph import Graph
    from ui.shell.workspace.workspace import Workspace

REST, TRAINING_REST = 0.05, 0.3
"""Seconds between two answers, and while something trains."""
HIDDEN = _("A question hides numbers, so the Jacobian is not shown.")
WAIT = _("The Jacobian is being computed …")
NONE = _("Nothing in this graph has a value that could be differentiated.")
POINT = _("Point at a cell, or move with the arrow keys.")
SHOWN_SINGULAR = 6


class JacobianPage(QWidget):
    """`jacobian` is the answer that is shown; where the network has changed since, the page says so."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace, self.theme = workspace, LIGHT
        self.jacobian: Jacobian | None = None
        self._of: Address | None = None
        self._by: Address | None = None
        self._sample, self._why = 0, WAIT
        self._refresh = Refresh(workspace.work, self._answered, REST, TRAINING_REST)
        self.of_box, self.by_box, self.sample_box = (_box(name) for name in (_("Output"), _("By"), _("Sample")))
        self.close_button = button("✕", "quiet", tip=_("Close  (Esc)"))
        self.close_button.setAccessibleName(_("Close the Jacobian"))
        self.words = label("", "heading", wrap=True)
        self.matrix = MatrixView(_("Partial derivatives of the output"), _entry)
        self.reading, self.status = ElidedLabel(POINT, "strong"), ElidedLabel("", "small")
        self.said, self.singular = label("", "", wrap=True), label("", "", wrap=True)
        self._empty = label("", "secondary", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        self.matrix.read.connect(lambda text: self.reading.set_full(text or POINT))
        for box in (self.of_box, self.by_box, self.sample_box):
            box.activated.connect(self._picked)
        workspace.visibility.changed.connect(self.ask)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.words, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        side = QVBoxLayout()
        side.setSpacing(6)
        for text, box in ((_("Output"), self.of_box), (_("By"), self.by_box), (_("Sample"), self.sample_box)):
            heading = label(text, "secondary")
            side.addWidget(heading)
            side.addWidget(box)
            if box is self.sample_box:
                self._sample_heading = heading
        side.addWidget(self.said)
        side.addWidget(self.singular)
        side.addStretch(1)
        side.addWidget(self.status)
        self._body = QWidget()
        left = QVBoxLayout(self._body)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.matrix, 1)
        left.addWidget(self.reading)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addWidget(self._body, 5)
        row.addWidget(self._empty, 5)
        row.addLayout(side, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addLayout(row, 1)

    def first_stop(self) -> QWidget:
        return self.of_box

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._draw()

    # which one

    def choose_node(self, node: str | None) -> None:
        """Show the Jacobian of this node's first output that has one."""
        place = next((place for place in self._outputs() if place.id == node), None)
        if place is not None and place != self._of:
            self._choose(place, None)

    def _outputs(self) -> list[Address]:
        """Outputs that something real-valued leads to, in the order of computation."""
        graph, trace = self._workspace.document.graph, self._workspace.trace
        keys = [] if trace is None else [key for key in trace.values if key[0] in graph.nodes]
        return [Address("output", *key) for key in keys if graph.inputs_of(key[0]) or graph.spec(key[0]).parameters]

    def _first(self, offered: list[Address]) -> Address | None:
        """What the objective is computed from, which is the model's output as a rule; else the last one."""
        graph, trace = self._workspace.document.graph, self._workspace.trace
        end = trace.objective if trace is not None else None
        into = [Address("output", *edge.source) for edge in graph.inputs_of(end[0])] if end is not None and end[0] in graph.nodes else []
        return next((place for place in into if place in offered), offered[-1] if offered else None)

    def _choose(self, of: Address, by: Address | None) -> None:
        self._of, self._by, self.jacobian, self._why = of, by, None, WAIT
        self._draw()

    def _picked(self, _index: int) -> None:
        of, by = self.of_box.currentData(), self.by_box.currentData()
        self._sample = max(self.sample_box.currentIndex(), 0)
        if of != self._of:
            self._choose(of, None)
        elif by != self._by:
            self._choose(of, by)
        self.ask()

    # asking

    def ask(self) -> None:
        """Follow the numbers there are now, while the page is seen."""
        workspace = self._workspace
        kernel, document = workspace.kernel, workspace.document
        if kernel is None or not self.isVisible():
            return
        if workspace.visibility.hides_numbers:
            self._nothing(HIDDEN)
            return
        offered = self._outputs()
        if self._of not in offered:
            self._of, self._by, self.jacobian = self._first(offered), None, None
        if self._of is None:
            self._nothing(NONE)
            return
        _offer(self.of_box, [(place.name(document.graph), place) for place in offered], self._of)
        self._refresh.follow(JacobianJob(self._of, self._by, self._sample, document.structure, document.revision, kernel.progress.run))
        self._say()

    def _answered(self, job: Job, end: JobEnd) -> None:
        if self._workspace.visibility.hides_numbers or not isinstance(job, JacobianJob) or (job.of, job.by) != (self._of, self._by):
            return
        if end.how == "done" and isinstance(end.answer, Jacobian):
            self.jacobian = end.answer
        elif end.how == "failed":
            self.jacobian, self._why = None, end.text
            if self._by is not None:
                self._by = None  # the list of what there is comes with the next answer
        self._draw()

    def forget(self) -> None:
        """Another document is shown."""
        self._of = self._by = None
        self._sample = 0
        self._nothing(WAIT)

    def _nothing(self, why: str) -> None:
        self._refresh.stop()
        self.jacobian, self._why = None, why
        self._draw()

    def end(self) -> None:
        self._refresh.stop()

    # showing

    @property
    def _stale(self) -> bool:
        return self.jacobian is not None and outdated(self._workspace, self.jacobian.stamp)

    def _draw(self) -> None:
        found, graph = self.jacobian, self._workspace.document.graph
        self._body.setVisible(found is not None)
        self._empty.setVisible(found is None)
        self._empty.setText(self._why)
        if found is not None:
            _offer(self.by_box, [(_named(graph, place), place) for place in found.offered], found.by)
            samples = [(count(i + 1), i) for i in range(found.samples)]
            _offer(self.sample_box, samples, found.sample)
            self.matrix.show_matrix(found.matrix, found.rows, found.columns, self.theme, self._stale)
        batched = found is not None and found.sample is not None
        self.sample_box.setVisible(batched)
        self._sample_heading.setVisible(batched)
        self._say()

    def _say(self) -> None:
        found = self.jacobian
        if found is None:
            for part in (self.said, self.singular):
                part.setText("")
            self.words.setText(_("Jacobian of a node"))
            self.status.set_full("")
            return
        rows, columns = found.matrix.shape
        title = _("Jacobian of {output} by {input}: {rows} × {columns}")
        self.words.setText(title.format(output=found.names[0], input=found.names[1], rows=count(rows), columns=count(columns)))
        self.said.setText(_meaning(found))
        self.singular.setText(_singular(found))
        self.status.set_full(standing(self._workspace, found.stamp))


def _box(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def _offer(box: QComboBox, rows: list[tuple[str, object]] | list[tuple[str, Address]] | list[tuple[str, int]], chosen: object) -> None:
    if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] != rows:
        box.clear()
        for text, what in rows:
            box.addItem(text, what)
    box.setCurrentIndex(next((i for i, (_text, what) in enumerate(rows) if what == chosen), -1))
    box.setEnabled(len(rows) > 1)


def _named(graph: Graph, place: Address) -> str:
    return trained_name(graph, place) if place.kind == "parameter" else place.name(graph)


def _entry(row: str, column: str, value: str) -> str:
    return _("∂{row}/∂{column} = {value}").format(row=row, column=column, value=value)


def _meaning(found: Jacobian) -> str:
    """What rows and columns are."""
    rows, columns = found.matrix.shape
    output, given = found.names
    if rows == 1:
        text = _("{output} is one number, so its Jacobian has one row: the gradient, written as a row.")
    elif columns == 1:
        text = _("{input} is one number, so the Jacobian is one column: how each entry of {output} moves with {input}.")
    else:
        text = _("Row i says how entry i of {output} moves with each entry of {input}.")
    lines = [text.format(output=output, input=given)]
    if found.direct:
        lines.append(_("{input} goes into this node itself, so this is its local Jacobian.").format(input=given))
    else:
        lines.append(_("There are other nodes on the way: by the chain rule this is the product of their local Jacobians."))
    return "\n".join(lines)


def _singular(found: Jacobian) -> str:
    """Singular values and rank."""
    if not found.singular.size:
        return _("An entry is not finite, so there are no singular values.")
    shown = [number(float(value)) for value in found.singular[:SHOWN_SINGULAR]]
    more = ", …" if found.singular.size > SHOWN_SINGULAR else ""
    lines = [_("Singular values: {values}").format(values=", ".join(shown) + more)]
    lines.append(_("Rank {rank} of at most {most}.").format(rank=count(found.rank or 0), most=count(min(found.matrix.shape))))
    lines.append(_("Near this point the output moves at most {most} times as far as the input.").format(most=shown[0]))
    return "\n".join(lines)
