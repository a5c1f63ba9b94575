"""What the action table does with sweeps: start, cancel, use the settings of a run, copies and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage

from engine.numerics.job import JobEnd
from engine.sweep.plan import PlanError, edits_of, named_values
from engine.sweep.results import KeepRun
from engine.sweep.tables import csv_text, curves_csv
from graph.model.document_settings import RUNS
from graph.model.edits import SetGraphSetting
from graph.model.graph import GraphError
from graph.storage.paths import reason
from graph.storage.saved_run import SavedRun
from graph.storage.writing import replace_file
from graph.text.messages import _
from ui.look.afar import unit
from ui.look.style import style_sheet
from ui.look.type_size import for_graph
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import RACES, Service
from ui.sweep.state import SweepState

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.work import JobHandle
    from ui.look.stage import Stage
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace
    from ui.sweep.race_page import RacePage


LARGEST = 1.5
"""Type of the race page is not larger than this, unless the user wants it so."""
MOST_KEPT = 24
"""Runs that are kept at once."""


class View(Protocol):
    """The page, once it was made: what is described there, and its chart."""

    @property
    def ready(self) -> bool: ...

    def start(self) -> None: ...

    def image(self) -> QImage: ...

    def svg(self) -> bytes: ...

    def png(self) -> bytes: ...


class SweepFeature(Feature):
    """`sweep`: there are rows. `sweep ready`: a sweep can be started. `sweep running`, `sweep chosen`: a run is selected."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(SWEEP, self)
        workspace.services.offer(RACES, self)
        self.state = SweepState(workspace.work)
        self.state.setParent(self)
        self.state.changed.connect(self._changed)
        self.state.selection_moved.connect(workspace.refresh_actions)
        self._keeping: JobHandle | None = None
        self._stage: Stage | None = None
        self.race: RacePage | None = None
        self._fresh = True
        """Whether the race page has not seen the document yet."""
        self._known: frozenset[str] = frozenset()

    def _changed(self) -> None:
        if frozenset(self.facts()) != self._known:
            self._known = frozenset(self.facts())
            self.workspace.refresh_actions()

    def _page(self) -> View | None:
        if self.racing:
            return self.race
        page: View | None = self.workspace.pages.made("sweep")  # type: ignore[assignment]
        return page

    def facts(self) -> Iterable[str]:
        state, page = self.state, self._page()
        facts = (
            ("sweep", bool(state.rows) and not self.workspace.visibility.hides_numbers), ("sweep running", state.running),
            ("sweep chosen", state.selected is not None), ("sweep ready", page is not None and page.ready),
        )  # fmt: skip
        return [fact for fact, holds in facts if holds]

    def set_document(self, document: Document) -> None:
        self._forget()
        if self.racing:
            self.toggle_race()
        self._fresh = True

    def document_changed(self) -> None:
        if self.racing and self.race is not None:
            self.race.follow()

    def actions_changed(self) -> None:
        if self.racing and self.race is not None:
            self.race.enable()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        if self.racing and self.race is not None:
            self.race.follow_visibility()

    def set_theme(self, theme: Theme) -> None:
        self._dress()

    # the race, which fills the window

    @property
    def racing(self) -> bool:
        return self._stage is not None and self._stage.isVisible()

    def toggle_race(self) -> None:
        """Show the page of races, or the graph again; a race that runs goes on."""
        if self.racing:
            self._leave_race()
        else:
            self._enter_race()
        self.workspace.actions_by_id["race"].setChecked(self.racing)
        self._changed()

    def race_between(self, rates: Mapping[str, float | None]) -> None:
        """Show the page of races with these optimizers chosen, each at its rate (None: the usual one)."""
        if not self.racing:
            self.toggle_race()
        if self.race is not None:
            self.race.form.choose(rates)

    def _enter_race(self) -> None:
        from ui.look.stage import Stage
        from ui.sweep.race_page import RacePage

        if self._stage is None or self.race is None:
            self._stage = Stage(self.workspace.widget, _("Race"))
            self.race = RacePage(self.workspace, self.state, self.use, self.keep)
            self._stage.left.connect(self.leave_race)
            self.race.close_button.clicked.connect(self.leave_race)
            self.race.box.changed.connect(self._changed)
            self.race.form.changed.connect(self._changed)
        self._stage.put(self.race)
        self._dress()
        self.race.follow(fresh=self._fresh)
        self._fresh = False
        self.race.form.first_stop().setFocus(Qt.FocusReason.OtherFocusReason)

    def leave_race(self) -> None:
        """Esc: it ends a race that runs, or leaves the page. The button leaves it in any case."""
        if self.state.running and (self.race is None or self.sender() is not self.race.close_button):
            self.state.cancel()
        elif self.racing:
            self.toggle_race()

    def escaped(self) -> bool:
        """Esc, wherever the focus is."""
        if self.racing:
            self.leave_race()
            return True
        return False

    def _leave_race(self) -> None:
        assert self._stage is not None and self.race is not None
        self._stage.hide()
        self.race.end()
        self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _dress(self) -> None:
        if self._stage is not None and self.race is not None and self.racing:
            theme = for_graph(self.workspace.theme)
            theme = replace(theme, scale=min(unit(self._stage, theme), max(LARGEST, theme.scale)))  # it is read from the last row
            self._stage.setStyleSheet(style_sheet(theme))
            self.race.set_theme(theme)

    def may_close(self) -> bool:
        """Whether a sweep that runs may be ended; asks."""
        state = self.state
        text = _("{ended:,} of {count:,} runs have ended. The results are lost if you go on.")
        return not state.running or self.workspace.dialogs.sure(
            _("End the sweep?"), text.format(ended=state.ended, count=state.plan.count), _("End it")
        )

    def end(self) -> None:
        """The window closes: nothing is shown any more."""
        self.state.blockSignals(True)
        if self.race is not None:
            self.race.end()
        self._forget()

    def _forget(self) -> None:
        if self._keeping is not None:
            self._keeping.leave()
        self._keeping = None
        self.state.forget()

    # what the rows do

    def show(self) -> None:
        if self.racing:
            self.toggle_race()
        self.workspace.pages.show("sweep", room=360)

    def start(self) -> None:
        page = self._page()
        if page is not None:
            page.start()

    def cancel(self) -> None:
        self.state.cancel()

    def use(self) -> None:
        """One edit gives the document the settings of the selected run."""
        state, document = self.state, self.workspace.document
        if state.selected is None:
            return
        values = state.values(state.selected)
        try:
            edit = edits_of(document.graph, state.plan, values)
            text = named_values(document.graph, state.plan, values)
            document.do(edit, _("Use the settings of a run: {settings}").format(settings=text))
        except (PlanError, GraphError) as error:
            self.workspace.say(str(error))
        else:
            self.workspace.say(_("The document has these settings now: {settings}.").format(settings=text))

    def keep(self) -> None:
        """Make the selected run once more as a run of the document, which can be restored, continued and compared."""
        if self.state.selected is not None:
            self._keep([self.state.selected])

    def keep_each(self) -> None:
        """Keep the best run of each competitor, or of each other combination of settings without the seed."""
        self._keep(self.state.best_of_each()[:MOST_KEPT])

    def _keep(self, members: list[int]) -> None:
        """One after another: each is named once it is there."""
        state, kernel = self.state, self.workspace.kernel
        if not members or state.graph is None or kernel is None:
            return
        values, document = state.values(members[0]), self.workspace.document
        try:
            edits_of(document.graph, state.plan, values)
        except PlanError as error:
            self.workspace.say(str(error))
            return
        name = named_values(document.graph, state.plan, values)

        def ended(end: JobEnd) -> None:
            if self._kept(end, document, name):
                self._keep(members[1:])

        job = KeepRun(state.plan, members[0], kernel.new_run())
        self._keeping = self.workspace.work.job(job, lambda _report, _parts: None, ended)
        self.workspace.say(_("The run is made once more: {settings}").format(settings=name))

    def _kept(self, end: JobEnd, document: Document, name: str) -> bool:
        """Take in a run that was made; whether it was."""
        kernel = self.workspace.kernel
        if document is not self.workspace.document or kernel is None:
            return False
        if not isinstance(end.answer, SavedRun):
            self.workspace.say(end.text or _("The run was not kept."))
            return False
        kernel.adopt(end.answer)
        number = end.answer.record.id
        notes = document.graph.settings.get(RUNS)
        rows = {**(notes if isinstance(notes, dict) else {}), str(number): {"name": name}}
        document.do(SetGraphSetting(RUNS, rows), _("Name a run"))
        self.workspace.say(_("Run {number} of the document: {settings}").format(number=number, settings=name))
        return True

    def copy(self) -> None:
        if (text := self._csv()) is not None:
            QGuiApplication.clipboard().setText(text)
            self.workspace.say(_("The table of the sweep is copied."))

    def copy_picture(self) -> None:
        page = self._page()
        if page is not None and self.state.rows:
            QGuiApplication.clipboard().setImage(page.image())
            self.workspace.say(_("The chart is copied as a picture."))

    def _csv(self) -> str | None:
        state = self.state
        return None if state.graph is None or not state.rows else csv_text(state.graph, state.plan, state.rows)

    def save_csv(self) -> None:
        self._save("sweep.csv", _("CSV (*.csv)"), lambda: (self._csv() or "").encode())

    def save_curves(self) -> None:
        state = self.state
        self._save("sweep curves.csv", _("CSV (*.csv)"),
                   lambda: curves_csv(state.graph, state.plan, state.rows).encode() if state.graph is not None else b"")  # fmt: skip

    def save_svg(self) -> None:
        self._save("sweep.svg", _("SVG (*.svg)"), lambda: page.svg() if (page := self._page()) is not None else b"")

    def save_png(self) -> None:
        self._save("sweep.png", _("PNG (*.png)"), lambda: page.png() if (page := self._page()) is not None else b"")

    def _save(self, name: str, kind: str, make: Callable[[], bytes]) -> None:
        workspace = self.workspace
        ending = name[name.rindex(".") :]
        path = workspace.dialogs.save_path(str(workspace.files.suggested(name)), _("Save the sweep"), kind, ending)
        if path is None or not self.state.rows:
            return
        try:
            replace_file(path, make())
        except OSError as error:
            workspace.say(_("{name} could not be written: {error}.").format(name=path.name, error=reason(error)))
        else:
            workspace.say(_("The sweep is saved as {name}.").format(name=path.name))


SWEEP: Service[SweepFeature] = Service("sweep")
