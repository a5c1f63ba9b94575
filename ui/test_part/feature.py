"""Reads the test part on request, and says what was measured at which step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from engine.learned.part_measures import MeasurePart, PartMeasures
from engine.numerics.job import JobEnd
from graph.text.messages import _
from ui.look.numbers import count, number, percent
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.present import present
from ui.shell.workspace.services import TEST_PART

if TYPE_CHECKING:
    from engine.compile.views import Stamp, TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace


class TestPart(Feature):
    """`test on request`: there is a test part, and a validation part beside it.

    What was measured belongs to one step of one run on one document: it is forgotten with the run, and says its step.
    """

    __test__ = False
    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.offered = False
        self.found: PartMeasures | None = None
        self._problem = ""
        self._asked = False
        self._run = -1
        self._step = 0
        self._of: Stamp | None = None
        """The numbers that were measured."""
        self._state: tuple[object, ...] = ()
        self._job: JobHandle | None = None
        workspace.services.offer(TEST_PART, self)
        workspace.visibility.changed.connect(self.changed)

    def facts(self) -> Iterable[str]:
        return ("test on request",) if self.offered else ()

    # the service

    @property
    def allowed(self) -> bool:
        """Whether predictions for the test part may be shown now."""
        return not self.offered or self._asked

    @property
    def text(self) -> str:
        """What was measured, of which step; empty where nothing was."""
        if self._problem:
            return self._problem
        if self.found is None:
            return ""
        if self.workspace.visibility.hidden_loss is not None:
            return _("The numbers of the test set are hidden until the question is answered.")
        parts = [_("loss {loss}").format(loss=number(self.found.metrics["loss"]))]
        if "accuracy" in self.found.metrics:
            parts.append(_("accuracy {share}").format(share=percent(self.found.metrics["accuracy"])))
        line = _("Test set at step {step}: {numbers}").format(step=count(self.found.step), numbers=" · ".join(parts))
        return line if self.found.step == self._step else line + _(" (now at step {step})").format(step=count(self._step))

    def read(self) -> None:
        """Measure the network on the test part, as it is now."""
        if not self.offered:
            return
        if self._job is not None:
            self._job.leave()
        of = present(self.workspace)
        job = MeasurePart("test")
        self._job = self.workspace.work.job(job, lambda report, parts: None, lambda end: self._read(of, end), background=True)

    def _read(self, of: Stamp, end: JobEnd) -> None:
        self._job = None
        if isinstance(end.answer, PartMeasures):
            self.found, self._problem, self._asked = end.answer, "", True
            self._of = replace(of, step=end.answer.step)
        elif end.how == "failed":
            self.found, self._problem = None, end.text
        self.changed.emit()
        if self.text:
            self.workspace.say(self.text)

    # what happens around it

    def set_document(self, document: Document) -> None:
        self._forget()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        if stale:
            return
        offered = bool(trace.samples.get("validation") and trace.samples.get("test"))
        state = (trace.structure, tuple(sorted(trace.samples.items())), offered)
        if state != self._state:
            self._state = state
            self.offered = offered
            self._forget()
            self.workspace.refresh_actions()

    def document_changed(self) -> None:
        now = present(self.workspace)
        if self._of is not None and (self._of.structure, self._of.revision) != (now.structure, now.revision):
            self._forget()
            self.workspace.refresh_actions()

    def set_progress(self, progress: Progress) -> None:
        before, self._run = self._run, progress.run
        if before not in (-1, progress.run):
            self._forget()
        if progress.step != self._step:
            self._step = progress.step
            if self.found is not None:
                self.changed.emit()

    def _forget(self) -> None:
        """Other data, another document or run: the test part is unread."""
        if self._job is not None:
            self._job.leave()
            self._job = None
        self.found, self._problem, self._asked, self._of = None, "", False, None
        self.changed.emit()
