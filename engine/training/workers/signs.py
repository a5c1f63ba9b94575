"""Signs of life: every worker says now and then that it runs, so that one which is frozen is not taken for one which computes."""

from __future__ import annotations

import os
import threading
import time

import torch.distributed as dist

EVERY = 5.0
"""Seconds from one sign to the next."""
MISSED = 12
"""Signs that a worker leaves out before it is given up, while another one waits for it: a minute."""


class Signs:
    """Those that this worker gives, in a thread of its own, and those of the others."""

    def __init__(self, rank: int, size: int) -> None:
        """Raises RuntimeError where the process that all workers know does not answer."""
        self._rank, self._size = rank, size
        self.alone = False
        """Whether that process, which is torchrun, is gone."""
        host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        server = dist.TCPStore(host, port, is_master=False, wait_for_workers=False)  # type: ignore[attr-defined]
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)
        self._store = dist.PrefixStore(f"signs/{attempt}", server)  # type: ignore[attr-defined]
        self._parent = os.getppid() if "TORCHELASTIC_RUN_ID" in os.environ else None
        self._seen: dict[int, tuple[bytes, int]] = {}
        self._looked = time.monotonic()
        self._end = threading.Event()
        threading.Thread(target=self._give, name="signs of life", daemon=True).start()

    def _give(self) -> None:
        number = 0
        while not self.alone and not self._end.is_set():
            number += 1
            try:
                self.alone = self._parent not in (None, os.getppid())  # the store would complain about it with a page of addresses
                if not self.alone:
                    self._store.set(str(self._rank), str(number))
            except RuntimeError:
                self.alone = not self._end.is_set()
            self._end.wait(EVERY)

    def silent(self) -> list[int]:
        """Called again and again while this worker waits: the ranks that have given no sign for so long that they are given up.

        What counts is how often a sign was missing where it was looked for: time in which all were frozen, as this one was, does not.
        """
        if time.monotonic() < self._looked + EVERY or self.alone:
            return []
        self._looked = time.monotonic()
        for rank in range(self._size):
            if rank != self._rank:
                try:
                    given = self._store.get(str(rank)) if self._store.check([str(rank)]) else b""
                except RuntimeError:
                    return []
                known, missed = self._seen.get(rank, (b"", 0))
                self._seen[rank] = given, missed + 1 if given == known else 0
        return [rank for rank, (_given, missed) in self._seen.items() if missed >= MISSED]

    def end(self) -> None:
        """Give no more signs."""
        self._end.set()
