"""The passes of a run as the window gets them: over the mini-batch of the last step or of the coming one, with words for which that is."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from engine.compile.views import TraceView
from engine.training.compiled import RunError
from engine.training.run import Run
from engine.training.trace_views import named_rows
from graph.model.goal import circled
from graph.model.several_objectives import goals_of
from graph.text.messages import _


def view_of_last(run: Run) -> TraceView:
    """The pass over the mini-batch last computed, with the parameters as they are now."""
    rows, batches = run.rows(), run.steps.batches
    _epoch, position = run.steps.last or (0, 0)
    if not batches.rows:
        text = ""
    elif batches.whole:
        text = _("all training samples")
    else:
        text = _("mini-batch {number} of {count}").format(number=position + 1, count=batches.count)
    return run.model.view(run.trace, mode="training", batch=text, step=run.state.step, **_named(run, rows))


def view_of_coming(run: Run) -> TraceView:
    """The pass that the coming step will make. Raises RunError where nothing can be trained."""
    rows, batches = run.coming_rows(), run.steps.batches
    model, step, number = run.model, run.state.step + 1, run.steps.place[1] + 1
    if not batches.rows:
        text = _("iteration {step:,}").format(step=step)
    elif batches.whole:
        text = _("iteration {step:,}: all training samples").format(step=step)
    else:
        text = _("iteration {step:,}: mini-batch {number} of {count}").format(step=step, number=number, count=batches.count)
    if (added := run.added) is not None:
        text = _("{batch}; batch {number} of {count} of an update").format(batch=text, number=added[0] + 1, count=added[1])
    if (turn := run.coming_turn) is not None:
        name = model.graph.nodes[goals_of(model.graph)[turn].node].name
        text = _("{batch}; objective {mark} {name} takes its step").format(batch=text, mark=circled(turn + 1), name=name)
    state = run.state
    return model.view(run.coming_trace, mode="training", batch=text, step=state.step, iteration=state.step, **_named(run, rows))


def last_rows(run: Run) -> tuple[int, ...]:
    """The samples of the mini-batch last computed, by their places in the training part; empty for all of them, or very many."""
    try:
        named: tuple[int, ...] = _named(run, run.rows()).get("rows", ())
    except RunError:  # the graph was edited since, and is none that can be trained
        return ()
    return named


def _named(run: Run, rows: Tensor | None) -> dict[str, Any]:
    """The samples of a mini-batch, for a view of it; of all samples none is named."""
    batches = run.steps.batches
    return {} if rows is None or batches.whole or not batches.rows else named_rows("train", rows.tolist())
