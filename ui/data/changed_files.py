"""Notices when a file of the data changes on the disk, and offers to read it again. Until then nothing is different.

The system says when a file changes; where it does not, as on some network drives, the window looks when it is used again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.data.files import how_read, on_disk
from engine.data.job import load_job
from engine.numerics.job import JobEnd, JobReport
from graph.text.messages import _, ngettext
from ui.look.widgets import ElidedLabel, button

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace

SETTLED_MS = 250
"""A program that writes a file changes it several times: it is looked at after so long."""
Stamp = tuple[int, ...]


class ChangedBar(QWidget):
    """A line that says what changed, with Reload and Keep."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ElidedLabel("", "notice")
        self.reload = button(_("Reload"), tip=_("Read the file again; trained values are kept where they fit"))
        self.keep = button(_("Keep"), "quiet", tip=_("Go on with the samples that were read before"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 6, 3)
        row.setSpacing(10)
        self.text.setMinimumHeight(self.reload.sizeHint().height())
        row.addWidget(self.text, 1)
        row.addWidget(self.reload)
        row.addWidget(self.keep)
        self.hide()


class DataWatch(QObject):
    """`changed`: other files are out of date than before."""

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._known: dict[str, Stamp] = {}
        """The version that is in use, by how it is read and from where."""
        self._dismissed: dict[str, Stamp] = {}
        """The newer version that was not wanted."""
        self._files: dict[str, tuple[str, ...]] = {}
        self.outdated: tuple[str, ...] = ()
        """The files that are others on the disk than those in use."""
        self._job: JobHandle | None = None
        self._watcher = QFileSystemWatcher(self)
        for signal in (self._watcher.fileChanged, self._watcher.directoryChanged):
            signal.connect(lambda path: workspace.work.after_frame(self, self.look, SETTLED_MS))
        self.bar = ChangedBar()
        self.bar.reload.clicked.connect(self.reload)
        self.bar.keep.clicked.connect(self.keep)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._activated)

    def _activated(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive and self._files:
            self.look()

    # what is watched

    def forget(self) -> None:
        """Another document."""
        self._known, self._dismissed = {}, {}
        if self._job is not None:
            self._job.leave()
            self._job = None

    def follow(self, nodes: list[str]) -> None:
        """Watch the files of these Data nodes."""
        document = self._workspace.document
        files: dict[str, tuple[str, ...]] = {}
        known: dict[str, Stamp] = {}
        for node in nodes:
            settings = document.graph.settings_of(node)
            paths, stamp = on_disk(settings, document.folder)
            if paths:
                key = repr((paths, how_read(settings)))
                files[key] = paths
                known[key] = self._known.get(key, stamp)
        self._known = known
        if files != self._files:
            self._files = files
            self._watch()
            self.look()

    def _watch(self) -> None:
        """Files, and the folders they are in: many programs replace a file instead of writing into it."""
        wanted = {path for paths in self._files.values() for path in paths if os.path.exists(path)}
        wanted |= {folder for path in wanted if os.path.isdir(folder := os.path.dirname(path))}
        now = {*self._watcher.files(), *self._watcher.directories()}
        if now - wanted:
            self._watcher.removePaths(sorted(now - wanted))
        if wanted - now:
            self._watcher.addPaths(sorted(wanted - now))

    # what is noticed

    def look(self) -> None:
        """Compare the files on the disk with those in use."""
        present = self._present()
        self._watch()
        for key, stamp in present.items():
            if not self._known[key]:  # there was no file: nothing of it is in use
                self._known[key] = stamp
                if stamp:
                    self._workspace.document.data_changed()
        others = {key: stamp for key, stamp in present.items() if stamp != self._known[key]}
        self._dismissed = {key: stamp for key, stamp in self._dismissed.items() if others.get(key) == stamp}
        outdated = tuple(dict.fromkeys(path for key in others for path in self._files[key]))
        if outdated != self.outdated:
            self.outdated = outdated
            self.changed.emit()
        asked = [key for key in others if key not in self._dismissed]
        if asked:
            self._offer([path for key in asked for path in self._files[key]], all(not others[key] for key in asked))
        elif self._job is None:
            self.bar.hide()

    def _present(self) -> dict[str, Stamp]:
        """The version on the disk of all that is watched."""
        document = self._workspace.document
        found = {}
        for node in document.graph.nodes:
            if document.graph.spec(node).role == "data":
                settings = document.graph.settings_of(node)
                paths, stamp = on_disk(settings, document.folder)
                key = repr((paths, how_read(settings)))
                if key in self._known:
                    found[key] = stamp
        return found

    def _offer(self, paths: list[str], gone: bool) -> None:
        names = ", ".join(dict.fromkeys(os.path.basename(path) for path in paths))
        if gone:
            text = _("{names} is no longer on the disk. The samples that were read before are still used.").format(names=names)
        else:
            text = ngettext(
                "{names} has changed on the disk. The samples that were read before are still used.",
                "{names} have changed on the disk. The samples that were read before are still used.",
                len(set(paths)),
            ).format(names=names)
        self.bar.text.set_full(text)
        self.bar.reload.setEnabled(not gone)
        self.bar.reload.setVisible(not gone)
        self.bar.show()

    # what is done about it

    def keep(self) -> None:
        """Go on with the earlier version, until the file changes once more."""
        self._dismissed = {key: stamp for key, stamp in self._present().items() if stamp != self._known[key]}
        self.bar.hide()

    def reload(self) -> None:
        """Read the files again, as a job; then everything follows from the new samples."""
        document = self._workspace.document
        if self._job is not None or not self.outdated:
            return
        graph = document.graph
        settings = [graph.settings_of(node) for node in graph.having(lambda spec: spec.role == "data")]
        files = [each for each in settings if on_disk(each, document.folder)[0]]
        stamps = self._present()
        self.bar.reload.setEnabled(False)
        job = load_job(files, document.folder, newest=True)
        self._job = self._workspace.work.job(job, self._progressed, lambda end: self._reloaded(end, stamps))

    def _progressed(self, report: JobReport, _parts: object) -> None:
        if report.text:
            self.bar.text.set_full(report.text)

    def _reloaded(self, end: JobEnd, stamps: dict[str, Stamp]) -> None:
        self._job = None
        self.bar.reload.setEnabled(True)
        if end.how == "done":
            self._known.update({key: stamp for key, stamp in stamps.items() if key in self._known})
            self._workspace.document.data_changed()
            self._workspace.say(_("The data were read again."))
            self.look()
        elif end.how == "failed":
            self.bar.text.set_full(_("The file cannot be read: {reason}").format(reason=end.text))
        else:
            self.look()
