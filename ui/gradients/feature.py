"""What the window holds of the size of gradients: how the wires show it, and the strip with a bar for each layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from ui.canvas.model.gradient_size import LOOKS, Look
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.gradients.strip import Strip
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace

_SETTING = "gradient_size"


class Gradients(Feature):
    """The look is remembered between starts; it changes what is seen, never the document."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.strip: Strip | None = None
        self._plan: tuple[object, list[list[str]]] = None, []
        """The document, its structure and its objective, and the nodes of each bar."""

    @property
    def look(self) -> Look:
        return self.workspace.canvas.model.look

    def install(self) -> None:
        self.workspace.canvas.model.samples.changed.connect(self._fill)
        known = self.workspace.settings.text(_SETTING)
        self._show(next((look for look in LOOKS if look == known), ""))

    def facts(self) -> Iterable[str]:
        """`gradient size`: the strip is there."""
        return ("gradient size",) if self.strip is not None and not self.strip.isHidden() else ()

    # what the rows do

    def off(self) -> None:
        self._choose("")

    def width(self) -> None:
        self._choose("width")

    def heat(self) -> None:
        self._choose("heat")

    def turn(self) -> None:
        """The next look."""
        self._choose(LOOKS[(LOOKS.index(self.look) + 1) % len(LOOKS)])

    def focus(self) -> None:
        if self.strip is not None and not self.strip.isHidden():
            self.strip.begin()

    def _choose(self, look: Look) -> None:
        self.workspace.settings.set(_SETTING, look)
        self._show(look)
        self.workspace.refresh_actions()

    def _show(self, look: Look) -> None:
        self.workspace.canvas.model.show_gradient_sizes(look)
        self.workspace.actions_by_id[f"gradient_size_{look or 'off'}"].setChecked(True)
        self._fill()

    # the strip

    def _fill(self) -> None:
        if not self.look:
            if self.strip is not None:
                self.strip.hide()
                self._cover()
            return
        from graph.model.layer_plan import layer_plan
        from ui.canvas.model.gradient_size import sizes
        from ui.gradients.layers import layers

        content, theme = self.workspace.canvas.content.with_compared(None), self.workspace.canvas.theme
        document, objective = self.workspace.document, content.objective()
        key = (document, document.structure, objective)
        if key != self._plan[0]:
            self._plan = key, layer_plan(document.graph, objective[0]) if objective is not None else []
        self._made().show_layers(layers(content, self._plan[1]), sizes(content).scale, self.look, theme, content.stale)

    def _made(self) -> Strip:
        if self.strip is None:
            from ui.gradients.strip import Strip

            self.strip = Strip(self.workspace.canvas, self._corner)
            self.strip.chosen.connect(self._select)
            self.strip.moved.connect(self._cover)
        return self.strip

    def _cover(self) -> None:
        """The graph is fitted into what the strip leaves free."""
        strip = self.strip
        place = QRectF(strip.geometry()) if strip is not None and not strip.isHidden() else None
        self.workspace.canvas.viewport.cover("gradients", place)

    def _corner(self) -> int:
        """How much of the lower left corner the choice of a sample takes."""
        chooser = self.workspace.canvas.sample_chooser
        return chooser.width() + 8 if not chooser.isHidden() else 0

    def _select(self, node: str) -> None:
        canvas = self.workspace.canvas
        canvas.reveal(node)
        canvas.select([node])

    # what is shown changes

    def set_document(self, document: Document) -> None:
        self._fill()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self._fill()

    def set_theme(self, theme: Theme) -> None:
        self._fill()
