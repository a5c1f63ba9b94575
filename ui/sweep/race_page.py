"""The page of a race, which fills the window: who takes part on the left, how they do on the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from engine.sweep.fairness import fair_text, fairness, steps_text
from graph.model.graph import Graph
from graph.model.training_settings import training_length
from graph.text.messages import _
from ui.look import pictures
from ui.look.afar import enlarge
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import ElidedLabel, button, label
from ui.shell.workspace.workspace import Workspace
from ui.sweep.chart import EXPORTED, SweepChart
from ui.sweep.curves import Counted, facet_of
from ui.sweep.drawing import View
from ui.sweep.places import PlacesTable
from ui.sweep.race_form import RaceForm
from ui.sweep.start_box import StartBox
from ui.sweep.state import NAMES, SweepState
from ui.sweep.ways import WaysView

EMPTY = _("Choose optimizers and start the race. Everyone begins with the same weights and sees the same mini-batches.")
HIDDEN = _("Numbers are hidden until they are predicted, so the race is not shown either.")
LEFT, LEFT_SHARE = 318, 0.42
"""Width of the form, for type at 100 %, and its greatest share of the page."""
COUNTED: dict[Counted, str] = {"steps": _("Steps"), "evaluations": _("Evaluations"), "epochs": _("Epochs")}
VIEWS = {
    "curves": (_("Curves"), _("The loss of all runs: median and band over the seeds")),
    "multiples": (_("By rate"), _("A small plot for each rate, with all optimizers in it")),
    "values": (_("Sensitivity"), _("The loss at the end against the rate: median and range over the seeds")),
    "places": (_("Who was first"), _("How many steps each needed to reach a target loss")),
    "ways": (_("Paths"), _("The paths of all over the contours of the objective, for two trained numbers")),
}


class RacePage(QWidget):
    """What is shown lies in the feature's state, the one that sweeps have too: a race is a sweep."""

    def __init__(self, workspace: Workspace, state: SweepState, use: Callable[[], None], keep: Callable[[], None]) -> None:
        super().__init__()
        self._workspace, self.theme, self.state = workspace, LIGHT, state
        self.form = RaceForm()
        start, tip = _("Start the race"), _("Train everyone from the same start")
        self.box = StartBox(workspace, self.state, self.form, self.isVisible, start, tip)
        self.chart, self.places = SweepChart(self.state), PlacesTable(self.state)
        self.ways = WaysView(self.state, workspace.work)
        self.chart.view = "curves"
        self.hint = label(EMPTY, "secondary", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.fair, self.status = label("", "strong", wrap=True), ElidedLabel("", "small")
        self.length = label("", "small", wrap=True)
        self.counted, self.measure = self._box(_("Horizontal axis")), self._box(_("Measure"))
        self.counted.setToolTip(_("One step of L-BFGS, Newton and others evaluates the loss several times. A column of the Hessian counts "
                                  "as one evaluation more."))  # fmt: skip
        self.only = self._box(_("Curves of"))
        self.log = QCheckBox(_("Log"))
        self.log.setToolTip(_("Logarithmic loss axis"))
        self.log.setChecked(True)
        self.use = button(_("Use these settings"), "quiet", tip=_("Give the document the settings of the selected run (undo reverts it)"))
        self.keep = button(_("Keep this run"), "quiet", tip=_("Train the selected run once more, alone, as a run of the document"))
        self.close_button = button("✕", "quiet", tip=_("Close  (Esc)"))
        self.close_button.setAccessibleName(_("Close the race"))
        self.views: dict[str, QPushButton] = {}
        self._view = "curves"
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._left_side())
        row.addWidget(self._right_side(), 1)
        self._connect(use, keep)

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    def _left_side(self) -> QWidget:
        self._left = QWidget()
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(8)
        self.heading = label(_("Race"), "heading")
        column.addWidget(self.heading)
        column.addWidget(self.form, 1)
        column.addWidget(self.length)
        self.box.add_to(column)
        return self._left

    def _right_side(self) -> QWidget:
        group = QButtonGroup(self)
        head = QHBoxLayout()
        head.setSpacing(4)
        for key, (title, tip) in VIEWS.items():
            choice = self.views[key] = button(title, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.clicked.connect(lambda _checked=False, key=key: self.show_view(key))
            group.addButton(choice)
            head.addWidget(choice)
        self.views["curves"].setChecked(True)
        head.addSpacing(10)
        for widget in (self.only, self.counted, self.measure, self.log):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.close_button)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.status, 1)
        foot.addWidget(self.keep)
        foot.addWidget(self.use)
        self._body = QStackedWidget()
        for page in (self.hint, self.chart, self.places, self.ways):
            self._body.addWidget(page)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._body, 1)
        column.addWidget(self.fair)
        column.addLayout(foot)
        return side

    def _connect(self, use: Callable[[], None], keep: Callable[[], None]) -> None:
        self.form.changed.connect(self.box.described)
        self.box.changed.connect(self._begun)
        self.use.clicked.connect(lambda _clicked: use())
        self.keep.clicked.connect(lambda _clicked: keep())
        self.chart.used.connect(use)
        self.places.chosen.connect(self.state.select)
        for box in (self.measure, self.counted, self.only):
            box.activated.connect(lambda _at: self._look())
        self.log.toggled.connect(lambda _on: self._look())
        self.state.changed.connect(self.show_state)
        self.state.selection_moved.connect(self._selected)

    # what it follows

    def set_theme(self, theme: Theme) -> None:
        """`theme` is as large as what is read from afar."""
        self.theme = theme
        self._dress()
        self.show_state()

    def _dress(self) -> None:
        self._left.setFixedWidth(round(min(LEFT * self.theme.scale, LEFT_SHARE * max(self.width(), 1))))
        self.form.dress()
        self.chart.set_theme(self.theme)
        self.places.dress(self.theme)
        self.ways.set_theme(self.theme)
        small = replace(self.theme, scale=self.theme.scale * 12 / 13)
        for words in (self.box.estimate, self.status, self.length, self.fair):
            enlarge(words, small)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._dress()

    def follow(self, fresh: bool = False) -> None:
        """The document is another, or another by an edit."""
        graph = self._workspace.document.graph
        self.form.set_graph(graph, fresh)
        self.length.setText(length_text(graph))
        self.box.described()
        self.enable()
        self._say()

    def follow_visibility(self) -> None:
        """Numbers were hidden or shown."""
        if self._workspace.visibility.hides_numbers != (self.hint.text() == HIDDEN):
            self.show_state()

    @property
    def ready(self) -> bool:
        """Whether a race can be started now."""
        return self.box.ready

    def start(self) -> None:
        """Train what is described."""
        self.box.start()

    def enable(self) -> None:
        """What can be pressed now."""
        self.box.enable()
        for widget, action in ((self.use, "sweep_use"), (self.keep, "sweep_keep")):
            widget.setVisible(self.state.selected is not None)
            widget.setEnabled(self.state.selected is not None and self._workspace.actions_by_id[action].isEnabled())

    def end(self) -> None:
        """Nothing is asked any more."""
        self.box.leave_estimate()
        self.ways.leave()

    def _begun(self) -> None:
        self.places.forget()
        self.show_view("multiples" if facet_of(self.state) is not None else "curves" if self._view == "multiples" else self._view)

    # what is shown

    def show_view(self, key: str) -> None:
        """One of `VIEWS`."""
        self._view = key
        if key in ("curves", "multiples", "values"):
            view: View = "curves" if key == "curves" else "multiples" if key == "multiples" else "values"
            self.chart.view = view
        self.views[key].setChecked(True)
        self.show_state()

    def show_state(self) -> None:
        """Rows came, or numbers are hidden or shown."""
        hidden = self._workspace.visibility.hides_numbers
        self.hint.setText(HIDDEN if hidden else EMPTY)
        some = bool(self.state.rows) and not hidden
        facets = self.state.graph is not None and facet_of(self.state) is not None
        self.views["multiples"].setVisible(facets)
        two = WaysView.possible(self.state)
        self.views["ways"].setVisible(two)
        if (not facets and self._view == "multiples") or (not two and self._view == "ways" and self.state.rows):
            self._view = self.chart.view = "curves"
            self.views["curves"].setChecked(True)
        pages: dict[str, QWidget] = {"places": self.places, "ways": self.ways}
        self._body.setCurrentWidget(pages.get(self._view, self.chart) if some else self.hint)
        if some and self._view == "ways":
            self.ways.follow()
        self._offer()
        self._look()
        self._say()
        self.enable()

    def _offer(self) -> None:
        names = self.state.measures
        if [self.measure.itemData(i) for i in range(self.measure.count())] != names:
            chosen = self.measure.currentData()
            self.measure.clear()
            for name in names:
                self.measure.addItem(NAMES.get(name, name), name)
            preferred = next((n for n in (chosen, "train_loss", "objective", "loss") if n in names), None)
            if preferred is not None:
                self.measure.setCurrentIndex(names.index(preferred))
        facet = facet_of(self.state) if self.state.graph is not None else None
        values = self.state.plan.axes[self.state.plan.place(facet) or 0].values if facet is not None else ()
        texts = [_("All together"), *(f"{self.state.short_title(facet)} {self.state.text(facet, v)}" for v in values)] if facet else []
        if [self.only.itemText(i) for i in range(self.only.count())] != texts:
            self.only.clear()
            for text, value in zip(texts, (None, *values), strict=True) if texts else ():
                self.only.addItem(text, value)
            self.only.setCurrentIndex((len(values) + 1) // 2)
        data = any(row.passes for row in self.state.rows.values())
        kinds: list[Counted] = ["steps", "evaluations", *(["epochs"] if data else [])]  # type: ignore[list-item]
        if [self.counted.itemData(i) for i in range(self.counted.count())] != kinds:
            self.counted.clear()
            for kind in kinds:
                self.counted.addItem(COUNTED[kind], kind)

    def _look(self) -> None:
        some, view = bool(self.state.rows), self._view
        self.chart.measure = str(self.measure.currentData() or "train_loss")
        self.chart.logarithmic = self.log.isChecked()
        self.chart.counted = self.counted.currentData() or "steps"
        self.chart.only = self.only.currentData()
        self.only.setVisible(some and view == "curves" and self.only.count() > 0)
        self.measure.setVisible(some and view == "values" and self.measure.count() > 0)
        self.counted.setVisible(some and view in ("curves", "multiples"))
        self.log.setVisible(some and view not in ("places", "ways"))
        if view == "places":
            self.places.refresh()
        self.chart.update()

    def _selected(self) -> None:
        self.enable()
        self.chart.update()
        self._say()

    def _say(self) -> None:
        """Whether it is fair, how far it is or how it ended; of the selected run its settings and its end."""
        state, hidden = self.state, self._workspace.visibility.hides_numbers
        self.box.say()
        found = fairness(state.plan, state.rows) if state.graph is not None else None
        graph, plan = state.graph, state.plan
        told = [fair_text(graph, plan, found), steps_text(graph, plan, state.rows)] if graph is not None else []
        self.fair.setText("" if hidden else " ".join(filter(None, told)))
        self.fair.setVisible(bool(self.fair.text()))
        text = state.summary()
        if state.selected is not None and state.selected in state.rows:
            text = self.chart.described(state.selected).replace("\n", " · ")
        elif state.rows and not state.running and state.outdated(self._workspace.document.graph):
            text = _("The document was changed since: these results are of it as it was. {text}").format(text=text)
        self.status.set_full("" if hidden else text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.state.running:
            self.state.cancel()
        else:
            super().keyPressEvent(event)

    # for other programs

    def _paint(self, painter: QPainter) -> None:
        whole, theme = QRectF(0, 0, EXPORTED.width(), EXPORTED.height()), replace(self.theme, scale=1.3)
        if self._view == "ways":
            self.ways.plot.paint_to(painter, whole, theme)
        else:
            self.chart.paint_to(painter, whole, theme)

    def image(self) -> QImage:
        return pictures.image(EXPORTED, self._paint)

    def svg(self) -> bytes:
        return pictures.svg(EXPORTED, self._paint, _("Race"), self.status.text())

    def png(self) -> bytes:
        return pictures.png(self.image())


def length_text(graph: Graph) -> str:
    """How long everyone trains, and on how many samples a step: what the document says."""
    training = graph.training
    unit, amount = training_length(training) or ("", 0)
    if not unit:
        return _("The training settings do not say when training ends: set a number of epochs or steps.")
    size = training.get("batch_size")
    long = _("{n:,} epochs").format(n=amount) if unit == "epochs" else _("{n:,} steps").format(n=amount)
    if not any(node.type == "source.data" for node in graph.nodes.values()):
        return _("Everyone: {length} (training settings).").format(length=long)
    return _("Everyone: {length}, {batch} (training settings).").format(
        length=long, batch=_("all samples per step") if size is None else _("mini-batches of {n}").format(n=size)
    )
