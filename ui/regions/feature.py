"""What the action table does with the picture of the learned function, and what other features see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from graph.text.messages import _
from ui.look.style import style_sheet
from ui.look.type_size import for_graph
from ui.regions.rows import ROWS
from ui.shell.workspace.action_spec import hint
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.saving import save_as
from ui.shell.workspace.services import PLANE

if TYPE_CHECKING:
    from ui.look.stage import Stage
    from ui.look.theme import Theme
    from ui.regions.side import RegionsPanel
    from ui.regions.view import PlaneView
    from ui.shell.workspace.workspace import Workspace


class RegionsFeature(Feature):
    """`plane`: there is a picture. `plane zoomed`: not all of it is seen."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._stage: Stage | None = None
        self._fact = (False, False)

    def install(self) -> None:
        panel = self.panel
        self.workspace.services.offer(PLANE, panel)
        panel.changed.connect(self._changed)
        panel.stage.clicked.connect(self.toggle_stage)
        panel.more.clicked.connect(self._menu)
        panel.stage.setToolTip(hint(_("Let the picture fill the window"), self.workspace.actions_by_id["plane_stage"]))

    @property
    def panel(self) -> RegionsPanel:
        panel: RegionsPanel = self.workspace.pages.panel("regions")  # type: ignore[assignment]
        return panel

    @property
    def _view(self) -> PlaneView | None:
        view = self.panel.view
        seen = view.seen if view is not None else None
        return view if seen is not None and seen.stamp.structure == self.workspace.document.structure else None

    def facts(self) -> Iterable[str]:
        view = self._view
        return () if view is None else ("plane", "plane zoomed") if view.spans is not None else ("plane",)

    def _changed(self) -> None:
        fact = self._view is not None, self._view is not None and self._view.spans is not None
        if fact != self._fact:
            self._fact = fact
            self.workspace.refresh_actions()

    # what the rows do

    def focus(self) -> None:
        if not self.on_stage:
            self.workspace.pages.show("regions")
        if self._view is not None:
            self._view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_all(self) -> None:
        if self._view is not None:
            self._view.show_all()

    def copy(self) -> None:
        from ui.regions.export import image

        if self._view is not None:
            QGuiApplication.clipboard().setImage(image(self._view))
            self.workspace.say(_("The picture is copied."))

    def save_svg(self) -> None:
        from ui.regions.export import svg

        self._save(".svg", _("SVG (*.svg)"), svg)

    def save_png(self) -> None:
        from ui.regions.export import png

        self._save(".png", _("PNG (*.png)"), png)

    def _save(self, ending: str, kind: str, make: Callable[[PlaneView], bytes]) -> None:
        if self._view is not None:
            saved = _("The picture is saved as {name}.")
            save_as(self.workspace, make(self._view), "learned function" + ending, _("Save the picture"), kind, saved)

    def _menu(self) -> None:
        menu = QMenu(self.panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for spec in ROWS:
            if spec.before:
                menu.addSeparator()
            menu.addAction(self.workspace.actions_by_id[spec.id])
        button = self.panel.more
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    # the stage

    @property
    def on_stage(self) -> bool:
        return self._stage is not None and self._stage.isVisible()

    def toggle_stage(self) -> None:
        """Let the panel's content fill the window, or bring it back."""
        if self.on_stage:
            self._leave()
        elif self._view is not None:
            self._enter()
        self.workspace.actions_by_id["plane_stage"].setChecked(self.on_stage)

    def _enter(self) -> None:
        from ui.look.stage import Stage

        if self._stage is None:
            self._stage = Stage(self.workspace.widget, _("Learned function"))
            self._stage.left.connect(self.toggle_stage)
        self.panel.take_out(self._stage)
        self._dress()
        if self._view is not None:
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        assert self._stage is not None
        self._stage.hide()
        self.panel.take_back()
        self._stage.setStyleSheet("")
        self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _dress(self) -> None:
        if self._stage is not None and self.on_stage:
            theme = for_graph(self.workspace.theme)
            self._stage.setStyleSheet(style_sheet(theme))
            self.panel.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._dress()

    def set_document(self, document: object) -> None:
        if self.on_stage:
            self.toggle_stage()
