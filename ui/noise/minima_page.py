"""The page of sharp and flat minima: where the runs end, and why sharpness alone says little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.text.messages import _
from ui.noise.ends_view import EndsView
from ui.noise.rescale_view import RescaleView
from ui.noise.views_page import ViewsPage

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.shell.workspace.workspace import Workspace

HIDDEN = _("A question hides numbers, so the minima are not shown.")


class MinimaPage(ViewsPage[EndsView | RescaleView]):
    """The views are `ends` and `rescaling`."""

    def __init__(self, workspace: Workspace) -> None:
        self.ends, self.rescaling = EndsView(workspace), RescaleView(workspace)
        super().__init__(workspace, (
            ("ends", _("Where the runs end"), _("λmax and trace at the end of each run, and the line between two ends"), self.ends),
            ("rescaling", _("Rescaling"), _("The same function with another sharpness"), self.rescaling),
        ))  # fmt: skip

    def ask(self) -> None:
        if not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            self.forget(HIDDEN)
        else:
            self.seen_view.ask()

    def set_document(self, document: Document) -> None:
        self.forget()
        self.ask()
