"""What the engine sends, for the rest of the window: `ui.engine_link` alone knows the kernel."""

from __future__ import annotations

from engine.kernel.protocol import Progress
from engine.kernel.waiting import WaitingDocument

__all__ = ["Progress", "WaitingDocument"]
