"""Typing a prediction in the place of its number: a click on the question mark, Enter on the selected wire, or the next one by a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from engine.explain.misconceptions.match import WORDS, Judgement, hints_of
from graph.model.address import Address
from graph.text.messages import _
from ui.canvas.model.number_texts import LINE
from ui.predict.board import OWNER, PredictionBoard
from ui.predict.callout import Callout

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

_ENTRY = re.compile(r"\s*\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\]\s*[=:]?(.*)")
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Typing(QObject):
    """Listens to the canvas during predictions, and shows the verdict on answers."""

    def __init__(self, canvas: Canvas, board: PredictionBoard) -> None:
        super().__init__(canvas)
        self.canvas, self.board = canvas, board
        self.callout = Callout(canvas, self._again, self._reveal)
        self.callout.closed.connect(lambda: canvas.overlay.highlight(OWNER, ()))
        self._last: Address | None = None
        self._watching = False
        board.judged.connect(self._judged)
        board.changed.connect(self._changed)

    def _changed(self) -> None:
        """Events are looked at only while something is asked: at other times they cost nothing."""
        if bool(self.board.asked) != self._watching:
            self._watching = not self._watching
            (self.canvas.installEventFilter if self._watching else self.canvas.removeEventFilter)(self)
        asked = self.board.asked.get(self._last) if self._last is not None else None
        if asked is None or not asked.verdict:  # answered, given up, or its number is another now
            self.callout.hide()

    # where

    def place(self, item: Address) -> QRectF:
        """The scene rectangle of an item's question mark."""
        canvas, graph = self.canvas, self.canvas.document.graph
        boost = max(canvas.labels.boost, 1.0)
        wire = item.id if item.id in graph.edges else ""
        spot = canvas.labels.shown(wire)[item.quantity != "value"]
        if spot is not None:
            return QRectF(spot.x - 20 * boost, spot.y - LINE * boost / 2, 40 * boost, LINE * boost)
        if item.id in canvas.scene.row:
            rect = canvas.scene.rect(item.id)
            if item.quantity == "value":
                middle = canvas.scene.cards[item.id].area.translated(rect.topLeft()).center()
                return QRectF(middle.x() - 26, middle.y() - 14, 52, 28)
            return QRectF(rect.center().x() - 40, rect.top() - 30 * boost, 80, 22 * boost)
        points = canvas.scene.wire_points(wire) if wire in canvas.scene.edge_row else None
        if points is None:
            return QRectF(canvas.camera.to_scene(QPointF(canvas.rect().center())), QRectF(0, 0, 1, 1).size())
        x, y = points[len(points) // 2]
        return QRectF(float(x) - 20, float(y) - 12, 40, 24)

    def at(self, view: QPointF) -> Address | None:
        """The item whose question mark is under this place of the view."""
        tag = self.canvas.overlay.hit_tag(view)
        candidates = [item for item in self.board.asked if item.id == tag] if tag is not None else []
        at = self.canvas.camera.to_scene(view)
        graph = self.canvas.document.graph
        for item in self.board.asked:
            spots = [item]
            if not item.gradient and item.kind != "edge" and item.exists(graph):  # the same question mark stands on every wire from here
                spots += [Address("edge", edge.id) for edge in graph.outputs_of(item.id)]
            if any(self.place(spot).adjusted(-6, -2, 6, 2).contains(at) for spot in spots if self._seen(spot)):
                candidates.append(item)
        return candidates[0] if candidates else None

    def _seen(self, item: Address) -> bool:
        scene = self.canvas.scene
        return item.id in scene.row or (item.id in scene.edge_row and item.id not in scene.hidden_edges)

    def selected(self) -> Address | None:
        """What is asked about the selection: about the wire or the node, or about what the wire carries."""
        graph, chosen = self.canvas.document.graph, [*self.canvas.selected_edges(), *self.canvas.selected_nodes()]
        if len(chosen) != 1:
            return None
        source = graph.edges[chosen[0]].source[0] if chosen[0] in graph.edges else chosen[0]
        return next((i for place in (chosen[0], source) for i in self.board.asked if i.id == place), None)

    # typing

    def open(self, item: Address | None) -> None:
        """A field at the question mark."""
        if item is None or item not in self.board.asked:
            return
        self.callout.hide()
        asked = self.board.asked[item]
        text = asked.said if asked.verdict in ("coarse", "unreadable") else ""
        self.canvas.edit_line(text, asked.name, self.place(item), lambda typed, _: self._typed(item, typed))

    def next(self) -> None:
        """The next number that is asked for, after the one typed last."""
        items = list(self.board.asked)
        if not items:
            return
        after = items.index(self._last) + 1 if self._last in items else 0
        item = items[after % len(items)]
        self._last = item
        self.canvas.select([item.id])
        self.canvas.reveal(item.id)
        self.open(item)

    def _typed(self, item: Address, text: str) -> None:
        """An answer; `[2, 1]` before it, or alone, is another entry of the tensor, counted from 1."""
        self._last = item
        chosen = _ENTRY.fullmatch(text)
        if chosen is None or item not in self.board.asked:
            self.board.answer(item, text)
            return
        entry = tuple(int(index) - 1 for index in chosen[1].split(","))
        if item.index is not None and len(entry) + 1 == len(item.index) and item.index[0] == 0:
            entry = (0, *entry)  # of the first sample, whose number the tag leaves out where it is the only one
        moved = item if entry == item.index else self.board.move(item, entry) if min(entry) >= 0 else None
        if moved is None:
            title, text = (
                self.board.asked[item].name,
                _("Only this number is asked for; there is no question about [{index}]. Entries count from 1.").format(index=chosen[1]),
            )
            self.callout.show_text(title, [text], lambda: self.place(item))
        elif chosen[2].strip():
            self._last = moved
            self.board.answer(moved, chosen[2])
        else:
            self.open(moved)

    def _again(self) -> None:
        self.open(self._last)

    def _reveal(self) -> None:
        self.callout.hide()
        if self._last is not None:
            self.board.reveal([self._last])

    def _judged(self, item: Address, judgement: Judgement) -> None:
        if judgement.right or item not in self.board.asked:
            self.callout.hide()
            return
        self._last = item
        title = f"{WORDS[judgement.verdict]}  {self.board.asked[item].name}"
        self.callout.show_text(title, hints_of(judgement), lambda: self.place(item))
        self.canvas.overlay.highlight(OWNER, [cause.node for cause in judgement.causes if cause.node])

    # events of the canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            return self._pressed(event)
        if kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(event, QKeyEvent):
            return self._key(event, kind == QEvent.Type.KeyPress)
        return False

    def _pressed(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or event.modifiers() or self.canvas.gesture is not None:
            return False
        item = self.at(event.position())
        if item is None:
            return False
        self.canvas.select([item.id])
        self.open(item)
        return True

    def _key(self, event: QKeyEvent, pressed: bool) -> bool:
        if event.key() == Qt.Key.Key_Escape and self.callout.isVisible():
            if pressed:
                self.callout.hide()
            event.accept()
            return True
        if event.key() not in _ENTER or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        item = self.selected()
        if item is None or self.canvas.gesture is not None:
            return False
        event.accept()
        if pressed:
            self.open(item)
        return True
