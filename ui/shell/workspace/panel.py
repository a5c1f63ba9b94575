"""Panels around the canvas. A panel is declared in the `__init__` of its package: `PANELS = (PanelSpec(…), …)`.

Docks, tabs, menu rows, sizes and what is remembered of them follow from the declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.look.theme import LIGHT, Theme
from ui.shell.workspace.action_spec import ActionSpec
from ui.shell.workspace.follower import Follower

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.shell.workspace.workspace import Workspace

Place = Literal["left", "right", "below", "bottom", "inspector"]
"""A dock of its own left of, right of or below the canvas, or a tab in the bottom panel or in the inspector."""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """Declares a panel.

    `make` is its class as `module:name`, called with the workspace. `made` says when: with the window, when it is first seen, or when it
    is first asked for, before which not even its tab is there. `order` is its place among its neighbours.
    """

    key: str
    title: str
    place: Place
    make: str
    order: int
    made: Literal["with the window", "when seen", "when asked for"] = "with the window"
    floats: bool = False
    """Whether it is shown on a sheet over the canvas, beside what is selected, while its tab is not in front (inspector only)."""
    modes: tuple[str, ...] = ()
    """The modes in which it is shown, or in front of the other tabs, until the user arranges the panels otherwise."""
    projected: bool = False
    """Whether a dock at a side is shown on a projector too."""
    rows: tuple[ActionSpec, ...] = ()
    """What it adds to the action table."""

    # of docks alone

    size: float = 0.0
    """Width (below the canvas: height) in pixels for type at 100 %; of a dock below another one at the side, its share of their height."""
    alone: float = 0.0
    """Of a dock below another one at the side: its width in pixels for type at 100 % where no other is shown there."""
    wide: float = 0.0
    """Of a dock at a side: the share of the window's width that its side gets at least, until the user chooses a width."""
    least: tuple[int, float] = (0, 1.0)
    """Least width (below the canvas: height) for type at 100 %, and the share of the window that this may take at most."""
    tip: str = ""
    shortcuts: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


class Panel(Follower, QWidget):
    """Base of all panels. It knows the workspace alone."""

    want_changed = Signal()
    """`wanted` is another now."""
    titled = Signal(str)
    """Its tab gets another text, such as one with a count."""

    def __init__(self, workspace: Workspace) -> None:
        QWidget.__init__(self)
        self.workspace = workspace
        self.theme: Theme = LIGHT

    @property
    def wanted(self) -> bool:
        """Whether there is something to see, so that its dock is shown where its modes say so."""
        return True

    def set_theme(self, theme: Theme) -> None:
        """`theme` is as large as this panel's type."""
        self.theme = theme

    def first_stop(self) -> QWidget:
        """Where F6 puts the focus."""
        return self

    def toggle(self) -> None:
        """Show its dock, or hide it."""
        dock = self.parentWidget()
        if dock is not None:
            dock.setVisible(dock.isHidden())

    def take_focus(self, what: str) -> None:
        """Focus the part of this name; do nothing if there is none."""


class InspectorPage(Panel):
    """A tab of the inspector, which calls `follow` while it is seen, whenever any of the arguments has changed."""

    def follow(
        self, document: Document, nodes: list[str], edges: list[str], trace: TraceView | None, theme: Theme, stale: bool
    ) -> None:  # fmt: skip
        """Show these nodes and wires with the numbers that may be seen."""

    def set_pinned(self, pinned: bool) -> None:
        """Stay about the same number, whatever is selected."""
