"""`train`: the training loop with a progress bar."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cli.common import load_graph, objective_hint, print_json, problems_entry, written_path
from cli.errors import CommandError
from cli.logged_numbers import LoggedNumbers
from cli.resume import prepare_to_resume, run_of, saved_runs
from cli.settings_options import given, no_training
from cli.train_loop import Interrupts, Log, train
from cli.trained import open_model, state_entry, state_of
from cli.workers import Crew, place_of
from graph.model.computation import computation_key
from graph.model.document_settings import SAVE_TRAINED
from graph.model.edits import MISSING, SetGraphSetting, SetTraining
from graph.model.graph import GraphError
from graph.model.training_settings import of_gradients, training_length
from graph.storage.files import FileError, save
from graph.text.messages import _, ngettext, translated
from graph.text.quoting import quoted_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.training.model import Model
    from engine.training.run import Run
    from graph.model.graph import Graph

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run ready for its first step, and where it writes: its file and its log."""

    graph: Graph
    run: Run
    out: Path | None
    log: Path | None
    begun: int
    """The step it continues after."""


def command(options: argparse.Namespace) -> int:
    place = place_of(options)
    if place is None:
        return _train(_prepared(options, None), options, None)
    from engine.training.workers.group import WorkerLost

    crew = Crew(place)
    try:
        prepared = _prepared(options, crew)
    except WorkerLost:
        raise CommandError(_("another worker ended before the first step"), 1) from None
    try:
        code = _train(prepared, options, crew)
    except WorkerLost as lost:
        run, out = prepared.run, prepared.out
        return crew.after_loss(lost, run.state.step, out, lambda: "" if out is None else _saved_somewhere(run, prepared.graph, out))
    crew.workers.leave()
    return code


def _prepared(options: argparse.Namespace, crew: Crew | None) -> Prepared:
    """The run of a call. Raises CommandError, on all workers where it does on one. Each is asked before it takes part in anything."""
    from engine.training.compiled import RunError

    alike = _alone if crew is None else crew.prepared
    graph, out, log = alike(lambda: _asked(options), lambda asked: {_("another graph"): computation_key(asked[0])})
    device = str(graph.training.get("device") or "auto")
    try:
        device = device if crew is None else crew.device(graph, device)
        model = alike(lambda: _opened(graph, options, device), _fingerprint)
        if crew is not None:
            crew.divide(model)
        run = run_of(model, options, state_of(options))
        _say_what_has_no_effect(run)
        begun = run.state.step
        if not options.resume:
            run.lengthen()
    except RunError as error:
        raise CommandError(f"{error}{objective_hint(graph)}", 1) from None
    return Prepared(graph, run, out, log, begun)


def _alone(prepare: Callable[[], T], same: Callable[[T], Any]) -> T:
    """What one process does where several compare what they have."""
    return prepare()


def _asked(options: argparse.Namespace) -> tuple[Graph, Path | None, Path | None]:
    """The graph with all settings of the call, and where its file and its log go. Raises CommandError."""
    graph = load_graph(options)
    if options.resume:
        prepare_to_resume(graph, options)
    apply_training_options(graph, options)
    if options.log_parameters and not options.log:
        raise CommandError(_("--log-parameters adds to the file of --log: add --log F.csv"))
    out, log = (written_path(text) if text else None for text in (options.out, options.log))
    if options.checkpoint_every is not None and out is None:
        raise CommandError(_("--checkpoint-every saves into the file of --out: add --out F.gradwire"))
    return graph, out, log


def _opened(graph: Graph, options: argparse.Namespace, device: str) -> Model:
    """Raises CommandError."""
    from engine.training.compiled import RunError

    try:
        return open_model(graph, options, device=device)
    except RunError as error:
        raise CommandError(f"{error}{objective_hint(graph)}", 1) from None


def _fingerprint(model: Model) -> dict[str, Any]:
    from engine.training.workers.alike import fingerprint

    return fingerprint(model)


def _train(prepared: Prepared, options: argparse.Namespace, crew: Crew | None) -> int:
    """Train, save and print. Returns the exit code."""
    from engine.compile.failure import nonfinite
    from engine.training.compiled import RunError

    run, graph, out = prepared.run, prepared.graph, prepared.out
    model, begun, writes = run.model, prepared.begun, crew is None or crew.workers.leads
    try:
        incomplete, stopped = ("", 0) if no_training(options) else _run(prepared, options, crew)
        broken = nonfinite(graph, model.trace_view(), model.held()) if run.problem is None else ()
        result = run.result(options.full, options.test) | {"stopped": run.stop_text} | state_entry(options) | problems_entry(model, broken)
    except RunError as error:
        raise CommandError(f"{error}{objective_hint(graph)}", 1) from None
    unsaved = _saved_somewhere(run, graph, out) if out and writes else ""
    if crew is not None:
        result["workers"] = crew.place.size
    if options.device in ("cuda", "mps") and model.compiled.device_note:
        print(f"main.py: {model.compiled.device_note}", file=sys.stderr)
    if run.steps.recording_note:
        print(f"main.py: {run.steps.recording_note}", file=sys.stderr)
    if options.json:
        print_json(result | ({"resumed_at": begun} if options.resume else {}) | ({"interrupted": True} if stopped else {}))
    else:
        _print_summary(result, run, options.test)
    if run.problem is not None:
        raise CommandError(run.problem.text, 1)
    if unsaved or incomplete:
        raise CommandError(unsaved or incomplete, 1)
    if options.resume and run.state.step == begun and run.finished:
        print(_("main.py: this run is complete; give more --steps or --epochs to train it further"), file=sys.stderr)
    if stopped:
        again = None if out is None else start_again(out) if crew is None else crew.start_again(out)
        print(f"main.py: {_interrupted(run.state.step, again)}", file=sys.stderr)
    return 128 + stopped if stopped else 0


