"""The page of the landscape fills the window: when it is entered, left, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from graph.text.messages import _
from ui.landscape.rows import MENU, ROWS
from ui.shell.workspace.saving import save_as
from ui.shell.workspace.stage_feature import StageFeature, StagePage

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.landscape.page import LandscapePage
    from ui.look.stage import Stage
    from ui.shell.workspace.workspace import Workspace

OWNER, BESIDE = "landscape", 0.52
"""Name of what lies over the canvas, and the share of the window's width that it has beside the graph."""


class LandscapeFeature(StageFeature):
    """`page` is made when it is first shown."""

    action: ClassVar[str] = "landscape"
    largest: ClassVar[float] = 1.5
    page: LandscapePage | None = None

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._fact = (False, False)

    def make(self) -> tuple[StagePage, QWidget, str]:
        from ui.landscape.page import LandscapePage

        self.page = page = LandscapePage(self.workspace)
        page.beside.toggled.connect(lambda _on: self._place())
        page.more.clicked.connect(lambda _on: self._menu())
        page.drawn.connect(self._drawn)
        page.solid.changed.connect(self._drawn)
        return page, page, _("Landscape")

    def staged(self, stage: Stage) -> None:
        stage.placed.connect(self._cover)

    def entered(self) -> None:
        if self.page is not None:
            self.page.choose_selected()

    def gone(self) -> None:
        self._cover()
        self._drawn()

    def facts(self) -> Iterable[str]:
        return ("landscape",) if self.shown and self.page is not None and self.page.surface is not None else ()

    def _drawn(self) -> None:
        """There is another picture, or none."""
        fact = bool(self.facts()), self.page is not None and self.page.solid.on
        if fact != self._fact:
            self._fact = fact
            self.workspace.actions_by_id["landscape_solid"].setChecked(fact[1])
            self.workspace.refresh_actions()

    def turn(self) -> None:
        """Show a surface, or level lines."""
        if self.page is not None:
            self.page.solid.switch.toggle()

    # beside the graph

    def beside(self) -> None:
        """Let the graph be seen beside the landscape, or let the landscape fill the window."""
        if self.page is not None:
            self.page.beside.toggle()

    def _place(self) -> None:
        """On the side where more lies beside the canvas, so that more of the canvas stays free."""
        assert self._stage is not None and self.page is not None
        on = self.page.beside.isChecked()
        canvas, window = self.workspace.canvas, self.workspace.canvas.window()
        at = canvas.mapTo(window, QPoint(0, 0)).x()
        self._stage.share, self._stage.at_left = BESIDE if on else 1.0, at > window.width() - at - canvas.width()
        self.page.show_side(not on)
        self._stage.place()
        self.workspace.actions_by_id["landscape_beside"].setChecked(on)

    def _cover(self) -> None:
        """The graph is fitted into what is left of the canvas."""
        stage, canvas = self._stage, self.workspace.canvas
        if stage is None or not self.shown or stage.share == 1.0:
            canvas.viewport.cover(OWNER, None)
            return
        corner = canvas.mapFromGlobal(stage.mapToGlobal(QPoint(0, 0)))
        canvas.viewport.cover(OWNER, QRectF(canvas.rect()) & QRectF(QPointF(corner), QSizeF(stage.size())))

    # its picture

    def save_svg(self) -> None:
        from ui.landscape.saving import svg

        self._save(".svg", _("SVG (*.svg)"), svg)

    def save_png(self) -> None:
        from ui.landscape.saving import png

        self._save(".png", _("PNG (*.png)"), png)

    def save_latex(self) -> None:
        from ui.landscape.saving import latex

        self._save(".tex", _("LaTeX (*.tex)"), latex)

    def _save(self, ending: str, kind: str, make: Callable[[LandscapePage], bytes]) -> None:
        if self.page is not None and self.page.surface is not None:
            saved = _("The landscape is saved as {name}.")
            save_as(self.workspace, make(self.page), "landscape" + ending, _("Save the landscape"), kind, saved)

    def copy(self) -> None:
        from ui.landscape.saving import image

        if self.page is not None and self.page.surface is not None:
            QGuiApplication.clipboard().setImage(image(self.page))
            self.workspace.say(_("The picture is copied."))

    def _menu(self) -> None:
        page = self.page
        if page is None:
            return
        menu = QMenu(page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for spec in ROWS:
            if spec.menu == MENU:
                menu.addAction(self.workspace.actions_by_id[spec.id])
        menu.popup(page.more.mapToGlobal(QPoint(0, page.more.height())))
