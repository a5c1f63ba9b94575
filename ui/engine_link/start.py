"""Starting the engine before the window: no Qt here, so that torch loads beside it."""

from __future__ import annotations

from engine.kernel.process import KernelProcess


def start() -> KernelProcess:
    """An engine that begins to load now, for `ui.engine_link.link.Kernel`."""
    return KernelProcess()
