"""Tools that explain, as a lesson's step asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graph.lesson_graph import resolve

if TYPE_CHECKING:
    from ui.window import Window

_SHOWS = {"explain": "show_card", "paths": "show_paths", "picture": "show_picture", "forward_mode": "show_forward_mode",
          "sweep": "show_sweep", "symbolic": "show_symbolic", "audit": "show_audit"}  # fmt: skip


def show(window: Window, name: str, args: Mapping[str, Any]) -> None:
    """Show a tool about an item, which is selected first: most of them follow the selection."""
    if "of" in args:
        window.canvas.select([resolve(window.document.graph, args["of"]).id])
    act = getattr(window.explain, _SHOWS[name], None)
    if act is not None:
        act()