def _say_what_has_no_effect(run: Run) -> None:
    unused = of_gradients(run.training) if run.spec.evaluates_loss else ()
    if unused:
        names = ", ".join(setting.option for setting in unused)
        text = _("main.py: {optimizer} evaluates the loss itself, so it takes no notice of {options}")
        print(text.format(optimizer=translated(run.spec.title), options=names), file=sys.stderr)


def start_again(file: Path) -> str:
    """The command that continues the run in a file."""
    return f"main.py train {quoted_path(file)} --resume"


def _interrupted(step: int, again: str | None) -> str:
    """What became of a run that Ctrl+C ended; `again` is the command that continues it, None where nothing was saved."""
    if again is None:
        return _("stopped after step {step:,}; nothing was saved, because --out was not given").format(step=step)
    return _("stopped after step {step:,} and saved; continue with:  {command}").format(step=step, command=again)


def apply_training_options(graph: Graph, options: argparse.Namespace) -> None:
    """Put the options where the document keeps its training settings."""
    from engine.sweep.competitor import Competitor, PlanError, competitor, read_competitor
    from engine.training.optimizers.base import OptimizerError
    from engine.training.optimizers.registry import declared

    try:
        own = Competitor(str(graph.training["optimizer"]))
        wanted = competitor(read_competitor(graph, options.optimizer)) if options.optimizer else own
    except PlanError as error:
        raise CommandError(str(error)) from None
    key, changes = wanted.optimizer, dict(wanted.training_values())
    hyper = dict(graph.training.get("hyper") or {}) if key == graph.training["optimizer"] else {}
    hyper |= dict(wanted.hyper)
    if options.lr is not None:
        hyper["lr"] = options.lr
    try:
        changes |= {"optimizer": key, "hyper": declared({**graph.training, "optimizer": key}).with_defaults(hyper)}
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


def _run(prepared: Prepared, options: argparse.Namespace, crew: Crew | None) -> tuple[str, int]:
    """Train to the end. Returns what became of the log where it could not be written, and the signal that ended training, else 0."""
    run, out, writes = prepared.run, prepared.out, crew is None or crew.workers.leads
    log = prepared.log if writes else None
    after = run.state.step if options.resume else 0
    numbers = LoggedNumbers(run.prepare()) if log and options.log_parameters else None
    stream = Log(log, run.model.feeds.held_out or "test", after, run.model.penalised, numbers) if log else None

    complained: list[str] = []

    def checkpoint() -> None:
        """Where the disk refuses it, training goes on: the next one, or the end, may be better off."""
        assert out is not None
        if stream:
            stream.flush()
        try:
            _save(run, prepared.graph, out)
        except CommandError as error:
            if not complained:
                print(f"main.py: {error}", file=sys.stderr)
            complained.append(str(error))

    with Interrupts() if crew is None else crew.interrupts as interrupts:
        try:
            train(run, interrupts, stream, options.checkpoint_every if writes else None, checkpoint)
        finally:
            if stream:
                stream.close()
        return stream.complaint if stream else "", interrupts.signal


def _saved_somewhere(run: Run, graph: Graph, path: Path) -> str:
    """Save the finished run; where that cannot be done, in the folder for temporary files, so that nothing is lost. Returns what to say."""
    try:
        _save(run, graph, path)
        return ""
    except CommandError as error:
        problem = str(error)
    try:
        number, name = tempfile.mkstemp(suffix=path.suffix, prefix=f"{path.stem}-")
        os.close(number)
        _save(run, graph, Path(name))
    except CommandError:
        os.unlink(name)
        return problem
    except OSError:
        return problem
    return _("{problem} What was trained is in {name}").format(problem=problem, name=name)


def _save(run: Run, graph: Graph, path: Path) -> None:
    """The graph as it is in the document, and beside it what training made of its values, and its runs."""
    from engine.training.saved import pack_state, with_waiting

    SetGraphSetting(SAVE_TRAINED, MISSING).apply(graph)
    runs = saved_runs(run)
    state = pack_state(with_waiting(run.model, run.capture()), run.spec.key, seed=run.model.seed)
    try:
        save(graph, path, state if state.step else None, runs)
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
    device = result["device"]
    if "workers" in result:
        device += ", " + ngettext("{n:,} worker", "{n:,} workers", result["workers"]).format(n=result["workers"])
    print(_("{length} with {optimizer}, seed {seed}, {device}").format(length=length, optimizer=used, seed=result["seed"], device=device))
    if run.stopped is not None:
        print(run.stopped.text)
    if model.compiled.device_note and not model.compiled.fell_back:
        print(model.compiled.device_note)
    for line in _rows(result):
        print(line)
    if model.feeds.held_out == "validation" and model.feeds.rows["test"] and not test:
        print(_("The test set was not read: add --test to read it."))


def _rows(result: dict[str, Any]) -> Iterator[str]:
    rows = {name: result[name] for name in ("loss", "objective") if name in result}
    rows |= {name.replace("_", " "): value for name, value in result["metrics"].items()}
    wide = max(15, *(len(name) + 1 for name in rows))
    for name, value in rows.items():
        yield f"{name:<{wide}}{value:.6g}" if isinstance(value, float) else f"{name:<{wide}}{value}"
    yield _("{seconds:.2f} s, {rate:,.0f} steps per second").format(seconds=result["seconds"], rate=result["steps_per_second"])
