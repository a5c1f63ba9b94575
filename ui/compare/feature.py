"""The comparison that the window shows: which two moments, the engine's newest answer, and the differences on the canvas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent

from engine.explain.question import Refusal
from engine.learned.comparison import CompareMoments, Comparison, Moment
from graph.model.run_record import RunRecord
from graph.storage.run_history import is_deleted, name_of
from graph.text.messages import _
from ui.look.numbers import count
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import COMPARISON, RUNS

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.compare.choice import Choice
    from ui.engine_link.messages import Progress
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace

ROOM = 260
"""Height that the panel needs for type at 100 %."""
OWNER = "compare"


class CompareFeature(Feature):
    """`first` (A) and `second` (B) are None while nothing is compared. `reason` says why there is no answer; `changed`: any of these has
    changed."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.first: Choice | None = None
        self.second: Choice | None = None
        self.answer: Comparison | None = None
        self.reason = ""
        self.on_canvas = True
        self._question: CompareMoments | None = None
        """What the answer answers."""
        self._asked: CompareMoments | None = None
        workspace.services.offer(COMPARISON, self)

    def install(self) -> None:
        self.workspace.canvas.installEventFilter(self)
        self.workspace.visibility.changed.connect(self.refresh)
        self.workspace.playhead.state_changed.connect(self.refresh)
        self.workspace.canvas.model.samples.pointed_out.connect(self.refresh)
        runs = self.workspace.services.find(RUNS)
        if runs is not None:
            runs.changed.connect(self._renamed)

    def facts(self) -> Iterable[str]:
        facts = (("comparing", self.comparing), ("runs to compare", bool(self.records)))
        return [fact for fact, holds in facts if holds]

    # what is compared

    @property
    def comparing(self) -> bool:
        return self.first is not None

    @property
    def records(self) -> Mapping[int, RunRecord]:
        """The runs that were not deleted."""
        kernel, settings = self.workspace.kernel, self.workspace.document.graph.settings
        runs = kernel.runs if kernel is not None else {}
        return {run: record for run, record in runs.items() if not is_deleted(settings, run)}

    def moments(self) -> tuple[Moment, Moment] | None:
        """The two moments that are meant now."""
        kernel = self.workspace.kernel
        if kernel is None or self.first is None or self.second is None:
            return None
        one, two = (choice.moment(self.records, kernel.progress) for choice in (self.first, self.second))
        return (one, two) if one is not None and two is not None else None

    def run_name(self, run: int) -> str:
        runs = self.workspace.services.find(RUNS)
        return runs.name(run) if runs is not None else name_of(self.workspace.document.graph.settings, run)

    def name(self, moment: Moment) -> str:
        """A moment in words."""
        return _("{run}, step {step}").format(run=self.run_name(moment.run), step=count(moment.step))

    def short_names(self, first: Moment, second: Moment) -> tuple[str, str]:
        """Both in words; the run is named once where it is the same."""
        if first.run != second.run:
            return self.name(first), self.name(second)
        step, of = _("step {step}"), _("step {step} of {run}")
        return of.format(step=count(first.step), run=self.run_name(first.run)), step.format(step=count(second.step))

    # what the rows do

    def compare_runs(self) -> None:
        from ui.compare.choice import Choice, first_choices

        kernel = self.workspace.kernel
        if kernel is None or not self.records:
            return
        runs = self.workspace.services.find(RUNS)
        chosen = [run for run in (runs.chosen if runs is not None else ()) if run in self.records]
        if len(chosen) > 1:
            self.choose(Choice(chosen[1]), Choice(chosen[0]))
        else:
            self.choose(*first_choices(self.records, kernel.progress))
        self._show_panel()

    def compare_step(self) -> None:
        """Keep the step that is shown; what is gone to from here is compared with it."""
        from ui.compare.choice import SHOWN, Choice

        kernel = self.workspace.kernel
        if kernel is None or kernel.progress.record is None:
            return
        self.choose(Choice(kernel.progress.run, kernel.progress.step), SHOWN)
        self._show_panel()

    def compare(self, first: tuple[int, int | None], second: tuple[int, int | None]) -> None:
        from ui.compare.choice import Choice

        self.choose(Choice(*first), Choice(*second))
        self._show_panel()

    def swap(self) -> None:
        if self.first is not None and self.second is not None:
            self.choose(self.second, self.first)

    def toggle_canvas(self) -> None:
        self.on_canvas = not self.on_canvas
        self._show_on_canvas()
        self._told()

    def close(self) -> None:
        """The canvas shows the present numbers again."""
        if self.comparing:
            self.first = self.second = None
            self._forget("")
            self._told()

    def choose(self, first: Choice, second: Choice) -> None:
        """Compare these two."""
        began = not self.comparing
        self.first, self.second = first, second
        self.refresh()
        if began:
            self.workspace.actions_by_id["compare_canvas"].setChecked(self.on_canvas)
        self._told()

    def _show_panel(self) -> None:
        self.workspace.pages.show("compare", room=ROOM)

    def _told(self) -> None:
        self.workspace.actions_by_id["compare_canvas"].setChecked(self.on_canvas)
        self.changed.emit()
        self.workspace.refresh_actions()

    # asking

    def refresh(self) -> None:
        """Ask again where what is compared has changed; take away what is no longer right."""
        if not self.comparing:
            return
        why, question = self._why_not(), self._wanted()
        if why or question is None:
            self._forget(why or _("One of the two runs is no longer there."))
            return
        if question == self._question:
            self._asked = None
            return
        known = self._question
        if known is not None and (known.structure, known.spot) != (question.structure, question.spot):
            self._forget("")
        if question != self._asked:
            self._asked = question
            self.workspace.work.ask(question, self._answered)

    def _why_not(self) -> str:
        kernel = self.workspace.kernel
        if kernel is None:
            return _("The engine is not running.")
        if kernel.training:
            return _("The comparison goes on when training pauses.")
        if self.workspace.visibility.hides_numbers:
            return _("A question hides numbers, so nothing is compared.")
        return _("The comparison goes on when playback ends.") if not self.workspace.playhead.at_rest else ""

    def _wanted(self) -> CompareMoments | None:
        moments, document = self.moments(), self.workspace.document
        if moments is None:
            return None
        return CompareMoments(*moments, document.structure, document.revision, self.workspace.canvas.model.samples.spot)

    def _answered(self, question: CompareMoments, answer: Comparison | Refusal) -> None:
        if question != self._asked or not self.comparing or self._why_not():
            return
        self._asked = None
        if isinstance(answer, Refusal):
            self._forget(answer.text)
            self._question = question
        else:
            self.answer, self.reason, self._question = answer, "", question
            self._show_on_canvas()
        self.changed.emit()

    def _forget(self, reason: str) -> None:
        """There is no answer."""
        had = self.answer is not None or self.reason != reason
        self.answer, self.reason, self._question, self._asked = None, reason, None, None
        self._show_on_canvas()
        if had:
            self.changed.emit()

    # the canvas

    def _show_on_canvas(self) -> None:
        from ui.compare.numbers import compared

        model, trace = self.workspace.canvas.model, self.workspace.trace
        shown = self.answer is not None and self.on_canvas and trace is not None
        if self.answer is not None and shown and trace is not None:
            names = self.name(self.answer.first), self.name(self.answer.second)
            model.show_compared(compared(self.answer, (_("A: {name}").format(name=names[0]), _("B: {name}").format(name=names[1])), trace))
        else:
            model.show_compared(None)
        model.overlay.painter(OWNER, self._paint if shown else None)
        self._cover(shown)

    def _cover(self, shown: bool) -> None:
        """The graph is fitted below the line that says what is compared."""
        from ui.compare.banner import banner_height

        canvas = self.workspace.canvas
        strip = QRectF(0, 0, canvas.width(), banner_height(canvas.theme)) if shown else None
        canvas.viewport.cover(OWNER, strip)

    def _paint(self, painter: QPainter) -> None:
        from ui.compare.banner import paint_banner

        if self.answer is not None and self.workspace.canvas.content.comparing:
            canvas = self.workspace.canvas
            names = self.short_names(self.answer.first, self.answer.second)
            paint_banner(painter, canvas.rect().toRectF(), names, self.answer.identical, canvas.theme)

    def _renamed(self) -> None:
        if self.comparing:
            self._show_on_canvas()
            self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc ends the comparison once nothing is selected."""
        if event.type() == QEvent.Type.Resize and self.answer is not None:
            self._cover(self.on_canvas)
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape
        ends = pressed and self.comparing and not self.workspace.canvas.model.selection
        if ends:
            self.close()
        return ends

    # what changes

    def set_document(self, document: Document) -> None:
        self.close()

    def document_changed(self) -> None:
        self.refresh()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self.refresh()

    def set_progress(self, progress: Progress) -> None:
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        if self.answer is not None:
            self._cover(self.on_canvas)  # the line may be higher
            self.changed.emit()
