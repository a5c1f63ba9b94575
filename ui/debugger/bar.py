"""The debugger's strip under the canvas: phases, steps of every size forth and back, and two sliders to scrub with."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.debugger.timeline import PHASES, Phase, Timeline
from ui.look.style import px
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, FlowLayout, button, label, line, set_property

WIDEST = 128
"""Room for "gradients set to zero" beside its slider."""
UNITS = ("node", "layer", "phase", "iteration")
_TIPS: dict[str, str] = {
    "forward": _("Compute the values, up to the inputs of the loss"),
    "loss": _("Compute the loss and everything after it"),
    "backward": _("Compute the gradients, from the loss back to the inputs"),
    "update": _("Update every parameter"),
    "zero": _("Set all gradients to zero for the next pass"),
}
_UNITS = {
    "node": _("One node's value, or its gradient"),
    "layer": _(
        "A node with weights and the nodes after it, up to the next node with weights; without weights, nodes of equal depth. "
        "A group is one layer"
    ),
    "phase": _("Forward, loss, backward, update, zero"),
    "iteration": _("A whole training step; the position within the step stays the same"),
}
_STEP_TEXTS = {
    "node": (_("node"), _("Back by one node"), _("On by one node"), _("One node back"), _("One node on")),
    "layer": (_("layer"), _("Back by one layer"), _("On by one layer"), _("One layer back"), _("One layer on")),
    "phase": (_("phase"), _("Back by one phase"), _("On by one phase"), _("One phase back"), _("One phase on")),
    "iteration": (
        _("iteration"), _("Back by one iteration"), _("On by one iteration"), _("One iteration back"), _("One iteration on"),
    ),
}  # fmt: skip
"""Word, tips and accessible names of the two buttons."""
_PHASE_TITLES: dict[str, str] = {
    "forward": _("Forward"), "loss": _("Loss"), "backward": _("Backward"), "update": _("Update"), "zero": _("Zero"),
}  # fmt: skip
_ACCENTS: dict[str, str] = {"forward": "forward", "loss": "forward", "backward": "backward", "update": "backward", "zero": "backward"}


class StepButtons(QWidget):
    """`‹ node ›`: one size of step, back and forth."""

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


class Bar(QWidget):
    """Emits a signal for every request; `show_place` and `show_iterations` set the run's position."""

    stepped = Signal(str, int)
    """A unit and a way."""
    phase_chosen = Signal(str)
    scrubbed = Signal(int)
    """A position within the step."""
    iteration_chosen = Signal(int)
    run_here = Signal()
    breakpoints_wanted = Signal()
    closed = Signal()
    escaped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(_("Debugger"))
        self.phases: dict[Phase, QPushButton] = {}
        for phase in PHASES:
            choice = button(_PHASE_TITLES[phase], accent=_ACCENTS[phase], tip=_TIPS[phase])
            choice.clicked.connect(lambda _=False, phase=phase: self.phase_chosen.emit(phase))
            self.phases[phase] = choice
        self.pairs = {unit: StepButtons(unit, lambda way, unit=unit: self.stepped.emit(unit, way)) for unit in UNITS}  # type: ignore[misc]
        self.here = button(_("Run to here"), tip=_("Run to the selected node's next value or gradient"))
        self.breakpoints = button(_("Breakpoints"), tip=_("Show where playback and training stop"))
        self.close_button = button("✕", "quiet", tip=_("Close the debugger"))
        self.close_button.setAccessibleName(_("Close the debugger"))
        self.events, self.iterations = (
            self._slider(_("Scrub through this iteration")),
            self._slider(_("Scrub through the stored iterations")),
        )
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
        self._flow = FlowLayout(6)
        for widget in (*self.phases.values(), *self.pairs.values(), self.here, self.breakpoints):
            self._flow.addWidget(widget)
        top = QHBoxLayout()
        top.addLayout(self._flow, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        scrub = QHBoxLayout()
        scrub.setSpacing(10)
        for slider, text in ((self.events, self.place), (self.iterations, self.iteration)):
            slider.setMinimumWidth(60)
            scrub.addWidget(slider, 3)
            scrub.addWidget(text, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(6)
        layout.addWidget(line())
        inner = QVBoxLayout()
        inner.setContentsMargins(14, 2, 8, 0)
        inner.setSpacing(4)
        inner.addLayout(top)
        inner.addLayout(scrub)
        layout.addLayout(inner)

    def set_theme(self, theme: Theme) -> None:
        """Smaller buttons than elsewhere: the canvas needs the room."""
        self.place.setMinimumWidth(px(theme, WIDEST))
        self.iteration.setMinimumWidth(px(theme, WIDEST))
        self.setStyleSheet(f"QPushButton {{ min-height: {px(theme, 22)}px; padding: 0 {px(theme, 8)}px; border-radius: 6px; }}")
        for pair in self.pairs.values():
            for arrow in (pair.back, pair.on):
                arrow.setFixedWidth(px(theme, 24))

    # the run's position

    def show_place(self, timeline: Timeline, position: int, at_rest: bool, text: str) -> None:
        """Highlight the phase of a position; at rest no phase is active and every number is shown."""
        current = "" if at_rest else timeline.phase(position)
        playable = bool(timeline.events) and self.isEnabled()
        for phase, choice in self.phases.items():
            set_property(choice, "active", phase == current)
            choice.setEnabled(playable and phase in timeline.ends)
        _set_quietly(self.events, 0, max(timeline.length, 1), timeline.length if at_rest else position)
        self.events.setEnabled(playable)
        self.place.set_full(_("every number is shown") if at_rest else text)
        for unit in ("node", "layer", "phase"):
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

    def event(self, event: QEvent) -> bool:
        """As high as its rows need: a splitter would let the last ones lie under the sliders."""
        done = super().event(event)
        layout = self.layout()
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and layout is not None:
            self.setMinimumHeight(layout.totalHeightForWidth(self.width()))
        return done

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
