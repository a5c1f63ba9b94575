"""What the window holds of the optimizer's state: what is shown on the weights, and which two numbers the steps are shown of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip

from engine.learned.track import Quantity, WeightState, WeightStateJob
from graph.model.address import Address
from graph.model.trained_numbers import trained_name
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count
from ui.look.numerals import number
from ui.look.theme import font
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.present import outdated
from ui.shell.workspace.services import LESSONS

if TYPE_CHECKING:
    from engine.compile.views import ArrayView, TraceView
    from engine.numerics.job import Job, JobEnd
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.theme import Theme
    from ui.shell.workspace.panel import Panel
    from ui.shell.workspace.staged import Staged
    from ui.shell.workspace.workspace import Workspace
    from ui.weights.frame_page import FramePage
    from ui.weights.page import StepsPage
    from ui.weights.painting import Strip
    from ui.weights.plates import Field, Key, Plate
    from ui.weights.staged import StagedPage

Shown = Literal["values", "velocity", "squares", "rate", "momentum", "step", "sums"]
QUANTITIES: tuple[Shown, ...] = ("values", "velocity", "squares", "rate", "momentum", "step", "sums")
_ASKED: tuple[Quantity, ...] = ("velocity", "squares", "rate", "momentum", "step", "sums")
OWNER = "weights"
"""Of the part of the view that the strip covers."""
_SETTING = "weights_show"
FOOT, HANDLE = 44.0, 14.0
"""Height of the lower edge of the canvas, where the choice of a sample is; without one, of the handle of the panel below."""
FRAME_MS, LENGTH = 33, 36
"""Milliseconds between two pictures of the animated step, and how many there are."""
REST = 1 / 15
"""Least time between two refreshes, in seconds."""
LOW = 900
"""In a window that is less high, for type at 100 %, the table of the uniform frame does not fit below the canvas."""
ROOM = 340
"""Height that the panels need for type at 100 %."""


def titles() -> dict[Shown, str]:
    """What can be shown, in the words of the chooser."""
    return {
        "values": _("values"), "velocity": _("velocity"), "squares": _("accumulated squares"), "rate": _("effective rate"),
        "momentum": _("effective momentum"), "step": _("coming step"), "sums": _("summed gradients"),
    }  # fmt: skip


class WeightsFeature(Feature):
    """What is shown is remembered between starts; it changes what is seen, never the document."""

    chosen_changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.shown: str = "values"
        self.seen: WeightState | None = None
        self.chosen: list[Address] = []
        """The numbers that were clicked last, the newest first."""
        self._why = ""
        self._plates: list[Plate] = []
        self._tables: dict[Key, np.ndarray] = {}
        self._parts: dict[Key, np.ndarray] = {}
        """Of the coming step, the part of the gradient, by cell."""
        self._share = 1.0
        """How far the animation of the coming step has come."""
        self._strip: Strip | None = None
        self._staged: dict[str, Staged] = {}
        self._refresh = Refresh(workspace.work, self._answered, REST)

    def install(self) -> None:
        known = self.workspace.settings.text(_SETTING)
        self._show(next((each for each in QUANTITIES if each == known), "values"))
        self.workspace.visibility.changed.connect(self.ask)
        self.workspace.canvas.installEventFilter(self)

    # what the rows do

    def values(self) -> None:
        self._choose("values")

    def velocity(self) -> None:
        self._choose("velocity")

    def squares(self) -> None:
        self._choose("squares")

    def rate(self) -> None:
        self._choose("rate")

    def momentum(self) -> None:
        self._choose("momentum")

    def step(self) -> None:
        self._choose("step")

    def sums(self) -> None:
        self._choose("sums")

    def turn(self) -> None:
        """The next of what can be shown."""
        self._choose(QUANTITIES[(list[str](QUANTITIES).index(self.shown) + 1) % len(QUANTITIES)])

    def show_steps(self) -> None:
        """Bring the panel of steps to the front."""
        self._show_page("steps")

    def show_frame(self) -> None:
        """Bring the table of the uniform frame to the front."""
        self._show_page("frame")

    def _show_page(self, key: str) -> None:
        """In the bottom panel; at once as large as the window on a projector, or where the table would not fit below the canvas."""
        lessons = self.workspace.services.find(LESSONS)
        low = self.workspace.widget.height() < LOW * self.workspace.theme.scale
        if (self.workspace.theme.name == "projector" or (key == "frame" and low)) and (lessons is None or lessons.step is None):
            self.fill(key)
            return
        self.workspace.pages.show(key, room=ROOM)
        page: StepsPage | FramePage = self.workspace.pages.panel(key)  # type: ignore[assignment]
        page.attach(self)

    def attached(self, page: StagedPage, key: str, large: bool = False) -> None:
        """A page is used for the first time: its button fills the window with it, or leaves."""
        if large:
            page.fill.setText(_("Back to the graph"))
            page.fill.clicked.connect(lambda _c: self._staged[key].leave())
        else:
            page.fill.clicked.connect(lambda _c: self.fill(key))

    def fill(self, key: str) -> None:
        """Fill the window with a page."""
        if key not in self._staged:
            from ui.shell.workspace.staged import Staged
            from ui.weights.frame_page import FramePage
            from ui.weights.page import StepsPage

            make, name = (StepsPage, _("Steps on the objective")) if key == "steps" else (FramePage, _("Uniform frame of the optimizers"))
            self._staged[key] = Staged(self.workspace, name, make)
        self._staged[key].enter(lambda page: page.attach(self, large=True))  # type: ignore[attr-defined]

    def page(self, key: str) -> Panel | None:
        """The page that fills the window, or has done so."""
        return self._staged[key].page if key in self._staged else None

    def _large(self) -> list[Panel]:
        """The pages that fill the window, or have done so."""
        return [staged.page for staged in self._staged.values() if staged.page is not None]

    def _choose(self, shown: Shown) -> None:
        self.workspace.settings.set(_SETTING, shown)
        self._show(shown)
        self.workspace.refresh_actions()

    def _show(self, shown: Shown) -> None:
        if shown != self.shown:
            self._forget()
        self.shown = shown
        self.workspace.actions_by_id[f"weights_{shown}"].setChecked(True)
        self.workspace.canvas.model.overlay.painter("weights", self._paint if shown != "values" else None)
        if shown == "values":
            self._refresh.stop()
            self._cover()
        self.ask()
        self.chosen_changed.emit()

    # asking

    def ask(self) -> None:
        """Ask for what is shown as it is now."""
        if self.shown == "values" or self.workspace.kernel is None:
            return
        if self.workspace.visibility.hides_numbers:
            self._refresh.stop()
            self._forget(_("Numbers are hidden until they are predicted."))
        else:
            self._refresh.follow(self._job(next(each for each in _ASKED if each == self.shown)))

    def _job(self, quantity: Quantity) -> WeightStateJob:
        document, kernel = self.workspace.document, self.workspace.kernel
        assert kernel is not None
        return WeightStateJob(quantity, document.structure, document.revision, kernel.progress.run)

    def _answered(self, _job: Job, end: JobEnd) -> None:
        if self.shown == "values" or self.workspace.visibility.hides_numbers:
            return
        if end.how == "done" and end.answer.quantity == self.shown and end.answer.stamp.structure == self.workspace.document.structure:
            fresh = self.seen is None or self.seen.stamp != end.answer.stamp
            self.seen, self._why = end.answer, end.answer.why
            self._tables.clear()
            self._parts.clear()
            if fresh and self.shown == "step" and self.workspace.kernel is not None and not self.workspace.kernel.training:
                self._share = 0.0
                self._next_frame()
        elif end.how == "failed":
            self._forget(end.text)
        self._update()

    def _next_frame(self) -> None:
        """The arrows of the coming step grow one after the other."""
        self._share = min(1.0, self._share + 1 / LENGTH)
        self._update()
        if self._share < 1 and self.shown == "step":
            self.workspace.work.after_frame(self._next_frame, self._next_frame, FRAME_MS)

    def _forget(self, why: str = "") -> None:
        self.seen, self._why = None, why
        self._plates, self._tables, self._parts = [], {}, {}
        self._update()

    def _update(self) -> None:
        if self.shown != "values":
            self.workspace.canvas.model.overlay.update()

    @property
    def _stale(self) -> bool:
        return self.seen is not None and outdated(self.workspace, self.seen.stamp)

    # painting

    def _tensors(self) -> dict[str, list[tuple[Key, ArrayView]]]:
        """What there is, by the nodes that are seen as themselves."""
        scene = self.workspace.canvas.model.scene
        found: dict[str, list[tuple[Key, ArrayView]]] = {}
        for key, view in self.seen.tensors if self.seen is not None else ():
            if key[0] in scene.row and scene.item_of(key[0]) == key[0] and (view.data is not None or view.thumbnail is not None):
                found.setdefault(key[0], []).append((key, view))
        return found

    def _largest(self) -> float:
        """Of all cells: the one scale."""
        tables = [*self._tables.values(), *self._parts.values()]
        sizes = [float(np.abs(table[np.isfinite(table)]).max(initial=0.0)) for table in tables]
        return max(sizes, default=0.0)

    def _paint(self, painter: QPainter) -> None:
        from ui.weights.painting import paint_plate, paint_strip
        from ui.weights.plates import cells, plates

        if self._no_weights():
            self._strip = None
            self.workspace.work.after_frame(self._cover, self._cover)
            return
        model = self.workspace.canvas.model
        camera, theme, scene = model.camera, model.theme, model.scene
        foot = FOOT * theme.scale if self.workspace.canvas.sample_chooser.isVisible() else HANDLE
        view = QRectF(self.workspace.canvas.rect()).adjusted(0, 0, 0, -foot)
        if self.seen is not None:
            tensors = self._tensors()
            cards = {node: r for node in scene.nodes_in(model.viewport.seen()) if (r := scene.rect(node))}
            boxes = {node: QRectF(camera.to_view(r.topLeft()), camera.to_view(r.bottomRight())) for node, r in cards.items()}
            shapes = {node: [(key, shape.shape) for key, shape in own] for node, own in tensors.items() if node in boxes}
            size = theme.scale
            free = QRectF(view)
            if self._strip is not None:
                free.setBottom(min(view.bottom(), self._strip.box.top() - 4))
            self._plates = plates(boxes, shapes, free, QFontMetricsF(font("small", size)).height(), size)
            views = dict(self.seen.tensors)
            for field in (field for plate in self._plates for field in plate.fields):
                self._table(views[field.key], field)
                part = dict(self.seen.parts).get(field.key)
                if part is not None and (part.data is not None or part.thumbnail is not None):
                    self._parts[field.key] = cells(part, field)
            for plate in self._plates:
                paint_plate(painter, plate, self._tables, self.seen.quantity, self._largest(), theme, self._stale, size,
                            self._parts, self._share)  # fmt: skip
        choices = [(key, text) for key, text in titles().items()]
        self._strip = paint_strip(painter, self._beside(view), _("On the weights:"), choices, self.shown, self._lines(), theme, self._stale)
        if self.workspace.canvas.model.viewport.covers.get(OWNER) != self._strip.box:
            self.workspace.work.after_frame(self._cover, self._cover)

    def _no_weights(self) -> bool:
        """Whether the graph is the inside of an optimizer: what it holds is on its wires there."""
        graph = self.workspace.document.graph
        return graph.has(lambda spec: spec.rule)

    def _beside(self, view: QRectF) -> QRectF:
        """The part of the view that the strip lies in."""
        from ui.weights.plates import free_foot

        model = self.workspace.canvas.model
        covers = [cover for owner, cover in model.viewport.covers.items() if owner != OWNER]
        return free_foot(view, covers, model.map.place() if model.map.visible() else QRectF())

    def _cover(self) -> None:
        """Whatever fits the graph into the view keeps clear of the strip."""
        strip = self._strip if self.shown != "values" else None
        self.workspace.canvas.model.viewport.cover(OWNER, strip.box if strip is not None else None)

    def _table(self, view: ArrayView, field: Field) -> np.ndarray:
        from ui.weights.plates import cells

        known = self._tables.get(field.key)
        if known is None or known.shape != (field.rows, field.columns):
            known = self._tables[field.key] = cells(view, field)
        return known

    def _lines(self) -> list[str]:
        """What the marks mean, and of which step they are."""
        if self.seen is None or self._why:
            return [self._why or _("Not computed yet.")]
        largest = number(self._largest(), 3)
        said = {
            "velocity": _("Arrows: the move that the memory holds, up for a growing weight. The longest is {largest}."),
            "squares": _("Areas: squared gradients that were collected. The largest is {largest}."),
            "rate": _("αH⁻¹: how far one unit of the gradient moves a weight. The largest is {largest}."),
            "step": _("Arrows: gradient part, then the memory’s part; beside them their sum, the coming step. Scale: {largest}."),
            "sums": _("Arrows: gradients added up since they were set to zero. The longest is {largest}."),
            "momentum": _("βH⁻¹H₋₁ of the coming step: the share of the last move. The largest is {largest}."),
        }[self.seen.quantity]
        step = _("{optimizer}, step {step}").format(optimizer=self.seen.optimizer, step=count(self.seen.stamp.step))
        blocks = {field.block for plate in self._plates for field in plate.fields if field.block != (1, 1)}
        if self._stale:
            step = _("{step}; the network has changed since").format(step=step)
        more = [_("In large layers a cell is the mean over several weights.")] if blocks else []
        return [f"{step}. {said.format(largest=largest)}", *more]

    # mouse

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.shown == "values":
            return False
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            return self._pressed(event.position())
        if isinstance(event, QHelpEvent) and (hit := self._hit(QPointF(event.pos()))) is not None:
            QToolTip.showText(event.globalPos(), self._said(*hit))
            return True
        return False

    def _pressed(self, at: QPointF) -> bool:
        key = self._strip.at(at) if self._strip is not None else None
        if key is not None:
            self._choose(next(each for each in QUANTITIES if each == key))
            return True
        from ui.weights.plates import index_of

        hit = self._hit(at)
        if hit is None:
            return self._strip is not None and self._strip.box.contains(at)
        field, row, column = hit
        view = dict(self.seen.tensors)[field.key] if self.seen is not None else None
        if view is not None:
            index = index_of(view.shape, row * field.block[0], column * field.block[1])
            self.choose(Address("parameter", *field.key, index=index))
            self.workspace.say(self._said(*hit))
        return True

    def choose(self, place: Address) -> None:
        """Show the steps of this number too: with the one that was chosen before it."""
        self.chosen = [place, *(other for other in self.chosen if other != place)][:2]
        self.chosen_changed.emit()

    def _hit(self, at: QPointF) -> tuple[Field, int, int] | None:
        for plate in self._plates:
            for field in plate.fields:
                cell = field.at(at.x(), at.y())
                if cell is not None:
                    return field, *cell
        return None

    def _said(self, field: Field, row: int, column: int) -> str:
        from ui.weights.plates import index_of, plane

        view = dict(self.seen.tensors)[field.key] if self.seen is not None else None
        if self.seen is None or view is None:
            return ""
        value = number(float(self._table(view, field)[row, column]))
        rows, columns = field.block
        last = plane(view.shape)
        names = [
            trained_name(self.workspace.document.graph, Address("parameter", *field.key, index=index_of(view.shape, *place)))
            for place in ((row * rows, column * columns), (min((row + 1) * rows, last[0]) - 1, min((column + 1) * columns, last[1]) - 1))
        ]
        what = titles()[self.seen.quantity]
        if names[0] == names[1]:
            return _("{name}: {quantity} {value}").format(name=names[0], quantity=what, value=value)
        return _("{first} to {last}: mean {quantity} {value}").format(first=names[0], last=names[1], quantity=what, value=value)

    # what changes

    def set_document(self, document: Document) -> None:
        self._refresh.stop()
        self.chosen = []
        self._forget()
        self.chosen_changed.emit()
        for page in self._large():
            page.set_document(document)

    def document_changed(self) -> None:
        for page in self._large():
            page.document_changed()
        if self.seen is not None and self.seen.stamp.structure != self.workspace.document.structure:
            self._forget()
        self._update()
        self.ask()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        for page in self._large():
            page.set_seen(trace, stale)
        self.ask()

    def set_progress(self, progress: Progress) -> None:
        for page in self._large():
            page.set_progress(progress)
        if self._stale:
            self._update()
        self.ask()

    def set_theme(self, theme: Theme) -> None:
        for staged in self._staged.values():
            staged.dress()
        self._update()

    def end(self) -> None:
        for page in self._large():
            page.end()
        self._refresh.stop()
