"""The page with the results: which part, which view of it, and how current the numbers are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.compile.spot import Spot
from engine.compile.views import TraceView
from engine.data.parts import PARTS, Part, part_name, part_word
from engine.learned.predictions import Predictions, by_loss, confident_mistakes
from engine.learned.readouts.classification import ClassScores, class_scores, confusion
from graph.storage.document import Document
from graph.text.messages import _, ngettext
from graph.text.quoting import named
from ui.engine_link.messages import Progress
from ui.look.numbers import count, percent
from ui.look.theme import Theme
from ui.look.widgets import PartsLabel, button, label, set_property
from ui.readouts.class_scores import ClassScoresView
from ui.readouts.matrix import ConfusionMatrix
from ui.readouts.number_scores import NumberScoresView
from ui.readouts.roc_plot import RocPlot
from ui.readouts.samples import SampleList
from ui.readouts.seen import FirstLayerView, InputGradientView, SeenView
from ui.readouts.source import PredictionsSource
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.services import TEST_PART, TestPart
from ui.shell.workspace.workspace import Workspace

EMPTY = _("The predictions for every sample appear here.")
ON_REQUEST = _(
    "The validation set judges the network while you train and choose. The test set is for the end: what you choose by it, it can no "
    "longer judge. Its results are shown once, for the numbers there are now."
)
HIDDEN = _("Numbers on the canvas are hidden until they are predicted, so the results are not shown either.")
VIEWS = {
    "matrix": (_("Confusion matrix"), _("How often each class is predicted as which one; a click lists the samples")),
    "classes": (_("By class"), _("Precision, recall and F1 of each class")),
    "roc": (_("ROC"), _("True against false positives of two classes")),
    "numbers": (_("Fit"), _("R², errors, predicted against true, residuals")),
    "mistakes": (_("Mistakes"), _("Wrong predictions, the most confident first")),
    "loss": (_("By loss"), _("All samples, the largest loss first")),
    "layer": (_("First layer"), _("Filters of the first layer and their activations for the sample shown")),
    "gradient": (_("Input gradient"), _("The gradient of the objective with respect to the picture of the sample shown")),
}
OF_CLASSES, OF_NUMBERS = ("matrix", "classes", "roc", "mistakes", "loss"), ("numbers", "loss")
OF_PICTURES = ("layer", "gradient")


class ReadoutsPage(Panel):
    """Predictions for one part of the data, in one of several views."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.source = PredictionsSource(workspace, self)
        self.source.changed.connect(self._show)
        self.scores: ClassScores | None = None
        self.view = "matrix"
        self.parts: dict[Part, QPushButton] = {}
        self.views: dict[str, QPushButton] = {}
        self.state = PartsLabel("strong")
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.hint = label(EMPTY, "secondary", wrap=True)
        self.matrix, self.cell = ConfusionMatrix(), SampleList(workspace)
        self.class_scores, self.roc = ClassScoresView(), RocPlot()
        self.numbers, self.samples = NumberScoresView(), SampleList(workspace)
        self.seen: dict[str, SeenView] = {"layer": FirstLayerView(workspace), "gradient": InputGradientView(workspace)}
        self._asking = self._focus = False
        self.request = button(_("Read the test set"))
        self.request.clicked.connect(self._read_test)
        self._body = QStackedWidget()
        split = self._split = QSplitter()
        split.setChildrenCollapsible(False)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.matrix)
        split.addWidget(area)
        split.addWidget(self.cell)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.splitterMoved.connect(lambda: setattr(self, "_own_split", True))
        self._own_split = False
        """Whether a person has shared the width between the matrix and the list."""
        self._places: dict[str, QWidget] = {
            "": self.hint, "test": self._request_page(), "matrix": split,
            "classes": self.class_scores, "roc": self.roc, "numbers": self.numbers,
            "mistakes": self.samples, "loss": self.samples, **self.seen,
        }  # fmt: skip
        for widget in dict.fromkeys(self._places.values()):
            self._body.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 6)
        layout.setSpacing(6)
        layout.addLayout(self._head())
        layout.addWidget(self._body, 1)
        self._tests: TestPart | None = workspace.services.find(TEST_PART)
        if self._tests is not None:
            self._tests.changed.connect(self._tests_changed)
        workspace.canvas.model.samples.pointed_out.connect(self._show)
        self.matrix.chosen.connect(lambda true, predicted: self._list_cell())
        for chooser in (self.cell.chosen, self.samples.chosen, self.numbers.chosen):
            chooser.connect(self._point_out)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        views, parts = QButtonGroup(self), QButtonGroup(self)
        for key, (title, tip) in VIEWS.items():
            self.views[key] = self._choice(views, title, tip, partial(self.show_view, key))
            row.addWidget(self.views[key])
        row.addSpacing(16)
        for part in PARTS:
            tip = _("Predictions for the {part}").format(part=part_name(part))
            self.parts[part] = self._choice(parts, part_word(part).capitalize(), tip, partial(self._choose_part, part))
            row.addWidget(self.parts[part])
        row.addWidget(self.state, 1)
        return row

    def _request_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(label(ON_REQUEST, "secondary", wrap=True))
        column.addWidget(self.request, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        return page

    def _choice(self, group: QButtonGroup, title: str, tip: str, act: Callable[[], None]) -> QPushButton:
        choice = button(title, "quiet", tip=tip)
        choice.setCheckable(True)
        choice.clicked.connect(lambda _checked: act())
        choice.hide()
        group.addButton(choice)
        return choice

    # what happens around it

    def bring(self) -> None:
        """Show this page, with room for the matrix."""
        self.workspace.pages.show("readouts", room=360)
        self._focus = self.source.latest is None
        if not self._focus:
            self.first_stop().setFocus()

    def first_stop(self) -> QWidget:
        return self.matrix if self._body.currentWidget() is self._places["matrix"] else self.views[self.view]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.source.active = True
        self.source.follow()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.source.rest()

    def set_document(self, document: Document) -> None:
        self.matrix.listed, self._asking = None, False
        for view in self.seen.values():
            view.forget()
        self.source.forget()
        self.source.follow()

    def document_changed(self) -> None:
        self.source.follow()
        self._show_state()

    def set_progress(self, progress: Progress) -> None:
        self.source.follow()
        self._show_state()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        self.source.try_again()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        hidden = self.workspace.visibility.hides_numbers
        if hidden != (self.hint.text() == HIDDEN):
            self._show()
        elif self.isVisible() and not hidden and self.view in self.seen:
            self._look()
            self._show_state()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._show()

    # what is shown

    def _choose_part(self, part: Part) -> None:
        """The test part beside a validation part is read on request: a choice guided by it is no test any more."""
        self._asking = part == "test" and self._tests is not None and not self._tests.allowed
        if not self._asking:
            self.source.choose(part)
        self._show()

    def _read_test(self) -> None:
        if self._tests is not None:
            self._tests.read()

    def _tests_changed(self) -> None:
        """The test part was read for the first time, or what was read is of other data or another run."""
        assert self._tests is not None
        found = self.source.latest
        if self._asking and self._tests.allowed:
            self._asking = False
            self.source.choose("test")
        elif found is not None and found.part == "test" and not self._tests.allowed:
            self._asking = True
        self._show()

    def show_view(self, view: str) -> None:
        self.view = view
        self._show()

    def _show(self) -> None:
        if not self.isVisible():
            return
        found = self.source.latest
        hidden = self.workspace.visibility.hides_numbers
        if found is None or hidden:
            self.hint.setText(HIDDEN if hidden else self.source.refusal or EMPTY)
            self._body.setCurrentWidget(self.hint)
            self._offer((), ())
            self.state.set_parts([])
            return
        views = OF_CLASSES if found.kind == "classes" else OF_NUMBERS
        offered = tuple(view for view in views if view != "roc" or len(found.classes) == 2) + (OF_PICTURES if found.pictures else ())
        if self.view not in offered:
            self.view = offered[0]
        self._offer(offered, () if self.view in self.seen else tuple(part for part, _size in found.parts))
        self.views[self.view].setChecked(True)
        self.parts["test" if self._asking else found.part].setChecked(True)
        if self._asking:
            self._body.setCurrentWidget(self._places["test"])
            self.state.set_parts([])
            return
        self._fill(found)
        self._body.setCurrentWidget(self._places[self.view])
        if self._focus:
            self._focus = False
            self.first_stop().setFocus()
        self._show_state()

    def _offer(self, views: tuple[str, ...], parts: tuple[Part, ...]) -> None:
        for key, choice in (*self.views.items(), *self.parts.items()):
            choice.setVisible(key in views or key in parts)

    def _fill(self, found: Predictions) -> None:
        theme = self.theme
        if found.kind == "classes":
            self.scores = class_scores(confusion(found.true, found.predicted, len(found.classes)))
        if self.view == "matrix" and self.scores is not None:
            self.matrix.show_scores(self.scores, found.classes, theme, self.source.old)
            self._list_cell()
            self._share_width()
        elif self.view == "classes" and self.scores is not None:
            self.class_scores.show_scores(self.scores, found.classes, theme)
        elif self.view == "roc":
            self.roc.show_predictions(found, theme)
        elif self.view == "numbers":
            self.numbers.show_predictions(found, theme)
        elif self.view in self.seen:
            self.seen[self.view].set_theme(theme)
            self._look()
        elif self.view == "mistakes":
            places = confident_mistakes(found)
            text = ngettext("{number} wrong prediction", "{number} wrong predictions, the most confident first", len(places))
            text = text.format(number=count(len(places))) if len(places) else _("No wrong predictions")
            self.samples.show_samples(found, places, text, theme)
        else:
            self.samples.show_samples(found, by_loss(found), _("All samples, the largest loss first"), theme)

    def _share_width(self) -> None:
        """The matrix takes what it needs, at most three fifths, and the list the rest."""
        wide = self._split.width()
        if not self._own_split and wide > 0:
            matrix = min(self.matrix.needed() + 12, 3 * wide // 5)
            self._split.setSizes([matrix, wide - matrix])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.workspace.work.after_event("width of the matrix", self._share_width)

    def _look(self) -> None:
        """What the network sees in the sample shown is asked for again with every pass."""
        for view in self.seen.values():
            self.workspace.work.after_event(view.follow, view.follow)

    def _list_cell(self) -> None:
        """The samples of the chosen cell, or all mistakes where none is chosen."""
        found, cell = self.source.latest, self.matrix.listed
        if found is None:
            return
        if cell is None:
            mistakes = confident_mistakes(found)
            every, none = _("All mistakes. Click a cell to list its samples."), _("No mistakes. Click a cell to list its samples.")
            text = every if len(mistakes) else none
            self.cell.show_samples(found, mistakes, text, self.theme)
            return
        places = np.flatnonzero((found.true == cell[0]) & (found.predicted == cell[1]))
        places = places[np.argsort(-found.loss[places], kind="stable")]
        text = _("{true} predicted as {predicted}").format(true=named(found.classes[cell[0]]), predicted=named(found.classes[cell[1]]))
        self.cell.show_samples(found, places, f"{text}: {count(len(places))}", self.theme)

    def _show_state(self) -> None:
        """Which part, how many samples, of which step."""
        found = self.source.latest
        if found is None or self._asking or not self.isVisible():
            return
        if self.view in self.seen:
            trace = self.workspace.trace
            self.state.set_parts([(1, trace.batch)] if trace is not None and trace.batch else [])
            set_property(self.state, "role", "strong")
            return
        size = ngettext("{number} sample", "{number} samples", found.samples).format(number=count(found.samples))
        parts = [(1, f"{part_word(found.part).capitalize()}: {size}")]
        if self.scores is not None and found.kind == "classes":
            parts.append((2, _("accuracy {share}").format(share=percent(self.scores.accuracy))))
        parts.append((3, _("step {step}").format(step=count(found.stamp.step))))
        lost = int(found.undecided.sum())
        if lost:
            parts.append((0, _("NaN in {number}").format(number=count(lost))))
        old = self.source.old
        if self.scores is not None and found.kind == "classes" and self.matrix.stale != old:
            self.matrix.show_scores(self.scores, found.classes, self.theme, old)
        if old:
            parts.append((0, _("out of date")))
        self.state.set_parts(parts)
        set_property(self.state, "role", "complaint" if old or lost else "strong")

    def _point_out(self, place: int) -> None:
        found = self.source.latest
        if found is not None:
            self.workspace.canvas.model.samples.point_out(Spot(found.part, place, found.samples))
