"""How many threads torch works with, for as long as something runs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

Y = TypeVar("Y")
R = TypeVar("R")


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch work with `count` threads in this block, and then with as many as before: the last bits of a sum depend on it."""
    before = torch.get_num_threads()
    if before == count:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threaded(steps: Generator[Y, None, R], count: int) -> Generator[Y, None, R]:
    """The same steps: in each, torch works with `count` threads, and between them with as many as before."""
    while True:
        try:
            with threads(count):
                step = next(steps)
        except StopIteration as end:
            result: R = end.value
            return result
        yield step
