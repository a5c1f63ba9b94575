"""The workers of one run: processes that torchrun starts, what they tell each other, and what becomes of them when one ends."""

from __future__ import annotations

import os
import pickle
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from engine.training.workers.place import Place
from engine.training.workers.shard import Shard
from engine.training.workers.signs import EVERY, Signs

LONGEST_WAIT = timedelta(minutes=10)
"""So long a worker waits for others that give signs of life: rank 0 may be saving a large file meanwhile."""
MOST_IN_MEMORY = 16
"""Workers at most that add up in memory: every one reads the numbers of all."""
FAREWELL = 2.0
"""Seconds in which the workers that are left report when one of them is lost."""
T = TypeVar("T")

if TYPE_CHECKING:
    from engine.training.workers.shared import SharedMemory


class WorkerLost(Exception):
    """Another worker has ended, or does not answer. No step that was under way has changed anything.

    `silent` are the ranks that give no sign of life, where that is what was found.
    """

    def __init__(self, text: str, silent: Iterable[int] = ()) -> None:
        super().__init__(text)
        self.silent = tuple(silent)


class WorkersApart(WorkerLost):
    """Another worker is at another place of its work, such as after a failure. All learn it with the same sum, and all are still there."""


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
        self._signs = Signs(self.rank, self.size)
        self._waits_since: float | None = None
        self._memory: SharedMemory | None = None
        self._memory = self._shared_memory()

    def _shared_memory(self) -> SharedMemory | None:
        """Memory of all workers; None where they are on several machines, or there is none.

        What one processor writes, others have to see in the same order, as those of this kind do; on Linux a file can lie in memory.
        """
        here = self.place.here == self.size <= MOST_IN_MEMORY and sys.platform == "linux" and platform.machine() == "x86_64"
        if not all(self.gather(here)):
            return None
        from engine.training.workers.shared import SharedMemory

        def opened(handle: str | None = None) -> SharedMemory | None:
            try:
                return SharedMemory(self.rank, self.size, handle)
            except OSError:
                return None

        own = opened() if self.leads else None
        handle = self.agree(lambda: None if own is None else own.handle)
        if handle is not None and not self.leads:
            own = opened(handle)
        return own if all(self.gather(own is not None)) else None

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
        """What this worker tells the others with every step: it was asked to stop, or torchrun is gone; the run's time is over."""
        return self.wish() or self._signs.alone, self.leads and time.perf_counter() >= self.ends_at

    def sum(self, tensor: Tensor, weight: float | None = None) -> Tensor:
        """Add up the tensors of all workers, each times the weight of its worker, in place. All get the same bits. Raises WorkerLost."""
        if tensor.device.type == "cpu" and self._memory is not None and tensor.numel():
            self._sum_in_memory(self._memory, tensor, weight)
            return tensor
        if weight is not None:
            tensor.mul_(weight)
        try:
            if tensor.device.type == "cpu":
                self._wait(dist.all_reduce(tensor, async_op=True))
            else:
                dist.all_reduce(tensor)
        except RuntimeError as error:
            raise WorkerLost(str(error)) from error
        return tensor

    def _sum_in_memory(self, memory: SharedMemory, tensor: Tensor, weight: float | None) -> None:
        from engine.training.workers.shared import Apart, Ended

        row = tensor.contiguous()
        self._waits_since = None
        try:
            memory.sum(row, weight, self._waiting)
        except Ended:
            raise WorkerLost("a process ended") from None
        except Apart:
            raise WorkersApart("another sum") from None
        if row is not tensor:
            tensor.copy_(row)

    def _wait(self, work: dist.Work) -> None:
        """Wait for a sum over connections. Raises RuntimeError where it failed."""
        self._waits_since = None
        while not work.is_completed():
            with suppress(RuntimeError):  # it takes longer, or failed: what is said here is not of a sum that ends at this very moment
                work.wait(timedelta(seconds=EVERY))
                return
            self._waiting()
        work.wait()

    def _waiting(self) -> None:
        """Called again and again while this worker waits for others. Raises WorkerLost where that has no end."""
        now = time.monotonic()
        self._waits_since = self._waits_since or now
        if silent := self._signs.silent():
            raise WorkerLost("no sign of life", silent)
        if now > self._waits_since + LONGEST_WAIT.total_seconds():
            raise WorkerLost("the others do not come")

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
        own = torch.frombuffer(bytearray(pickle.dumps(value)), dtype=torch.uint8)
        lengths = torch.zeros(self.size, dtype=torch.int64)
        lengths[self.rank] = len(own)
        counts = self.sum(lengths).tolist()
        everything = torch.zeros(sum(counts), dtype=torch.uint8)
        parts = torch.split(everything, counts)
        parts[self.rank].copy_(own)
        self.sum(everything)
        return [pickle.loads(part.numpy().tobytes()) for part in parts]

    def agree(self, find: Callable[[], T]) -> T:
        """What `find` gives on rank 0, on every worker, so that all decide alike. Raises WorkerLost."""
        found: T = self.gather(find() if self.leads else None)[0]
        return found

    def left(self) -> list[int]:
        """After one was lost: the ranks of those that are still there. Nothing can be summed afterwards."""
        try:
            self._store.set(f"left/{self.rank}", "here")
            threading.Thread(target=self.leave, daemon=True).start()  # those who wait for this one notice; a frozen one may hold it up
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
        self._signs.end()
        if self._memory is not None:
            self._memory.leave()
        if dist.is_initialized():
            dist.destroy_process_group()
