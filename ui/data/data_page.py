"""What a Data node holds: a picture of the samples, and a table of all of them. The engine looks at them; nothing is copied here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.compile.spot import Spot
from engine.data.files import large_file
from engine.data.parts import PARTS, Part, part_word
from engine.learned.table import Survey, SurveyJob, place_of, sample_of, settings_key
from engine.numerics.job import JobEnd, JobReport
from graph.storage.document import Change, Document
from graph.text.messages import _
from ui.data.file_box import FileBox
from ui.data.import_box import ImportBox
from ui.data.paint_box import PaintBox
from ui.data.reading import READING
from ui.data.samples_table import SamplesTable
from ui.data.survey_view import SurveyView
from ui.look.numbers import count
from ui.look.theme import MARKS, Theme
from ui.look.widgets import label, scrolled
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.services import TEST_PART, TestPart
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from engine.data.loading import Description
    from ui.engine_link.messages import Progress
    from ui.engine_link.work import JobHandle

WIDE = 1000
"""Pixels from which the table has room beside the plane for painting."""


class DataPage(Panel):
    """Follows the document's Data node (the selected one, else the first)."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._document: Document | None = None
        self._reading = workspace.services.get(READING)
        self._wanted: tuple[str, str] | None = None
        """The node that is shown, and its settings."""
        self._files = 0
        """Counts how often the files were read again."""
        self._beside = ""
        """The settings of all Data nodes, which share one split."""
        self._again = False
        """Whether the engine answered about earlier settings: it is asked again once it has the present ones."""
        self._selected: str | None = None
        self._job: JobHandle | None = None
        self._seen_step = -1
        self._axes = (-1, -1)
        self._narrow = False
        self._test: TestPart | None = None
        self._reading.changed.connect(self._read)
        self.text = label("", "secondary", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.heading = label("", "strong")
        self.survey = SurveyView()
        self.painting = PaintBox(workspace)
        self.painting.hide()
        self.files = FileBox(workspace)
        self.files.hide()
        self.importing = ImportBox(workspace)
        self.samples = SamplesTable(workspace)
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.text)
        column.addWidget(self.files)
        column.addWidget(self.importing)
        column.addStretch(1)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(16)
        self._words = scrolled(words)
        row.addWidget(self._words, 3)
        row.addWidget(self.survey, 6)
        row.addWidget(self.painting, 8)
        row.addWidget(self.samples, 7)
        self.survey.chosen.connect(self._choose)
        self.survey.narrowed.connect(self.samples.filter.setText)
        self.survey.turned.connect(self._place_words)
        self.survey.axes.connect(self._draw_columns)
        workspace.canvas.model.samples.pointed_out.connect(self._follow)
        workspace.visibility.hid.connect(lambda more: self.samples.look_again())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """While points are painted in a narrow panel, the plane has the table's place."""
        painting = self.painting.isVisibleTo(self)
        narrow = self.width() < WIDE * self.theme.scale
        if narrow != self._narrow:
            self._narrow = narrow
            self.survey.set_narrow(narrow)
        self._place_words()
        self.samples.setVisible(self.survey.survey is not None and (not painting or self.width() > WIDE * self.theme.scale))

    def _place_words(self) -> None:
        """What is said about the data has a column of its own; where there is no room for it, it is one of the pictures."""
        shown = self._narrow and self.survey.survey is not None and self.survey.isVisibleTo(self)
        if shown and self._words.parent() is not self.survey:
            self.survey.place.addWidget(self._words)
        elif not shown and self._words.parent() is not self:
            self._row.insertWidget(0, self._words, 3)
        self._words.setVisible(not shown or self.survey.about)

    def hasHeightForWidth(self) -> bool:
        """Its lines of text may wrap, but what is under them gives way: else the page would be cut off at the window's end."""
        return False

    def actions_changed(self) -> None:
        self.importing.refresh()

    def first_stop(self) -> QWidget:
        return self.samples.view if self.samples.isVisibleTo(self) else self

    def take_focus(self, what: str) -> None:
        """`filter`, `row` or `samples`."""
        places = {"filter": self.samples.filter, "row": self.samples.jump, "samples": self.samples.view}
        if what in places:
            places[what].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def install(self) -> None:
        self._test = self.workspace.services.find(TEST_PART)
        if self._test is not None:
            self._test.changed.connect(self._test_changed)
            self._test_changed()
        self.set_document(self.workspace.document)
        self.selection_changed()
        self.actions_changed()

    def _test_changed(self) -> None:
        """The test part may be read now, or no longer."""
        if self._test is not None:
            self.samples.set_test(self._test.allowed)

    # what is followed

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.survey.set_theme(theme)
        self.painting.set_theme(theme)
        self.samples.set_theme(theme)

    def set_document(self, document: Document) -> None:
        if self._document is not None:
            self._document.changed.disconnect(self._announced)
        document.changed.connect(self._announced)
        self.show_document(document)

    def _announced(self, change: Change) -> None:
        """A change of structure without an edit: the document's files were read again."""
        if change.structure and not change.edits:
            self._files += 1
            self.samples.model.forget()

    def document_changed(self) -> None:
        nodes = self.workspace.canvas.selected_nodes()
        self.samples.look_again()
        self.samples.age()
        self.show_document(self.workspace.document, nodes[0] if len(nodes) == 1 else None)

    def selection_changed(self) -> None:
        nodes = self.workspace.canvas.selected_nodes()
        self.show_document(self.workspace.document, nodes[0] if len(nodes) == 1 else None)

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        if stale or not self.isVisible():
            return
        if self._again:
            self._again = False
            self._ask()
        self.samples.refresh()
        self._follow()

    def set_progress(self, progress: Progress) -> None:
        self.samples.age()
        if progress.step != self._seen_step and self.isVisible():
            self._seen_step = progress.step
            self.samples.refresh()
            self._follow()

    def show_document(self, document: Document, selected: str | None = None) -> None:
        """Load what is not shown yet. Does nothing while the page is hidden."""
        self._document, self._selected = document, selected
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()
        self.samples.refresh()
        self._follow()

    def refresh(self) -> None:
        document = self._document
        if document is None:
            return
        graph = document.graph
        nodes = list(graph.having(lambda spec: spec.role == "data"))
        node = self._selected if self._selected in nodes else (nodes[0] if nodes else None)
        self.painting.setVisible(node is not None and graph.setting(node, "dataset") == "points")
        if node is not None and self.painting.isVisibleTo(self):
            self.painting.show_node(node, self.theme)
        self._make_room()
        self.files.show_settings(graph.settings_of(node) if node is not None else {}, document.folder)
        if node is None:
            self._wanted = None
            text = _("There is no Data node in this graph. Import a table, or drag a Data node from the library, under Sources.")
            self._show(None, "", text)
            return
        settings = [graph.settings_of(node_id) for node_id in nodes]
        wanted = (node, settings_key(graph.settings_of(node), document.folder))
        beside = repr(([sorted(values.items()) for values in settings], self._files))
        if (wanted, beside) == (self._wanted, self._beside):
            return
        if self._reading.holding and self._large(settings, document.folder):  # it is read first, where that can be cancelled
            if self._wanted is None:
                self._show(None, graph.nodes[node].name, _("The data have not been read yet."))
            return
        if self._wanted is None or self._wanted[0] != node:
            self._axes = (-1, -1)
        self._wanted, self._beside = wanted, beside
        self.heading.setText(graph.nodes[node].name)
        self._ask()

    def _ask(self) -> None:
        if self._wanted is None:
            return
        if self._job is not None:
            self._job.leave()
        if self.survey.survey is None or self.survey.survey.of != self._wanted[1]:
            self.text.setText(_("Loading …"))
        job = SurveyJob(self._wanted[0], *self._axes)
        self._job = self.workspace.work.job(job, self._progressed, self._loaded, background=True)

    def _draw_columns(self, across: int, up: int) -> None:
        self._axes = (across, up)
        self._ask()

    def _large(self, nodes: Sequence[Mapping[str, Any]], folder: str) -> bool:
        return any(large_file(settings, folder) is not None for settings in nodes)

    def _read(self) -> None:
        if self.isVisible():
            self.refresh()

    def _progressed(self, report: JobReport, _parts: object) -> None:
        if report.text:
            self.text.setText(report.text)

    # what is shown

    def _loaded(self, end: JobEnd) -> None:
        self._job = None
        survey = end.answer if isinstance(end.answer, Survey) else None
        if end.how in ("cancelled", "outdated"):
            self._wanted = None
        elif survey is not None and self._wanted is not None and survey.of != self._wanted[1]:
            self._again = True  # the engine has not heard of the newest edit
            return
        elif end.how == "failed":
            self._again = True
        self._show(survey, self.heading.text(), end.text)

    def _show(self, survey: Survey | None, heading: str, text: str) -> None:
        self.heading.setText(heading)
        self.survey.show_survey(survey)
        self.survey.setVisible(survey is not None and not self.painting.isVisibleTo(self))
        self._make_room()
        if survey is None:
            self.samples.clear()
            self.text.setText(text)
            return
        self.text.setText("\n".join(_described(survey.description)))
        if self._wanted is not None:
            self.samples.show_node(*self._wanted, self._beside)
        self._follow()

    # the sample that is shown

    def _choose(self, sample: int) -> None:
        if self.survey.survey is not None:
            counts = self.survey.survey.description.part_rows
            part, place = place_of(sample, counts)
            self.workspace.canvas.model.samples.point_out(Spot(part, place, counts[part]))

    def _follow(self) -> None:
        """Mark the samples of the batch on the canvas, and the one that was pointed out."""
        survey, trace = self.survey.survey, self.workspace.trace
        if survey is None or not self.isVisible():
            return
        counts = survey.description.part_rows
        spot = self.workspace.canvas.model.samples.sample
        there = spot is not None and spot.place < counts[spot.part]
        sample = sample_of(spot.part, spot.place, counts) if spot is not None and there else -1
        batch = frozenset[int]() if there else frozenset(self._batch(trace, counts))
        self.samples.set_batch(batch)
        self.samples.follow()
        self.survey.mark(batch, sample, self._values(sample))

    def _batch(self, trace: TraceView | None, counts: dict[Part, int]) -> list[int]:
        """The samples of the mini-batch: that of the pass on the canvas, else that of a step which was just made alone."""
        kernel = self.workspace.kernel
        if trace is not None and trace.mode == "training":
            part, rows = trace.part, trace.rows
        else:
            part, rows = "train", kernel.progress.rows if kernel is not None and not kernel.training else ()
        return [sample_of(part, row, counts) for row in rows if row < counts[part]]

    def _values(self, sample: int) -> tuple[float, float] | None:
        """A sample's values in the two columns that are drawn, where the table has them."""
        survey = self.survey.survey
        if survey is None or sample < 0:
            return None
        found = [self.samples.model.value_of(sample, survey.names[at]) for at in (survey.across, survey.up)]
        return None if found[0] is None or found[1] is None else (found[0], found[1])


def _described(about: Description) -> list[str]:
    """How many samples of what, and what was noticed."""
    held = ", ".join(f"{count(about.part_rows[part])} {part_word(part)}" for part in PARTS if about.part_rows[part])
    kinds = (
        _("classes: {classes}").format(classes=", ".join(about.classes))
        if about.classes
        else _("target: {target_names}").format(target_names=", ".join(about.target_names))
    )
    coding = about.coding.replace("_", " ")
    lines = [
        _("{rows:,} samples: {held}.").format(rows=about.rows, held=held),
        _("{features} features · {kinds} · coding: {coding}").format(features=_size(about.features), kinds=kinds, coding=coding),
    ]
    return [*lines, *(f"{MARKS['warning' if note.warning else 'note']}  {note.text}" for note in about.notes)]


def _size(features: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in features)
