"""The workers of one run: processes that torchrun starts, what they tell each other, and what becomes of them when one ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from engine.training.workers.place import Place
from engine.training.workers.shard import Shard

LONGEST_WAIT = timedelta(minutes=10)
"""So long a worker waits for the others before it takes one of them for lost: rank 0 may be saving a large file meanwhile."""
FAREWELL = 2.0
"""Seconds in which the workers that are left report when one of them is lost."""
T = TypeVar("T")


class WorkerLost(Exception):
    """Another worker has ended, or does not answer. No step that was under way has changed anything."""


class Workers:
    """This process among the others. All of them call the same methods in the same order.

    `wish` says whether this worker was asked to stop, `asked` whether any was: all learn it with the same step. `ends_at` is the time
    (`time.perf_counter`) at which the run has to end; only that of rank 0 counts, and `late` says that it has come.
    """

    def __init__(self, place: Place) -> None:
        self.place, self.rank, self.size = place, place.rank, place.size
        self.asked = self.late = False
        self.wish: Callable[[], bool] = lambda: False
        self.ends_at = float("inf")
        self.shard: Shard | None = None
        """What this worker has of the mini-batch whose step is under way."""
        gpu = torch.cuda.is_available()
        if gpu:
            os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")  # a lost worker is an error here, not an abort of the process
        if gpu and place.local < torch.cuda.device_count():
            torch.cuda.set_device(place.local)
        self._store, *_place = next(rendezvous("env://", timeout=LONGEST_WAIT))
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if gpu else "gloo", store=self._store, rank=self.rank, world_size=self.size, timeout=LONGEST_WAIT
        )

    @property
    def stop(self) -> bool:
        """Whether all end the run after the present step."""
        return self.asked or self.late

    @property
    def leads(self) -> bool:
        """Whether this worker speaks for all: it alone prints and writes files."""
        return self.rank == 0

    @contextmanager
    def at_work_on(self, shard: Shard) -> Iterator[None]:
        """Within this, what a node computes belongs to this worker's part of a mini-batch."""
        before, self.shard = self.shard, shard
        try:
            yield
        finally:
            self.shard = before

    def says(self) -> tuple[bool, bool]:
        """What this worker tells the others with every step: it was asked to stop; the run's time is over."""
        return self.wish(), self.leads and time.perf_counter() >= self.ends_at

    def sum(self, tensor: Tensor) -> Tensor:
        """Add up the tensors of all workers, in place. All get the same bits. Raises WorkerLost."""
        try:
            dist.all_reduce(tensor)
        except RuntimeError as error:
            raise WorkerLost(str(error)) from error
        return tensor

    def stack(self, parts: tuple[Tensor, Tensor], factor: float) -> tuple[Tensor, Tensor]:
        """Residuals (n,) and their derivatives (n, P) of all workers, one below the other; each multiplies its own by its factor."""
        both = torch.cat((parts[0].unsqueeze(1), parts[1]), dim=1) * factor
        lengths = torch.zeros(self.size, dtype=torch.int64, device=both.device)
        lengths[self.rank] = len(both)
        counts = self.sum(lengths).tolist()
        all_rows = both.new_zeros(sum(counts), both.shape[1])
        first = sum(counts[: self.rank])
        all_rows[first : first + len(both)] = both
        self.sum(all_rows)
        return all_rows[:, 0].contiguous(), all_rows[:, 1:].contiguous()

    def gather(self, value: Any) -> list[Any]:
        """The values of all workers, by rank. Raises WorkerLost."""
        values: list[Any] = [None] * self.size
        try:
            dist.all_gather_object(values, value)
        except RuntimeError as error:
            raise WorkerLost(str(error)) from error
        return values

    def agree(self, find: Callable[[], T]) -> T:
        """What `find` gives on rank 0, on every worker, so that all decide alike. Raises WorkerLost."""
        answer: list[Any] = [find() if self.leads else None]
        try:
            dist.broadcast_object_list(answer, src=0)
        except RuntimeError as error:
            raise WorkerLost(str(error)) from error
        found: T = answer[0]
        return found

    def left(self) -> list[int]:
        """After one was lost: the ranks of those that are still there. Nothing can be summed afterwards."""
        try:
            self._store.set(f"left/{self.rank}", "here")
            self.leave()  # so that those who wait for this one notice too
            deadline = time.monotonic() + FAREWELL
            here = {self.rank}
            while time.monotonic() < deadline and len(here) < self.size:
                here |= {rank for rank in range(self.size) if self._store.check([f"left/{rank}"])}
                time.sleep(0.05)
        except RuntimeError:  # it was the machine that knew all others
            return [self.rank]
        return sorted(here)

    def leave(self) -> None:
        """Close the connections to the others."""
        if dist.is_initialized():
            dist.destroy_process_group()
