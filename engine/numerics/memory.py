"""How much memory there is: what would not fit is refused in words before it is tried, since trying can end the process."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from graph.text.messages import _

UNKNOWN = 8 * 10**9
TOO_LITTLE = _("this graph needs more memory than there is")
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@lru_cache(maxsize=1)
def memory() -> int:
    """Bytes that this computer has, or that a container allows; the same all the time, whatever else runs."""
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        available = _windows()
    for place in _LIMITS:
        try:
            available = min(available, int(Path(place).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return available


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether this is what Python or torch raise when there is no memory left, on the processor or on a card."""
    if isinstance(error, RuntimeError):  # torch has no class of its own for the processor's memory
        return any(words in str(error) for words in ("out of memory", "to allocate"))
    return isinstance(error, MemoryError)


def _windows() -> int:
    import ctypes

    kernel = getattr(getattr(ctypes, "windll", None), "kernel32", None)
    kilobytes = ctypes.c_ulonglong(0)
    if kernel is not None and kernel.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes)):
        return kilobytes.value * 1024
    return UNKNOWN
