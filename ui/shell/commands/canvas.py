"""What the rows of the Edit menu do that arrange and mark what lies on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.grouping.align import Axis, Side
from ui.canvas.input import arranging, grouping, remarks, states

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


class CanvasCommands:
    """One method for each row, named like it. Nothing happens while a gesture is under way."""

    def __init__(self, window: Workspace) -> None:
        self._window = window

    @property
    def _hands_free(self) -> bool:
        return self._window.canvas.gesture is None

    def frame(self) -> None:
        if self._hands_free:
            remarks.frame(self._window.canvas.model)

    def note(self) -> None:
        if self._hands_free:
            remarks.note(self._window.canvas.model)

    def recolour(self) -> None:
        if self._hands_free:
            remarks.recolour(self._window.canvas.model)

    def retitle(self) -> None:
        if self._hands_free:
            remarks.relabel(self._window.canvas.model)

    def rename(self) -> None:
        if self._hands_free:
            remarks.rename(self._window.canvas.model)

    def group(self) -> None:
        if self._hands_free:
            grouping.group_selection(self._window.canvas.model)

    def ungroup(self) -> None:
        if self._hands_free:
            grouping.ungroup_selection(self._window.canvas.model)

    def leave_group(self) -> None:
        if self._hands_free:
            self._window.canvas.navigation.out()

    def align_top(self) -> None:
        self._align("top")

    def align_left(self) -> None:
        self._align("left")

    def align_bottom(self) -> None:
        self._align("bottom")

    def align_right(self) -> None:
        self._align("right")

    def align_center(self) -> None:
        self._align("center")

    def align_middle(self) -> None:
        self._align("middle")

    def distribute_x(self) -> None:
        self._distribute("x")

    def distribute_y(self) -> None:
        self._distribute("y")

    def _distribute(self, axis: Axis) -> None:
        if self._hands_free:
            arranging.distribute_selection(self._window.canvas.model, axis)

    def _align(self, side: Side) -> None:
        if self._hands_free:
            arranging.align_selection(self._window.canvas.model, side)

    def layout(self) -> None:
        if self._hands_free:
            arranging.layout_selection(self._window.canvas.model)

    def collapse(self) -> None:
        if self._hands_free:
            states.collapse(self._window.canvas.model)

    def bypass(self) -> None:
        if self._hands_free:
            states.bypass(self._window.canvas.model)

    def freeze(self) -> None:
        if self._hands_free:
            states.freeze(self._window.canvas.model)

    def find(self) -> None:
        if self._hands_free:
            self._window.canvas.ask_find()
