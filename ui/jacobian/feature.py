"""The page of the Jacobian fills the window; it begins with the node that is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from graph.text.messages import _
from ui.shell.workspace.stage_feature import StageFeature, StagePage

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.jacobian.page import JacobianPage


class JacobianFeature(StageFeature):
    action: ClassVar[str] = "jacobian"
    page: JacobianPage | None = None

    def make(self) -> tuple[StagePage, QWidget, str]:
        from ui.jacobian.page import JacobianPage

        self.page = JacobianPage(self.workspace)
        return self.page, self.page, _("Jacobian of a node")

    def entered(self) -> None:
        """Begin with the node that is selected on the canvas."""
        if self.page is not None:
            self.page.choose_node(next(iter(self.workspace.canvas.model.selected_nodes()), None))
