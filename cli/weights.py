"""`--weights F`: a command uses the weights in a safetensors file instead of the graph's initial values."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from cli.errors import CommandError
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model


def add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", metavar="F.safetensors", help=_("use the weights in this file, by names such as hidden.W"))
    parser.add_argument(
        "--partial", action="store_true", help=_("with --weights: load what fits although some names are only in the graph or in the file")
    )


def load_weights(model: Model, options: argparse.Namespace) -> None:
    """Make the weights of `--weights` the initial values of the graph, and of the model. Raises CommandError."""
    from engine.numerics.tensors import TensorError
    from engine.training.weights import fit_of, gaps_text, loading, read_weights

    try:
        weights = read_weights(options.weights)
        fit = fit_of(model, weights)
        edit, attachments = loading(model, fit)
    except TensorError as problem:
        raise CommandError(f"--weights {problem}") from None
    gaps = gaps_text(fit)
    if gaps and not options.partial:
        raise CommandError(_("--weights: {gaps} Add --partial to load what fits.").format(gaps=gaps))
    if not fit.fitting:
        raise CommandError(_("--weights: no tensor in the file has the name of one in this graph. {gaps}").format(gaps=gaps))
    graph = model.graph
    graph.attachments.update(attachments)
    edit.apply(graph)
    model.update(graph)
    if gaps:
        print(f"main.py: {gaps}", file=sys.stderr)
