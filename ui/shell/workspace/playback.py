"""The position of playback: which event is under way, how far, and which numbers have arrived.

The canvas reads it to draw pulses and to hide numbers that are still to come; the transport bar moves it. At rest nothing
is hidden. A timer runs only while something plays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from engine.compile.views import PassEvent, TraceView
from graph.text.messages import _, ngettext

Playing = Literal["", "forward", "backward", "step"]
Pass = Literal["", "forward", "backward", "update", "zero"]
TAIL: tuple[Literal["update", "zero"], ...] = ("update", "zero")
"""What follows the backward pass in a whole training step: the parameters' update, and the gradients forgotten."""

EVENT_MS = 2_400.0
"""One event of the forward pass at speed 1; a long pass is hastened so that it takes about `PASS_MS`, but no event less than `LEAST_MS`."""
PASS_MS = 18_000.0
LEAST_MS = 110.0
BACKWARD = 2.0
"""How many times as long an event of the backward pass takes."""
QUIET_SHARE = 0.15
"""Share of an event's time for one that moves nothing along a wire (a source, the end of a backward pass)."""
TICK_MS = 16
SPEEDS = (0.25, 4.0)
UNSLOWED = 0.999
"""From this speed on, 1 but for rounding, training goes as fast as it can."""
PACE_POWER = 2.5
"""How steeply the pace of training rises with the speed: to 32 steps a second just below speed 1."""


@dataclass(slots=True)
class _Arrivals:
    """With which event the number of a wire, or of a node, has arrived."""

    values: dict[str, int] = field(default_factory=dict)
    gradients: dict[str, int] = field(default_factory=dict)
    node_values: dict[str, int] = field(default_factory=dict)
    node_gradients: dict[str, int] = field(default_factory=dict)


def _arrivals(events: Sequence[PassEvent], turn: int) -> _Arrivals:
    found = _Arrivals()
    for i, event in enumerate(events):
        forward = event.phase == "forward"
        (found.node_values if forward else found.node_gradients)[event.node] = i
        for edge in event.edges:
            (found.values if forward else found.gradients)[edge] = i
    for edge in set(found.values) - set(found.gradients):
        found.gradients[edge] = turn
    return found


