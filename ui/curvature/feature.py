"""The page of curvature fills the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from graph.text.messages import _
from ui.shell.workspace.stage_feature import StageFeature, StagePage

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.curvature.page import CurvaturePage


class CurvatureFeature(StageFeature):
    """`page` is made when it is first shown."""

    action: ClassVar[str] = "hessian"
    page: CurvaturePage | None = None

    def make(self) -> tuple[StagePage, QWidget, str]:
        from ui.curvature.page import CurvaturePage

        self.page = CurvaturePage(self.workspace)
        return self.page, self.page, _("Hessian of the objective")
