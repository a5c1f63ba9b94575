"""Why playback or training stopped, in one sentence. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.compile.views import ArrayView
from graph.model.covered import Covered
from graph.text.messages import _, ngettext
from ui.look.numerals import number

if TYPE_CHECKING:
    from engine.compile.views import PassEvent, TraceView
    from graph.model.graph import Graph
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.playback import Playhead
    from ui.shell.workspace.timeline import Timeline

NOTHING = _("Nothing is computed yet.")
TRAINING = _("Training is running. Pause it to step through a pass.")
PAUSED = _("Paused.")
ALL_GRADIENTS = _("The backward pass is finished: every gradient is computed.")
BEFORE_UPDATE = _("The backward pass is finished: every gradient is computed. The update follows.")


def playback(playhead: Playhead, trace: TraceView | None, graph: Graph, timeline: Timeline, was: str) -> str:
    """Why playback that was going on (`was` forward, backward or step) has stopped where it is now; nothing after a step within a pass."""
    count = len(playhead.events)
    whole = playhead.at_rest or playhead.event_index >= count
    if not count or trace is None:
        return ""
    if whole and timeline.turn == count:
        return no_gradient(trace)
    if whole:
        return BEFORE_UPDATE if playhead.tail else ALL_GRADIENTS
    if playhead.event_index == timeline.turn and not playhead.under_way:
        return _objective(trace, graph)
    return PAUSED if was != "step" or playhead.under_way else ""


def _objective(trace: TraceView, graph: Graph) -> str:
    """The forward pass is over."""
    node = graph.nodes.get(trace.objective[0]) if trace.objective is not None else None
    if node is None or trace.objective is None:
        return no_gradient(trace)
    view = trace.values.get(trace.objective)
    value = view.scalar if isinstance(view, ArrayView) else None
    if value is None or isinstance(value, Covered):
        return _("The objective {name} is reached. The backward pass starts here.").format(name=node.name)
    return _("The objective is reached: {name} = {value}. The backward pass starts here.").format(name=node.name, value=number(value))


def no_gradient(trace: TraceView | None) -> str:
    note = trace.objective_note if trace is not None else ""
    return _("No gradient: {reason}.").format(reason=note.rstrip(".")) if note else _("No gradient: the graph has no objective.")


# NaN and infinity


def nonfinite(event: PassEvent, trace: TraceView | None, graph: Graph) -> bool:
    """Whether NaN or infinity begins in this event: it comes out, and did not go in."""
    node = event.node
    if trace is None or node not in graph.nodes:
        return False
    outputs = [(node, port.name) for port in graph.spec(node).outputs]
    if event.phase == "forward":
        into = [trace.values.get(edge.source) for edge in graph.inputs_of(node)]
        return any(_bad(trace.values.get(key)) for key in outputs) and not any(map(_bad, into))
    learned = [trace.parameter_gradients.get((node, declared.name)) for declared in graph.spec(node).parameters]
    passed_on = [trace.edge_gradients.get(edge) for edge in event.edges]
    return any(map(_bad, [*learned, *passed_on])) and not any(_bad(trace.gradients.get(key)) for key in outputs)


def _bad(entry: object) -> bool:
    return isinstance(entry, ArrayView) and not entry.finite


def nonfinite_text(event: PassEvent, trace: TraceView | None, graph: Graph) -> str:
    """Which node NaN or infinity begins in, and why, as far as that is known."""
    name = graph.nodes[event.node].name
    if event.phase == "backward":
        return _("Stopped: the gradient becomes NaN or infinite in {name}.").format(name=name)
    if trace is not None and trace.first_bad == event.node and trace.nonfinite:
        return _("Stopped: {reason}").format(reason=trace.nonfinite)
    return _("Stopped: the value of {name} is NaN or infinite.").format(name=name)


# training


def training(progress: Progress) -> str:
    """Why training has ended or paused."""
    if progress.message:
        return progress.message
    if progress.phase == "finished":
        return ngettext("Training finished after {count} step.", "Training finished after {count} steps.", progress.step).format(
            count=f"{progress.step:,}"
        )
    return _("Training paused at step {step}.").format(step=f"{progress.step:,}") if progress.phase == "paused" else ""
