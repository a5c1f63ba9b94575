"""The window: canvas in the middle, panels around it, and the wires between document, kernel and playback.

What is inside the window is imported when it is furnished: its frame is on the screen before that, in half the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QMainWindow, QWidget

from ui.look.frame import paint_frame
from ui.look.theme import THEMES, Theme, color, load_fonts
from ui.look.type_size import sized
from ui.shell.type_sizes import TypeSizes
from ui.shell.workspace.settings import UserSettings

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QShowEvent

    from engine.compile.views import TraceView
    from graph.model.problem import Problem
    from graph.storage.document import Change, Document
    from ui.canvas.model.scene import CanvasScene
    from ui.debugger.feature import Debugger
    from ui.engine_link.link import Kernel
    from ui.explain.feature import Explain
    from ui.lessons.feature import Lessons
    from ui.predict.feature import Predict
    from ui.presenter.feature import Presenter
    from ui.rates.feature import RatesFeature
    from ui.shell.panels import Panels
    from ui.shell.workspace.feature import Feature
    from ui.shell.workspace.follower import Follower
    from ui.shell.workspace.visibility import Visibility
    from ui.sweep.feature import SweepFeature
    from ui.unfold.feature import Unfold
    from ui.weights.feature import WeightsFeature

ROOMY, FRAME = QSize(1440, 900), QSize(16, 80)
"""The first window's size, and what frames and title bars take at most."""


