"""Sums over the workers of one machine through memory that all of them see: no connection, no other thread, no wait in the system.

Each worker writes its numbers into a place of its own, says that they are there, and adds up those of all. A connection over loopback
takes longer for this than a small network for its whole step.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from collections.abc import Callable
from tempfile import TemporaryFile

import torch
from torch import Tensor

MEMORY = "/dev/shm"
"""Where files lie in memory. Those of workers have no name there, so none is left, however they end."""
ROOM = 1 << 18
"""Bytes that a worker has for its numbers at a time; longer rows go through it piece by piece, and stay in the processor's cache."""
LINE = 64
"""Bytes of memory that processors exchange at once; what two workers write lies further apart."""
HEAD = 4096
SPINS, YIELDS = 50, 3000
"""How often a worker looks for the others before it lets other processes run in between, and before it sleeps in between. It is soon: two
workers may have got the same core, while something else has the other one."""
NAP = 0.0002
LOOKS = 250
"""How many naps lie between two looks at whether the others are still there."""


class Ended(Exception):
    """A process that shares the memory is gone."""


class Apart(Exception):
    """Other workers add up something else: one of them is at another place of its work."""


class SharedMemory:
    """Memory of all workers; a lock on a byte of it says that a worker lives. `handle` is how another process opens it."""

    def __init__(self, rank: int, size: int, opened: str | None = None) -> None:
        """A new one, or one that was `opened` by another worker. Raises OSError where there is no such memory."""
        self._rank, self._size = rank, size
        length = HEAD + 2 * size * ROOM
        if opened is None:
            with TemporaryFile(dir=MEMORY) as file:  # not every Python for Linux has `os.memfd_create`
                self._file = os.dup(file.fileno())
            os.posix_fallocate(self._file, 0, length)
        else:
            self._file = os.open(opened, os.O_RDWR)
        self.handle = f"/proc/{os.getpid()}/fd/{self._file}"
        fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, rank)
        self._map = mmap.mmap(self._file, length)
        self._turns = memoryview(self._map)[:HEAD].cast("q")
        """How many sums every worker has given its numbers to, and the bytes of the last two; what two write is a line apart."""
        self._others = [other * LINE // 8 for other in range(size) if other != rank]
        self._turn = 0
        self._places: dict[tuple[torch.dtype, int], list[list[Tensor]]] = {}

    def sum(self, tensor: Tensor, weight: float | None, waiting: Callable[[], None]) -> None:
        """Add up the tensors of all workers, in place; this worker's is multiplied by its weight. All get the same bits.

        `waiting` is called again and again while others do not come. Raises Ended where one of them never will, and Apart, on all,
        where their tensors have not the same size.
        """
        row = tensor.view(-1)
        count = ROOM // row.itemsize
        for piece in (row,) if len(row) <= count else torch.split(row, count):
            places = self._places_of(piece)[self._turn & 1]  # those of the sum before may still be read
            if weight is None:
                places[self._rank].copy_(piece)
            else:
                torch.mul(piece, weight, out=places[self._rank])
            self._meet(piece.numel() * piece.itemsize, waiting)
            torch.add(places[0], places[1], out=piece)
            for more in places[2:]:
                piece.add_(more)

    def _places_of(self, piece: Tensor) -> list[list[Tensor]]:
        """Tensors like this one in the memory of every worker, in both of its halves."""
        key = piece.dtype, len(piece)
        if key not in self._places:
            self._places[key] = [
                [
                    torch.frombuffer(self._map, dtype=piece.dtype, count=len(piece), offset=HEAD + (2 * rank + half) * ROOM)
                    for rank in range(self._size)
                ]
                for half in range(2)
            ]
        return self._places[key]

    def _meet(self, size: int, waiting: Callable[[], None]) -> None:
        """Say that this worker's numbers are there, and wait for those of the others."""
        self._turn += 1
        turns, turn = self._turns, self._turn
        own, note = self._rank * LINE // 8, 1 + turn % 2
        turns[own + note] = size
        turns[own] = turn
        for other in self._others:
            looked = 0
            while turns[other] < turn:
                looked += 1
                if looked <= SPINS:
                    continue
                if looked <= YIELDS:
                    os.sched_yield()
                    continue
                time.sleep(NAP)
                if looked % LOOKS == 0:
                    if self._ended(other * 8 // LINE) and turns[other] < turn:
                        raise Ended
                    waiting()
        for other in self._others:
            if turns[other + note] != size:
                raise Apart

    def _ended(self, rank: int) -> bool:
        """Whether nobody holds this worker's byte any more."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, rank)
        except OSError:
            return False
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, rank)
        return True

    def leave(self) -> None:
        """Let the others see that this worker is gone. Its own numbers stay where they are."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
