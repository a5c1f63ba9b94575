"""Where NaN or infinity came from, read off a trace."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.trace import Trace


def first_nonfinite(trace: Trace) -> tuple[str | None, str]:
    """(node id, what happened there): the first node in order of computation with such a value, else with such a gradient."""
    for (node, _), value in trace.values.items():
        if not bool(torch.isfinite(value).all()):
            return node, "the value became " + _kind(value)
    for event in trace.events:
        if event.phase != "backward":
            continue
        for edge in event.edges:
            gradient = trace.edge_gradients[edge]
            if isinstance(gradient, Tensor) and not bool(torch.isfinite(gradient).all()):
                return event.node, "the gradient became " + _kind(gradient)
    for (node, _), gradient in trace.parameter_gradients.items():
        if isinstance(gradient, Tensor) and not bool(torch.isfinite(gradient).all()):
            return node, "the gradient became " + _kind(gradient)
    return None, "the loss became infinite or not a number"


def _kind(tensor: Tensor) -> str:
    return "not a number (NaN)" if bool(torch.isnan(tensor).any()) else "infinite"