class Window(QMainWindow):
    """One document at a time. Without a kernel everything can be edited and nothing is computed.

    Without a document it is an empty frame in the theme's colours, which `furnish` fills.
    """

    document_shown = Signal()
    """Another document is in the window."""

    if TYPE_CHECKING:  # features that are there by their keys, for those who know them
        explain: Explain
        debugger: Debugger
        unfold: Unfold
        predict: Predict
        lessons: Lessons
        presenter: Presenter
        rates: RatesFeature
        sweep: SweepFeature
        weights: WeightsFeature

    centre: QWidget
    visibility: Visibility

    def __init__(self, document: Document | None, session: UserSettings, kernel: Kernel | None = None, example: str = "") -> None:
        super().__init__()
        load_fonts()
        self.settings, self.kernel = session, kernel
        self.theme: Theme = sized(THEMES.get(session.text("theme", "light"), THEMES["light"]), TypeSizes(session).of())
        self.furnished, self._says = False, ""
        self.setWindowTitle("Gradwire")
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, color(self.theme.canvas))
        self.setPalette(palette)
        self._take_place()
        if document is not None:
            self.furnish(document, kernel, example)

    def furnish(self, document: Document, kernel: Kernel | None = None, example: str = "") -> None:
        """Put everything into the frame and show the document."""
        from PySide6.QtGui import QIcon

        from ui.canvas import accessible
        from ui.canvas.view import Canvas
        from ui.data.reading import READING, DataReading
        from ui.engine_link.work import Work
        from ui.look.style import ICONS
        from ui.problems.diagnosis import Diagnosis
        from ui.shell import menus, qactions
        from ui.shell.commands import Commands
        from ui.shell.controls import Controls
        from ui.shell.dialogs import Dialogs
        from ui.shell.dropped import DropTarget
        from ui.shell.files import Files
        from ui.shell.panels import Panels
        from ui.shell.recovery import Recovery
        from ui.shell.registry import feature_specs, load
        from ui.shell.search_box import SearchBox
        from ui.shell.shortcuts import Keys
        from ui.shell.showing import Showing
        from ui.shell.status import Status
        from ui.shell.teaching_sample import TeachingSample
        from ui.shell.topbar import TopBar
        from ui.shell.view_memory import ViewMemory
        from ui.shell.workspace.later import Later
        from ui.shell.workspace.modes import Modes
        from ui.shell.workspace.playback import Playhead
        from ui.shell.workspace.services import Services
        from ui.shell.workspace.visibility import Visibility

        settings = self.settings
        self.kernel, self.document = kernel, document
        scene, written = self._prepared(document)
        self.services, self.modes = Services(), Modes(settings, self)
        self.setWindowIcon(QIcon(str(ICONS / "gradwire.svg")))
        self.work = Work(kernel, self)
        self.later = Later(self.work)
        self.reading = DataReading(self.work, kernel, self)
        self.services.offer(READING, self.reading)
        self.dialogs = Dialogs(self, settings)
        self.files = Files(self)
        self.files.took_example(example)
        self.drop_target = DropTarget(self, self.files.open)
        self.playhead = Playhead(self)
        self.playhead.set_speed(settings.real("speed", 1.0))
        self.playhead.reduced_motion = settings.flag("reduced_motion")
        accessible.install()
        self.canvas = Canvas(document, self.theme, scene=scene)
        self.canvas.set_playhead(self.playhead)
        TeachingSample(self, self.modes, self.canvas.model.samples)
        self.canvas.painted.connect(self.work.painted)
        self.canvas.gaps = self.work
        self.visibility = Visibility(self)
        self.visibility.hid.connect(self.work.hid)
        if kernel is not None:
            kernel.hide(self.visibility.hidden)
            self.canvas.model.samples.pointed_out.connect(lambda: kernel.point_out(self.canvas.model.samples.spot))
        self.showing = Showing(self)
        self.views = ViewMemory(settings, self.canvas)
        self.diagnosis = Diagnosis(self, self.work)
        self.status = Status(self, self.work)
        self.recovery = Recovery(self, settings.recovery_folder)
        self.commands = Commands(self)
        self.features: dict[str, Feature] = {key: load(spec.make)(self) for key, spec in feature_specs().items()}
        vars(self).update(self.features)
        self.keys = Keys(settings)
        self.actions_by_id = qactions.build(self, self.canvas, self.keys, self.status.clear, self.commands.perform)
        self.menu = menus.build(self, self.actions_by_id, lambda: settings.recent, self._open_recent)
        self.topbar = TopBar(self.modes, self.menu)
        self.controls = Controls(self.playhead)
        self.search_box = SearchBox(self.theme, self)
        self._build()
        self.panels = Panels(self)
        self._wire()
        for follower in self.followers():
            follower.install()
        self.furnished = True
        self._tell_keys()
        self.set_theme(self.theme)
        self.panels.restore()
        self._show(document, written)
        if self.isVisible():
            self._appeared()

    def followers(self) -> list[Follower]:
        """Everything that is notified of changes: panels, then features."""
        return [*self.panels.all(), *self.features.values()]

    def _take_place(self) -> None:
        """Where the window was, never filling the screen without a way out; at the first start, where it fits with its frame."""
        geometry, available = self.settings.blob("geometry"), self.screen().availableGeometry()
        if geometry is None or not self.restoreGeometry(geometry):
            place, filled = first_place(available)
            self.setGeometry(place)
        else:
            filled = self.isMaximized() or not _fits(self.size(), available)
        self.setWindowState(Qt.WindowState.WindowMaximized if filled else Qt.WindowState.WindowNoState)

    def _appeared(self) -> None:
        self.panels.watch()
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.work.after_event("first look", self.views.first_look)  # once the panels around the canvas have their places

    @property
    def widget(self) -> Window:
        """What dialogs, bars and windows of their own belong to."""
        return self

    @property
    def pages(self) -> Panels:
        return self.panels

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the document, errors first."""
        return self.diagnosis.problems

    def panel(self, key: str) -> Any:
        """A panel, for those who know it."""
        return self.panels.panel(key)

    # layout

    def _build(self) -> None:
        from graph.text.messages import _
        from ui.look.job_bar import JobBar
        from ui.look.widgets import column

        self.setMenuWidget(self.topbar)
        self.job_bar = JobBar(_("Writing the code"))
        self.job_bar.cancelled.connect(self.files.cancel_export)
        self.centre = column(self.recovery.bar, self.reading.bar, self.job_bar, self.canvas, self.controls, largest=self.canvas)
        self.setCentralWidget(self.centre)
        self.setStatusBar(self.status)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)

    # wiring

    def _wire(self) -> None:
        from ui.shell.workspace.present import outdated
        from ui.shell.workspace.services import EXPLANATIONS, LESSONS, PROBES

        canvas, topbar, commands = self.canvas, self.topbar, self.commands
        canvas.selection_changed.connect(self._selection_changed)
        canvas.add_requested.connect(commands.edit.ask_for_node)
        canvas.beside_requested.connect(commands.edit.ask_for_node_beside)
        canvas.node_activated.connect(lambda _: self.panels.show("node", "name"))
        canvas.value_activated.connect(lambda _: self.panels.show("node", "value"))
        canvas.number_activated.connect(self.services.get(EXPLANATIONS).why_of)
        canvas.probe_requested.connect(lambda _: self.services.get(PROBES).pin_value())
        canvas.menu_requested.connect(self._context_menu)
        canvas.gallery_requested.connect(lambda: self.later(lambda: commands.run("examples")))
        canvas.lessons_requested.connect(lambda: self.later(self.services.get(LESSONS).choose))
        canvas.text_pasted.connect(commands.edit.paste_formula)
        canvas.table_requested.connect(lambda: self.actions_by_id["import_table"].trigger())
        canvas.formula_requested.connect(commands.edit.ask_for_formula)
        canvas.message.connect(self.say)
        canvas.value_dragged.connect(self._live_edit)
        canvas.model.outdated = lambda trace: outdated(self, trace.stamp)
        self.search_box.chosen.connect(lambda chosen: chosen())
        self.diagnosis.changed.connect(self.showing.show_problems)
        topbar.train_clicked.connect(lambda: commands.run("train"))
        topbar.optimizer_clicked.connect(lambda: self.panels.show("training", "optimizer"))
        topbar.device_clicked.connect(self._device_clicked)
        self.playhead.state_changed.connect(self.refresh_actions)
        self.modes.changed.connect(lambda _before, _now: self.refresh_actions())
        if self.kernel is not None:
            self.kernel.traced.connect(self.showing.traced)
            self.kernel.progressed.connect(self.showing.progressed)
            self.kernel.status.connect(self.showing.show_kernel)

    # the document

    def _open_recent(self, path: Path) -> None:
        """A file of the list was chosen; opening it may ask something."""
        self.later(lambda: self.files.open_recent(path))

    def set_document(self, document: Document) -> None:
        """Show and compute another document; what was shown is let go of as it is."""
        written = ""
        if document is not self.document:
            scene, written = self._prepared(document)
            self.canvas.cancel_gesture()  # what it takes back belongs to the document that goes
            while self.panels.close_sheet():
                pass
            self.document.changed.disconnect(self._document_changed)
            self.views.leave()
            self.document = document
            self.canvas.set_document(document, scene)
        self._show(document, written)

    def _show(self, document: Document, written: str) -> None:
        """Show the document that the canvas has everywhere else, and compute it. `written`: its graph's text, where there is one."""
        document.changed.connect(self._document_changed)
        if not self.files.lent:  # the journal of the user's own document is kept while that waits
            self.recovery.follow(document)
        self.visibility.set_truth(None)
        self.visibility.clear()
        self.status.clear()
        self.work.drop("trace", "progress")
        self.playhead.set_trace(None)
        self.diagnosis.set_document(document)
        self.status.set_document(document)
        for follower in self.followers():
            follower.set_document(document)
        self.reading.set_document(document)
        if self.kernel is not None:
            self.kernel.attach(document, written)
            self.kernel.evaluate_soon()
            self.status.expect(document)
            self.showing.show_device()
        self.panels.sheets.arrange()
        self.views.enter(document, self.files.example)
        if document.read_only or document.note:
            self.say(document.read_only or document.note)
        self._settled()
        if self.isVisible():
            self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)  # so that Tab adds the first node
        self.document_shown.emit()

    def _prepared(self, document: Document) -> tuple[CanvasScene | None, str]:
        """The scene of a huge document and its graph's text for the engine, made beside the window, which shows the one before, or
        an empty frame, until then. None and no text for other documents: their scene and text are made when they are needed."""
        from graph.storage.files import dumps
        from graph.text.messages import _
        from ui.canvas.model.scene import CanvasScene
        from ui.shell.aside import aside
        from ui.shell.status import HUGE

        graph, count = document.graph, len(document.graph.nodes)
        if count < HUGE:
            return None, ""
        text = _("Laying out {count:,} nodes …").format(count=count)
        return aside(lambda: (CanvasScene(graph), dumps(graph) if self.kernel is not None else ""), lambda: self.say(text))

    def _document_changed(self, change: Change) -> None:
        """Panels follow once the event is over: a drag of a hundred nodes is one refresh."""
        self.status.clear()
        self.work.after_event("settle", self._settled)

    def _settled(self) -> None:
        from ui.training.training import optimizer_text

        self.topbar.set_file(self.files.title, self.files.modified)
        self.setWindowTitle(f"{self.files.title}[*] — Gradwire")
        self.setWindowModified(self.files.modified)
        self.topbar.set_optimizer(optimizer_text(self.files.document))
        self.showing.show_seen()
        self.showing.watch_age()
        self.status.show_document(self.document)
        for follower in self.followers():
            follower.document_changed()
        self.refresh_actions()

    def set_saved(self) -> None:
        """The document is in its file: title and marks follow at once."""
        self._settled()

    @property
    def trace(self) -> TraceView | None:
        """The numbers as they may be shown now; None until the first ones are computed."""
        return self.visibility.trace

    @property
    def stale(self) -> bool:
        """Whether the numbers shown are others than those there are now."""
        from ui.shell.workspace.present import outdated

        known = self.visibility.truth
        return known is not None and outdated(self, known.stamp)

    def _live_edit(self) -> None:
        if self.kernel is not None:
            self.kernel.wait_values()

    # panels

    def _device_clicked(self) -> None:
        if self.kernel is not None and self.status.kernel == "dead":
            self.kernel.restart()
        else:
            self.panels.show("training", "device")

    def _selection_changed(self) -> None:
        for follower in self.followers():
            follower.selection_changed()
        self.refresh_actions()

    def go_to(self, nodes: tuple[str, ...], edges: tuple[str, ...]) -> None:
        """Select and show what a problem is about."""
        graph = self.document.graph
        chosen = [n for n in nodes if n in graph.nodes or n in graph.groups][:1] + [e for e in edges if e in graph.edges]
        self.canvas.select(chosen)
        if chosen:
            self.canvas.reveal(chosen[0])
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _context_menu(self, at: object, target: object) -> None:
        from ui.shell import menus

        menus.context(self, self.actions_by_id, target is not None).popup(at if isinstance(at, QPoint) else at.toPoint())  # type: ignore[attr-defined]

    def say(self, text: str) -> None:
        """A short message at the lower edge; of an empty frame also in its title."""
        if self.furnished:
            self.status.say(text)
        elif text != self._says:
            self._says = text
            self.setWindowTitle(text)
            self.update()

    def why_not_train(self) -> str:
        """Why nothing can be trained, in words; empty where it can."""
        return self.commands.why_not_train()

    def refresh_actions(self) -> None:
        from ui.shell import qactions
        from ui.shell.workspace.modes import MODES

        situation = self.commands.situation()
        qactions.refresh(self.actions_by_id, situation)
        self.actions_by_id["save_trained"].setChecked(self.document.saves_training)
        self.actions_by_id[f"save_runs_{self.files.runs.place}"].setChecked(True)
        why = "" if situation.training else self.why_not_train()
        self.topbar.set_training(situation.training, self.actions_by_id["train"].isEnabled(), why)
        for mode in MODES:
            self.actions_by_id[f"mode_{mode.key}"].setChecked(mode.key == self.modes.current)
        self.controls.transport.set_training(situation.training)
        for follower in self.followers():
            follower.actions_changed()

    def keys_changed(self) -> None:
        """Every action hears its keys, and tips name them."""
        self.keys.apply(self.actions_by_id)
        self._tell_keys()
        self.refresh_actions()

    def _tell_keys(self) -> None:
        for follower in self.followers():
            follower.keys_changed()
        self.canvas.key_elsewhere = self.keys.known
        for bar in (self.topbar, self.controls.transport):
            bar.show_keys(self.actions_by_id)

    def key_known(self, event: QKeyEvent) -> bool:
        """Whether some action has this key."""
        return self.keys.known(event)

    def set_theme(self, theme: Theme) -> None:
        """Apply the theme again at the window's type size; panels grow with the type, and a graph that was wholly in view stays so."""
        from ui.look.style import style_sheet
        from ui.look.type_size import for_graph, frameless

        theme = sized(THEMES[theme.name], self.panels.sizes.of())
        theme = theme if self.canvas.model.shows_focus else frameless(theme)
        grows = theme.scale != self.theme.scale
        self.theme = theme
        self.panels.layout.switch()
        self.setStyleSheet(style_sheet(theme))
        self.search_box.set_theme(theme)
        self.panels.dress(theme)
        self.controls.set_theme(theme)
        if self.canvas.theme is not for_graph(theme):
            fitted = self.canvas.fitted
            self.canvas.set_theme(theme)
            if fitted:
                self.canvas.fit_all()
        self.showing.show_device()
        for feature in self.features.values():
            feature.set_theme(theme)
        self.actions_by_id[f"theme_{theme.name}"].setChecked(True)
        self.settings.set("theme", theme.name)
        if grows:
            self.panels.layout.arrange()

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.furnished:
            self._appeared()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """No widget and no enabled action took the key."""
        if (
            self.furnished
            and event.key() == Qt.Key.Key_Escape
            and (self.playhead.cancel() or self.work.cancel() or any(feature.escaped() for feature in self.features.values()))
        ):
            return
        if self.furnished:
            from ui.shell.refused_keys import explain

            explain(self, self.keys, self.commands.situation, event)
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press beside every field and button: letters typed next must not act on the canvas."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.furnished:
            return
        if event.size().width() != event.oldSize().width():
            self.panels.fit()
        if not self.panels.layout.settled:
            self.panels.layout.arrange()
            self.work.after_event("resized", self.views.resized)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.furnished:
            return super().paintEvent(event)
        paint_frame(self, self.theme, self._says)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.furnished:
            event.accept()
            return
        if event.spontaneous() and not self.later.running:
            event.ignore()
            self.later(self.close)
            return
        if not self.files.may_end():
            event.ignore()
            return
        self.later.end()
        self.settings.set("geometry", self.saveGeometry())
        self.panels.layout.remember()
        for follower in self.followers():
            follower.end()
        self.recovery.close()
        self.views.leave()
        self.playhead.reset()
        self.settings.set("speed", self.playhead.speed)
        self.settings.set("started", True)
        self.settings.sync()
        self.work.end()
        if self.kernel is not None:
            self.kernel.shutdown()
        event.accept()


def _fits(size: QSize, available: QRect) -> bool:
    """Whether there is room for a frame around a window."""
    return size.width() + FRAME.width() <= available.width() and size.height() + FRAME.height() <= available.height()


def first_place(available: QRect) -> tuple[QRect, bool]:
    """Where a first window goes, without its frame, and whether it is maximized: on a small screen only the window manager
    knows how much of it is left beside the frame."""
    fits = _fits(ROOMY, available)
    place = QRect(QPoint(), ROOMY if fits else available.size() * 0.8)
    place.moveCenter(available.center())
    return place, not fits
