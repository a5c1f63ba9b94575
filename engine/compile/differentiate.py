"""What generated code calls to differentiate: one node by autograd, the whole graph by autograd, and sums of what is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Held, Own, Several, Wire
from engine.compile.plan import Operation, Plan
from engine.compile.trial import Size, Trial
from engine.nodes.base import Result

_BATCH = 97


def reductions(plan: Plan, operation: Operation) -> list[str]:
    """For every leaf whether its rule's answer has to be summed down to the leaf's shape: never, always or look.

    Found by running the rules on zeros, or without numbers where those would be many, and only where the shapes of leaf and output differ.
    """
    inference = plan.inference

    def form(leaf: Wire | Own | Held) -> tuple[Size, str]:
        if isinstance(leaf, Wire):
            return inference.outputs[leaf.source].full, inference.outputs[leaf.source].dtype
        dims = inference.buffers[leaf.key] if isinstance(leaf, Held) else inference.parameters[leaf.key]
        return (lambda batch: dims), "float"

    small = inference.outputs[operation.outputs[0]].full(_BATCH)
    wanted = [form(leaf)[0](_BATCH) for leaf in operation.leaves]
    if all(dims == small for dims in wanted):
        return ["never"] * len(wanted)
    trial = Trial(operation.type, operation.settings, operation.wiring, form, inference.dtype)
    try:
        answers = _tried(operation, trial.arguments(_BATCH, trial.device(vars(operation.settings).values(), _BATCH)))
    except Exception:  # a rule that cannot run without numbers is looked at while it runs
        return ["look"] * len(wanted)
    return [
        "look" if answer is None else "never" if tuple(answer.shape) == dims else "always"
        for dims, answer in zip(wanted, answers, strict=True)
    ]


def _tried(operation: Operation, arguments: list[Any]) -> list[Tensor | None]:
    """What the rules answer for every leaf; None where it is not needed or there is no rule."""
    with torch.no_grad():
        run = operation.type.forward(operation.settings, *arguments, **({"rng": None} if operation.type.random else {}))
        y, kept = (run.outputs[0], run.kept) if isinstance(run, Result) else (run, None)
        gradients: list[Tensor | None] = []
        for name, argument in zip(operation.wiring.names, operation.wiring.arguments, strict=True):
            count = len(argument.items) if isinstance(argument, Several) else int(isinstance(argument, (Wire, Own)))
            rule = operation.type.gradients.get(name)
            wanted = any(len(gradients) <= a < len(gradients) + count for a in operation.needed)
            if not wanted or rule is None:
                gradients += [None] * count
                continue
            answer = rule(operation.settings, torch.empty_like(y), y, kept, *arguments)
            gradients += list(answer) if isinstance(argument, Several) else [answer]
    return gradients


class Seeds(dict[torch.device, Tensor]):
    """The number 1 on every device that asks for it: where a backward pass starts."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self._dtype = dtype

    def __missing__(self, device: torch.device) -> Tensor:
        self[device] = seed = torch.ones((), dtype=self._dtype, device=device)
        return seed


def local(outputs: Iterable[Tensor], leaves: tuple[Tensor, ...], gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    """One node's contributions by autograd over its own forward; None where an output does not depend on a leaf."""
    pairs = [(y, g) for y, g in zip(outputs, gradients, strict=True) if g is not None and y.requires_grad]
    if not pairs:
        return (None,) * len(leaves)
    return torch.autograd.grad([y for y, _ in pairs], leaves, [g for _, g in pairs], allow_unused=True)


def local_zeros(outputs: Iterable[Tensor], leaves: tuple[Tensor, ...], gradients: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
    return tuple(torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, local(outputs, leaves, gradients), strict=True))


def begun(value: Tensor) -> Tensor:
    """A value that depends on nothing that could change, such as a running average in evaluation mode, as a leaf of its own."""
    return value if value.requires_grad else value.detach().requires_grad_()


def cut(value: Tensor) -> Tensor:
    """What a node makes through which no gradient flows back, such as random numbers, as a leaf: it still has a gradient itself."""
    return value.detach().requires_grad_()


def reference(objective: Tensor, targets: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
    if not objective.requires_grad:
        return (None,) * len(targets)
    return torch.autograd.grad(objective, targets, torch.ones_like(objective), allow_unused=True)


def reference_zeros(objective: Tensor, targets: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(torch.zeros_like(t) if g is None else g for t, g in zip(targets, reference(objective, targets), strict=True))


def total(*parts: Tensor | None) -> Tensor | None:
    """The sum of those contributions that there are, in order."""
    result: Tensor | None = None
    for part in parts:
        if part is not None:
            result = part if result is None else result + part
    return result
