"""What the window holds of `ui.unfold`: looking into a layer, and closing it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graph.model.graph import Graph, GraphError
from graph.text.messages import _
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from engine.unfold import Shapes


class Unfold(Feature):
    """Opening a layer into elementary nodes, and folding it back."""

    def facts(self) -> Iterable[str]:
        """`openable`: the one selected node can be opened, or is open; `neural`: it has neurons; `foldable`: at or in an opened node."""
        workspace, graph = self.workspace, self.workspace.document.graph
        chosen = workspace.canvas.selected_nodes()
        if workspace.document.read_only or not (chosen or graph.groups):
            return ()  # as when the window opens: nothing is imported for it
        from engine.unfold import RECIPES

        kinds = [graph.nodes[node].type for node in chosen]
        facts = ["openable"] if len(kinds) == 1 and kinds[0] in RECIPES else []
        facts += ["neural"] if facts and kinds[0] == "layer.linear" else []
        if self._opened() is None:
            return facts
        return [*facts, "foldable", *(["openable"] if not facts and self._card() is not None else [])]

    def open_box(self) -> None:
        self._open(into_neurons=False)

    def open_neurons(self) -> None:
        self._open(into_neurons=True)

    def fold_back(self) -> None:
        """Fold the selected opened node, or the one whose inside is on show; the view of the level around it is restored."""
        from engine.unfold import fold
        from ui.canvas.model.levels import home_of

        canvas, opened = self.workspace.canvas, self._opened()
        if canvas.gesture is not None:
            return
        if opened is None:
            self.workspace.say(_("Select an opened layer, or something inside it, to fold it back"))
            return
        graph = self.workspace.document.graph
        try:
            edit, node = fold(graph, opened)
        except GraphError as refused:
            self.workspace.say(str(refused))
            return
        if canvas.navigation.inside is not None and self._is_inside(opened):
            canvas.navigation.show(home_of(graph, opened))
        if canvas.do(edit, _("Fold back")):
            canvas.select([node])
            canvas.reveal(node)

    def _open(self, into_neurons: bool) -> None:
        from engine.unfold import unfold

        workspace, canvas = self.workspace, self.workspace.canvas
        if canvas.gesture is not None:
            return
        if (card := self._card()) is not None:
            canvas.navigation.enter(card)
            return
        chosen = canvas.selected_nodes()
        if len(chosen) != 1:
            workspace.say(_("Select one node to open"))
            return
        name = workspace.document.graph.nodes[chosen[0]].name
        try:
            edit, group = unfold(workspace.document.graph, chosen[0], self._shapes(), into_neurons, _size)
        except GraphError as refused:
            workspace.say(str(refused))
            return
        if canvas.do(edit, _("Open {name}").format(name=name)):
            canvas.navigation.enter(group)
            workspace.say(_("Inside {name}: the same numbers, step by step. Esc leaves, Ctrl+U folds it back").format(name=name))

    def _shapes(self) -> Shapes:
        """What is known of the document as it is; nothing while the numbers belong to another structure."""
        trace = self.workspace.trace
        return trace.shapes if trace is not None and trace.structure == self.workspace.document.structure else {}

    def _opened(self) -> str | None:
        """The group of the opened node in question: selected, around the selection, or the one whose inside is on show."""
        from engine.unfold import folded_around

        canvas, graph = self.workspace.canvas, self.workspace.document.graph
        items = sorted(item for item in canvas.selection if item in graph.nodes or item in graph.groups)
        inside = canvas.navigation.inside
        around = {folded_around(graph, item) for item in items or ([inside] if inside is not None else [])}
        return around.pop() if len(around) == 1 else None

    def _card(self) -> str | None:
        """The one card selected, where it is an opened node's."""
        from engine.unfold import opened

        chosen = list(self.workspace.canvas.selection)
        return chosen[0] if len(chosen) == 1 and opened(self.workspace.document.graph, chosen[0]) else None

    def _is_inside(self, group: str) -> bool:
        return group in (parent.id for parent in self.workspace.canvas.navigation.way())


def _size(graph: Graph, node: str) -> tuple[float, float]:
    """Width and height of a node's card."""
    from ui.canvas.model import geometry

    card = geometry.build(graph, node)
    return card.width, card.height
