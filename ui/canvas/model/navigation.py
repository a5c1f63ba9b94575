"""Going into groups and out of them again: which level the canvas shows, and where its view was on each."""

from __future__ import annotations

from collections.abc import Callable

from graph.model.elements import Group
from ui.canvas.model import levels
from ui.canvas.model.live_scene import LiveScene
from ui.canvas.model.selection import Selection
from ui.canvas.model.viewport import State, Viewport


class GroupNavigation:
    """The level on show is the scene's `inside`; this remembers the way there.

    `leaving()` is called before another level is shown, `changed()` when the way may look different.
    """

    def __init__(
        self, live: LiveScene, viewport: Viewport, selection: Selection, leaving: Callable[[], object], changed: Callable[[], None]
    ) -> None:
        self._live = live
        self._viewport = viewport
        self._selection = selection
        self._leaving, self._changed = leaving, changed
        self._way: tuple[str, ...] = ()
        self._views: dict[str | None, tuple[State, bool]] = {}

    @property
    def inside(self) -> str | None:
        return self._live.scene.inside

    def way(self) -> tuple[Group, ...]:
        """The groups that lead to this level, outermost first."""
        return levels.way_in(self._live.scene.graph, self.inside)

    def reset(self, live: LiveScene) -> None:
        """Another document: its outermost level."""
        self._live = live
        self._way, self._views = (), {}
        self._changed()

    def enter(self, group_id: str) -> None:
        if group_id in self._live.scene.graph.groups:
            self.show(group_id)

    def out(self) -> bool:
        """One level up, with the group that was left selected; whether there was one."""
        was = self.inside
        if was is None:
            return False
        self.show(levels.home_of(self._live.scene.graph, was))
        self._selection.set([was])
        return True

    def show(self, inside: str | None) -> None:
        """Show a level: as it was seen last, or all of it."""
        if inside == self.inside:
            return
        self._leaving()
        viewport = self._viewport
        self._views[self.inside] = viewport.state(), viewport.fitted
        self._look(inside)
        known = self._views.get(inside)
        if known is not None and not known[1]:
            viewport.restore(known[0])
        else:
            viewport.fit_all()

    def reveal(self, item: str) -> None:
        """Go to the level on which a node, a group's card or a wire is seen."""
        scene, graph = self._live.scene, self._live.scene.graph
        if (item in graph.nodes or item in graph.groups or item in graph.edges) and item not in scene.row and item not in scene.edge_row:
            chosen = self._selection.ids
            self.show(levels.home_of(graph, item))
            self._selection.set(chosen)

    def _look(self, inside: str | None) -> None:
        self._live.look_into(inside)
        self._way = tuple(group.id for group in self.way())
        self._selection.set(())
        self._changed()

    def follow(self) -> None:
        """Leave a level that a change of the document has removed."""
        graph = self._live.scene.graph
        if self.inside is None and not graph.groups and not self._way:
            return
        there = tuple(group for group in self._way if group in graph.groups)
        if there != self._way:
            self._views[None] = self._views.get(None, (self._viewport.state(), True))
            self._look(levels.surviving(graph, self._way))
            self._viewport.fit_all()
        self._changed()

    def seen(self, item: str) -> bool:
        """Whether something that can be selected is on this level."""
        scene = self._live.scene
        return scene.level is None or item in scene.row or item in scene.edge_row or not scene.item_rect(item).isNull()
