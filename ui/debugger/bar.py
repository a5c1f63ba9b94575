"""The debugger's controls beside the transport: steps of every size forth and back, and two sliders to scrub with."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from graph.text.messages import _
from ui.look.style import px
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, button, label
from ui.shell.workspace.pages import Guest
from ui.shell.workspace.timeline import Timeline

WIDEST = 150
"""Room for "every number is shown" beside its slider."""
UNITS = ("layer", "phase", "iteration")
"""The steps that have buttons here; single nodes are the transport's."""
_UNITS = {
    "layer": _(
        "A node with weights and the nodes after it, up to the next node with weights; without weights, nodes of equal depth. "
        "A group is one layer"
    ),
    "phase": _("Forward, loss, backward, update, zero"),
    "iteration": _("A whole training step; the position within the step stays the same"),
}
_STEP_TEXTS = {
    "layer": (_("layer"), _("Back by one layer"), _("On by one layer"), _("One layer back"), _("One layer on")),
    "phase": (_("phase"), _("Back by one phase"), _("On by one phase"), _("One phase back"), _("One phase on")),
    "iteration": (
        _("iteration"), _("Back by one iteration"), _("On by one iteration"), _("One iteration back"), _("One iteration on"),
    ),
}  # fmt: skip
"""Word, tips and accessible names of the two buttons."""


class StepButtons(QWidget):
    """`‹ layer ›`: one size of step, back and forth."""

    def __init__(self, unit: str, go: Callable[[int], None]) -> None:
        super().__init__()
        title, back, on, one_back, one_on = _STEP_TEXTS[unit]
        self.back, self.on, word = button("‹", tip=back), button("›", tip=on), label(title)
        word.setToolTip(_UNITS[unit])
        for widget, way, name in ((self.back, -1, one_back), (self.on, 1, one_on)):
            widget.setAccessibleName(name)
            widget.clicked.connect(lambda _=False, way=way: go(way))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for part in (self.back, word, self.on):
            row.addWidget(part)


class Bar(Guest):
    """Emits a signal for every request; `show_place` and `show_iterations` set the run's position.

    `optional` is left out first where room is short, `last` last.
    """

    stepped = Signal(str, int)
    """A unit and a way."""
    scrubbed = Signal(int)
    """A position within the step."""
    iteration_chosen = Signal(int)
    run_here = Signal()
    breakpoints_wanted = Signal()
    closed = Signal()
    escaped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("Debugger"))
        self.pairs = {unit: StepButtons(unit, lambda way, unit=unit: self.stepped.emit(unit, way)) for unit in UNITS}  # type: ignore[misc]
        self.here = button(_("Run to here"), tip=_("Run to the selected node's next value or gradient"))
        self.breakpoints = button(_("Breakpoints"), tip=_("Show where playback and training stop"))
        self.close_button = button("✕", "quiet", tip=_("Close the debugger"))
        self.close_button.setAccessibleName(_("Close the debugger"))
        self.events = self._slider(_("Scrub through this iteration"))
        self.iterations = self._slider(_("Scrub through the stored iterations"))
        self.place, self.iteration = ElidedLabel("", "small"), ElidedLabel("", "small")
        self._ranges: tuple[tuple[int, int], ...] = ()
        self._compose()
        self.here.clicked.connect(self.run_here)
        self.breakpoints.clicked.connect(self.breakpoints_wanted)
        self.close_button.clicked.connect(self.closed)
        self.events.valueChanged.connect(self.scrubbed)
        self.iterations.valueChanged.connect(self._iteration_moved)

    def _slider(self, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setAccessibleName(name)
        slider.setToolTip(name)
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return slider

    def _compose(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for pair in self.pairs.values():
            row.addWidget(pair)
        for slider, text in ((self.events, self.place), (self.iterations, self.iteration)):
            slider.setMinimumWidth(60)
            row.addWidget(slider, 3)
            row.addWidget(text, 2)
        for widget in (self.here, self.breakpoints, self.close_button):
            row.addWidget(widget)
        self.last = (self.iterations, self.pairs["iteration"], self.place, self.pairs["layer"])
        self.optional = (self.breakpoints, self.here, self.pairs["phase"], self.iteration)

    def set_theme(self, theme: Theme) -> None:
        self.place.setMinimumWidth(px(theme, WIDEST))
        self.iteration.setMinimumWidth(px(theme, WIDEST))
        for pair in self.pairs.values():
            for arrow in (pair.back, pair.on):
                arrow.setFixedWidth(px(theme, 24))
                arrow.setStyleSheet("padding: 0;")

    # the run's position

    def show_place(self, timeline: Timeline, position: int, at_rest: bool, text: str) -> None:
        """Sliders and buttons for a position; at rest every number is shown."""
        playable = bool(timeline.events) and self.isEnabled()
        _set_quietly(self.events, 0, max(timeline.length, 1), timeline.length if at_rest else position)
        self.events.setEnabled(playable)
        self.place.set_full(_("every number is shown") if at_rest else text)
        for unit in ("layer", "phase"):
            self.pairs[unit].back.setEnabled(playable and (at_rest or position > 0 or timeline.whole))
            self.pairs[unit].on.setEnabled(playable and (at_rest or position < timeline.length or timeline.whole))

    def show_iterations(self, step: int, ranges: tuple[tuple[int, int], ...], can_step: bool, why: str) -> None:
        """The iteration that is shown, and which can be returned to."""
        self._ranges = ranges
        first, last = (ranges[0][0], ranges[-1][1]) if ranges else (step, step)
        pair = self.pairs["iteration"]
        pair.on.setEnabled(can_step)
        pair.back.setEnabled(can_step and any(a <= step - 1 <= b for a, b in ranges))
        pair.on.setToolTip(why or _("Step forward one iteration: forward, loss, backward, update, zero"))
        _set_quietly(self.iterations, first, max(last, step), step)
        self.iterations.setEnabled(can_step and last > first)
        held = _(" · {first:,}–{last:,} stored").format(first=first + 1, last=last + 1) if last > first else ""
        self.iteration.set_full(_("iteration {number:,}{held}").format(number=step + 1, held=held) if can_step else why)

    def nearest_held(self, step: int) -> int:
        """The step that can be returned to closest to `step`."""
        ends = (min(max(step, a), b) for a, b in self._ranges)
        return min(ends, key=lambda end: abs(end - step), default=step)

    def show_breakpoints(self, count: int) -> None:
        self.breakpoints.setText(_("Breakpoints {count}").format(count=count) if count else _("Breakpoints"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives the focus back."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def _iteration_moved(self, step: int) -> None:
        self.iteration_chosen.emit(self.nearest_held(step))


def _set_quietly(slider: QSlider, low: int, high: int, value: int) -> None:
    """Move a slider without a signal; a slider that is being dragged is left alone."""
    if slider.isSliderDown():
        return
    slider.blockSignals(True)
    slider.setRange(low, high)
    slider.setValue(value)
    slider.blockSignals(False)
