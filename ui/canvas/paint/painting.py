"""One picture of a scene from its parts: what stays, and what follows the numbers. Views and files use the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ui.canvas.model import geometry
from ui.canvas.model.content import Content
from ui.canvas.model.label_room import STUB
from ui.canvas.model.labels import BRACKETS, NUMBERS, WRITTEN, Labels, magnification
from ui.canvas.model.legibility import FULL, VALUES, enlarged
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.stacking import covering
from ui.canvas.paint.afar import FAR, paint_afar
from ui.canvas.paint.frames import paint_frames, paint_notes
from ui.canvas.paint.gradient_size import paint_activity, paint_framed, paint_sizes
from ui.canvas.paint.groups import paint_sheets, paint_tags
from ui.canvas.paint.kept import KeptPicture
from ui.canvas.paint.labels import paint_labels
from ui.canvas.paint.nodes import MANY, MEDIUM, paint_badge, paint_cards, paint_far, paint_objective, paint_ring
from ui.canvas.paint.painter import below
from ui.canvas.paint.pulses import carried_width
from ui.canvas.paint.values import paint_values
from ui.canvas.paint.wire_look import paint_ranks
from ui.canvas.paint.wires import BUSY, paint_dots, paint_lit, paint_lit_batch, paint_weighted, paint_wires
from ui.look.theme import Theme, color


def paint_static(
    painter: QPainter, scene: CanvasScene, area: QRectF, theme: Theme, scale: float, without: Collection[str] = (), dots: bool = True
) -> None:
    """Ground, dots, frames, wires and cards in `area` (scene coordinates); `without` are nodes that are being carried."""
    painter.fillRect(area, color(theme.canvas))
    if dots:
        paint_dots(painter, area.left(), area.top(), area.right(), area.bottom(), theme, scale)
    paint_frames(painter, scene, area, theme, scale, without)
    paint_tags(painter, scene, area, theme)
    carried = {edge for node in without for edge in scene.attached(node)} | scene.hidden_edges
    if scale < FAR:
        paint_afar(painter, scene, area, theme, scale, without, carried)
        return
    paint_wires(painter, scene, scene.wire_rows.without(scene.edge_rows_in(area.adjusted(-6, -6, 6, 6)), carried), theme, scale)
    cards = scene.node_rows.without(scene.rows_in(area.adjusted(-24, -24, 24, 24)), without)
    if scale < MEDIUM and len(cards) > MANY and scene.level is None:
        paint_far(painter, scene, cards, theme)
        return
    nodes = scene.node_rows.named(cards)
    paint_sheets(painter, scene, nodes, theme)
    paint_cards(painter, scene, nodes, theme, scale)


class InView:
    """Nodes and wires of an area, with those whose numbers reach into it, `without` nodes that are being carried and their wires: of ten
    thousand, lists are made only where someone looks at each."""

    def __init__(self, scene: CanvasScene, area: QRectF, without: Collection[str] = ()) -> None:
        self.scene, self.area, self.without = scene, area, without

    @cached_property
    def gone(self) -> set[str]:
        """The wires that are not there."""
        return {edge for node in self.without for edge in self.scene.attached(node)} | self.scene.hidden_edges

    @cached_property
    def edges(self) -> list[str]:
        rows = self.scene.edge_rows_in(self.area.adjusted(-120, -60, 120, 60))
        return self.scene.wire_rows.named(self.scene.wire_rows.without(rows, self.gone))

    @cached_property
    def nodes(self) -> Sequence[str]:
        """Bottom to top."""
        rows = self.scene.rows_in(self.area.adjusted(-80, -24, 24, 24))
        return self.scene.node_rows.named(self.scene.node_rows.without(rows, self.without))


class Lifted(InView):
    """The nodes that are being carried, and the wires at them; `carried` are frames and notes too."""

    def __init__(self, scene: CanvasScene, area: QRectF, carried: Sequence[str]) -> None:
        super().__init__(scene, area)
        self.carried = carried
        self.nodes = sorted((n for n in carried if n in scene.row), key=scene.row.__getitem__)
        self.edges = list(dict.fromkeys(e for node in carried for e in scene.attached(node) if e not in scene.hidden_edges))


def paint_carried(painter: QPainter, view: Lifted, theme: Theme, scale: float) -> None:
    """The lifted selection with its wires, above everything that stays."""
    everywhere, scene = QRectF(-1e9, -1e9, 2e9, 2e9), view.scene
    paint_frames(painter, scene, everywhere, theme, scale, only=view.carried)
    paint_wires(painter, scene, scene.wire_rows.of(view.edges), theme, scale)
    paint_sheets(painter, scene, view.nodes, theme)
    paint_cards(painter, scene, view.nodes, theme, scale)
    paint_notes(painter, scene, everywhere, theme, scale, only=view.carried)


def paint_live(
    painter: QPainter, view: InView, labels: Labels, content: Content, theme: Theme, scale: float, budget_ms: float | None = None,
    ahead: QRectF | None = None,
) -> bool:  # fmt: skip
    """Everything that follows the numbers, over `paint_static`, pulses aside; thick wires pass below the cards.

    Whether it is complete: with a budget some labels may have to wait. `ahead` is a larger area whose labels find their places too, for
    when it comes into view.
    """
    paint_carried_numbers(painter, view, labels, content, theme, scale)
    return paint_written(painter, view, labels, content, theme, scale, budget_ms, ahead)


def _from_afar(content: Content, scale: float) -> bool:
    """Whether numbers, badges and rings would be smaller than a pixel."""
    return scale < FAR and not content.playing and not content.look and not content.marking


def paint_carried_numbers(painter: QPainter, view: InView, labels: Labels, content: Content, theme: Theme, scale: float) -> None:
    """The first part of `paint_live`: what wires carry, and the numbers on cards."""
    if _from_afar(content, scale):
        return
    if content.look and content.values:
        _paint_sizes(painter, view.scene, view.nodes, view.edges, content, theme, scale)
    if content.weighted and content.values:
        _paint_loaded(painter, view, content, theme, scale)
    boost = magnification(scale, theme, view.scene.least)
    content.write_from(scale >= BRACKETS, scale >= WRITTEN)
    labels.magnify(boost, content.brackets)
    _paint_numbers(painter, view, content, theme, scale, boost)


def paint_written(
    painter: QPainter, view: InView, labels: Labels, content: Content, theme: Theme, scale: float, budget_ms: float | None = None,
    ahead: QRectF | None = None,
) -> bool:  # fmt: skip
    """The second part of `paint_live`, over the first: the labels of wires, and notes. Whether it is complete."""
    complete, scene = True, view.scene
    if not _from_afar(content, scale) and content.labelled and scale >= NUMBERS:
        if scale >= FULL:
            paint_ranks(painter, scene, view.edges, content, theme)
        stub = [STUB] if scene.item_of(_objective(content)) in view.nodes else []
        complete = _paint_labels(painter, scene, labels, content, [*view.edges, *stub], view.area, theme, budget_ms, ahead, view.gone)
    paint_notes(painter, scene, view.area, theme, scale, view.without)
    return complete


def _paint_labels(
    painter: QPainter, scene: CanvasScene, labels: Labels, content: Content, edges: Sequence[str], area: QRectF, theme: Theme,
    budget_ms: float | None, ahead: QRectF | None, gone: Collection[str],
) -> bool:  # fmt: skip
    wanted = [e for e in (scene.edges_in(ahead) if ahead is not None else edges) if e not in gone and e != STUB]
    complete = labels.prepare(scene, wanted, content, budget_ms)
    paint_labels(painter, labels, scene, edges, content, theme, area)
    return complete


def paint_lifted(
    painter: QPainter, view: Lifted, labels: Labels, content: Content, theme: Theme, scale: float, picture: KeptPicture
) -> None:
    """What is being carried, above everything else: its cards and wires with their numbers. `picture` is that of a single card."""
    scene, carried = view.scene, view.carried
    boost = magnification(scale, theme, scene.least)
    content.write_from(scale >= BRACKETS, scale >= WRITTEN)
    labels.magnify(boost, content.brackets)
    if len(carried) == len(view.nodes) == 1 and scene.level is None and not content.playing and not content.marking:
        card = scene.cards[carried[0]]
        numbers = (content, content.stale, content.opened, content.fractions, content.brackets, content.written)
        paint_wires(painter, scene, scene.wire_rows.of(view.edges), theme, scale)

        def paint_card(painter: QPainter) -> None:
            paint_cards(painter, scene, carried, theme, scale)
            _paint_numbers(painter, view, content, theme, scale, boost)

        around = scene.rect(carried[0]).adjusted(-48, -48, geometry.STUB + 48, 48)
        picture.paint(painter, around, (card, numbers, theme, boost, scene.least), paint_card)
    else:
        paint_carried(painter, view, theme, scale)
        _paint_numbers(painter, view, content, theme, scale, boost)
    if content.labelled and scale >= NUMBERS:
        labels.prepare(scene, view.edges, content)
        stub = [STUB] if scene.item_of(_objective(content)) in carried else []
        paint_labels(painter, labels, scene, [*view.edges, *stub], content, theme, view.area)


def _objective(content: Content) -> str | None:
    """The node whose value all gradients are of."""
    objective = content.objective()
    return objective[0] if objective is not None else None


def _paint_numbers(painter: QPainter, view: InView, content: Content, theme: Theme, scale: float, boost: float) -> None:
    scene = view.scene
    covers = covering(scene, view.nodes) if scale >= MEDIUM else {}
    if content.values and scale >= VALUES:
        nodes = view.nodes
        numbered = nodes if scene.level is None else [n for n in nodes if n not in scene.level.cards]
        size, full = enlarged(20.0, scale, scene.least), scale >= FULL
        paint_values(painter, scene, [n for n in numbered if n not in covers] if covers else numbered, content, theme, size, full, scale)
        for node in numbered if covers else ():
            if node in covers:
                with below(painter, covers[node]):
                    paint_values(painter, scene, [node], content, theme, size, full, scale)
    paint_marks(painter, view, content, theme, covers, boost if scale >= MEDIUM else 0.0)


def _paint_sizes(
    painter: QPainter, scene: CanvasScene, nodes: Sequence[str], edges: Sequence[str], content: Content, theme: Theme, scale: float
) -> None:
    """The size of the gradients, below the cards."""
    if scale < MEDIUM:
        paint_sizes(painter, scene, edges, content, content.look, theme, scale)
        paint_cards(painter, scene, nodes, theme, scale)
        return
    with below(painter, [scene.rect(node_id) for node_id in nodes]):
        paint_sizes(painter, scene, edges, content, content.look, theme, scale)


def _paint_loaded(painter: QPainter, view: InView, content: Content, theme: Theme, scale: float) -> None:
    """Wires that carry something, below the cards: as thick as what they carry, and in colour where it is under way."""
    head, scene = content.playhead, view.scene
    active = set(head.active_edges) if head is not None else set()
    lit = [e for e in view.edges if e in active] if active else []
    if scale < MEDIUM:  # from afar every wire is as thin as a line can be, and cards are cheaper to paint again than to spare
        if lit and head is not None:
            paint_lit_batch(painter, scene, lit, theme.forward if head.phase == "forward" else theme.backward, theme, scale)
            paint_cards(painter, scene, view.nodes, theme, scale)
        return
    _between_cards(painter, scene, view.nodes, view.edges, lit, content, theme)


def _between_cards(
    painter: QPainter, scene: CanvasScene, nodes: Sequence[str], edges: Sequence[str], lit: Sequence[str], content: Content, theme: Theme
) -> None:
    with below(painter, [scene.rect(node_id) for node_id in nodes]):
        if not content.look:  # else the width, or the colour, says how large the gradients are
            paint_weighted(painter, scene, edges, content, theme)
        hue = theme.forward if content.playhead is not None and content.playhead.phase == "forward" else theme.backward
        if len(lit) > BUSY:
            paint_lit_batch(painter, scene, lit, hue, theme, 1.0)
        else:
            for edge_id in lit:
                paint_lit(painter, scene, edge_id, hue, carried_width(edge_id, content, theme))


def paint_marks(
    painter: QPainter, view: InView, content: Content, theme: Theme, covers: Mapping[str, Sequence[QRectF]], boost: float
) -> None:
    """The objective's stub, badges, and the outline of the node that playback is in.

    `covers` are the cards that lie on a card. `boost` is what small type is enlarged by; 0 from afar, where there is none.
    """
    objective, scene = content.objective(), view.scene
    seen = scene.output_of(objective)
    if objective is not None and seen is not None and seen[0] in view.nodes:
        rect = scene.rect(seen[0])
        beside = rect.adjusted(rect.width(), -60, geometry.STUB + 100, 60)
        near = [n for n in scene.nodes_in(beside) if n in view.nodes and n != seen[0]]
        with below(painter, [*covers.get(seen[0], ()), *map(scene.rect, near)]):
            paint_objective(painter, scene.cards[seen[0]], rect, seen[1], theme)
    head = content.playhead
    active = scene.item_of(head.active_node) if head is not None else None
    if active is not None and head is not None and active in view.nodes:
        paint_ring(painter, scene.rect(active), theme.highlight, max(1.0, 1 / painter.worldTransform().m11()))
    for node_id in view.nodes if content.trace is not None and content.trace.problems else ():
        problem = content.problem(node_id)
        if problem is not None:
            with below(painter, covers.get(node_id, ())):
                paint_badge(painter, scene.rect(node_id), problem.severity, theme)
    if content.marking:
        marked = {node_id: found for node_id in view.nodes if (found := content.marked(node_id)) is not None}
        if not boost:
            paint_framed(painter, scene, list(marked), theme, content.stale)
        for node_id, found in marked.items() if boost else ():
            with below(painter, covers.get(node_id, ())):
                paint_activity(painter, scene.rect(node_id), found, theme, boost, content.stale)
