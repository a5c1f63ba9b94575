"""What the canvas asks of a playback position. The transport bar owns one; the canvas only reads it while painting."""

from __future__ import annotations

from typing import Literal, Protocol


class Playhead(Protocol):
    """A position in `TraceView.events`.

    `active_edges` and `active_node` belong to the event under way, whose pulse has come `progress` (0 to 1) of its way;
    `phase` is that event's. All are empty at rest. A number has *arrived* once the event that brings it is complete.
    """

    @property
    def event_index(self) -> int: ...

    @property
    def progress(self) -> float: ...

    @property
    def phase(self) -> Literal["forward", "backward"] | None: ...

    @property
    def active_node(self) -> str | None: ...

    @property
    def active_edges(self) -> tuple[str, ...]: ...

    def arrived_values(self, edge: str) -> bool: ...

    def arrived_gradients(self, edge: str) -> bool: ...

    def node_value(self, node: str) -> bool:
        """Whether the node's own value may be shown."""
        ...

    def node_gradient(self, node: str) -> bool:
        """Whether the gradient of the node's outputs is complete."""
        ...
