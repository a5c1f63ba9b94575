"""The loop of `train`: slices of training with a progress bar, a log, checkpoints, and an end that Ctrl+C asks for."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from cli.common import cannot_write
from graph.model.loss_words import loss_words
from graph.text.messages import _

if TYPE_CHECKING:
    from cli.logged_numbers import LoggedNumbers
    from engine.data.parts import Part
    from engine.training.run import Run

SLICE_SECONDS = 0.25
"""How often the progress bar moves, and how soon Ctrl+C is noticed between two quick steps."""


class Ending(Protocol):
    """Says when training is asked to stop."""

    @property
    def stop(self) -> bool:
        """Whether training is to end after the present step."""


class Interrupts:
    """While this is entered, Ctrl+C (or the system's request to end) is noted and the step under way is finished; the second one aborts.

    `signal` is what was received, 0 while nothing was.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(ValueError):  # not in the main thread: the caller keeps its own way to stop
                self._before[number] = signal.signal(number, self._note)
        return self

    @property
    def stop(self) -> bool:
        """Whether training is to end after the present step."""
        return bool(self.signal)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
        print(_("\nmain.py: stopping after this step; Ctrl+C again aborts without saving"), file=sys.stderr)


def train(run: Run, interrupts: Ending, log: Log | None, every: int | None, checkpoint: Callable[[], None]) -> None:
    """Train to the end, or until asked to stop. Every `every` steps of the run `checkpoint` is called."""
    from tqdm import tqdm

    run.keep(begins=True)
    words = loss_words(run.model.penalised)
    kept = time.monotonic()
    with tqdm(
        total=run.total_steps or None, initial=run.state.step, unit=" steps", disable=not sys.stderr.isatty(), file=sys.stderr
    ) as bar:
        while not run.finished and not interrupts.stop:
            if run.state.step >= run.history.boundary or time.monotonic() > kept + SLICE_SECONDS:
                run.keep()
                kept = time.monotonic()
            # The log holds the loss of every step; the curve thins itself out, so a slice may be no longer than one note.
            most = 1 if log is not None else None if every is None else every - run.state.step % every
            if log is not None:
                log.begin(run)
            before = run.state.step
            try:
                made = run.train(SLICE_SECONDS, most)
            except Exception:
                if log is not None and run.state.step > before:
                    log.note(run)  # what went wrong did so after this step
                raise
            bar.update(made)
            if run.loss is not None:
                bar.set_postfix_str(f"{words.word} {run.loss:.4g}", refresh=False)
            if log is not None and made:
                log.note(run)
            if every is not None and made and run.state.step % every == 0 and not run.finished:
                checkpoint()


class Log:
    """A row for every step. When the disk refuses it, training goes on without it: an hour of training is worth more than its log.

    Of a run that is continued after step `after`, a log that is there already goes on: what it has of later steps is replaced.
    `penalised`: the number of each step includes a penalty, and so is called the objective. `numbers` are more cells of each row.
    """

    def __init__(
        self, path: Path, part: Part, after: int = 0, penalised: bool = False, numbers: LoggedNumbers | None = None
    ) -> None:
        self._path, self._part, self._numbers = path, part, numbers
        self.complaint, self._begun = "", ""
        more = numbers.head if numbers is not None else ""
        head = f"step,epoch,{loss_words(penalised).name},train_accuracy,{part}_loss,{part}_accuracy{more}\n"
        try:
            rows = _rows_until(path, head, after) if after else []
            self._stream = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise cannot_write(path, error) from None
        self._write("".join([head, *rows]))

    def begin(self, run: Run) -> None:
        """Before a step: what it begins with."""
        if self._numbers is not None:
            self._begun = self._numbers.read()

    def note(self, run: Run) -> None:
        """The newest step; measurements over whole parts are empty at steps without one."""
        if run.loss is None:
            return
        state, point = run.state, run.curve.points[-1]
        names = ("accuracy", f"{self._part}_loss", f"{self._part}_accuracy")
        measured = [getattr(point, name) if point.step == state.step else None for name in names]
        cells = (state.step, state.epoch, run.loss, *measured)
        self._write(",".join("" if cell is None else repr(cell) for cell in cells) + self._begun + "\n")

    def flush(self) -> None:
        self._try(lambda: self._stream.flush())

    def close(self) -> None:
        self._try(lambda: self._stream.close())

    def _write(self, row: str) -> None:
        self._try(lambda: self._stream.write(row))

    def _try(self, act: Callable[[], object]) -> None:
        if self.complaint:
            return
        try:
            act()
        except OSError as error:
            self.complaint = _("the log is not complete: {problem}").format(problem=cannot_write(self._path, error))
            with contextlib.suppress(OSError):
                self._stream.close()


def _rows_until(path: Path, head: str, step: int) -> list[str]:
    """The rows up to a step of a log with this heading; none where the file is missing or is no such log."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            if stream.readline() != head:
                return []
            return [row for row in stream if row.endswith("\n") and (number := row.partition(",")[0]).isdecimal() and int(number) <= step]
    except (FileNotFoundError, UnicodeDecodeError):
        return []
