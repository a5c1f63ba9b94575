"""Who takes part in a race: a list of optimizers with their rates, one grid of rates for all, schedules and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from engine.sweep.competitor import Competitor, read_competitor
from engine.sweep.plan import OPTIMIZER, RATE, SCHEDULE, SEED, Axis, PlanError, SweepPlan
from engine.sweep.values import log_range, read_values
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import offered
from engine.training.schedules.registry import SCHEDULES
from graph.text.messages import _, ngettext, translated
from ui.look.widgets import button, label, scrolled

if TYPE_CHECKING:
    from graph.model.graph import Graph

AT_FIRST = ("sgd", "momentum", "adam")
"""Who takes part where nobody was chosen yet, beside the document's own optimizer."""


@dataclass(slots=True)
class Row:
    """An optimizer that can take part, and its rate, where it has one."""

    key: str
    box: QCheckBox
    rate: QLineEdit | None


class RaceForm(QWidget):
    """`changed`: another race is described."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._graph: Graph | None = None
        self._keys: tuple[str, ...] = ()
        self._list = QGridLayout()
        self._list.setHorizontalSpacing(8)
        self._list.setVerticalSpacing(2)
        self._list.setColumnStretch(0, 1)
        self.more = self._field(_("More competitors"), "sgd:lr=0.5:schedule=cosine")
        self.more.setToolTip(_("Competitors as text, separated by commas: optimizer:setting=value:schedule=cosine, for example "
                               "adam:lr=0.01:beta1=0.95, sgd:lr=0.1:batch_size=1"))  # fmt: skip
        self.grid = QCheckBox(_("Rates for all"))
        self.grid.setToolTip(_("Train every optimizer with each of these rates, in place of the rate beside its name"))
        self.rates = self._field(_("Rates for all"), log_range("0.001", "1", 4))
        self.rates.setText(log_range("0.001", "1", 4))
        self.schedules = button(_("as in the document"), tip=_("Train everyone with each of these schedules of the learning rate"))
        self.schedules.setAccessibleName(_("Schedules"))
        self._menu = QMenu(self.schedules)
        for key, spec in SCHEDULES.items():
            action = self._menu.addAction(translated(spec.title))
            action.setCheckable(True)
            action.setData(key)
            action.toggled.connect(lambda _on: self._edited())
        self.schedules.setMenu(self._menu)
        self.seeds = self._field(_("Seeds"), "0 … 2")
        self.seeds.setToolTip(_("Each seed draws other initial weights and another order of samples; every competitor gets the same"))
        self.complaint = label("", "complaint", wrap=True)
        self.complaint.hide()
        self.grid.toggled.connect(lambda _on: self._edited())
        self._lay_out()

    def _field(self, name: str, placeholder: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setPlaceholderText(placeholder)
        field.textEdited.connect(lambda _text: self._edited())
        return field

    def _lay_out(self) -> None:
        below = QGridLayout()
        below.setHorizontalSpacing(8)
        below.setVerticalSpacing(4)
        below.setColumnStretch(1, 1)
        schedules, seeds = label(_("Schedules")), label(_("Seeds"))
        pairs = (label(_("More")), self.more), (self.grid, self.rates), (schedules, self.schedules), (seeds, self.seeds)
        for row, (title, widget) in enumerate(pairs):
            below.addWidget(title, row, 0)
            below.addWidget(widget, row, 1)
        inner = QWidget()
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(0, 0, 4, 0)
        whole.addLayout(self._list)
        whole.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(scrolled(inner), 1)
        column.addLayout(below)
        column.addWidget(self.complaint)

    def dress(self) -> None:
        """Another type size: no row is lower than its field, however many there are."""
        for row in self.rows:
            if row.rate is not None:
                row.rate.setMinimumHeight(row.rate.sizeHint().height())
            row.box.setMinimumHeight(row.box.sizeHint().height())

    # what is offered

    def set_graph(self, graph: Graph, fresh: bool) -> None:
        """The document is this now; `fresh`: it is another document."""
        self._graph = graph
        specs = offered(graph.training)
        if fresh or tuple(specs) != self._keys:
            chosen = {row.key: row.rate.text() if row.rate is not None else "" for row in self.rows if row.box.isChecked()}
            self._offer(specs, {} if fresh else chosen)
        if fresh:
            self.seeds.setText("0 … 2" if _draws(graph) else "0")
            self.more.clear()
            self.grid.setChecked(False)
            for action in self._menu.actions():
                action.setChecked(False)
        self._look()

    def _offer(self, specs: Mapping[str, type[Optimizer]], chosen: Mapping[str, str]) -> None:
        """A row for each optimizer, in the order of lists, headed by family where optimizers say so."""
        assert self._graph is not None
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.rows, self._keys = [], tuple(specs)
        own = str(self._graph.training["optimizer"])
        at_first = chosen or dict.fromkeys(key for key in (own, *AT_FIRST) if key in specs)
        for at, (key, spec) in enumerate(specs.items()):
            box = QCheckBox(translated(spec.short or spec.title))
            box.setChecked(key in at_first)
            box.setToolTip(translated(spec.doc))
            box.toggled.connect(lambda _on: self._edited())
            self._list.addWidget(box, at, 0)
            rate = None
            if (setting := spec.setting("lr")) is not None:
                rate = self._field(_("Learning rate of {optimizer}").format(optimizer=box.text()), f"{setting.default:g}")
                rate.setFixedWidth(84)
                held = (self._graph.training.get("hyper") or {}).get("lr") if key == own else None
                rate.setText(chosen.get(key) or f"{setting.default if held is None else held:g}")
                symbol = label("η", "secondary")
                symbol.setBuddy(rate)
                self._list.addWidget(symbol, at, 1)
                self._list.addWidget(rate, at, 2)
            self.rows.append(Row(key, box, rate))
        self.dress()

    # what is described

    def _edited(self) -> None:
        self._look()
        self.changed.emit()

    def _look(self) -> None:
        """Rates beside names do not count while there is a grid."""
        grid = self.grid.isChecked()
        self.rates.setEnabled(grid)
        for row in self.rows:
            if row.rate is not None:
                row.rate.setEnabled(row.box.isChecked() and not grid)
        names = [action.text() for action in self._menu.actions() if action.isChecked()]
        several = ngettext("{count} schedule", "{count} schedules", len(names)).format(count=len(names))
        self.schedules.setText(_("as in the document") if not names else names[0] if len(names) == 1 else several)

    def plan(self) -> SweepPlan:
        """The race that is described, checked. Raises PlanError, and says it below the fields."""
        if self._graph is None:
            raise PlanError(_("There is no document."))
        try:
            plan = self._plan(self._graph)
        except PlanError as error:
            self.complaint.setText(str(error))
            self.complaint.show()
            raise
        self.complaint.hide()
        return plan

    def _plan(self, graph: Graph) -> SweepPlan:
        grid = self.grid.isChecked()
        who: list[Competitor | str] = []
        for row in self.rows:
            if row.box.isChecked():
                own = f":lr={row.rate.text().strip()}" if row.rate is not None and not grid else ""
                who.append(read_competitor(graph, row.key + own))
        text = self.more.text().strip()
        who += read_values(graph, OPTIMIZER, text) if text else ()
        if not who:
            raise PlanError(_("Choose at least one optimizer."))
        axes = [Axis(OPTIMIZER, tuple(who))]
        if grid:
            axes.append(Axis(RATE, read_values(graph, RATE, self.rates.text())))
        if schedules := tuple(action.data() for action in self._menu.actions() if action.isChecked()):
            axes.append(Axis(SCHEDULE, schedules))
        axes.append(Axis(SEED, read_values(graph, SEED, self.seeds.text())))
        return SweepPlan(tuple(axes)).checked(graph)

    def enable(self, on: bool) -> None:
        """Nothing is changed while a race runs."""
        self.setEnabled(on)

    def complained(self) -> bool:
        """Whether what is wrong is said below the fields."""
        return bool(self.complaint.text()) and not self.complaint.isHidden()

    def first_stop(self) -> QWidget:
        """Where the focus begins."""
        return self.rows[0].box if self.rows else self.more

    def choose(self, rates: Mapping[str, float | None], grid: str = "", seeds: str = "") -> None:
        """These take part, each at this rate (None: the one beside its name), or all at those of a grid."""
        for row in self.rows:
            row.box.setChecked(row.key in rates)
            rate = rates.get(row.key)
            if row.rate is not None and rate is not None:
                row.rate.setText(f"{rate:g}")
        self.grid.setChecked(bool(grid))
        if grid:
            self.rates.setText(grid)
        if seeds:
            self.seeds.setText(seeds)
        self._edited()


def _draws(graph: Graph) -> bool:
    """Whether a seed makes a difference: initial weights are drawn, or samples are put in an order."""
    return any(node.type == "source.data" or node.type.startswith("layer.") for node in graph.nodes.values())
