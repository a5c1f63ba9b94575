"""Recording in a window: beginning and ending it, keeping it safe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from graph.lessons.lesson import ENDING, LessonError
from graph.storage.document import Document
from graph.storage.paths import file_name
from graph.text.messages import _
from graph.text.quoting import one_line
from ui.lessons.recorder import Recorder
from ui.lessons.recorder_panel import RecorderPanel
from ui.lessons.recording import LessonChanged, Recording
from ui.lessons.side import Side
from ui.look.theme import Theme
from ui.shell.workspace.services import LESSONS

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

FILTER = _("Lessons (*{ENDING});;All files (*)").format(ENDING=ENDING)


class Studio:
    """At most one recording at a time; it belongs to the document it was begun with."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.recorder: Recorder | None = None
        self.panel = RecorderPanel()
        self._side = Side(workspace, "recorder", _("Recorder"))
        self.panel.set_theme(workspace.theme)
        self.panel.save_clicked.connect(lambda: workspace.later(self.save))
        self.panel.play_clicked.connect(lambda: workspace.later(self.play))
        self.panel.close_clicked.connect(self.stop)

    def start(self, recording: Recording) -> None:
        self._end()
        self.recorder = Recorder(self._workspace, recording)
        recording.saved = recording.text()
        self.recorder.changed.connect(self._follow)
        self._side.show(self.panel, "teach")
        self.panel.follow(self.recorder)
        self._workspace.actions_by_id["record_lesson"].setChecked(True)
        self.recorder.look(0)

    def stop(self) -> None:
        """End the recording, after it is safe; which may have to be asked."""
        if self.recorder is not None and self.recorder.recording.modified:
            self._workspace.later(self._stop)
        else:
            self._stop()

    def _stop(self) -> None:
        if self.may_close():
            self._end()
            self._workspace.files.give_back()
        self._workspace.refresh_actions()

    def may_close(self) -> bool:
        """Whether the recording may be let go of; asks where steps are not in a file, and saves when told so."""
        recorder = self.recorder
        if recorder is None or not recorder.recording.modified:
            return True
        answer = self._workspace.dialogs.unsaved(_("the lesson “{title}”").format(title=one_line(recorder.recording.title)))
        return answer == "discard" or (answer == "save" and self.save())

    def save(self) -> bool:
        """Whether the lesson is safely in its file afterwards."""
        recorder = self.recorder
        if recorder is None:
            return False
        path = recorder.recording.path or self._ask_path()
        return path is not None and self._write(recorder.recording, path)

    def _ask_path(self) -> Path | None:
        workspace, recorder = self._workspace, self.recorder
        assert recorder is not None
        suggested = recorder.recording.path or workspace.files.suggested(file_name(recorder.recording.title, ENDING))
        return workspace.dialogs.save_path(str(suggested), _("Save the lesson"), FILTER, ENDING)

    def _write(self, recording: Recording, path: Path, replace: bool = False) -> bool:
        workspace = self._workspace
        try:
            recording.save(path, replace)
        except LessonChanged as wrong:
            answer = workspace.dialogs.changed_outside(wrong.path.name)
            if answer == "replace":
                return self._write(recording, path, replace=True)
            chosen = self._ask_path() if answer == "save_as" else None
            return chosen is not None and self._write(recording, chosen)
        except LessonError as wrong:
            workspace.dialogs.tell(_("The lesson could not be saved"), str(wrong))
            return False
        assert recording.path is not None
        beside, name = recording.graph_path, recording.path.name
        said = _("Saved {lesson} with its graph").format(lesson=name)
        if beside is not None:
            said = _("Saved {lesson}, and its graph, which has large tensors, as {graph}").format(lesson=name, graph=beside.name)
        workspace.say(said)
        return True

    def play(self) -> None:
        """Save the lesson and see it; the recording ends."""
        recorder = self.recorder
        if recorder is None or not self.save() or recorder.recording.path is None:
            return
        if self._workspace.services.get(LESSONS).open(recorder.recording.path):
            self._workspace.say(_("Edit the lesson again with Learn > Lesson > Record a lesson"))

    def set_document(self, document: Document) -> None:
        """Another document: the recording of the old one ends; whether it may was asked before."""
        if self.recorder is not None and document is not self.recorder.document:
            self._end()

    def set_theme(self, theme: Theme) -> None:
        self.panel.set_theme(theme)
        if self.recorder is not None:
            self.panel.follow(self.recorder)

    def _follow(self) -> None:
        if self.recorder is not None:
            self.panel.follow(self.recorder)
            self._workspace.refresh_actions()

    def _end(self) -> None:
        recorder, self.recorder = self.recorder, None
        if recorder is not None:
            recorder.deleteLater()
            self._side.hide()
            self._workspace.actions_by_id["record_lesson"].setChecked(False)

    def close(self) -> None:
        self._end()
