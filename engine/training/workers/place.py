"""Which of several processes this one is. Without torch: it is asked before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GIVEN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun tells every worker."""


class NotStarted(ValueError):
    """There are to be several processes, but `missing` does not say which one this is."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Place:
    """This process is the worker `rank` of `size`, and the one with the number `local` of `here` on this machine."""

    rank: int
    size: int
    local: int
    here: int


def place_in(environment: Mapping[str, str]) -> Place | None:
    """The place that torchrun gave this process; None where it is the only one. Raises NotStarted."""
    size = environment.get("WORLD_SIZE", "")
    if not size.isdecimal() or int(size) < 2:
        return None
    for name in GIVEN:
        if not environment.get(name):
            raise NotStarted(name)
    here = environment.get("LOCAL_WORLD_SIZE", size)
    return Place(int(environment["RANK"]), int(size), int(environment["LOCAL_RANK"]), int(here))
