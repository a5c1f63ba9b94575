"""What a canvas shows and what is chosen on it, without a widget: gestures, keys, commands and screen readers work on this."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Signal

from engine.compile.views import TraceView
from graph.model import edits
from graph.model.address import Address
from graph.model.graph import Graph, GraphError
from graph.storage.document import Change, Document
from ui.canvas.model import card_body, levels, samples
from ui.canvas.model.arithmetic import NodeRows
from ui.canvas.model.camera import Camera
from ui.canvas.model.compared import Compared
from ui.canvas.model.content import Content, Shows
from ui.canvas.model.digits import Digits
from ui.canvas.model.expected_shapes import expected
from ui.canvas.model.gradient_size import Look
from ui.canvas.model.label_room import STUB
from ui.canvas.model.labels import NUMBERS, Labels
from ui.canvas.model.live_scene import LiveScene
from ui.canvas.model.map_view import MapView
from ui.canvas.model.navigation import GroupNavigation
from ui.canvas.model.overlay import Overlay
from ui.canvas.model.playhead import Playhead
from ui.canvas.model.pointing import Pointing
from ui.canvas.model.samples import Samples
from ui.canvas.model.scene import CanvasScene, PortHit
from ui.canvas.model.selection import Selection
from ui.canvas.model.surface import Surface
from ui.canvas.model.viewport import Viewport
from ui.look.theme import Theme
from ui.look.type_size import for_graph

MANY = 500
"""Of more items than this that are selected, no card is made and none is repainted alone: everything is, once."""


class CanvasModel(QObject):
    """One document on one `surface`. The document changes through `do` alone; the scene follows `document.changed`."""

    selection_changed = Signal()
    view_changed = Signal()
    zoomed = Signal()
    """After `view_changed`, where the scale changed a little: there will be more."""
    level_changed = Signal()
    """The way into groups may look different."""
    document_followed = Signal()
    """The scene has taken up a change of the document."""
    let_go = Signal()
    """The structure changed: what a gesture holds may be gone."""
    level_left = Signal()
    """Another level is about to be shown: no gesture goes on."""
    value_dragged = Signal()
    """A slider moved, or was put back: numbers can follow in the same frame."""
    add_requested = Signal(object, object, object)
    """Scene position, global position, and the `PortHit` a wire hangs on (or None)."""
    beside_requested = Signal(object, object)
    """Ids of the selected cards, and the global position beside them: a node is to be added there, wired to them."""
    node_activated = Signal(str)
    value_activated = Signal(str)
    """The id of a node whose number was double-clicked."""
    number_activated = Signal(str)
    """The id of a wire one of whose numbers was double-clicked."""
    probe_requested = Signal(str)
    """The id of a wire whose numbers the user wants to watch."""
    menu_requested = Signal(object, object)
    """Global position, and the id of the node or wire under it (or None)."""
    gallery_requested = Signal()
    lessons_requested = Signal()
    table_requested = Signal()
    formula_requested = Signal()
    text_pasted = Signal(str, object)
    """A text that is no copy of nodes, and the scene position where what it means belongs."""
    message = Signal(str)

    def __init__(self, document: Document, theme: Theme, surface: Surface, scene: CanvasScene | None = None) -> None:
        super().__init__()
        self.document: Document = document
        self.theme: Theme = for_graph(theme)
        self.surface: Surface = surface
        self.playhead: Playhead | None = None
        self.outdated: Callable[[TraceView], bool] = lambda trace: False
        """Whether training has moved on from these numbers, which only the engine knows."""
        self.pointing = Pointing()
        self.samples = Samples(self)
        self.digits = Digits()
        self.samples.changed.connect(self._show_sample)
        self.found: tuple[str, ...] = ()
        """What was looked for, ringed."""
        self.shows_focus = True
        """Whether what has the keyboard focus is framed."""
        self._shaped = (-1, 0, 0)
        """Of which pass the shapes were taken: its structure, and how many there were."""
        self.shows: Shows = "numbers"
        self.compared: Compared | None = None
        """Two moments whose differences are shown in the place of the present numbers."""
        self.look: Look = ""
        self.activity_shown = False
        """How the wires show the size of their gradients."""
        self.live = LiveScene(document.graph, surface.repaint_scene, scene)
        self.content = Content(document.graph)
        self.rows: dict[str, NodeRows] = {}
        """The arithmetic of nodes that playback is about to come to, as far as it is known."""
        self.viewport = Viewport(self.live.scene, self.theme.scale, surface.view_size, self._view_moved)
        self.map = MapView(self.viewport)
        self._selection = Selection(self._selection_flipped)
        self.navigation = GroupNavigation(self.live, self.viewport, self._selection, self.level_left.emit, self.level_changed.emit)
        self.overlay = Overlay(self.live, self.viewport, surface.repaint_scene)
        self.overlay.setParent(self)
        document.changed.connect(self._follow)
        self.live.take_shapes(expected(document.graph))

    # what is shown

    @property
    def graph(self) -> Graph:
        return self.document.graph

    @property
    def scene(self) -> CanvasScene:
        return self.live.scene

    @property
    def labels(self) -> Labels:
        return self.live.labels

    @property
    def camera(self) -> Camera:
        return self.viewport.camera

    @property
    def empty(self) -> bool:
        graph = self.document.graph
        return not (graph.nodes or graph.notes or graph.frames)

    def set_least(self, pixels: float) -> None:
        """How large text must be at least: it depends on the window's height."""
        if pixels != self.viewport.least:
            self.viewport.least = self.live.scene.least = pixels
            self.live.invalidate()

    def set_document(self, document: Document, scene: CanvasScene | None = None) -> None:
        """Show another document, all of it. `scene`: its scene, where it was made before."""
        self.document.changed.disconnect(self._follow)
        self.document = document
        document.changed.connect(self._follow)
        self._shaped = (-1, 0, 0)
        self.compared = None
        self.live = self.overlay.live = LiveScene(document.graph, self.surface.repaint_scene, scene)
        self.viewport.scene = self.live.scene
        self.live.scene.least = self.viewport.least
        self.content = Content(document.graph, playhead=self.playhead, sample=self.samples.choice, look=self.look, digits=self.digits,
                               shows=self.shows, activity_shown=self.activity_shown)  # fmt: skip
        self.digits.clear()
        self.rows.clear()
        self.overlay.clear()
        self._selection.set(())
        self.samples.point_out(None)
        self.navigation.reset(self.live)
        self.live.take_shapes(expected(document.graph))
        self.viewport.fit_all()

    def set_theme(self, theme: Theme) -> None:
        """Change colours; a larger scale keeps the middle of the view where it is, or everything in view."""
        fitted = self.viewport.fitted
        self.theme = for_graph(theme)
        self.live.labels.clear()
        self.live.invalidate()
        self.level_changed.emit()
        self.viewport.set_natural_scale(self.theme.scale)
        if fitted:
            self.viewport.fit_all()

    def set_trace(self, trace: TraceView | None) -> None:
        """Show these numbers. A trace of another document is the caller's mistake; an older one is shown until a newer comes."""
        stale = self.is_old(trace) and self.content.stale
        self._take_shapes(trace)
        fractions = self.content.fractions if trace is self.content.trace and not stale else {}
        self.content = Content(
            self.document.graph, trace, self.playhead, stale, sample=self.samples.choice, opened=self._opened(), fractions=fractions,
            look=self.look, digits=self.digits, shows=self.shows, held=self.live.held, activity_shown=self.activity_shown,
            compared=self.compared,
        )  # fmt: skip
        self.surface.repaint_scene()

    def _take_shapes(self, trace: TraceView | None) -> None:
        """They are looked at once a structure, and again where the engine knows more of it."""
        if trace is not None and trace.shapes:
            known = (trace.structure, len(trace.shapes), len(trace.parameters))
            if known != self._shaped:
                self._shaped = known
                self.live.take_shapes(card_body.shapes_of(trace))

    def show_fractions(self, fractions: Mapping[Address, str]) -> None:
        """Write these numbers of the trace shown as fractions, until other numbers come."""
        if fractions != self.content.fractions:
            self.content.fractions = fractions
            self.content.texts.clear()
            self.live.labels.clear()
            self.surface.repaint_scene()

    def show_compared(self, compared: Compared | None) -> None:
        """Show by how much two moments differ in the place of the present numbers; None: these again."""
        if compared is not self.compared:
            self.compared = compared
            self.live.labels.clear()
            self.set_trace(self.content.trace)

    def _show_sample(self) -> None:
        """Another part of the batch: the same numbers, cut differently."""
        self.live.labels.clear()
        self.set_trace(self.content.trace)

    def step_sample(self, way: int) -> None:
        """Show the next sample of the batch, or the one before; the first after all of them, and the last before.

        Where a sample was pointed out, the next one of its part, or the one before.
        """
        if self.samples.spot is not None:
            self.samples.point_out(self.samples.spot.moved(way))
            return
        count, choice = samples.count(self.content.trace), self.samples.choice
        if count:
            row = min(choice, count - 1) + way if isinstance(choice, int) else 0 if way > 0 else count - 1
            self.samples.choose(row % count)

    def show_gradient_sizes(self, look: Look) -> None:
        """Show the size of the gradients by the wires' width or colour, or not at all."""
        self._mark(look, self.activity_shown)

    def show_tensors(self, shows: Shows) -> None:
        """Show tensors as numbers where they are small, as heat maps, or as the responses of units."""
        if shows != self.shows:
            self.shows = self.content.shows = shows
            self.live.labels.clear()
            self.live.invalidate()

    def show_activity(self, shown: bool) -> None:
        """Mark nodes with dead or saturated units, also while the size of the gradients is not shown."""
        self._mark(self.look, shown)

    def _mark(self, look: Look, activity: bool) -> None:
        before = self.content.marking
        self.look = self.content.look = look
        self.activity_shown = self.content.activity_shown = activity
        if self.content.marking != before:
            self.live.labels.clear()  # they keep clear of the marks
        self.live.invalidate()

    def is_old(self, trace: TraceView | None) -> bool:
        """Whether the numbers of a trace are not those there are now."""
        if trace is None:
            return False
        return trace.revision < self.document.revision or trace.structure < self.document.structure or self.outdated(trace)

    def set_playhead(self, playhead: Playhead | None) -> None:
        if self.playhead is not None:
            self.playhead.moved.disconnect(self._playhead_moved)
        self.playhead = playhead
        if playhead is not None:
            playhead.moved.connect(self._playhead_moved)
        self.content.playhead = playhead
        self.surface.repaint_scene()

    def _playhead_moved(self) -> None:
        self.surface.repaint_scene()

    def _follow(self, change: Change) -> None:
        self.live.follow(change, self.let_go.emit)
        self.navigation.follow()
        self._selection.keep(self.document.graph, self.navigation.seen)
        self.document_followed.emit()

    def _view_moved(self, zooming: bool) -> None:
        self.view_changed.emit()
        if zooming:
            self.zoomed.emit()
        self.surface.repaint_scene()

    # what is chosen

    @property
    def selection(self) -> frozenset[str]:
        return self._selection.ids

    def selected_nodes(self) -> list[str]:
        return self._selection.nodes(self.document.graph)

    def selected_edges(self) -> list[str]:
        return self._selection.edges(self.document.graph)

    def movable(self) -> list[str]:
        """Everything selected that has a place of its own: nodes, groups, frames and notes."""
        return self._selection.movable(self.document.graph)

    def focused_item(self) -> str | None:
        """What keys act on, while they are in use: the last thing selected."""
        chosen = self.movable()
        return chosen[-1] if chosen and self.surface.has_focus() and self.pointing.by_keys else None

    def select(self, ids: Iterable[str]) -> None:
        self._selection.set(ids)

    def select_all(self) -> None:
        graph = self.document.graph
        self.select([*self.scene.ids, *self.scene.edges, *graph.frames, *graph.notes])

    def _opened(self) -> frozenset[str]:
        """The selected cards that have room for more numbers than they show; none of so many that nobody reads them one by one."""
        if len(self._selection.ids) > MANY:
            return frozenset()
        cards = self.scene.cards
        return frozenset(n for n in self._selection.ids if n in cards and any(place.large for place in cards[n].places))

    def _selection_flipped(self, ids: set[str]) -> None:
        opened = self._opened()
        if opened != self.content.opened:
            self.content.opened = opened
            self.surface.repaint_scene()
        if len(ids) > MANY:
            self.surface.repaint_scene()
            ids = set()
        for item in ids:
            if item in self.scene.row:
                self.surface.repaint_scene(self.scene.rect(item).adjusted(-10, -14, 14, 10))
            elif item in self.scene.edge_row:
                self.surface.repaint_scene(self.scene.wire_rect(item, 12))
            else:
                self.surface.repaint_scene()
        self.selection_changed.emit()

    # where things are

    def item_rect(self, identity: str) -> QRectF:
        """Where a card, frame or note is; null when it is not on this level."""
        return self.scene.rect(identity) if identity in self.scene.row else self.scene.item_rect(identity)

    def reveal(self, identity: str) -> None:
        """Bring a node, frame or note into view if it is not, from inside groups too; nothing moves when it is."""
        self.navigation.reveal(identity)
        self.viewport.reveal(self.item_rect(identity))

    def number_at(self, at: QPointF) -> str | None:
        """The wire whose value or gradient is written at a place of the scene; none from so far away that there are no numbers."""
        if self.camera.scale < NUMBERS or not self.content.values:
            return None
        return self.labels.hit(self.scene.edges_in(QRectF(at.x() - 90, at.y() - 60, 180, 120)), at.x(), at.y())

    def objective_at(self, at: QPointF) -> str | None:
        """The objective's node where its value or gradient is written at this place, beside its card."""
        objective = self.content.objective()
        shown = objective is not None and self.camera.scale >= NUMBERS and self.content.values
        return objective[0] if shown and objective and self.labels.hit([STUB], at.x(), at.y()) else None

    def cursor_place(self) -> QPointF:
        """The scene position under the cursor; the middle of the view when it is elsewhere."""
        view = QRectF(QPointF(0, 0), self.viewport.size())
        last = self.pointing.last
        at = last if last is not None and view.contains(last) else self.surface.mouse_place()
        return self.camera.to_scene(at if view.contains(at) else self.viewport.middle())

    # what is asked for

    def do(self, edit: edits.Edit, text: str = "", merge: Hashable | None = None) -> bool:
        """Change the document; a refusal becomes a message. Whether it was done."""
        try:
            self.document.do(levels.placed(edit, self.navigation.inside), text, merge)
        except GraphError as refused:
            self.message.emit(str(refused))
            return False
        return True

    def may_edit(self) -> bool:
        """Whether the document can be changed; a message says why not."""
        if self.document.read_only:
            self.message.emit(self.document.read_only)
        return not self.document.read_only

    def request_beside(self) -> None:
        """Ask for the search box, for a node beside the selected cards; at the cursor where none is selected."""
        cards = tuple(item for item in self.movable() if item in self.scene.row)
        if not cards:
            self.request_add()
        elif self.may_edit():
            around = self.camera.rect_to_view(self.scene.bounds(cards))
            self.beside_requested.emit(cards, self.surface.to_global(around.topRight() + QPointF(24, 0)))

    def request_add(self, at: QPointF | None = None, from_port: PortHit | None = None) -> None:
        """Ask for the search box, at a place in the view (the cursor's without one)."""
        if self.may_edit():
            place = at if at is not None else QPointF(self.camera.to_view(self.cursor_place()))
            self.add_requested.emit(self.camera.to_scene(place), self.surface.to_global(place), from_port)
