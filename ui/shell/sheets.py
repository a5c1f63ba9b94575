"""Sheets over the canvas: an explanation beside its node, a lesson where the graph keeps the most room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from PySide6.QtCore import QDeadlineTimer, QEvent, QObject, QRectF, QSizeF, Qt
from PySide6.QtWidgets import QWidget

from ui.canvas.view import Canvas
from ui.look.schedule import Schedule
from ui.look.theme import Theme
from ui.look.type_size import for_graph
from ui.shell.floating import LEAST, Floating
from ui.shell.placing import at_side, beside, inside, overlap, stage

CARD_WIDTH, CARD_SHARE, CARD_HIGH = 330, 0.42, 0.86
"""Of a card: its width for type at 100 %, its largest share of the canvas's width, and of its height."""
BROAD = 1.7
"""How many times as wide as a column a card is where only a band above or below the graph is free."""
BAND, BAND_LEAST = 0.4, 290
"""The share of the canvas's height that a lesson below the graph takes, and its least height for type at 100 %."""
MAIN = 0.5
"""From this share of the canvas's width up a column is what is looked at, and no band below the graph."""
CHILDREN = Qt.FindChildOption.FindDirectChildrenOnly
SLACK, GROWN, GROWN_MS = 8, "card has grown", 80
"""A card is given another height when its content has another one by more pixels than this, and has had it for so many milliseconds."""
EMPTY, PATIENCE_MS = 200, 600
"""A new card lower than this (for type at 100 %) waits for its answer out of sight, for so many milliseconds at most."""
BARE = 60
"""As much room beside a card as its numbers on the wires need, in pixels."""


@dataclass(slots=True)
class Shown:
    """A sheet that is shown. `width` and `share` are those of a column; None: it lies beside what is selected."""

    sheet: Floating
    column: tuple[float, float] | None
    subject: frozenset[str] = frozenset()
    waits: QDeadlineTimer | None = None
    """How long it lies out of sight because it is still empty; None: it is in sight."""
    bars: list[QRectF] = field(default_factory=list)
    """What lay over the canvas when a lesson last went out of its way."""


