"""Starting the engine before the window is furnished: torch loads beside that."""

from __future__ import annotations

from engine.kernel.process import KernelProcess


def start() -> KernelProcess:
    """An engine that begins to load now, for `ui.engine_link.link.Kernel`."""
    return KernelProcess()
