"""What the window holds of `ui.lessons`. Loads its widgets when they are first used."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from engine.compile.views import TraceView
from graph.storage.document import Document
from graph.text.messages import _
from ui.lessons.side import Side
from ui.look.theme import Theme
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import DRAWINGS, INSIDE, LESSONS, InsideView

if TYPE_CHECKING:
    from ui.lessons.figures import Figures
    from ui.lessons.notes import NotesWindow
    from ui.lessons.panel import LessonPanel
    from ui.lessons.player import LessonScript, Player
    from ui.lessons.predicting import Predicting
    from ui.lessons.score import Outcome
    from ui.lessons.shelf import Standing
    from ui.lessons.studio import Studio
    from ui.shell.workspace.workspace import Workspace

CLICKER = {"PgDown": "lesson_next", "PgUp": "lesson_back"}
"""Keys that step nodes, and in a lesson its steps."""
_STEPS = ("next_step", "previous_step")


class Lessons(Feature):
    """Lessons: playing, recording, speaker notes."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(LESSONS, self)
        self.player: Player | None = None
        self.panel: LessonPanel | None = None
        self.notes: NotesWindow | None = None
        self.standing: Standing | None = None
        self._side = Side(workspace, "lesson", _("Lesson"))
        self._studio: Studio | None = None
        self._opening = False
        self._predicting: Predicting | None = None
        self._figures: Figures | None = None
        self._shown: object = None
        self._broad = False
        self.finished = False
        """Whether the page after the last step is shown."""

    # choosing and opening

    def choose(self) -> None:
        """The lessons that there are."""
        from ui.lessons.gallery import LessonGallery
        from ui.lessons.shelf import LessonProgress

        workspace = self.workspace
        catalog = workspace.document.graph.catalog
        gallery = LessonGallery(LessonProgress(workspace.settings), workspace.theme, catalog, workspace.widget)
        workspace.dialogs.wait_for(gallery)
        chosen, browse = gallery.chosen, gallery.browse
        gallery.deleteLater()
        if browse:
            workspace.files.ask_open()
        elif chosen is not None:
            self.open(chosen, resume=True)

    def open(self, path: Path, resume: bool = False) -> bool:
        """Play a lesson while the user's document waits; with `resume` where one was last. Whether it was opened."""
        if self._script(path) is None or not self.may_close():
            return False
        script = self._script(path)  # once more: it may be what was recorded here, and was saved just now
        return script is not None and self.play(script, resume)

    def _script(self, path: Path) -> LessonScript | None:
        """The lesson in a file; None, after it was said why, where there is none."""
        from graph.lessons.lesson import LessonError
        from ui.lessons.player import LessonScript

        try:
            return LessonScript(path, self.workspace.document.graph.catalog, self.workspace.actions_by_id)
        except LessonError as wrong:
            self.workspace.dialogs.tell(_("This lesson cannot be opened"), str(wrong))
            return None

    def play(self, script: LessonScript, resume: bool = False) -> bool:
        """Show a lesson in place of the user's document, which waits. Whether it is shown."""
        from ui.lessons.player import Player
        from ui.lessons.shelf import LessonProgress

        workspace = self.workspace
        self._end()
        standing = LessonProgress(workspace.settings).of(script.path)
        if standing.finished:
            standing.begin_again()
        begun = resume and standing.step < len(script.lesson.steps)
        player = Player(workspace, script, standing.step if begun else 0)
        self._furnish()
        self.standing = standing
        self.player = player
        self._opening = True
        try:
            shown = workspace.files.lend(player.document)
        finally:
            self._opening = False
        if not shown:
            self._end()
            return False
        assert self.panel is not None
        self._broad = False
        self._side.place(self.panel)
        player.changed.connect(self._follow)
        player.leaving.connect(self._withdraw)
        player.runner.said.connect(self.panel.say)
        self._shown = None
        player.start()
        workspace.keys_changed()
        if begun and player.index:
            workspace.say(_("Continued at step {number}. The dots below the text lead to the others.").format(number=player.index + 1))
        return True

    @property
    def title(self) -> str:
        """What an unnamed document is called because it belongs to a lesson; empty for none."""
        shown = self.player is not None and (self.player.document is self.workspace.document or self._inside is not None)
        return self.player.lesson.title if self.player is not None and shown else ""

    @property
    def _inside(self) -> InsideView | None:
        """The inside of the optimizer, while it is shown in place of the lesson's graph."""
        inside = self.workspace.services.find(INSIDE)
        return inside if inside is not None and inside.active else None

    def _show_own_graph(self) -> None:
        """Before another step: the lesson's graph is shown again."""
        if self._inside is not None:
            self._inside.leave()

    @property
    def step(self) -> int | None:
        return self.player.index if self.player is not None else None

    # moving

    def next(self) -> None:
        """The next step; after the last one the score, and after that the next lesson."""
        player = self.player
        if player is None:
            return
        self._show_own_graph()
        if self.finished:
            self.next_lesson()
        elif player.last:
            self._finish()
        else:
            player.go(player.index + 1)

    def read_on(self) -> None:
        """The rest of the step's text where some is below the edge, else the next step."""
        if self.finished or self.panel is None or not self.panel.read_on():
            self.next()

    def back(self) -> None:
        """The step before; from the score back to the last step."""
        player = self.player
        self._show_own_graph()
        if player is not None and self.finished:
            self._reopen(player.index)
        elif player is not None and player.index:
            player.go(player.index - 1)

    def go(self, index: int) -> None:
        player = self.player
        self._show_own_graph()
        if player is not None and self.finished:
            self._reopen(index)
        elif player is not None:
            player.go(index)

    def next_lesson(self) -> None:
        """Open the lesson that comes next in the curriculum; after the last one, leave."""
        from ui.lessons.shelf import following

        entry = following(self.player.script.path) if self.player is not None else None
        if entry is not None:
            self.workspace.later(lambda: self.open(entry.path, resume=True))
        else:
            self.leave()

    def repeat(self) -> None:
        """Begin the finished lesson again."""
        if self.player is not None:
            path = self.player.script.path
            self.workspace.later(lambda: self.open(path))

    def _finish(self) -> None:
        """After the last step: the score, what was missed, and the next lesson."""
        from ui.lessons.score import LessonScore
        from ui.lessons.shelf import following

        player, panel, standing = self.player, self.panel, self.standing
        assert player is not None and panel is not None and standing is not None
        self.finished = True
        score = LessonScore.of(player.lesson, standing.answers)
        standing.finish(score.first)
        self._keep()
        self._leave_figures()
        self._give_room(player)
        panel.show_finish(score, standing.best or 0, following(player.script.path))
        self.workspace.refresh_actions()

    def _reopen(self, index: int) -> None:
        """From the end of the lesson back to one of its steps."""
        player, panel, standing = self.player, self.panel, self.standing
        assert player is not None and panel is not None and standing is not None
        self.finished = False
        if index == player.index:
            self._give_room(player)
            panel.show_step(player, standing, again=True)
            self._draw_figures()
            self.workspace.refresh_actions()
        else:
            player.go(index)

    def return_to_step(self) -> None:
        if self.player is not None:
            self._show_own_graph()
            self.player.return_to_step()
            self._uncover()
            self._ask()

    def leave(self) -> None:
        """Close the lesson; the user's own document is shown again."""
        if self.player is not None:
            self._show_own_graph()
            self._end()
            self.workspace.files.give_back()

    def toggle_notes(self) -> None:
        """Speaker notes, in a window of their own."""
        from ui.lessons.notes import NotesWindow

        if self.player is None:
            return
        if self.notes is not None:
            self._close_notes()
            return
        self.notes = NotesWindow(self.workspace.widget)
        self.notes.next_clicked.connect(self.next)
        self.notes.back_clicked.connect(self.back)
        self.notes.step_chosen.connect(self.go)
        self.notes.closed.connect(self._forget_notes)
        self.notes.set_theme(self.workspace.theme)
        self.notes.follow(self.player)
        self.notes.show()

    # recording

    @property
    def studio(self) -> Studio:
        if self._studio is None:
            from ui.lessons.studio import Studio

            self._studio = Studio(self.workspace)
        return self._studio

    @property
    def recording(self) -> bool:
        return self._studio is not None and self._studio.recorder is not None

    def toggle_recorder(self) -> None:
        """Record a lesson with this document, or change the lesson that is open; or end that."""
        from ui.lessons.recording import Recording

        player = self.player
        if self.recording:
            self.studio.stop()
        elif player is not None:
            script, index = player.script, player.index
            recording = Recording.of(script.lesson, [script.state(step) for step in range(len(script.lesson.steps))])
            self._end()
            self.studio.start(recording)
            if self.studio.recorder is not None:
                self.studio.recorder.look(index)
        elif self.workspace.document.graph.nodes:
            self.studio.start(Recording())
        self.workspace.refresh_actions()

    def record_step(self) -> None:
        if self._studio is not None and self._studio.recorder is not None:
            self._studio.recorder.add()

    def may_close(self) -> bool:
        """Whether what is being recorded may be let go of."""
        return self._studio is None or self._studio.may_close()

    def _close_notes(self) -> None:
        if self.notes is not None:
            self.notes.close()

    def _forget_notes(self) -> None:
        notes, self.notes = self.notes, None
        if notes is not None:
            notes.deleteLater()

    # hooks of the window

    def facts(self) -> Iterable[str]:
        player = self.player
        if player is None:
            return ["recording"] if self.recording else []
        facts = ["lesson"]
        facts += ["lesson next"]
        facts += ["lesson back"] if player.index or self.finished else []
        return facts + ["wandered"] if player.wandered else facts

    def set_document(self, document: Document) -> None:
        if self.player is not None and document is not self.player.document and not self._opening and self._inside is None:
            self._end()
        if self._studio is not None:
            self._studio.set_document(document)

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        if self.player is not None and self._inside is None:
            self._draw_figures()
            if not stale and trace.mode != "training":
                self._review(self.player, self.workspace.visibility.truth)
            self._ask()
            self.player.runner.poke()
            self.player.look()
            self.player.follow()

    def _review(self, player: Player, trace: TraceView | None) -> None:
        """Verdicts about other numbers than those that are shown now go; in the step's own graph their questions are open again."""
        from ui.lessons.truth import on_canvas

        graph, boxes = player.document.graph, self.panel.boxes if self.panel is not None else []
        if any([box.review(on_canvas(graph, trace, box.question), player.as_meant) for box in boxes]):
            self._uncover()

    def document_changed(self) -> None:
        if self.player is not None:
            self.player.look()

    def keys_changed(self) -> None:
        """While a lesson is open, the clicker's keys go through its steps."""
        actions = self.workspace.actions_by_id
        if self.player is None:
            return
        for key, identity in CLICKER.items():
            for name in _STEPS:
                actions[name].setShortcuts([shortcut for shortcut in actions[name].shortcuts() if shortcut.toString() != key])
            actions[identity].setShortcuts([*actions[identity].shortcuts(), QKeySequence(key)])

    def set_theme(self, theme: Theme) -> None:
        if self.panel is not None:
            self.panel.set_theme(theme)
            if self.player is not None and self.standing is not None and self._inside is None:
                self._withdraw()
                self.panel.show_step(self.player, self.standing, again=True)
                self._draw_figures()
                self._uncover()
                self._ask()
                if self.finished:
                    self._finish()
        if self.notes is not None:
            self.notes.set_theme(theme)
        if self._studio is not None:
            self._studio.set_theme(theme)

    def end(self) -> None:
        self._end()
        if self._studio is not None:
            self._studio.close()

    # the panel

    def _furnish(self) -> None:
        """The lesson has its place, and the graph the rest of the window."""
        from ui.lessons.panel import LessonPanel

        workspace = self.workspace
        if self.panel is None:
            self.panel = LessonPanel(workspace.work)
            self.panel.set_theme(workspace.theme)
            self._connect(self.panel)
        self._side.show(self.panel, "teach")

    def _connect(self, panel: LessonPanel) -> None:
        panel.next_clicked.connect(self.read_on)
        panel.back_clicked.connect(self.back)
        panel.return_clicked.connect(self.return_to_step)
        panel.close_clicked.connect(self.leave)
        panel.notes_clicked.connect(self.toggle_notes)
        panel.step_chosen.connect(self.go)
        panel.answered.connect(self._answered)
        panel.finish.step_chosen.connect(self.go)
        panel.finish.again_clicked.connect(self.repeat)
        panel.finish.gallery_clicked.connect(lambda: self.workspace.later(self.choose))
        panel.opened.connect(self._uncover)
        panel.left.connect(self._left)

    def _follow(self) -> None:
        """The player moved, or wandered off."""
        player, panel, standing = self.player, self.panel, self.standing
        if player is None or panel is None or standing is None:
            return
        standing.step = player.index
        standing.seen.add(player.index)
        if self._shown != (player, player.index):
            self._shown = (player, player.index)
            self.finished = False
            self._give_room(player)
            panel.show_step(player, standing)
            self._draw_figures()
            self._keep()
            self._ask()
        elif not self.finished:
            panel.follow(player, standing)
        if self.notes is not None:
            self.notes.follow(player)
        self.workspace.refresh_actions()

    def _ask(self) -> None:
        """Ask for predictions on the canvas as well, as soon as there are numbers."""
        panel, workspace = self.panel, self.workspace
        if panel is None or workspace.trace is None or workspace.stale or not any(box.question.kind == "predict" for box in panel.boxes):
            return
        if self._predicting is None:
            from ui.lessons.predicting import Predicting

            self._predicting = Predicting(workspace)
        self._predicting.ask(panel.boxes)

    def _draw_figures(self) -> None:
        """The step's figures, of the numbers that are shown."""
        if self._figures is None and self.panel is not None and self.panel.figures:
            from ui.lessons.figures import Figures

            self._figures = Figures(self.workspace)
        if self._figures is not None and self.panel is not None:
            self._figures.draw(self.panel.figures)

    def _leave_figures(self) -> None:
        """Nobody looks at them any more: no experiment goes on."""
        if self._figures is not None:
            self._figures.draw(())

    def _give_room(self, player: Player) -> None:
        """An experiment takes most of the window; the graph is shown beside it."""
        assert self.panel is not None
        broad = not self.finished and any(action.do == "figure" and action.args["kind"] == "experiment" for action in player.step.run)
        if broad != self._broad:
            self._broad = broad
            self._side.place(self.panel, broad)
            player.view.refit()

    def _left(self) -> None:
        """Esc in the lesson ends an experiment that runs; else the keys go to the graph."""
        if self._figures is None or not self._figures.cancel():
            self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _withdraw(self) -> None:
        predicting, self._predicting = self._predicting, None
        if predicting is not None:
            predicting.withdraw()

    def _answered(self, number: int, outcome: Outcome) -> None:
        if self.player is not None and self.standing is not None:
            self.standing.answered(self.player.index, number, outcome)
            self._keep()

    def _uncover(self) -> None:
        """A number was found, or given up: it may be seen."""
        player, panel = self.player, self.panel
        if player is not None and panel is not None:
            waiting = [box.question for box in panel.boxes if box.question in player.covered() and not box.done]
            answered = [box.question for box in panel.boxes if box.done]
            player.view.cover(player.step, player.document.graph, waiting, answered)
            if self._predicting is not None:
                for box in panel.boxes:
                    if box.done:
                        self._predicting.reveal(box)

    def _keep(self) -> None:
        from ui.lessons.shelf import LessonProgress

        if self.player is not None and self.standing is not None:
            LessonProgress(self.workspace.settings).keep(self.player.script.path, self.standing)

    def _end(self) -> None:
        player, self.player = self.player, None
        self.finished = False
        if player is None:
            return
        self._close_notes()
        self._leave_figures()
        drawings = self.workspace.services.find(DRAWINGS)
        if drawings is not None:
            drawings.forget_drawings()
        player.close()
        player.deleteLater()
        self._side.hide()
        self.workspace.keys_changed()
