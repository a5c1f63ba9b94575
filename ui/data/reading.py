"""Large files of Data nodes are read before the document goes to the engine: in pieces, with a progress bar and a way to cancel."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.data.files import large_file
from engine.data.job import load_job
from engine.numerics.job import JobEnd, JobReport
from graph.model.edits import Compound, SetParam
from graph.storage.document import Change, Document
from graph.text.messages import _
from ui.look.job_bar import JobBar
from ui.shell.workspace.services import Service

if TYPE_CHECKING:
    from ui.engine_link.link import Kernel
    from ui.engine_link.work import JobHandle, Work

Settings = dict[str, Any]

READING: Service[DataReading] = Service(_("data reading"))
"""Whether the document waits for its data."""


class DataReading(QObject):
    """Holds the document back from the kernel while one of its large files has not been read there.

    The kernel goes on with what it has. Cancelling takes the new file out of the document, by one edit; where there is no earlier one, as
    in a document just opened, nothing is computed until the person has the file read after all.
    """

    changed = Signal()
    """A document that was held back has been let go."""

    def __init__(self, work: Work, kernel: Kernel | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work, self._kernel = work, kernel
        self.bar = JobBar(_("Reading the data"))
        self.bar.cancelled.connect(self.cancel)
        self.bar.again.connect(self.read)
        self._document: Document | None = None
        self._handle: JobHandle | None = None
        self._known: set[Hashable] = set()
        """The files that this kernel has read."""
        self._asked: frozenset[Hashable] = frozenset()
        """Those that are being read, or were cancelled."""
        self._before: dict[str, Settings] = {}
        """The settings of Data nodes that the kernel works with."""
        self._ids: list[str] = []
        """The Data nodes; looked for when the structure changes, not at every tick of a slider."""
        if kernel is not None:
            kernel.status.connect(self._kernel_changed)

    @property
    def holding(self) -> bool:
        """Whether the document waits for its data."""
        return bool(self._asked)

    def set_document(self, document: Document) -> None:
        """Another document; called before the kernel gets it."""
        if self._document is not None:
            self._document.changed.disconnect(self._changed)
        self._document = document
        document.changed.connect(self._changed)
        self._before = {}
        self._find()
        self._look()

    def read(self) -> None:
        """Read what has not been read yet."""
        self._asked = frozenset()
        self._look()

    def cancel(self) -> None:
        """Stop reading, and go back to the data from before."""
        if self._handle is not None:
            self._handle.cancel()

    # files to read

    def _changed(self, change: Change) -> None:
        if change.structure:
            self._find()
        if change.structure or (change.value and self._ids):
            self._look()

    def _find(self) -> None:
        graph = self._document.graph if self._document is not None else None
        self._ids = [] if graph is None else list(graph.having(lambda spec: spec.role == "data"))

    def _kernel_changed(self, status: str, _text: str) -> None:
        if status == "starting":  # another process, which has read nothing
            self._known.clear()
            self.read()

    def _nodes(self) -> dict[str, Settings]:
        return {node: self._document.graph.settings_of(node) for node in self._ids} if self._document is not None else {}

    def _unread(self, nodes: dict[str, Settings]) -> dict[str, Hashable]:
        folder = self._document.folder if self._document is not None else ""
        files = {node: large_file(settings, folder) for node, settings in nodes.items()}
        return {node: file for node, file in files.items() if file is not None and file not in self._known}

    def _look(self) -> None:
        """Start reading what is new, or let the document go."""
        if self._kernel is None or self._document is None:
            return
        nodes = self._nodes()
        unread = self._unread(nodes)
        if not unread:
            self._work.after_event("data before", self._remember)
            self._release()
        elif frozenset(unread.values()) != self._asked:
            if self._handle is not None:
                self._handle.leave()
            self._asked = frozenset(unread.values())
            self._kernel.hold(True)
            self.bar.begin()
            self._handle = self._work.job(load_job([nodes[node] for node in unread], self._document.folder), self._progressed, self._ended)

    def _remember(self) -> None:
        """Note what can be gone back to. After the event, because a dropped table passes through the defaults of a new Data node."""
        nodes = self._nodes()
        if not self._unread(nodes):
            self._before = nodes

    def _release(self) -> None:
        if self._handle is not None:
            self._handle.leave()
            self._handle = None
        if self._asked and self._kernel is not None:
            self._asked = frozenset()
            self.bar.finish()
            self._kernel.hold(False)
            self.changed.emit()

    # how it goes

    def _progressed(self, report: JobReport, _parts: object) -> None:
        self.bar.show_progress(report.done, report.total, report.text)

    def _ended(self, end: JobEnd) -> None:
        asked, self._handle = self._asked, None
        if end.how != "cancelled":
            self._known |= asked  # what is wrong with a file is said at its node
            self._look()
        elif not self._keep_previous():
            self.bar.offer(_("The data were not read. Nothing can be computed without them."), _("Read them"))

    def _keep_previous(self) -> bool:
        """Give the Data nodes their settings from before; False where one of them has none."""
        document, nodes = self._document, self._nodes()
        if document is None or any(node not in self._before for node in self._unread(nodes)):
            return False
        edits = [
            SetParam(node, name, value)
            for node in self._unread(nodes) for name, value in self._before[node].items() if nodes[node].get(name) != value
        ]  # fmt: skip
        document.do(Compound(tuple(edits), _("Keep the previous data")), _("Keep the previous data"))
        return True
