"""What the engine sends, brought to everything in the window that shows it: numbers, progress, problems, its own state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from ui.engine_link.messages import Progress
    from ui.problems.diagnosis import Diagnosis
    from ui.shell.status import Status
    from ui.shell.topbar import TopBar
    from ui.shell.workspace.follower import Follower


AGE, AGE_MS = "age of the numbers", 160
"""So long the engine has to answer before older numbers are marked: a moment longer than the canvas takes to grey its own."""


class NumbersShown(Workspace, Protocol):
    """A workspace with everything in it that shows numbers."""

    @property
    def diagnosis(self) -> Diagnosis: ...

    @property
    def status(self) -> Status: ...

    @property
    def topbar(self) -> TopBar: ...

    def followers(self) -> Iterable[Follower]:
        """Panels, then features."""


class Showing(QObject):
    """Brings numbers to `Visibility`, and what may be seen of them to everything that shows some."""

    def __init__(self, window: NumbersShown) -> None:
        super().__init__(window.widget)
        self._window = window
        window.visibility.changed.connect(self.show_seen)
        window.visibility.hid.connect(self._hid)

    def show_problems(self) -> None:
        """Problems are seen at once, engine or not; numbers follow when they are computed."""
        from engine.compile.views import TraceView

        window = self._window
        for follower in window.followers():
            follower.problems_changed()
        known = window.visibility.truth
        shown = window.diagnosis.complete(known or TraceView(structure=window.document.structure, revision=window.document.revision))
        if known is not None:
            window.visibility.set_truth(shown)
        else:
            window.canvas.set_trace(shown)
        self.show_seen()

    def show_seen(self) -> None:
        """What may be seen has changed: new numbers came, playback moved, some were hidden or shown."""
        window = self._window
        trace, animated = window.trace, window.visibility.animated
        if animated is not None and animated is not window.canvas.content.trace:
            window.canvas.set_trace(animated)
        for follower in window.followers():
            follower.set_seen(trace, window.stale)

    def traced(self, trace: TraceView) -> None:
        """Numbers of an edit are shown at once, in its own frame; those of a running training between two frames."""
        window = self._window
        if trace.mode == "training" and trace.iteration < 0:
            window.work.after_frame("trace", lambda: self._show_training(trace))
        else:
            window.work.drop("trace")
            self.show_trace(trace)

    def _show_training(self, trace: TraceView) -> None:
        if trace.structure == self._window.document.structure:
            self.show_trace(trace)

    def progressed(self, progress: Progress) -> None:
        window = self._window
        window.document.set_trained(progress.trained)
        if window.kernel is not None:
            window.document.set_runs(window.kernel.runs.values())
        if progress.phase == "training":
            window.work.after_frame("progress", lambda: self.show_progress(progress))
        else:
            window.work.drop("progress")
            self.show_progress(progress)

    def show_trace(self, trace: TraceView) -> None:
        """New numbers for everything that shows some."""
        window = self._window
        first = window.trace is None
        if first:
            from ui.maths.formula import loader

            loader().start()  # the first numbers are on their way to the screen: there is time for the typesetter now
        trace = window.diagnosis.take(trace)
        window.visibility.set_truth(trace)
        if trace.mode == "training" and trace.iteration < 0 and not window.playhead.at_rest:
            window.playhead.reset()
        window.playhead.set_trace(trace)
        self.show_seen()
        if first:
            window.canvas.refit()  # the objective's numbers need room of their own
        seen = window.trace
        assert seen is not None
        window.status.show_trace(seen)
        for follower in window.followers():
            follower.set_trace(seen, window.stale)
        window.refresh_actions()

    def watch_age(self) -> None:
        """Numbers that are not those there are now are marked everywhere, and what was measured goes, unless the engine soon has the
        new ones."""
        self._window.canvas.watch_age()
        if self._window.stale or self._old_progress is not None:
            self._window.work.after_frame(AGE, self._age, AGE_MS)

    @property
    def _old_progress(self) -> Progress | None:
        """The newest progress, where it is about an earlier state of the document and says what was measured."""
        kernel, document = self._window.kernel, self._window.document
        progress = kernel.progress if kernel is not None else None
        if progress is None or progress.revision < 0 or not (progress.metrics or progress.loss is not None):
            return None
        return None if (progress.structure, progress.revision) == (document.structure, document.revision) else progress

    def _age(self) -> None:
        if self._window.stale:
            self.show_seen()
            self._window.status.expect(self._window.document)
        if (progress := self._old_progress) is not None:
            for follower in self._window.followers():
                follower.set_progress(progress.aged())

    def show_progress(self, progress: Progress) -> None:
        window = self._window
        shown = self._without_hidden_loss(progress)
        for follower in window.followers():
            follower.set_progress(shown)
        if progress.problem_node is not None and progress.phase == "failed":
            window.canvas.select([progress.problem_node])
        window.status.show_progress(shown)
        self.watch_age()
        window.refresh_actions()

    def _without_hidden_loss(self, progress: Progress) -> Progress:
        secret = self._window.visibility.hidden_loss
        return progress if secret is None else progress.without(secret)

    def _hid(self, more: bool) -> None:
        """A loss that was shown may be hidden now, or shown again."""
        kernel = self._window.kernel
        if kernel is not None and kernel.progress.loss is not None:
            for follower in self._window.followers():
                follower.set_progress(self._without_hidden_loss(kernel.progress))

    def show_kernel(self, state: str, text: str) -> None:
        window = self._window
        window.status.show_kernel(state, text)
        self.show_device(text)
        window.refresh_actions()

    def show_device(self, why: str = "") -> None:
        """The device, or what the engine does before it has any numbers: starting takes it a moment, preparing a huge graph longer."""
        from ui.shell.status import HUGE

        window = self._window
        state = window.status.kernel
        prepares = state == "starting" and len(window.document.graph.nodes) >= HUGE
        window.topbar.set_device("preparing" if prepares else state, window.status.device_name, window.theme, why)
