"""What the window holds of the responses: which look is chosen, the newest maps, and the plates that show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip

from graph.text.messages import _
from ui.canvas.model.activity_mark import mark_box
from ui.canvas.model.content import Shows
from ui.engine_link.refresh import Refresh
from ui.look.numerals import number
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.present import outdated
from ui.shell.workspace.services import PLANE

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from engine.learned.plane.responses import Responses, ResponsesJob
    from engine.numerics.job import Job, JobEnd
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.theme import Theme
    from ui.responses.painting import Enlarged
    from ui.responses.plates import Plate
    from ui.shell.workspace.workspace import Workspace

LOOKS: tuple[Shows, ...] = ("numbers", "heat", "responses")
_SETTING = "cards_show"
POINTS = (32, 32)
"""Of a map, along each axis."""
FOOT = 44.0
"""Height of the lower edge of the canvas, where the choice of a sample is."""
REST = 1 / 15
"""Least time between two refreshes, in seconds."""


class ResponsesFeature(Feature):
    """The look is remembered between starts; it changes what is seen, never the document. `responses`: there are maps."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.look: Shows = "numbers"
        self.seen: Responses | None = None
        self._plates: list[Plate] = []
        self._images: dict[tuple[str, int], QImage] = {}
        self._large: tuple[str, int] | None = None
        """The node and the unit whose map is enlarged."""
        self._chosen = False
        """The look was chosen just now, so that the reason is said if there are no maps."""
        self._refresh = Refresh(workspace.work, self._answered, REST)

    def install(self) -> None:
        known = self.workspace.settings.text(_SETTING)
        self._show(next((look for look in LOOKS if look == known), "numbers"))
        self.workspace.services.get(PLANE).changed.connect(self.ask)
        self.workspace.visibility.changed.connect(self.ask)
        self.workspace.canvas.installEventFilter(self)

    def facts(self) -> Iterable[str]:
        return ("responses",) if self.seen is not None else ()

    # what the rows do

    def numbers(self) -> None:
        self._choose("numbers")

    def heat(self) -> None:
        self._choose("heat")

    def responses(self) -> None:
        self._choose("responses")

    def turn(self) -> None:
        """The next look."""
        self._choose(LOOKS[(LOOKS.index(self.look) + 1) % len(LOOKS)])

    def enlarge(self) -> None:
        """The first unit of the selected node, then the next one; of the first node with maps where none of its is selected."""
        counts = self._counts()
        selected = next((node for node in self.workspace.canvas.model.selection if node in counts), None)
        node = selected or (self._large[0] if self._large is not None else next(iter(counts), None))
        if node is None:
            return
        same = self._large is not None and self._large[0] == node
        self._enlarge((node, (self._large[1] + 1) % counts[node] if same and self._large is not None else 0))

    def _choose(self, look: Shows) -> None:
        self.workspace.settings.set(_SETTING, look)
        self._chosen = look == "responses"
        self._show(look)
        self.workspace.refresh_actions()

    def _show(self, look: Shows) -> None:
        self.look = look
        self.workspace.actions_by_id[f"cards_{look}"].setChecked(True)
        self.workspace.canvas.model.show_tensors(look)
        self.workspace.canvas.model.overlay.painter("responses", self._paint if look == "responses" else None)
        if look != "responses":
            self._refresh.stop()
            self._forget()
        self.ask()

    def _enlarge(self, what: tuple[str, int] | None) -> None:
        self._large = what
        self.workspace.canvas.model.overlay.update()
        if what is not None and self.seen is not None:
            self.workspace.say(self._said(*what))

    # asking

    def ask(self) -> None:
        """Ask for the maps as they are now."""
        if self.look != "responses" or self.workspace.kernel is None:
            return
        if self.workspace.visibility.hides_numbers:
            self._refresh.stop()
            self._forget()
        else:
            self._refresh.follow(self._job())

    def _job(self) -> ResponsesJob:
        """On the same plane as the picture of the learned function, where there is one."""
        from engine.learned.plane import Axis, Plane
        from engine.learned.plane.responses import ResponsesJob

        document, kernel = self.workspace.document, self.workspace.kernel
        assert kernel is not None
        shown = self.workspace.services.get(PLANE).seen
        plane = Plane(points=POINTS)
        if shown is not None and shown.stamp.structure == document.structure:
            points = POINTS if len(shown.axes) == 2 else (POINTS[0] * 4,)
            axes = zip(shown.axes, points, strict=True)
            plane = Plane(tuple(Axis(a.column, n, (a.low, a.high)) for a, n in axes), shown.held, shown.node, POINTS)
        return ResponsesJob(plane, document.structure, document.revision, kernel.progress.run)

    def _answered(self, _job: Job, end: JobEnd) -> None:
        if self.look != "responses" or self.workspace.visibility.hides_numbers:
            return
        if end.how == "done" and end.answer.stamp.structure == self.workspace.document.structure:
            before, self.seen = self.seen, end.answer
            self._images.clear()
            self.workspace.canvas.model.overlay.update()
            if before is None:
                self.workspace.refresh_actions()
        elif end.how == "failed":
            if self._chosen or self.seen is not None:
                self.workspace.say(_("There are no responses to show: {reason}").format(reason=end.text))
            self._forget()
        if end.how in ("done", "failed"):
            self._chosen = False

    def _forget(self) -> None:
        had, self.seen, self._large = self.seen, None, None
        self._plates = []
        self._images.clear()
        if had is not None:
            self.workspace.canvas.model.overlay.update()
            self.workspace.refresh_actions()

    # painting

    def _counts(self) -> dict[str, int]:
        """How many maps each node has that is seen as itself."""
        if self.seen is None:
            return {}
        scene = self.workspace.canvas.model.scene
        return {node: len(maps) for (node, _port), maps in self.seen.maps.items() if node in scene.row and scene.item_of(node) == node}

    def _maps(self, node: str) -> np.ndarray:
        assert self.seen is not None
        return next(maps for (name, _port), maps in self.seen.maps.items() if name == node)

    def _paint(self, painter: QPainter) -> None:
        from ui.responses.painting import paint_enlarged, paint_plate
        from ui.responses.plates import plates

        counts = self._counts()
        if not counts:
            self._plates = []
            return
        model = self.workspace.canvas.model
        camera, theme, scene = model.camera, model.theme, model.scene
        view = QRectF(self.workspace.canvas.rect()).adjusted(0, 0, 0, -FOOT * theme.scale)
        seen = scene.nodes_in(model.viewport.seen())
        cards = {node: self._with_mark(node, r) for node in seen if (r := scene.rect(node))}
        boxes = {node: QRectF(camera.to_view(r.topLeft()), camera.to_view(r.bottomRight())) for node, r in cards.items()}
        shown = {node: count for node, count in counts.items() if node in boxes}
        self._plates = plates(boxes, shown, view, [box for node, box in boxes.items() if node not in shown])
        stale = self._stale
        for plate in self._plates:
            images = [self._image(plate.node, unit, theme) for unit in range(len(plate.cells))]
            chosen = self._large[1] if self._large is not None and self._large[0] == plate.node else None
            paint_plate(painter, plate, images, theme, chosen, stale)
        if self._large is not None and self._large[0] in shown:
            paint_enlarged(painter, view, self._enlarged(*self._large, theme), theme)

    def _with_mark(self, node: str, card: QRectF) -> QRectF:
        """The card, in the scene, with the mark of dead or saturated units that hangs below it."""
        model = self.workspace.canvas.model
        content = self.workspace.canvas.content
        if not content.marking or content.marked(node) is None:
            return card
        return card.adjusted(0, 0, 0, mark_box(card, model.overlay.boost).bottom() - card.bottom())

    @property
    def _stale(self) -> bool:
        return self.seen is not None and outdated(self.workspace, self.seen.stamp)

    def _image(self, node: str, unit: int, theme: Theme) -> QImage:
        """In the grid: all units of a node on one scale."""
        if (node, unit) not in self._images:
            from ui.responses.painting import largest, map_image

            maps = self._maps(node)
            self._images[node, unit] = map_image(maps[unit], largest(maps), theme)
        return self._images[node, unit]

    def _enlarged(self, node: str, unit: int, theme: Theme) -> Enlarged:
        from ui.responses.painting import Enlarged, largest, map_image

        assert self.seen is not None
        values = self._maps(node)[unit]
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (float("nan"), float("nan"))
        names = tuple(axis.name for axis in self.seen.axes)
        spans = tuple((axis.low, axis.high) for axis in self.seen.axes)
        card = next(plate.box for plate in self._plates if plate.node == node)
        return Enlarged(self._title(node, unit), map_image(values, largest(values), theme), names, spans, low, high, card)

    def _title(self, node: str, unit: int) -> str:
        from graph.formula.latex import display_name

        name = display_name(self.workspace.document.graph.nodes[node].name)
        return _("{name}, unit {number}").format(name=name, number=unit + 1) if len(self._maps(node)) > 1 else name

    def _said(self, node: str, unit: int) -> str:
        values = self._maps(node)[unit]
        finite = values[np.isfinite(values)]
        if not finite.size:
            return _("{unit}: no finite value on the plane").format(unit=self._title(node, unit))
        low, high = number(float(finite.min())), number(float(finite.max()))
        return _("{unit}: from {low} to {high} on the plane").format(unit=self._title(node, unit), low=low, high=high)

    # mouse and keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.look != "responses" or self.seen is None:
            return False
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            return event.button() == Qt.MouseButton.LeftButton and self._pressed(event.position())
        if isinstance(event, QHelpEvent) and (hit := self._hit(QPointF(event.pos()))) is not None:
            QToolTip.showText(event.globalPos(), self._said(*hit))
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            had = self._large is not None
            self._enlarge(None)
            return had
        return False

    def _pressed(self, at: QPointF) -> bool:
        hit = self._hit(at)
        if hit is None:
            return False
        self._enlarge(None if hit == self._large else hit)
        return True

    def _hit(self, at: QPointF) -> tuple[str, int] | None:
        for plate in self._plates:
            unit = plate.unit_at(at.x(), at.y())
            if unit is not None:
                return plate.node, unit
        return None

    # what changes

    def set_document(self, document: Document) -> None:
        self._refresh.stop()
        self._forget()
        if self.look == "responses":
            self.workspace.canvas.model.overlay.painter("responses", self._paint)

    def document_changed(self) -> None:
        if self.seen is not None and self.seen.stamp.structure != self.workspace.document.structure:
            self._forget()
        self._age()
        self.ask()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self.ask()

    def set_progress(self, progress: Progress) -> None:
        self._age()
        self.ask()

    def _age(self) -> None:
        """Maps of other numbers than the present ones are paler."""
        if self.seen is not None and self._stale:
            self.workspace.canvas.model.overlay.update()

    def set_theme(self, theme: Theme) -> None:
        self._images.clear()

    def end(self) -> None:
        self._refresh.stop()
