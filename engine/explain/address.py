"""What is at an address, for those who answer questions: the tensor, its gradient, one of its entries, or a sentence why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.views import Absent
from engine.explain.question import Unanswerable
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.compile.trace import Trace
    from graph.model.address import Address
    from graph.model.graph import Graph


def require(graph: Graph, address: Address) -> None:
    """Raises Unanswerable for an address that is no longer there."""
    if not address.exists(graph):
        raise Unanswerable(_("The node or wire in question is no longer on the canvas."))


def number_at(trace: Trace, graph: Graph, address: Address) -> Tensor:
    """The whole tensor at an address, as the trace holds it. Raises Unanswerable where there is none."""
    require(graph, address)
    tensor = trace.at(address.whole.value, graph)
    if isinstance(tensor, Absent):
        raise Unanswerable(_("{graph} has no value yet.").format(graph=address.name(graph)))
    if not tensor.is_floating_point():
        raise Unanswerable(
            _("{graph} holds class indices; they cannot change by a little, so they have no derivative.").format(graph=address.name(graph))
        )
    return tensor


def gradient_at(trace: Trace, graph: Graph, address: Address) -> Tensor:
    """The gradient of the whole tensor there. Raises Unanswerable with the reason where there is none."""
    if trace.objective is None:
        raise Unanswerable(trace.objective_note or _("There is no objective."))
    gradient = trace.at(address.whole.derivative, graph)
    if isinstance(gradient, Absent):
        raise Unanswerable(_("{name} has no gradient: {reason}.").format(name=address.name(graph), reason=gradient.why))
    return gradient


def entry_of(graph: Graph, address: Address, tensor: Tensor) -> tuple[int, ...] | None:
    """The chosen entry's index, (0, …) for a single number, None where a tensor came without. Raises Unanswerable outside of it."""
    if address.index is None:
        return (0,) * tensor.dim() if tensor.numel() == 1 else None
    if len(address.index) != tensor.dim() or not all(0 <= i < n for i, n in zip(address.index, tensor.shape, strict=True)):
        name = address.whole.name(graph)
        raise Unanswerable(
            _("{name} has no entry {index}; its shape is {shape}.").format(name=name, index=list(address.index), shape=list(tensor.shape))
        )
    return address.index


def single_entry(graph: Graph, address: Address, tensor: Tensor, gradient: Tensor | None = None) -> tuple[int, ...]:
    """The chosen entry, or the one with the largest gradient (the first, without a gradient)."""
    chosen = entry_of(graph, address, tensor)
    if chosen is not None:
        return chosen
    if tensor.numel() == 0:
        raise Unanswerable(_("{graph} is empty.").format(graph=address.name(graph)))
    return largest_entry(gradient if gradient is not None else torch.zeros(tensor.shape))


def largest_entry(tensor: Tensor) -> tuple[int, ...]:
    """Index of the entry with the largest magnitude (the first of several) in a tensor that is not empty."""
    flat = torch.nan_to_num(tensor.detach().abs()).argmax()
    return tuple(int(i) for i in torch.unravel_index(flat, tensor.shape))
