"""The pictures of a canvas, kept for as long as they are right: what stays, and what follows the numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter

from ui.canvas.model import geometry
from ui.canvas.model.camera import Camera
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.content import Content
from ui.canvas.model.labels import NUMBERS, Labels
from ui.canvas.model.live_scene import LABELLED
from ui.canvas.paint import painting
from ui.canvas.paint.choreography import Performance
from ui.canvas.paint.kept import KeptPicture
from ui.canvas.paint.layer import MARGIN, StaticLayer
from ui.canvas.paint.pulses import Pulses, reach
from ui.look.theme import Theme

Event = tuple[object, str, int, str | None, tuple[str, ...]]
"""Whether playback is at rest, its phase, how many events are finished, the node and the wires of the one under way."""
FAVOURED = 24
"""With more wires than this selected, none of them is more important than others."""
FINISHED = object()
RESTS = 6
"""A view that stood still for so many frames rests: numbers that come are frames as well."""
LABEL_MS, MOVING_MS = 10.0, 4.0
"""Time a frame may spend on finding places for labels; less while the view is moving."""


class Stage:
    """`layer` holds what stays when numbers change; `still` holds everything but pulses and what is being carried, for as long as no
    number changes either: then panning, hovering, carrying and the pulses of one event are a blit and little more.
    """

    def __init__(self, model: CanvasModel) -> None:
        self._model = model
        self.layer = StaticLayer(self._paint_static)
        self.still = StaticLayer(self._paint_still, self.layer, self._paint_numbers)
        self.carried = KeptPicture()
        self.pulses = Pulses()
        self.performance = Performance()
        self._shown: tuple[object, ...] | None = None
        self._mended = 0
        """Changes of geometry that were mended in both pictures, or lie in no picture."""
        self._event: Event | None = None
        self._unlabelled = False
        self._given_way: tuple[object, ...] = ()
        """Labels that are shown, or not, because of what is selected."""
        self._camera: tuple[float, float, float] | None = None
        self._stood = RESTS
        """Frames since the view was moved."""
        self._view: tuple[QSizeF, float] | None = None
        """Size and pixel ratio of the newest frame."""
        self.waiting = False
        """Whether there are numbers that `prepare` is to paint, between two frames."""
        self._making: Iterator[None] | None = None
        self._making_key: tuple[object, ...] = ()
        """The picture that is being made, and what its numbers depend on."""

    def _take_damage(self) -> None:
        """Forget what is out of date in both pictures; labels reach further than wires."""
        damage = self._model.live.take_damage()
        if damage.ground:
            self.layer.invalidate()
            self.carried.clear()
        if damage.numbers:
            self._shown = None
            self.carried.clear()
        for area in damage.parts:
            self.layer.invalidate(area)
            self.still.invalidate(area.adjusted(-LABELLED, -LABELLED, LABELLED, LABELLED))
        for area in damage.ground_parts:
            self.layer.invalidate(area)
        self._mended += damage.mended

    # painting

    def paint(self, painter: QPainter, size: QSizeF, ratio: float, preview: bool) -> None:
        """The picture in view coordinates; `preview` allows a scaled one."""
        model, camera = self._model, self._model.camera
        live, content, trace = model.live, model.content, model.content.trace
        live.labels.held = live.held or (trace is not None and trace.mode == "training" and trace.iteration < 0)
        self._take_damage()
        self._take_event()
        key = self._key()
        moving, self._camera, self._view = camera.state() != self._camera, camera.state(), (size, ratio)
        self._stood = 0 if moving else self._stood + 1
        self.waiting = (self._stood < RESTS or self.waiting) and self._can_wait(key)
        if self.waiting:
            self.still.put(painter, camera)
            return
        self._making = None
        fresh, self._shown = key != self._shown, key
        if fresh:
            self.still.invalidate()
        if fresh and not content.playing and not live.carried:
            self.layer.draw(painter, camera, size, ratio, preview)
            painter.save()
            painter.setWorldTransform(camera.transform(), True)
            self._paint_live(painter, camera.seen(size), camera.scale, MOVING_MS if moving else LABEL_MS)
            painter.restore()
            return
        self._label_more(camera, size)
        scaled = self.still.draw(painter, camera, size, ratio, preview)
        seen = camera.seen(size)
        if content.playing and not self._perform(painter, size):
            shown = (live.scene, content, model.theme, lambda: self._above(seen), None if scaled else self.still)
            self.pulses.paint(painter, camera, size, *shown)
        if live.carried:
            painter.save()
            painter.setWorldTransform(camera.transform(), True)
            lifted = painting.Lifted(live.scene, seen, live.carried)
            painting.paint_lifted(painter, lifted, live.labels, content, model.theme, camera.scale, self.carried)
            painter.restore()

    def _can_wait(self, key: tuple[object, ...]) -> bool:
        """Whether nothing is new but the numbers of a running training, and the picture with those before shows the whole view: while the
        view moves, its frames do not wait for numbers."""
        content, live, shown = self._model.content, self._model.live, self._shown
        training = content.trace is not None and content.trace.mode == "training" and content.trace.iteration < 0
        if not training or shown is None or self._view is None or key == shown or key[1:] != shown[1:]:
            return False
        return not content.playing and not live.carried and self.still.shows(self._model.camera, *self._view)

    def prepare(self) -> bool:
        """Paint a part of the numbers that wait, so that a later frame finds them in the picture. False where none wait any more; until
        then, call it between any two frames."""
        if not self.waiting or self._view is None:
            self._making = None
            return False
        self._take_damage()
        key = self._key()
        if self._making is None or key != self._making_key or not self.still.shows(self._model.camera, *self._view):
            self._making_key = key
            self._making = self.still.renew(self._model.camera, *self._view, (self._paint_carried, self._paint_written))
        if next(self._making, FINISHED) is FINISHED:
            self._making, self.waiting, self._shown = None, False, key
        return True

    def _perform(self, painter: QPainter, size: QSizeF) -> bool:
        """Show the event under way with its numbers and arithmetic; False where it is too fast, or nothing moves in it."""
        model, head = self._model, self._model.content.playhead
        event = head.active_event if head is not None else None
        rows = model.rows.get(event.node) if event is not None else None
        return self.performance.paint(painter, model.camera, size, model.scene, model.content, model.theme, rows, model.viewport.free)

    def _key(self) -> tuple[object, ...]:
        """What the numbers on the screen depend on; the camera, the pulses and single events of playback aside."""
        content, live = self._model.content, self._model.live
        if not live.carried:  # then nothing finds a new place until the drag ends
            self._given_way = live.labels.favour(live.scene, content, self._favoured())
        return (content, content.stale, content.opened, live.scene.version - self._mended, live.held, not content.playing, self._given_way)

    def _favoured(self) -> frozenset[str]:
        """The wires whose numbers matter most now: of what is selected, and of the event under way; none where they are many."""
        model = self._model
        head, scene = model.content.playhead, model.scene
        active = head.active_edges if head is not None else ()
        if len(model.selection) > FAVOURED or len(active) > FAVOURED:
            return frozenset()
        chosen = [e for item in model.selection for e in ([item] if item in scene.edge_row else scene.attached(item))]
        edges = frozenset((*chosen, *active))
        return edges if len(edges) <= FAVOURED else frozenset()

    def _take_event(self) -> None:
        """When playback goes on by one event, only what the two events touch has changed."""
        head, old, scene = self._model.content.playhead, self._event, self._model.scene
        self._event = (head.at_rest, head.phase, head.event_index, head.active_node, head.active_edges) if head is not None else None
        new = self._event
        if old == new:
            return
        if old is None or new is None or old[:2] != new[:2] or not 0 <= new[2] - old[2] <= 1:
            self._shown = None
            return
        for event in (old, new):
            self.still.invalidate(reach(scene, event[4], LABELLED))
            active, written = scene.item_of(event[3]), [*event[4]]
            if active in scene.row and active is not None:
                self.still.invalidate(scene.rect(active).adjusted(-8, -40, geometry.STUB + LABELLED, 40))
                written += scene.attached(active)
            for left, top, right, bottom in self._model.labels.boxes(written):  # vectors are higher than any fixed margin
                self.still.invalidate(QRectF(left, top, right - left, bottom - top).adjusted(-2, -2, 2, 2))

    @property
    def labelled(self) -> bool:
        """Whether every label in view has found its place."""
        return not self._unlabelled

    def _label_more(self, camera: Camera, size: QSizeF) -> None:
        """Go on finding places for labels, and draw the picture again once all have one."""
        if not self._unlabelled or camera.scale < NUMBERS:
            return
        area = camera.seen(size).adjusted(*(sign * MARGIN / camera.scale for sign in (-1, -1, 1, 1)))
        live, scene = self._model.live, self._model.scene
        hidden = {e for node in live.carried for e in scene.attached(node)} | scene.hidden_edges
        wanted = [e for e in scene.edges_in(area) if e not in hidden]
        self._unlabelled = not live.labels.prepare(scene, wanted, self._model.content, LABEL_MS)
        if self._unlabelled:
            self._model.surface.repaint_scene()
        else:
            self.still.invalidate()

    def _above(self, seen: QRectF) -> np.ndarray:
        """Cards and labels in view, below which pulses pass."""
        scene = self._model.scene
        cards = scene.rects[scene.rows_in(seen)]
        boxes = np.concatenate([cards[:, :2], cards[:, :2] + cards[:, 2:]], axis=1)
        labels = self._model.labels.boxes(scene.edges_in(seen))
        return np.concatenate([boxes, np.array(labels)]) if labels else boxes

    def _paint_static(self, painter: QPainter, area: QRectF, scale: float) -> None:
        model = self._model
        painting.paint_static(painter, model.scene, area, model.theme, scale, model.live.carried)

    def _paint_still(self, painter: QPainter, area: QRectF, scale: float) -> None:
        self._paint_static(painter, area, scale)
        self._paint_numbers(painter, area, scale)

    def _paint_numbers(self, painter: QPainter, area: QRectF, scale: float) -> None:
        self._paint_live(painter, area, scale, LABEL_MS)

    def _paint_live(self, painter: QPainter, area: QRectF, scale: float, budget_ms: float) -> None:
        """Numbers and marks; what is incomplete for want of time goes on in the next frame."""
        self._finish_later(painting.paint_live(painter, *self._in(area, scale), budget_ms, self._ahead(area, scale)))

    def _paint_carried(self, painter: QPainter, area: QRectF, scale: float) -> None:
        painting.paint_carried_numbers(painter, *self._in(area, scale))

    def _paint_written(self, painter: QPainter, area: QRectF, scale: float) -> None:
        self._finish_later(painting.paint_written(painter, *self._in(area, scale), MOVING_MS, self._ahead(area, scale)))

    def _in(self, area: QRectF, scale: float) -> tuple[painting.InView, Labels, Content, Theme, float]:
        model = self._model
        return painting.InView(model.scene, area, model.live.carried), model.labels, model.content, model.theme, scale

    def _ahead(self, area: QRectF, scale: float) -> QRectF:
        margin = MARGIN / scale
        return area.adjusted(-margin, -margin, margin, margin)

    def _finish_later(self, complete: bool) -> None:
        """Let the next frame find places for labels that have none yet."""
        if not complete:
            self._unlabelled = True
            self._model.surface.repaint_scene()
