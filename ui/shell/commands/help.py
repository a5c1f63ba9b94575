"""What the rows of the Help menu do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from graph.text.messages import _
from ui.shell.dialogs import Asking

if TYPE_CHECKING:
    from ui.shell.shortcuts import Keys

ABOUT = _("""Wire computational graphs, watch values run forward and gradients run backward, and train what you wired.

Numbers are computed by PyTorch. Type is set in Inter and STIX Two, both under the SIL Open Font License.""")


class Keyed(Asking, Protocol):
    """A workspace whose keys can be looked up and changed."""

    @property
    def keys(self) -> Keys: ...


class HelpCommands:
    """One method for each row, named like it."""

    def __init__(self, window: Keyed) -> None:
        self._window = window

    def node_help(self) -> None:
        self._window.pages.show("help")

    def shortcuts(self) -> None:
        window = self._window
        window.dialogs.shortcuts(window.keys, window.keys_changed)

    def about(self) -> None:
        self._window.dialogs.about(ABOUT)
