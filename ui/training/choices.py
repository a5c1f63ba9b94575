"""What was chosen about the curves before: the page asks for it when it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from graph.text.messages import _
from ui.shell.workspace.services import Service

if TYPE_CHECKING:
    from ui.training.curves import Curves


class Choices(Protocol):
    """Remembers axis and smoothing between starts."""

    def attach(self, curves: Curves) -> None:
        """Draw these curves as they were drawn last, and remember how they are drawn from now on."""


CURVES: Service[Choices] = Service(_("curves"))
