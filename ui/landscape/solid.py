"""The landscape as a surface in three dimensions: the view beside the level lines, and the switch between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QPushButton

from engine.learned.surface import Surface
from graph.text.messages import _
from ui.look.numerals import number
from ui.look.theme import Theme
from ui.look.widgets import button
from ui.maths.heights import Spacing
from ui.maths.relief import Relief
from ui.maths.relief_painting import Spot, Trail
from ui.maths.relief_view import ReliefView

if TYPE_CHECKING:
    from collections.abc import Sequence

POINTS = 51
"""Along each axis of a surface: it is painted cell by cell."""
KEYS = _("Drag the dot to set the numbers, anything else to turn the surface; turn the wheel to zoom. Arrow keys turn it too, with Ctrl "
         "they set the numbers; Home brings the first view back.")  # fmt: skip


class Solid(QObject):
    """`switch` turns between level lines and surface. `changed`: it was turned."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.view = ReliefView(_("The objective over a plane, as a surface"))
        self.switch: QPushButton = button(_("Surface"), tip=_("Show the plane as a surface in three dimensions, or as level lines"))
        self.switch.setCheckable(True)
        self.switch.toggled.connect(lambda _on: self.changed.emit())
        self._shown: tuple[object, Spacing] | None = None

    @property
    def on(self) -> bool:
        return self.switch.isChecked()

    def show_surface(
        self, surface: Surface | None, spacing: Spacing, faint: bool, trails: Sequence[Trail], spots: Sequence[Spot], theme: Theme
    ) -> None:
        """Show an answer, with the present point, paths, arrows and other points on it."""
        view = self.view
        view.theme, view.faint = theme, faint
        if surface is None:
            view.relief, view.point, self._shown = None, None, None
        else:
            if self._shown is None or self._shown[0] is not surface.f or self._shown[1] != spacing:
                self._shown = surface.f, spacing
                view.relief = Relief(surface.xs, surface.ys, surface.f, (*surface.names, _("objective")), spacing)
            x, y, f = surface.here
            view.point = Spot(x, y, theme.highlight, number(f))
            view.setAccessibleDescription(
                _("The objective is {f} at {x} = {a}, {y} = {b}.").format(
                    f=number(f), x=surface.names[0], a=number(x), y=surface.names[1], b=number(y)
                )
            )
        view.trails, view.spots = trails, spots
        view.update()

    def take_focus(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
