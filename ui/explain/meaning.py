"""Which number the explanations are about: the feature knows it, and its tools ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ui.shell.workspace.services import Service

if TYPE_CHECKING:
    from graph.model.address import Address
    from ui.explain.audit import AuditOverlay
    from ui.explain.exact_mode import ExactMode


class Meaning(Protocol):
    """Which number the tools are about; the feature knows."""

    @property
    def audit(self) -> AuditOverlay: ...

    @property
    def exact(self) -> ExactMode: ...

    def parameter_of(self, nodes: Sequence[str]) -> str:
        """The learned tensor of the one selected node that is meant; empty for the node itself."""

    def entry_of(self, place: Address) -> tuple[int, ...] | None:
        """Which entry of a tensor is meant."""


MEANING: Service[Meaning] = Service("meaning of the selection")
