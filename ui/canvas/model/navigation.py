"""Going into groups and out of them again: which level the canvas shows, and where its view was on each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.grouping.groups import group, rename_group, set_open, ungroup
from graph.model.elements import Group
from graph.model.graph import GraphError
from ui.canvas.breadcrumb import Breadcrumb
from ui.canvas.model import levels

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

View = tuple[float, float, float]


class GroupNavigation:
    """The level on show is the scene's `inside`; this remembers the way there."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._way: tuple[str, ...] = ()
        self._views: dict[str | None, tuple[View, bool]] = {}
        self.bar = Breadcrumb(canvas)

    @property
    def inside(self) -> str | None:
        return self._canvas.scene.inside

    def way(self) -> tuple[Group, ...]:
        """The groups one is in, outermost first."""
        return levels.way_in(self._canvas.document.graph, self.inside)

    def reset(self) -> None:
        """Another document: its outermost level."""
        self._way, self._views = (), {}
        self.bar.follow()

    def enter(self, group_id: str) -> None:
        if group_id in self._canvas.document.graph.groups:
            self.show(group_id)

    def out(self) -> bool:
        """One level up, with the group one was in selected; whether there was one."""
        was = self.inside
        if was is None:
            return False
        self.show(levels.home_of(self._canvas.document.graph, was))
        self._canvas.select([was])
        return True

    def show(self, inside: str | None) -> None:
        """Show a level: as it was seen last, or all of it."""
        canvas = self._canvas
        if inside == self.inside:
            return
        canvas.cancel_gesture()
        self._views[self.inside] = canvas.view_state(), canvas.fitted
        self._look(inside)
        known = self._views.get(inside)
        if known is not None and not known[1]:
            canvas.restore_view(known[0])
        else:
            canvas.fit_all()

    def reveal(self, item: str) -> None:
        """Go to the level on which a node, a group's card or a wire is seen."""
        graph = self._canvas.document.graph
        if item in graph.nodes or item in graph.groups or item in graph.edges:
            scene = self._canvas.scene
            if item not in scene.row and item not in scene.edge_row:
                chosen = self._canvas.selection
                self.show(levels.home_of(graph, item))
                self._canvas.select(chosen)

    def _look(self, inside: str | None) -> None:
        self._canvas.stage.look_into(inside)
        self._way = tuple(each.id for each in self.way())
        self._canvas.select(())
        self.bar.follow()

    def follow(self) -> None:
        """After a change of the document: a level that is gone is left, and what cannot be seen is not selected."""
        canvas, graph = self._canvas, self._canvas.document.graph
        if self.inside is None and not graph.groups and not self._way:
            return
        there = tuple(each for each in self._way if each in graph.groups)
        if there != self._way:
            self._views[None] = self._views.get(None, (canvas.view_state(), True))
            self._look(levels.surviving(graph, self._way))
            canvas.fit_all()
        self.bar.follow()

    def seen(self, item: str) -> bool:
        """Whether something that can be selected is on this level."""
        scene = self._canvas.scene
        return scene.level is None or item in scene.row or item in scene.edge_row or not scene.item_rect(item).isNull()

    # edits

    def group_selection(self) -> None:
        """Collapse what is selected into one card."""
        canvas = self._canvas
        try:
            edit, made = group(canvas.document.graph, canvas.movable())
        except GraphError as refused:
            canvas.message.emit(str(refused)[:1].upper() + str(refused)[1:])
            return
        if canvas.do(edit, "Group"):
            canvas.select([made])

    def ungroup_selection(self) -> None:
        """Dissolve the selected groups; what they held is selected."""
        canvas, graph = self._canvas, self._canvas.document.graph
        chosen = [each for each in canvas.selection if each in graph.groups]
        if not chosen:
            canvas.message.emit("Select a group to dissolve")
            return
        held = [item for each in chosen for item in (*graph.members(each), *graph.subgroups(each))]
        if canvas.do(ungroup(graph, chosen), "Ungroup"):
            canvas.select([item for item in held if item not in chosen])

    def rename(self, group_id: str, name: str) -> None:
        canvas = self._canvas
        held = canvas.document.graph.groups.get(group_id)
        if held is not None and name.strip() and name.strip() != held.name:
            canvas.do(rename_group(canvas.document.graph, group_id, name), "Rename group")

    def set_open(self, group_id: str, open_: bool) -> None:
        self._canvas.do(set_open(self._canvas.document.graph, group_id, open_), "Open group" if open_ else "Close group")
