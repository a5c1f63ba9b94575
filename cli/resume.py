"""Which run of a file a command trains: the one that its trained values are of, or a new one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError
from graph.model.computation import computation_key
from graph.model.edits import SetTraining
from graph.model.graph import GraphError
from graph.model.run_record import RunRecord
from graph.model.training_settings import BY_NAME as TRAINING
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun, owner_of
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model
    from engine.training.run import Run
    from engine.training.run_tree import RunTree
    from graph.model.graph import Graph


def prepare_to_resume(graph: Graph, options: argparse.Namespace) -> None:
    """`--resume`: the file's trained values and the settings of their run. Raises CommandError where there is nothing to continue."""
    name = Path(options.file).name if options.file else "--formula"
    for option in ("untrained", "weights"):
        if getattr(options, option):
            raise CommandError(_("--resume continues with the trained values in FILE, so --{option} cannot be given").format(option=option))
    if options.seed is not None:
        raise CommandError(_("--resume continues with the random seed of the run, so --seed cannot be given"))
    run = owner_of(options.runs, options.state)
    if run is None and options.state is None:
        run = max(options.runs, key=lambda each: (each.record.began, each.record.id), default=None)
        if run is None or not run.states:
            raise CommandError(_("{name} holds no run that could be continued; train without --resume").format(name=name))
        options.state = run.states[-1]
    if run is None:
        return
    if run.record.graph != computation_key(graph):
        raise CommandError(_("the run in {name} trained another graph than the one there now; train without --resume").format(name=name))
    try:
        for setting, value in run.record.settings_at(options.state.step).items():
            SetTraining(setting, value).apply(graph)
    except GraphError as error:
        raise CommandError(str(error)) from None


def run_of(model: Model, options: argparse.Namespace, state: SavedState | None) -> Run:
    """The run to train, with all others of the file beside it: that of the trained values the model has, or a new one."""
    from engine.training.run import Run
    from engine.training.run_tree import RunTree

    tree = RunTree()
    for saved in options.runs:
        tree.adopt(saved)
    known = owner_of(options.runs, state)
    if known is not None and known.record.graph != computation_key(model.graph):
        known = None
    if known is None:
        return Run(model, id=max(tree, default=0) + 1, tree=tree).prepare()
    if model.workers is None:
        model.compiled.threads = known.record.threads  # the last bits of a sum depend on it
    run = Run(model, id=known.record.id, tree=tree).prepare()
    run.history.stand(known.record.id)
    return run


def saved_runs(run: Run) -> tuple[SavedRun, ...]:
    """All runs beside this one, and itself as it is now."""
    from engine.training.run_tree import packer

    tree: RunTree = run.history.tree
    run.history.settle()
    known = tree.get(run.id)
    if known is not None:
        tree.update(run.id, stopped=run.stop_text, **_up_to_date(known.record, run.training))
    return tuple(tree.saved(id, packer(run.model.waiting())) for id in sorted(tree))


def _up_to_date(record: RunRecord, training: Mapping[str, Any]) -> dict[str, Any]:
    """The record's newest settings with the length and the stop conditions of now, which change none of its steps."""
    newest = {name: value for name, value in record.settings.items() if not _neutral(name)}
    newest |= {name: value for name, value in training.items() if _neutral(name)}
    if record.changes:
        return {"changes": (*record.changes[:-1], replace(record.changes[-1], training=newest))}
    return {"training": newest}


def _neutral(name: str) -> bool:
    """Whether a setting changes no step of a run."""
    setting = TRAINING.get(name)
    return setting is not None and setting.effect in ("length", "stop")
