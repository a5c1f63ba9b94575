"""`train`: the training loop with a progress bar."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import cannot_write, load_graph, objective_hint, print_json, problems_entry, written_path
from cli.errors import CommandError
from cli.settings_options import given, no_training
from cli.trained import open_model, state_entry
from graph.model.edits import MISSING, SetGraphSetting, SetTraining
from graph.model.graph import GraphError
from graph.model.training_settings import training_length
from graph.storage.files import FileError, save
from graph.text.messages import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.data.parts import Part
    from engine.training.run import Run
    from graph.model.graph import Graph

SLICE_SECONDS = 0.25
"""How often the progress bar moves."""


def command(options: argparse.Namespace) -> int:
    from engine.compile.failure import nonfinite
    from engine.training.compiled import RunError
    from engine.training.run import Run

    graph = load_graph(options)
    apply_training_options(graph, options)
    out, log = (written_path(text) if text else None for text in (options.out, options.log))
    incomplete = ""
    try:
        model = open_model(graph, options, device=str(graph.training.get("device") or "auto"))
        run = Run(model)
        run.lengthen()
        if not no_training(options):
            incomplete = _run(run, log)
        broken = nonfinite(graph, model.trace_view(), model.held()) if run.problem is None else ()
        result = run.result(options.full, options.test) | {"stopped": run.stop_text} | state_entry(options) | problems_entry(model, broken)
    except RunError as error:
        raise CommandError(f"{error}{objective_hint(graph)}", 1) from None
    if out:
        _save(run, graph, out)
    if options.device in ("cuda", "mps") and model.compiled.device_note:
        print(f"main.py: {model.compiled.device_note}", file=sys.stderr)
    if options.json:
        print_json(result)
    else:
        _print_summary(result, run, options.test)
    if run.problem is not None:
        raise CommandError(run.problem.text, 1)
    if incomplete:
        raise CommandError(incomplete, 1)
    return 0


def apply_training_options(graph: Graph, options: argparse.Namespace) -> None:
    """Put the options where the document keeps its training settings."""
    from engine.training.optimizers.base import OptimizerError
    from engine.training.optimizers.registry import optimizer

    changes: dict[str, Any] = {}
    key = options.optimizer or str(graph.training["optimizer"])
    hyper = dict(graph.training.get("hyper") or {}) if key == graph.training["optimizer"] else {}
    if options.lr is not None:
        hyper["lr"] = options.lr
    try:
        changes |= {"optimizer": key, "hyper": optimizer(key).with_defaults(hyper)}
    except OptimizerError as error:
        raise CommandError(str(error)) from None
    for setting, value in given(options):
        if setting.name != "optimizer" and (setting.effect != "length" or value is not None):  # a length of 0: see `no_training`
            changes |= {setting.name: value} | ({setting.excludes: None} if setting.excludes else {})
    try:
        for name, value in changes.items():
            SetTraining(name, value).apply(graph)
    except GraphError as error:
        raise CommandError(str(error)) from None
    if training_length(graph.training) is None:
        raise CommandError(_("this graph does not say how long to train: add --epochs N or --steps N"))


def _run(run: Run, log: Path | None) -> str:
    """Train to the end. Returns what became of the log where it could not be written."""
    from tqdm import tqdm

    stream = _Log(log, run.model.feeds.held_out or "test") if log else None
    try:
        begun = run.model.state.step
        with tqdm(total=run.total_steps, initial=begun, unit=" steps", disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
            while not run.finished:
                # The log holds the loss of every step; the curve thins itself out, so a slice may be no longer than one note.
                progress = run.train(SLICE_SECONDS, 1 if stream else None)
                bar.update(progress)
                if run.loss is not None:
                    bar.set_postfix_str(_("loss {loss:.4g}").format(loss=run.loss), refresh=False)
                if stream and progress and run.loss is not None:
                    stream.write(_log_row(run))
    finally:
        if stream:
            stream.close()
    return stream.complaint if stream else ""


class _Log:
    """A row for every step. When the disk refuses it, training goes on without it: an hour of training is worth more than its log."""

    def __init__(self, path: Path, part: Part) -> None:
        self._path = path
        self.complaint = ""
        try:
            self._stream = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise cannot_write(path, error) from None
        self.write(f"step,epoch,loss,train_accuracy,{part}_loss,{part}_accuracy\n")

    def write(self, row: str) -> None:
        self._try(lambda: self._stream.write(row))

    def close(self) -> None:
        self._try(self._stream.close)

    def _try(self, act: Callable[[], object]) -> None:
        if self.complaint:
            return
        try:
            act()
        except OSError as error:
            self.complaint = _("the log is not complete: {problem}").format(problem=cannot_write(self._path, error))
            with contextlib.suppress(OSError):
                self._stream.close()


def _log_row(run: Run) -> str:
    """The newest point; measurements over whole parts are empty at steps without one."""
    state, point = run.model.state, run.curve.points[-1]
    part = run.model.feeds.held_out or "test"
    names = ("accuracy", f"{part}_loss", f"{part}_accuracy")
    measured = [getattr(point, name) if point.step == state.step else None for name in names]
    cells = (state.step, state.epoch, run.loss, *measured)
    return ",".join("" if cell is None else repr(cell) for cell in cells) + "\n"


def _save(run: Run, graph: Graph, path: Path) -> None:
    """The graph as it is in the document, and beside it what training made of its values."""
    from engine.training.saved import pack_state, with_waiting

    SetGraphSetting("save_trained", MISSING).apply(graph)
    state = pack_state(with_waiting(run.model, run.capture()), run.spec.key, seed=run.model.seed)
    try:
        save(graph, path, state if state.step else None)
    except FileError as error:
        raise CommandError(str(error)) from None


def _print_summary(result: dict[str, Any], run: Run, test: bool) -> None:
    model, rate = run.model, run.hyper.get("lr")
    length = ngettext("{n:,} step", "{n:,} steps", result["steps"]).format(n=result["steps"])
    if model.feeds.rows["train"]:
        length += ", " + ngettext("{n:,} epoch", "{n:,} epochs", result["epochs"]).format(n=result["epochs"])
    if "trained_steps" in result:
        length += _(", including {steps:,} steps already in the file").format(steps=result["trained_steps"])
    used = result["optimizer"] + (f" (η {rate:g})" if rate is not None else "")  # its own default, where --optimizer is another one
    print(
        _("{length} with {optimizer}, seed {seed}, {device}").format(
            length=length, optimizer=used, seed=result["seed"], device=result["device"]
        )
    )
    if run.stopped is not None:
        print(run.stopped.text)
    if model.compiled.device_note and not model.compiled.fell_back:
        print(model.compiled.device_note)
    for line in _rows(result):
        print(line)
    if model.feeds.held_out == "validation" and model.feeds.rows["test"] and not test:
        print(_("The test set was not read: add --test to read it."))


def _rows(result: dict[str, Any]) -> Iterator[str]:
    rows = {"loss": result["loss"], **{name.replace("_", " "): value for name, value in result["metrics"].items()}}
    wide = max(15, *(len(name) + 1 for name in rows))
    for name, value in rows.items():
        yield f"{name:<{wide}}{value:.6g}" if isinstance(value, float) else f"{name:<{wide}}{value}"
    yield _("{seconds:.2f} s, {rate:,.0f} steps per second").format(seconds=result["seconds"], rate=result["steps_per_second"])
