"""What the canvas asks of a playback position. The transport bar owns one; the canvas only reads it while painting."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from engine.compile.views import PassEvent


class Playhead(Protocol):
    """A position in `TraceView.events`; `ui.shell.workspace.playback.Playhead` is the one in use.

    `active_edges` and `active_node` belong to the event under way, whose pulse has come `progress` (0 to 1) of its way;
    `phase` is that event's, empty at rest; `event_index` counts the finished ones. A number has *arrived* once the event that
    brings it is complete; at rest all have.
    `moved` is the signal that the position changed.
    """

    @property
    def moved(self) -> Any: ...

    @property
    def at_rest(self) -> bool: ...

    @property
    def event_index(self) -> int: ...

    @property
    def progress(self) -> float: ...

    @property
    def share(self) -> float:
        """How much of the event's time is over, 0 to 1, also where nothing travels."""

    @property
    def reduced_motion(self) -> bool: ...

    @property
    def active_event(self) -> PassEvent | None: ...

    def event_ms(self, event: PassEvent) -> float:
        """How long an event takes, in milliseconds."""

    @property
    def moving(self) -> bool: ...

    @property
    def phase(self) -> Literal["", "forward", "backward", "update", "zero"]: ...

    @property
    def active_node(self) -> str | None: ...

    @property
    def active_edges(self) -> tuple[str, ...]: ...

    def arrived_values(self, edge: str) -> bool: ...

    def arrived_gradients(self, edge: str) -> bool: ...

    def node_has_value(self, node: str) -> bool: ...

    def node_has_gradient(self, node: str) -> bool: ...