class Playhead(QObject):
    """A position in `TraceView.events`, and in the `tail` that follows them where whole training steps are played.

    `event_index` counts finished events; `progress` (0 to 1) is how far the next one has come. `at_rest` means that
    no playback is under way or half done, and every number of the trace is shown. Any of `breaks`, by owner, may say of an
    event that playback has to stop once it is finished.
    """

    moved = Signal()
    """The position changed: repaint pulses and numbers."""
    state_changed = Signal()
    """`playing`, `at_rest` or the events changed: buttons and labels."""
    left = Signal(int)
    """The user stepped beyond the end (1) or before the beginning (-1) of a whole training step."""
    speed_changed = Signal()
    broke = Signal(object)
    """Playback stopped because `breaks` said so; carries the event."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.events: tuple[PassEvent, ...] = ()
        self.tail: tuple[Literal["update", "zero"], ...] = ()
        self.breaks: dict[str, Callable[[PassEvent], bool]] = {}
        self.event_index = 0
        self._share = 0.0
        self.playing: Playing = ""
        self.at_rest = True
        self.speed = 1.0
        self.reduced_motion = False
        self.sums: frozenset[str] = frozenset()
        """Nodes whose gradient is a sum: adding takes its time even where nothing leaves along a wire."""
        self._stop_at = 0
        self._known_arrivals: _Arrivals | None = None
        self._turn = 0
        self._busy = 0
        """Events of the forward pass in which something moves."""
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    # what the canvas asks

    @property
    def length(self) -> int:
        """How many positions there are to step through."""
        return len(self.events) + len(self.tail)

    @property
    def turn(self) -> int:
        """Where the backward pass begins."""
        return self._turn

    @property
    def forgotten(self) -> bool:
        """Whether the gradients of this step are gone: the phase that sets them to zero is over."""
        return not self.at_rest and bool(self.tail) and self.event_index >= self.length

    @property
    def under_way(self) -> bool:
        """Whether an event has begun that is not finished."""
        return not self.at_rest and (self._share > 0.0 or bool(self.playing))

    @property
    def active_event(self) -> PassEvent | None:
        """The event under way, or the one that a single step would play next; None at rest and at the end."""
        return self.events[self.event_index] if not self.at_rest and self.event_index < len(self.events) else None

    @property
    def progress(self) -> float:
        """How far the event under way has come, 0 to 1; always 0 with reduced motion: nothing travels then."""
        return 0.0 if self.reduced_motion else self._share

    @property
    def share(self) -> float:
        """How much of the event's time is over, 0 to 1."""
        return self._share

    @property
    def moving(self) -> bool:
        """Whether pulses are on their way."""
        return not self.at_rest and (self._share > 0.0 or bool(self.playing)) and self.active_event is not None

    @property
    def active_edges(self) -> tuple[str, ...]:
        event = self.active_event
        return event.edges if event is not None and self.moving else ()

    @property
    def active_node(self) -> str | None:
        """The node that works: of the event under way, else of the last one finished."""
        if self.at_rest or not self.events:
            return None
        if self.moving:
            return self.events[self.event_index].node
        return self.events[self.event_index - 1].node if 0 < self.event_index <= len(self.events) else None

    def nodes_ahead(self, count: int) -> list[str]:
        """The nodes of the last event and of those to come, `count` events together."""
        first = max(0, self.event_index - 1)
        return list(dict.fromkeys(event.node for event in self.events[first : first + count]))

    @property
    def phase(self) -> Pass:
        """The pass the playhead is in; empty at rest."""
        if self.at_rest or not self.events:
            return ""
        at = min(self.event_index if self.under_way else max(0, self.event_index - 1), self.length - 1)
        return self.events[at].phase if at < len(self.events) else self.tail[at - len(self.events)]

    def arrived_values(self, edge: str) -> bool:
        """Whether the value on this wire may be shown."""
        return self.at_rest or self.event_index > self._arrivals.values.get(edge, -1)

    def arrived_gradients(self, edge: str) -> bool:
        """Whether the gradient on this wire may be shown."""
        return self.at_rest or (self.event_index > self._arrivals.gradients.get(edge, -1) and not self.forgotten)

    def node_has_value(self, node: str) -> bool:
        return self.at_rest or self.event_index > self._arrivals.node_values.get(node, -1)

    def node_has_gradient(self, node: str) -> bool:
        """A node's own gradient is complete when its backward event begins; a sum is there once it was seen to be added."""
        if self.at_rest:
            return True
        at = self._arrivals.node_gradients.get(node, -1)
        begun = self.event_index == at and self.moving and node not in self.sums
        return (self.event_index > at or begun) and not self.forgotten

    @property
    def _arrivals(self) -> _Arrivals:
        """Made when a pass is first played: at rest everything is there."""
        if self._known_arrivals is None:
            self._known_arrivals = _arrivals(self.events, self._turn)
        return self._known_arrivals

    # what feeds it

    def set_trace(self, trace: TraceView | None) -> None:
        """Take the events of a new trace; the position stays when they are the same ones with new numbers."""
        self.set_events(trace.events if trace is not None else ())

    def set_events(self, events: Sequence[PassEvent]) -> None:
        new_events = tuple(events)
        if new_events == self.events:
            return
        self.events = new_events
        self._turn = next((i for i, e in enumerate(new_events) if e.phase == "backward"), len(new_events))
        self._busy = sum(bool(event.edges) for event in new_events[: self._turn])
        self._known_arrivals = None
        self.reset()

    def set_tail(self, whole: bool) -> None:
        """Play whole training steps, update and zeroing included, or the two passes alone."""
        if whole != bool(self.tail):
            self.tail = TAIL if whole else ()
            self.reset()

    # what the transport bar does

    def play_forward(self) -> None:
        """Play the forward pass: from the start, or from where it was interrupted."""
        if self.playing == "forward":
            return self.pause()
        fresh = self.at_rest or self.event_index >= self._turn
        self._play("forward", 0 if fresh else self.event_index, self._turn, keep=not fresh)

    def play_backward(self) -> None:
        """Play the backward pass; the values of the forward pass are all there."""
        if self.playing == "backward":
            return self.pause()
        fresh = self.at_rest or not self._turn <= self.event_index < len(self.events)
        self._play("backward", self._turn if fresh else self.event_index, len(self.events), keep=not fresh)

    def step(self) -> None:
        """Play one event; during an event, finish it at once; at the end of a whole step, on to the next."""
        if not self.events:
            return
        if not self.at_rest and self._share > 0.0:
            self._finish_event()
            if not self._broken():
                self._halt()
            return
        start = 0 if self.at_rest else self.event_index
        if len(self.events) <= start < self.length:
            self.seek(start + 1)  # nothing travels along wires: updated, or set to zero, at once
        elif start < self.length:
            self._play("step", start, start + 1)
        elif self.tail:
            self.left.emit(1)

    def step_back(self) -> None:
        """Take back the event under way, else the last one finished; from rest, the last event of all."""
        if not self.events:
            return
        index = len(self.events) if self.at_rest else self.event_index
        if self.at_rest or self._share <= 0.0:
            index -= 1
        if index < 0 and self.tail:
            self.left.emit(-1)
        else:
            self.seek(index)

    def cancel(self) -> bool:
        """Stop, and take back the event under way. Whether there was one."""
        if not self.under_way:
            return False
        self.seek(self.event_index)
        return True

    def seek(self, index: int) -> None:
        """Stop after `index` finished events."""
        self._timer.stop()
        self.playing, self.at_rest, self._share = "", False, 0.0
        self.event_index = min(max(index, 0), self.length)
        self._announce()

    def pause(self) -> None:
        self._halt()

    def reset(self) -> None:
        """Back to rest: everything is shown."""
        self._timer.stop()
        self.playing, self.at_rest, self._share, self.event_index = "", True, 0.0, len(self.events)
        self._announce()

    def set_speed(self, speed: float) -> None:
        """1 is the usual speed. Below it training is slowed down too."""
        self.speed = min(max(speed, SPEEDS[0]), SPEEDS[1])
        self.speed_changed.emit()

    @property
    def training_pace(self) -> float | None:
        """Training steps a second, from 1 at the lowest speed on; None from speed 1 on: as fast as it goes."""
        return (self.speed / SPEEDS[0]) ** PACE_POWER if self.speed < UNSLOWED else None

    # time

    def _length_ms(self) -> float:
        if self.event_index < len(self.events):
            return self.event_ms(self.events[self.event_index])
        return EVENT_MS * QUIET_SHARE / self.speed

    def event_ms(self, event: PassEvent) -> float:
        """How long an event takes at the present speed, in milliseconds."""
        base = max(LEAST_MS, min(EVENT_MS, PASS_MS / max(1, self._busy)))
        if event.phase == "backward":
            base *= BACKWARD
        quiet = not event.edges and not (event.phase == "backward" and event.node in self.sums)
        return base * (QUIET_SHARE if quiet else 1.0) / self.speed

    def advance(self, ms: float) -> None:
        """Let `ms` milliseconds pass. The timer calls it; a test may too."""
        while ms > 0 and self.playing and self.event_index < self._stop_at:
            length = self._length_ms()
            left = length * (1.0 - self._share)
            if ms < left:
                self._share += ms / length
                break
            ms -= left
            self._finish_event()
            if self._broken():
                return
        if self.playing and self.event_index >= self._stop_at:
            self._halt()
        else:
            self.moved.emit()

    def _broken(self) -> bool:
        """Stop where a breakpoint says so; a step stops there anyway, and says so as well."""
        done = self.event_index - 1
        if not self.playing or done >= len(self.events):
            return False
        event = self.events[done]
        if not any(wanted(event) for wanted in self.breaks.values()):
            return False
        self._halt()
        self.broke.emit(event)
        return True

    def _finish_event(self) -> None:
        self.event_index += 1
        self._share = 0.0

    def _play(self, what: Playing, start: int, stop: int, keep: bool = False) -> None:
        if not self.events or start >= stop:
            return
        self.playing, self.at_rest, self._stop_at = what, False, stop
        if not keep:
            self.event_index, self._share = start, 0.0
        self._clock.start()
        self._timer.start()
        self._announce()

    def _halt(self) -> None:
        self._timer.stop()
        self.playing = ""
        if self.events and self.event_index >= len(self.events) and not self.tail:
            self.at_rest = True
        self._announce()

    def _announce(self) -> None:
        self.state_changed.emit()
        self.moved.emit()

    def _tick(self) -> None:
        self.advance(min(100.0, float(self._clock.restart())))


def speed_text(playhead: Playhead) -> str:
    """What the speed means for playback, and for training."""
    pace, times = playhead.training_pace, f"{playhead.speed:.2g}"
    if pace is None:
        return _("Playback {times} times as fast; training as fast as possible").format(times=times)
    training = ngettext("training {steps} step per second", "training {steps} steps per second", round(pace)).format(steps=f"{pace:.2g}")
    return _("Playback {times} times as fast; {training}").format(times=times, training=training)
