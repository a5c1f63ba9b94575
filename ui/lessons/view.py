"""What a step shows on the canvas: where one looks, what is ringed, what is covered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from graph.lessons.lesson import MEASURED, LessonQuestion, LessonStep
from graph.lessons.lesson_graph import find, resolve
from graph.model.graph import Graph
from graph.model.reach import reachable

if TYPE_CHECKING:
    from ui.canvas.view import Canvas
    from ui.shell.workspace.visibility import Visibility

OWNER = "lesson"
AROUND = 40.0
"""Room around what is looked at, in scene units."""


class StepView:
    """The view of one canvas. `moved`: the user has moved away from the step's view."""

    def __init__(self, canvas: Canvas, visibility: Visibility) -> None:
        self._canvas, self._visibility = canvas, visibility
        self._items: tuple[str, ...] = ()
        self._fitted = QRectF()
        """Where these were when they were looked at."""
        self._left: tuple[tuple[float, float, float], bool, str | None] | None = None

    def show(self, step: LessonStep, graph: Graph, covered: Callable[[], Iterable[LessonQuestion]]) -> None:
        """Rings, covers and the view; names were held against the document before."""
        self._left = None
        canvas = self._canvas
        canvas.model.map.unneeded = lambda: not self.moved
        rung = [resolve(graph, name) for name in step.highlight]
        canvas.overlay.highlight(OWNER, [i.id for i in rung if i.kind != "edge"], [i.id for i in rung if i.kind == "edge"], step.dim)
        self.cover(step, graph, covered())
        canvas.navigation.show(None)
        fits = [action for action in step.run if action.do == "view"]
        self.fit(graph, fits[-1].args.get("fit", ()) if fits else ())

    def cover(self, step: LessonStep, graph: Graph, questions: Iterable[LessonQuestion], answered: Iterable[LessonQuestion] = ()) -> None:
        """Question marks in place of what the step hides and of what is still to be predicted; what was found is seen."""
        values, gradients = _values(graph, step.hide_values), _gradients(graph, step.hide_gradients)
        waiting = list(questions)
        named = [question.of for question in waiting if question.kind == "predict" and question.quantity == "value"]
        sloped = [question.of for question in waiting if question.kind == "predict" and question.quantity == "gradient"]
        values |= _values_after(graph, named)
        gradients |= _gradients_after(graph, sloped)
        for question in answered:
            values -= _values(graph, [question.of]) if question.of and question.quantity == "value" else set()
            gradients -= _gradients(graph, [question.of]) if question.of and question.quantity == "gradient" else set()
        values |= _values(graph, named)
        gradients |= _gradients(graph, sloped)
        items = [(question, find(graph, question.of)) for question in waiting if question.quantity in MEASURED]
        measures = [(question.quantity, item.id, question.index) for question, item in items if item is not None]
        self._visibility.hide(OWNER, values, gradients, measures)

    def fit(self, graph: Graph, names: Iterable[str]) -> None:
        """Look at some items, or at the whole graph."""
        self._items = tuple(resolve(graph, name).id for name in names)
        self._place()

    def refit(self) -> None:
        """The canvas has another size: show the same items, unless the user has moved the view."""
        if self._items and not self.moved:
            self._place()
            self.settle()

    def follow(self) -> None:
        """Cards grow when the shapes of what they hold are known: show the same items still."""
        if self._left is not None and self._rect() != self._fitted:
            self.refit()

    def _place(self) -> None:
        canvas, rect = self._canvas, self._rect()
        self._fitted = rect
        if rect.isNull():
            canvas.fit_all()
        else:
            canvas.viewport.fit_rect(rect)

    def settle(self) -> None:
        self._left = (self._canvas.view_state(), self._canvas.fitted, self._canvas.navigation.inside)

    @property
    def moved(self) -> bool:
        canvas = self._canvas
        if self._left is None:
            return False
        state, fitted, inside = self._left
        if canvas.navigation.inside != inside:
            return True
        return not canvas.fitted if fitted else canvas.view_state() != state

    def clear(self) -> None:
        self._left = None
        self._canvas.model.map.unneeded = lambda: False
        self._canvas.overlay.highlight(OWNER, ())
        self._visibility.hide(OWNER)

    def _rect(self) -> QRectF:
        scene, rect = self._canvas.scene, QRectF()
        graph = self._canvas.document.graph
        for item in self._items:
            ends = (graph.edges[item].source[0], graph.edges[item].target[0]) if item in graph.edges else (item,)
            for end in ends:
                shown = scene.item_of(end)
                if shown is not None and shown in scene.row:
                    rect = rect.united(scene.rect(shown))
        return rect.adjusted(-AROUND, -AROUND, AROUND, AROUND) if not rect.isNull() else rect


def _values(graph: Graph, names: Iterable[str]) -> set[str]:
    """A node's value is shown on its card and on every wire that leaves it; a wire's on its source as well, if that has no other output."""
    ids: set[str] = set()
    for item in filter(None, (find(graph, name) for name in names)):
        node, port = graph.edges[item.id].source if item.kind == "edge" else item.key
        ids |= {edge.id for edge in graph.outputs_of(node) if edge.source[1] == port}
        ids |= {node} if len(graph.spec(node).outputs) <= 1 or item.kind != "edge" else set()
        ids |= {item.id} if item.kind == "edge" else set()
    return ids


def _values_after(graph: Graph, names: Iterable[str]) -> set[str]:
    """Nodes and wires whose values are computed from these: they could give them away, and in a forward pass they come later."""
    later = _reached(graph, names, graph.successors)
    return later | {edge.id for node in later for edge in graph.outputs_of(node)}


def _gradients_after(graph: Graph, names: Iterable[str]) -> set[str]:
    """Nodes and wires whose gradients are computed from these: in a backward pass they come later."""
    wires = [item for item in (find(graph, name) for name in names) if item is not None and item.kind == "edge"]
    sums = {item.node(graph) for item in wires}  # a sum minus the other wires' shares reveals this one's
    earlier = _reached(graph, names, graph.predecessors)
    starts = {_start(graph, name) for name in names} - {""}
    return earlier | sums | {edge.id for node in earlier | starts for edge in graph.inputs_of(node)}


def _reached(graph: Graph, names: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    """The nodes that can be reached from these items' nodes, without those nodes themselves."""
    return reachable((node for name in names if (start := _start(graph, name)) for node in following(start)), following)


def _start(graph: Graph, name: str) -> str:
    """The node whose number an item is; nothing is computed from a learned tensor's gradient."""
    item = find(graph, name)
    return "" if item is None or item.kind == "parameter" else item.node(graph)


def _gradients(graph: Graph, names: Iterable[str]) -> set[str]:
    """A node's gradient is that of its wire where it has one; of several, each carries a share, which may be seen."""
    ids: set[str] = set()
    for item in filter(None, (find(graph, name) for name in names)):
        ids.add(item.id)
        if item.kind == "edge":
            source = item.node(graph)
            if len(graph.outputs_of(source)) == 1:
                ids.add(source)
        elif len(out := graph.outputs_of(item.id)) == 1:
            ids.add(out[0].id)
    return ids
