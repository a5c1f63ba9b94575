"""What the rows of the Help menu do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.text.messages import _

if TYPE_CHECKING:
    from ui.shell.window import Window

ABOUT = _("""Wire computational graphs, watch values run forward and gradients run backward, and train what you wired.

Numbers are computed by PyTorch. Type is set in Inter and STIX Two, both under the SIL Open Font License.""")


class HelpCommands:
    """One method for each row, named like it."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def node_help(self) -> None:
        self._window.panels.show("help")

    def shortcuts(self) -> None:
        window = self._window
        window.dialogs.shortcuts(window.keys, window.keys_changed)

    def about(self) -> None:
        self._window.dialogs.about(ABOUT)
