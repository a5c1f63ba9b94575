"""The position of playback as the ribbon shows it: phase, number of the event within it, node. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from graph.text.messages import _
from ui.shell.workspace.playback import Playhead
from ui.shell.workspace.timeline import Phase, Timeline

TITLES: dict[Phase, str] = {
    "forward": _("Forward"), "loss": _("Loss"), "backward": _("Backward"), "update": _("Update"), "zero": _("Zero"),
}  # fmt: skip
TIPS: dict[Phase, str] = {
    "forward": _("Go to the start of the forward pass: no value is computed yet"),
    "loss": _("Go to the start of the loss: its inputs are computed"),
    "backward": _("Go to the start of the backward pass: all values are computed, and no gradient"),
    "update": _("Update every parameter"),
    "zero": _("Set all gradients to zero for the next pass"),
}


@dataclass(frozen=True, slots=True)
class Position:
    """`number` of the `count` events of `phase`, counted from 1; 0 before the first. `node` is the one at work, if there is one."""

    phase: Phase
    number: int
    count: int
    node: str = ""

    @property
    def title(self) -> str:
        name = TITLES[self.phase]
        if self.phase in ("update", "zero"):
            return name
        return _("{phase} {number} of {count}").format(phase=name, number=self.number, count=self.count)


def position(playhead: Playhead, timeline: Timeline, entered: Phase | None = None) -> Position | None:
    """Where playback stands; None at rest. `entered`: a phase whose start was asked for, where the phase before it ends too."""
    if playhead.at_rest or not timeline.events:
        return None
    at = playhead.event_index + playhead.under_way
    phase = timeline.phase(at)
    if entered is not None and entered in timeline.ends and at == timeline.begins(entered):
        phase = entered
    number = at - timeline.begins(phase)
    node = timeline.events[at - 1].node if number and 0 < at <= len(timeline.events) else ""
    return Position(phase, number, timeline.count(phase), node)
