"""What the pages of the weights know of the feature, and it of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QPushButton

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QWidget

    from graph.model.address import Address


class Chosen(Protocol):
    """What is chosen on the canvas: the quantity that is shown on the weights, and the numbers that were clicked, the newest first."""

    shown: str
    chosen: list[Address]

    @property
    def chosen_changed(self) -> SignalInstance: ...

    def attached(self, page: StagedPage, key: str, large: bool = False) -> None:
        """A page is used for the first time."""


class StagedPage(Protocol):
    """A page that can fill the window: `fill` is its button for that."""

    fill: QPushButton

    def attach(self, feature: Chosen, large: bool = False) -> None: ...

    def first_stop(self) -> QWidget: ...
