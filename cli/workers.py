"""Training by several processes that torchrun starts: who speaks for all, and what is said when one of them ends."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from cli.errors import CommandError
from engine.training.workers.place import NotStarted, Place, place_in
from graph.text.listing import alternatives
from graph.text.messages import _, ngettext
from graph.text.quoting import quoted_path

if TYPE_CHECKING:
    from engine.training.model import Model
    from engine.training.workers.group import WorkerLost, Workers
    from graph.model.graph import Graph

T = TypeVar("T")
DIVIDES = ("train",)
"""Commands whose work several processes divide."""
LEFT_TO_SPEAK_S = 5.0
"""torchrun ends all workers as soon as one fails: a silent one leaves the first this long to say what is wrong."""


def let_one_speak() -> None:
    """Of several processes that torchrun started, let only the first write to the terminal."""
    try:
        place = place_in(os.environ)
    except NotStarted:
        return
    if place is not None and place.rank:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - to the end of the process
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def let_first_speak() -> None:
    """Before a silent worker ends with an error: the first has the same error and may not have said it yet. torchrun ends this wait."""
    with contextlib.suppress(NotStarted):
        place = place_in(os.environ)
        if place is not None and place.rank:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            time.sleep(LEFT_TO_SPEAK_S)


def place_of(options: argparse.Namespace) -> Place | None:
    """Which of several processes this one is; None where it is alone. Raises CommandError where the command cannot divide its work."""
    try:
        place = place_in(os.environ)
    except NotStarted as error:
        if options.command not in DIVIDES:
            return None
        text = _(
            "WORLD_SIZE is set, but {name} is not: start workers with  torchrun --nproc-per-node 2 main.py train FILE,  or unset WORLD_SIZE"
        )
        raise CommandError(text.format(name=error.missing)) from None
    if place is not None and options.command not in DIVIDES:
        text = _("torchrun starts {count} workers, but only {known} divides its work among them: start {command} without torchrun")
        raise CommandError(text.format(count=place.size, known=alternatives(DIVIDES), command=options.command))
    return place


def _automatic(graph: Graph) -> str:
    """The device that `auto` chooses for a graph; for one that does not run it does not matter."""
    from engine.training.model import Model

    try:
        return Model(graph, "auto").device
    except Exception:  # whatever it is, it is said where the model is opened
        return "cpu"


class SharedInterrupts:
    """A request to stop that any worker received: all stop after the same step.

    Once this is entered, no signal aborts the process to its end, because a file may be being written. `signal` is set when all have
    agreed to stop.
    """

    def __init__(self, workers: Workers) -> None:
        self._received, self._workers = 0, workers
        workers.wish = lambda: bool(self._received)

    @property
    def stop(self) -> bool:
        """Whether training is to end after the present step."""
        return self._workers.asked

    @property
    def signal(self) -> int:
        """What was received; that of another worker counts as a request to end."""
        return (self._received or signal.SIGTERM) if self.stop else 0

    def __enter__(self) -> SharedInterrupts:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)
        return self

    def __exit__(self, *of: object) -> None:
        pass

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._received = self._received or number


@contextlib.contextmanager
def _connections_unannounced() -> Iterator[None]:
    """Some versions of torch print a line for every worker that is connected, past Python, to where the result is to go."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no such place
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


class Crew:
    """The workers of one run, as the command line meets them."""

    def __init__(self, place: Place) -> None:
        from engine.training.workers.group import WorkerLost, Workers

        try:
            with _connections_unannounced():
                self.workers = Workers(place)
        except (RuntimeError, ValueError, WorkerLost) as error:
            text = _("the workers that torchrun started do not find each other: {error}")
            raise CommandError(text.format(error=" ".join(str(error).split())[:200]), 1) from None
        self.place = place
        self.interrupts = SharedInterrupts(self.workers)

    def device(self, graph: Graph, wanted: str) -> str:
        """The device of all workers; what `auto` measures, rank 0 measures for all."""
        import torch

        if wanted != "auto":
            return wanted
        return self.workers.agree(lambda: _automatic(graph)) if torch.cuda.is_available() else "cpu"

    def divide(self, model: Model) -> None:
        """Let all workers make the steps of this model together. Raises RunError."""
        from engine.training.workers.dividing import divide

        divide(model, self.workers)

    def prepared(self, prepare: Callable[[], T], same: Callable[[T], Mapping[str, Any]]) -> T:
        """What `prepare` makes, once it succeeded everywhere and `same` of it is equal everywhere. Raises CommandError on all workers.

        The workers do not meet in `prepare`. `same` gives values by what is said of a worker that has another one.
        """
        made: T | None = None
        own: CommandError | None = None
        try:
            made = prepare()
        except CommandError as error:
            own = error
        said = self.workers.gather((None if own is None else str(own), None if made is None else same(made)))
        if own is not None:
            raise own
        assert made is not None
        for rank, (complaint, value) in enumerate(said):
            if complaint is not None:
                raise CommandError(_("{problem} (rank {rank})").format(problem=complaint, rank=rank), 1)
            if other := [name for name in said[0][1] if value[name] != said[0][1][name]]:
                text = _("the worker of rank {rank} has {what} than rank 0: all need the same")
                raise CommandError(text.format(rank=rank, what=other[0]), 1)
        return made

    def start_again(self, file: Path | str) -> str:
        """The command that continues the run in a file."""
        many = f"--nproc-per-node {self.place.here}" if self.place.here == self.place.size else "…"
        return f"torchrun {many} main.py train {quoted_path(file)} --resume"

    def after_loss(self, lost: WorkerLost, step: int, out: Path | None, save: Callable[[], str]) -> int:
        """A worker is gone: of those that are left the first saves, and says so. Returns the exit code.

        `save` returns what went wrong in it.
        """
        left = self.workers.left()
        if self.place.rank != left[0]:
            return 1
        gone = [str(rank) for rank in range(self.place.size) if rank not in left]
        ended = ngettext("the worker of rank {ranks} ended", "the workers of ranks {ranks} ended", len(gone))
        if gone and set(lost.silent) >= set(map(int, gone)):
            ended = ngettext(
                "the worker of rank {ranks} gave no sign of life for a minute",
                "the workers of ranks {ranks} gave no sign of life for a minute",
                len(gone),
            )
        ended = ended.format(ranks=", ".join(gone))
        if not gone:
            ended = _("the workers lost each other")
        if out is None:
            text = _("{ended}; stopped after step {step:,}; nothing was saved, because --out was not given")
            print(f"main.py: {text.format(ended=ended, step=step)}", file=sys.__stderr__)
            return 1
        if unsaved := save():
            text = _("{ended}; stopped after step {step:,}. {problem}")
            print(f"main.py: {text.format(ended=ended, step=step, problem=unsaved)}", file=sys.__stderr__)
            return 1
        text = _("{ended}; stopped after step {step:,} and saved; continue with:  {command}")
        print(f"main.py: {text.format(ended=ended, step=step, command=self.start_again(out))}", file=sys.__stderr__)
        return 1