class Sheets(QObject):
    """All sheets of one canvas by name. The view shows the graph beside them while all of it is shown."""

    def __init__(self, canvas: Canvas, work: Schedule, theme: Theme) -> None:
        super().__init__(canvas)
        self._canvas, self._work, self._theme = canvas, work, theme
        self._shown: dict[str, Shown] = {}
        self._known: set[Floating] = set()
        canvas.installEventFilter(self)
        canvas.selection_changed.connect(self._selection_changed)
        canvas.viewport.covered.append(self._covered)

    # showing

    def put(self, key: str, sheet: Floating, column: tuple[float, float] | None = None) -> None:
        """Show a sheet: a lesson with the width of its column for type at 100 % and its share of the canvas, else beside the selection."""
        shown = self._shown[key] = Shown(sheet, column)
        if sheet not in self._known:
            self._known.add(sheet)
            sheet.moved.connect(lambda: self._cover(key))
            sheet.page.installEventFilter(self)
        sheet.by_hand = False
        sheet.set_theme(for_graph(self._theme))
        size = self._card_size(shown)
        if column is None and not sheet.isVisible() and self._empty(size):
            shown.waits = QDeadlineTimer(PATIENCE_MS)
            shown.subject = self._canvas.selection
            sheet.put(QRectF(-2 * size.width() - self._canvas.x(), 0, size.width(), size.height()).toAlignedRect())
            self._work.after_frame(f"{GROWN} {key}", lambda: self._grown(key), PATIENCE_MS)
        else:
            self._place(key, shown)
        sheet.show()
        sheet.raise_()

    def take_away(self, key: str) -> None:
        """Hide a sheet; the view may show the graph under it again."""
        shown = self._shown.pop(key, None)
        if shown is not None:
            shown.sheet.hide()
            self._work.drop(f"{GROWN} {key}")
            self._canvas.viewport.cover(key, None)

    def close_top(self) -> bool:
        """Close the sheet that was opened last of those that Esc closes; whether there was one."""
        closable = [shown.sheet for shown in self._shown.values() if shown.sheet.closable]
        if closable:
            closable[-1].closed.emit()
        return bool(closable)

    def all(self) -> list[Floating]:
        return [shown.sheet for shown in self._shown.values()]

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for key, shown in self._shown.items():
            shown.sheet.set_theme(for_graph(theme))
            self._place(key, shown)

    def _grown(self, key: str) -> None:
        """The content of a card is another one: the card is as high as it needs to be."""
        shown = self._shown.get(key)
        if shown is None or shown.column is not None or shown.sheet.by_hand:
            return
        size = self._card_size(shown)
        if shown.waits is not None and self._empty(size) and not shown.waits.hasExpired():
            self._work.after_frame(f"{GROWN} {key}", lambda: self._grown(key), shown.waits.remainingTime())
        elif shown.waits is not None or abs(size.height() - shown.sheet.height()) > SLACK:
            self._place(key, shown)

    def _empty(self, size: QSizeF) -> bool:
        """Whether a card of this size has no answer yet."""
        return size.height() < EMPTY * for_graph(self._theme).scale

    # places

    def arrange(self) -> None:
        """Another graph is shown, or the canvas has another size."""
        for key, shown in self._shown.items():
            self._place(key, shown)

    def _place(self, key: str, shown: Shown) -> None:
        shown.waits = None
        area = QRectF(self._canvas.rect())
        if shown.sheet.by_hand:
            place = inside(QRectF(shown.sheet.place()), area)
        elif shown.column is not None:
            place = self._stage(shown.column, self._bars())
        else:
            shown.subject = self._canvas.selection
            place = self._beside(shown, self._card_size(shown))
            if overlap(place, self._cards()) > 0 and self._canvas.fitted:
                band = self._beside(shown, self._card_size(shown, BROAD))
                free = overlap(band, self._cards()) == 0
                place = band if free else at_side(place.size(), self._free(shown), self._rect(shown.subject))  # the view makes room
        shown.sheet.put(place.toAlignedRect())
        self._cover(key)
        if shown.column is not None and not shown.sheet.by_hand and overlap(place, [self._canvas.viewport.free()]) > 0:
            # Nothing is left for the graph, because something has its place before it is seen, such as the line at the top.
            reserved = [cover for owner, cover in self._canvas.viewport.covers.items() if owner not in self._shown]
            shown.sheet.put(self._stage(shown.column, [*self._bars(), *reserved]).toAlignedRect())
            self._cover(key)
        if shown.column is None and not shown.sheet.by_hand and not self._clear(shown):
            # The view has made room, and its node is elsewhere now.
            shown.sheet.put(self._beside(shown, QSizeF(shown.sheet.size())).toAlignedRect())

    def _stage(self, column: tuple[float, float], others: Iterable[QRectF]) -> QRectF:
        """The place of a lesson."""
        (width, share), scale, area = column, for_graph(self._theme).scale, QRectF(self._canvas.rect())
        height = max(BAND * area.height(), BAND_LEAST * scale) if share < MAIN else inf  # where it is the main thing, a band would take all
        return stage(area, self._canvas.scene.bounds().size(), min(width * scale, share * area.width()), height, others)

    def _covered(self) -> None:
        """Something small lies over the canvas now, such as the strip of gradients: no lesson lies over it, or takes all the rest."""
        bars, free = self._bars(), self._canvas.viewport.free()
        for key, shown in self._shown.items():
            place = QRectF(shown.sheet.place())
            if shown.column is not None and not shown.sheet.by_hand and bars != shown.bars and overlap(place, [*bars, free]) > 0:
                shown.bars = bars
                self._place(key, shown)

    def _beside(self, shown: Shown, size: QSizeF) -> QRectF:
        others = [QRectF(other.place()) for other in self.all() if other is not shown.sheet]
        return beside(size, self._free(shown), self._rect(shown.subject), self._cards(), [*others, *self._bars()])

    def _free(self, shown: Shown) -> QRectF:
        """The canvas without its lesson: nothing lies over a text that is read."""
        area = QRectF(self._canvas.rect())
        for other in self._shown.values():
            if other is not shown and other.column is not None and not other.sheet.by_hand:
                place = QRectF(other.sheet.place())
                if place.width() > place.height():
                    area.setBottom(min(area.bottom(), place.top()))
                else:
                    area.setLeft(max(area.left(), place.right()))
        return area

    def _cover(self, key: str) -> None:
        """The graph is shown beside a sheet, unless it lies over free canvas."""
        shown = self._shown[key]
        place = QRectF(shown.sheet.place())
        if shown.column is not None or overlap(place, self._cards()) > 0:
            self._canvas.viewport.cover(key, place, self._around(shown.subject) if shown.column is None else None)

    def _around(self, subject: Iterable[str]) -> QRectF | None:
        """Nodes and the ends of wires, with all that is wired to them, in the scene."""
        scene, edges = self._canvas.scene, self._canvas.document.graph.edges
        nodes = {end[0] for item in subject if item in edges for end in (edges[item].source, edges[item].target)}
        nodes |= set(subject) - set(edges)
        near = {end[0] for edge in edges.values() for end in (edge.source, edge.target) if {edge.source[0], edge.target[0]} & nodes}
        seen = {item for item in map(scene.item_of, nodes | near) if item is not None and item in scene.row}
        return scene.bounds(seen).adjusted(-BARE, -BARE / 2, BARE, BARE / 2) if seen else None

    def _card_size(self, shown: Shown, broad: float = 1.0) -> QSizeF:
        """In a column, or so many times as wide."""
        area = self._canvas.rect()
        width = min(broad * CARD_WIDTH * for_graph(self._theme).scale, broad * CARD_SHARE * area.width())
        height = min(max(shown.sheet.wanted(round(width)), LEAST.height()), CARD_HIGH * area.height())
        return QSizeF(width, height)

    def _clear(self, shown: Shown) -> bool:
        """Whether a sheet lies beside what it is about."""
        return not QRectF(shown.sheet.place()).intersects(self._rect(shown.subject))

    def _rect(self, items: Iterable[str]) -> QRectF:
        """Where nodes and the ends of wires are seen in the view."""
        canvas, rect = self._canvas, QRectF()
        edges = canvas.document.graph.edges
        for item in items:
            for end in (edges[item].source[0], edges[item].target[0]) if item in edges else (item,):
                seen = canvas.scene.item_of(end)
                if seen is not None and seen in canvas.scene.row:
                    rect = rect.united(canvas.camera.rect_to_view(canvas.scene.rect(seen)))
        return rect

    def _bars(self) -> list[QRectF]:
        """Small controls that lie over the canvas, such as the chooser of a sample."""
        children = self._canvas.findChildren(QWidget, options=CHILDREN)
        return [QRectF(child.geometry()) for child in children if child.isVisible()]

    def _cards(self) -> list[QRectF]:
        canvas = self._canvas
        rects = [canvas.camera.rect_to_view(canvas.scene.rect(identity)) for identity in canvas.scene.row]
        return [rect.adjusted(-BARE / 2, -BARE / 4, BARE / 2, BARE / 4) for rect in rects]

    def _selection_changed(self) -> None:
        """A card that is not pinned follows what is selected, and goes out of its way."""
        for key, shown in self._shown.items():
            if shown.column is None and not shown.sheet.pin.isChecked() and self._canvas.selection:
                shown.subject = self._canvas.selection
                if not shown.sheet.by_hand and not self._clear(shown):
                    self._place(key, shown)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._canvas:
            if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
                self.arrange()
        elif event.type() == QEvent.Type.LayoutRequest:
            for key, shown in self._shown.items():
                if shown.sheet.page is watched:
                    self._work.after_frame(f"{GROWN} {key}", lambda key=key: self._grown(key), GROWN_MS)  # type: ignore[misc]
        return False

