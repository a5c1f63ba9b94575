"""λmax along the run: at rest, what was not measured while training is filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learned.sharpening import Sharpened, Sharpening
from graph.text.messages import _
from ui.look.job_bar import JobBar
from ui.look.numbers import count
from ui.look.widgets import label

if TYPE_CHECKING:
    from engine.numerics.job import JobEnd, JobReport
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace

Key = tuple[int, int, int]
"""Structure, run and step."""


class AlongRun(QWidget):
    """How far it has come, a way to stop it, and what could not be measured. It is asked for once for each run and step."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._handle: JobHandle | None = None
        self._key: Key | None = None
        """What was asked for last."""
        self.bar, self.said = JobBar(_("λmax along the run")), label("", "small", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.said)
        column.addWidget(self.bar)
        self.said.hide()
        self.bar.text.hide()  # the words stand above: the column is narrow
        self.bar.cancelled.connect(self._cancel)
        self.bar.again.connect(self._begin)

    @property
    def running(self) -> bool:
        return self._handle is not None

    def look(self, wanted: bool) -> None:
        """`wanted`: the curve is looked at, and nothing trains."""
        kernel, document = self._workspace.kernel, self._workspace.document
        key = None if kernel is None else (document.structure, kernel.progress.run, kernel.progress.step)
        if not wanted or key is None:
            self._leave()
            if key != self._key:
                self._forget()
        elif key != self._key and kernel is not None and kernel.progress.step:
            self._leave()
            self._forget()
            self._key = key
            self._begin()

    def stop(self) -> None:
        """Another document, or nobody looks: the next look asks for what is missing then."""
        self._leave()
        self._forget()

    def _begin(self) -> None:
        document, kernel = self._workspace.document, self._workspace.kernel
        if kernel is None:
            return
        self.said.hide()
        self.bar.begin()
        job = Sharpening(document.structure, document.revision, kernel.progress.run)
        handle = self._workspace.work.job(job, self._heard, self._ended, background=True)
        self._handle = handle if handle.running else None

    def _leave(self) -> None:
        """End what is under way; the next look begins again."""
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.leave()
            self._forget()

    def _forget(self) -> None:
        self._key = None
        self.bar.finish()
        self.said.hide()

    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _heard(self, report: JobReport, _parts: object) -> None:
        self.bar.show_progress(report.done, report.total, "")
        self.said.setText(_("λmax along the run: {done} of {total}").format(done=count(report.done), total=count(report.total)))
        self.said.setVisible(self.bar.isVisible())
        self._tell()

    def _tell(self) -> None:
        """Let the window have what was noted in the curve."""
        if self._workspace.kernel is not None:
            self._workspace.kernel.progress_soon()

    def _ended(self, end: JobEnd) -> None:
        self._handle = None
        self.bar.finish()
        self.said.hide()
        self._tell()
        if end.how == "cancelled":
            self._show(_("Stopped. The curve has what was measured so far."), _("Go on"))
        elif end.how == "done" and isinstance(end.answer, Sharpened):
            self._say(end.answer)
        elif end.how == "failed":
            self._show(_("λmax along the run: {reason}").format(reason=end.text))

    def _show(self, text: str, offer: str = "") -> None:
        self.said.setText(text)
        self.said.show()
        if offer:
            self.bar.offer("", offer)

    def _say(self, answer: Sharpened) -> None:
        if answer.known == answer.places:
            return
        text = _("λmax is measured at {known} of {places} places along the run.")
        told = text.format(known=count(answer.known), places=count(answer.places))
        if answer.left and not answer.why:
            told += " " + _("More would take longer.")
        self._show(f"{told} {answer.why}".strip(), _("Measure more") if answer.left else "")
