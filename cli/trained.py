"""The trained values in a file: every command uses them and says so, unless it is asked for the document's own with --untrained."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.weights import load_weights
from graph.storage.saved import SavedState, steps_text
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model
    from graph.model.graph import Graph
    from graph.storage.files import Loaded


def add_untrained(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--untrained", action="store_true", help=_("use the graph's initial values, not the trained ones in FILE"))


def note_state(options: argparse.Namespace, loaded: Loaded, spared: list[str]) -> None:
    """Remember what a file holds beside its graph; `spared` are the nodes whose values the call itself states."""
    options.state, options.runs, options.spared = loaded.state, loaded.runs, spared
    if loaded.note:
        print(f"main.py: {loaded.note}", file=sys.stderr)


def state_of(options: argparse.Namespace) -> SavedState | None:
    """The trained values a command works with; None: the graph's own values."""
    state: SavedState | None = getattr(options, "state", None)
    replaced = options.untrained or getattr(options, "weights", None)
    return state if state is not None and state.step and not replaced else None


def open_model(graph: Graph, options: argparse.Namespace, **settings: Any) -> Model:
    """A model of the graph at the values its file was trained to; with --json the answer says so, else standard error."""
    from engine.numerics.tensors import TensorError
    from engine.training.model import Model
    from engine.training.saved import put_back

    model, state = Model(graph, **settings), state_of(options)
    if getattr(options, "weights", None):
        load_weights(model, options)
    if state is None:
        return model
    try:
        lost = put_back(model, state, getattr(options, "spared", ()))
    except TensorError as error:
        options.state = None
        print(
            _("main.py: {name}: {error}; the initial values are used").format(name=Path(options.file).name, error=error),
            file=sys.stderr,
        )
        return model
    if getattr(options, "seed", None) is not None:
        model.seed = options.seed
    if lost:
        print(_("main.py: these trained values do not fit this graph: {lost}").format(lost=", ".join(lost)), file=sys.stderr)
    if not getattr(options, "json", False):
        text = _("the trained values in {name} are used, {step}").format(name=Path(options.file).name, step=steps_text(state.step))
        print(_("main.py: {problem} (--untrained uses the initial values)").format(problem=text), file=sys.stderr)
    return model


def state_entry(options: argparse.Namespace) -> dict[str, int]:
    """What `--json` adds where trained values are used."""
    state = state_of(options)
    return {"trained_steps": state.step} if state is not None else {}
