"""When a window has come to rest."""

from __future__ import annotations

from ui.engine_link.work import Work
from ui.shell.status import FADE


def settled(work: Work) -> bool:
    """No answer is under way and nothing waits, but for a message that fades by itself: to wait for that takes seconds."""
    return not work.busy and not {*work._events, *work._frames} - {FADE}
