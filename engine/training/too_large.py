"""A step that needs more memory than there is: which batch size to try instead, found by trying."""

from __future__ import annotations

import torch

from engine.compile.program import NodeFailure, Program
from engine.training.model import Model
from graph.model.edits import SetTraining
from graph.model.problem import Problem, Repair
from graph.text.messages import Message, _

TRIES = 6
"""How often the batch is halved."""


def smaller_batch(model: Model, program: Program, rows: int) -> int | None:
    """The largest half, quarter, … of so many rows with which a step can be computed; None where none of those tried can be. The step is
    not made: nothing changes."""
    parameters, buffers, key = model.parameters(program), model.buffers(program), model.random(model.state.step)
    for _try in range(TRIES):
        rows //= 2
        if not rows:
            return None
        release(model.device)
        try:
            feeds = model.feeds.chosen(program.feeds, torch.arange(rows, device=model.device))
            program.step(feeds, parameters, buffers, key)
        except (NodeFailure, RuntimeError):
            continue
        return rows
    return None


def release(device: str) -> None:
    """Give memory back that a graphics card holds ready for tensors: in pieces, it may be no use for large ones."""
    if device == "cuda" and torch.cuda.is_available():
        torch.cuda.empty_cache()


def too_large(model: Model, rows: int, fits: int, step: int) -> Problem:
    """What there is to say about a step of `rows` samples that did not fit, where one of `fits` does."""
    text = Message(
        "batch-too-large",
        "There is not enough memory on {device} for a step with {rows:,} samples. Set the batch size to {fits:,}: a step of that size was "
        "tried, and it fits. The values of step {step:,} are kept.",
        device=_("this computer") if model.device == "cpu" else _("the GPU"), rows=rows, fits=fits, step=step,
    )  # fmt: skip
    repair = Repair(_("Set the batch size to {fits:,}").format(fits=fits), (SetTraining("batch_size", fits).to_json(),))
    return Problem("error", text, repairs=(repair,))
