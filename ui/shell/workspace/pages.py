"""Panels by key: how features show them, and how they get room around the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ui.look.theme import Theme


class Guest(QWidget):
    """Controls of a feature in the bar under the canvas."""

    def set_theme(self, theme: Theme) -> None:
        """Take this theme, whose type is as large as the bar has room for."""


class Pages(Protocol):
    def show(self, key: str, focus: str = "", room: int = 0) -> None:
        """Bring a panel to the front, with the focus on the part of that name; `room` is the height it needs for type at 100 %."""

    def hide(self, key: str) -> None:
        """Hide a panel. A panel behind a tab is hidden with all that share its place."""

    def is_shown(self, key: str) -> bool:
        """Whether a panel is shown and no other covers it."""

    def knows(self, key: str) -> bool:
        """Whether there is such a panel."""

    def panel(self, key: str) -> QWidget:
        """A panel, created now if it has not been needed yet. For the package that it belongs to."""

    def made(self, key: str) -> QWidget | None:
        """A panel if it has been created, else None. For the package that it belongs to."""

    def places(self) -> frozenset[str]:
        """Keys of the places around the canvas, and of the cards over it, that are shown now."""

    def front(self) -> dict[str, str]:
        """The key of the panel in front, by place, where a place holds several."""

    def put(self, key: str, title: str, panel: QWidget, width: float, share: float) -> None:
        """Show a feature's panel on a sheet over the canvas: its width for type at 100 %, and its largest share of the canvas's width."""

    def take_away(self, key: str) -> None:
        """Take such a panel away again."""

    def close_sheet(self) -> bool:
        """Close the topmost card over the canvas; whether there was one."""

    def add_bar(self, bar: QWidget) -> None:
        """A strip above the canvas, for what needs an answer."""

    def add_controls(self, controls: Guest, optional: Sequence[QWidget], last: Sequence[QWidget] = ()) -> None:
        """Controls in the bar under the canvas, beside the transport; where room is short `optional` are left out first, `last` last."""

    def add_ribbon(self, ribbon: QWidget) -> None:
        """The phases of a step, in the middle of the bar at the top."""

    def add_status(self, widget: QWidget) -> None:
        """Something that stays in the line at the lower edge."""

    def show_bars(self, shown: bool) -> None:
        """Show or hide the bar at the top, the controls and the line at the lower edge."""

    def show_focus(self, shown: bool) -> None:
        """Frame what has the keyboard focus, or not: a class that looks on has no keyboard."""
