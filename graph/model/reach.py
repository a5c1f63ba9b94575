"""Which nodes can be reached from which."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def reachable(start: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    """`start` and everything that `following`, asked again and again, leads to."""
    reached = set(start)
    waiting = list(reached)
    while waiting:
        new = set(following(waiting.pop())) - reached
        reached |= new
        waiting += new
    return reached
