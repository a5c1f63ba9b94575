"""The gradient audit on the canvas: one tag per wire with the difference between the numerical and the analytical gradient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent

from engine.compile.views import TraceView
from engine.explain.audit import Audit, AuditPart, AuditRow
from engine.explain.question import Refusal
from engine.numerics.job import JobEnd, JobReport
from graph.text.messages import _
from ui.canvas.model.overlay import Kind, Tag
from ui.look.numbers import number

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace

OWNER = "audit"


class AuditOverlay(QObject):
    """On or off. While it is on, every new trace of the graph at rest is audited again; tags of older numbers are removed."""

    changed = Signal()
    chosen = Signal(object)
    """The `AuditRow` whose tag was clicked."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.widget)
        self._workspace = workspace
        self.on = False
        self.rows: list[AuditRow] = []
        self.total = 0
        self.objective = ""
        self.refusal = ""
        self.report = JobReport()
        """Progress of the running audit."""
        self._job: JobHandle | None = None
        self._of: tuple[object, ...] = ()
        workspace.visibility.hid.connect(self._hid)

    # on and off

    def toggle(self) -> None:
        self.turn(not self.on)

    def turn(self, on: bool) -> None:
        if on == self.on:
            return
        self.on = on
        canvas = self._workspace.canvas
        if on:
            canvas.installEventFilter(self)
            self._of = ()
            self.follow(self._workspace.trace)
        else:
            canvas.removeEventFilter(self)
            self._drop()
        self.changed.emit()

    def follow(self, trace: TraceView | None) -> None:
        """Audit the numbers on the canvas unless they are audited already. There is no audit during training."""
        workspace = self._workspace
        if not self.on:
            return
        kernel = workspace.kernel
        if kernel is None or trace is None or workspace.stale or kernel.training:
            self._drop()
            self.refusal = self._why_not()
            self.changed.emit()
            return
        of = (trace.structure, trace.revision, trace.step, trace.run)
        if of != self._of:
            self._drop()
            self._of = of
            self._job = self._workspace.work.job(Audit(), self._progressed, self._ended)
            self.report = JobReport()

    def _hid(self, more: bool) -> None:
        """Other numbers are hidden now: rows may hold hidden numbers or lack visible ones."""
        if self.on:
            self._of = ()
            self.follow(self._workspace.trace)

    def document_changed(self) -> None:
        """Numbers of an older document: their tags go at once."""
        if self.on and self._workspace.stale and self.rows:
            self._drop()
            self.changed.emit()

    @property
    def summary(self) -> str:
        """The result in one line."""
        compared = [row for row in self.rows if row.analytical is not None or not row.ok]
        wrong = sum(kind_of(row) == "error" for row in compared)
        kinks = sum(kind_of(row) == "warning" for row in compared)
        hidden = sum(unmeasured(row) for row in compared)
        said = _("{number} gradients of {objective}: {outcome}").format(
            number=len(compared), objective=self.objective, outcome=_("{wrong} wrong").format(wrong=wrong) if wrong else _("all agree")
        )
        return (
            said
            + (_(", {kinks} at a kink").format(kinks=kinks) if kinks else "")
            + (_(", {hidden} too small to measure").format(hidden=hidden) if hidden else "")
        )

    @property
    def busy(self) -> bool:
        return self._job is not None and self._job.running

    def forget(self) -> None:
        """Another document."""
        self._drop()

    def _drop(self) -> None:
        if self._job is not None:
            self._job.leave()
            self._job = None
        self.rows, self.total, self.refusal, self._of = [], 0, "", ()
        self._show()

    def _why_not(self) -> str:
        kernel = self._workspace.kernel
        if kernel is None:
            return _("The engine is not running.")
        return _("Pause the training to audit its gradients.") if kernel.training else ""

    def cancel(self) -> None:
        """Cancel the running audit; rows compared so far stay."""
        if self._job is not None:
            self._job.cancel()

    def _progressed(self, report: JobReport, parts: Sequence[object]) -> None:
        for part in parts:
            if isinstance(part, Refusal):  # what is compared is hidden
                of = self._of
                self._drop()
                self.refusal, self._of = part.text, of
                break
            if isinstance(part, AuditPart):
                self.rows = sorted([*self.rows, *part.rows], key=lambda row: row.analytical is None)  # what has no gradient comes last
                self.total, self.objective = part.total, part.objective
        self.report = report
        self._show()
        self.changed.emit()

    def _ended(self, end: JobEnd) -> None:
        if end.how == "done":
            self._workspace.say(self.summary)
        elif end.how == "outdated":
            self._drop()
            self._workspace.work.after_event(OWNER, lambda: self.follow(self._workspace.trace))
        elif end.how == "failed":
            self.refusal = end.text
        self._show()
        self.changed.emit()

    # tags

    def _show(self) -> None:
        overlay = self._workspace.canvas.overlay
        tags = tags_of(self.rows)
        if tags != overlay.tags(OWNER):
            overlay.tag(OWNER, tags)

    def row_at(self, identity: str) -> AuditRow | None:
        """The row of a wire; of a node the worst of its learned tensors."""
        rows = [row for row in self.rows if row.address.id == identity]
        return max(rows, key=severity, default=None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on a tag does not reach what lies under it."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            overlay = self._workspace.canvas.overlay
            identity = overlay.hit_tag(event.position())
            row = self.row_at(identity) if identity in overlay.tags(OWNER) else None
            if row is not None:
                self.chosen.emit(row)
                return True
        return False


def severity(row: AuditRow) -> tuple[int, float]:
    """Errors before kinks before what agrees; among these the larger error first."""
    return {"error": 2, "warning": 1}.get(kind_of(row), 0), row.error


def kind_of(row: AuditRow) -> Kind:
    if row.wrong or not row.ok:
        return "error"
    if (row.note and row.analytical is None) or unmeasured(row):
        return "plain"
    return "warning" if row.kinks else "ok"


def unmeasured(row: AuditRow) -> bool:
    """Whether round-off hides the derivative in every direction."""
    return bool(row.unresolved and not (row.smooth or row.kinks or row.wrong))


def verdict(row: AuditRow) -> str:
    """The error in two digits, or the reason why there is none."""
    if row.note and row.analytical is None:
        return row.note
    if unmeasured(row):
        return _("too small to measure")
    if row.kinks and not row.smooth and not row.wrong:
        return "kink"
    return number(row.error, 2) + (_(" · kink") if row.kinks else "")


def tags_of(rows: Iterable[AuditRow]) -> dict[str, Tag]:
    """One tag per wire; a node's learned tensors share one above its card, which shows the worst of them."""
    tags: dict[str, Tag] = {}
    worst: dict[str, AuditRow] = {}
    for row in rows:
        if row.note and row.analytical is None and row.ok:
            continue
        if row.address.kind == "edge":
            tags[row.address.id] = Tag(verdict(row), kind_of(row))
        else:
            node = row.address.id
            worst[node] = max((worst.get(node, row), row), key=severity)
    for node, row in worst.items():
        tags[node] = Tag(f"{row.address.port}  {verdict(row)}", kind_of(row))
    return tags
