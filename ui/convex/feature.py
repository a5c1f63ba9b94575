"""The page of convex problems fills the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from graph.text.messages import _
from ui.shell.workspace.stage_feature import StageFeature, StagePage

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class ConvexFeature(StageFeature):
    action: ClassVar[str] = "convex"

    def make(self) -> tuple[StagePage, QWidget, str]:
        from ui.convex.page import ConvexPage

        page = ConvexPage(self.workspace)
        return page, page, _("Convexity and optimum")
