"""The loss at the parameters as they are, with its derivatives: what an optimizer that evaluates the loss itself is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.compile.program import Program
from engine.nodes.base import NodeError
from engine.training.residuals import residuals_of
from engine.training.second import AT_ONCE, SecondDerivatives
from engine.training.workers.group import Workers
from engine.training.workers.shard import shard_of
from engine.training.workers.step import joined
from engine.training.workers.synchronised import Together
from graph.text.messages import Message

NUMBERS = 2**22
"""Of a tensor of samples, as many copies as have about so many numbers may be kept at once for columns of a Hessian."""


@dataclass(slots=True)
class Spent:
    """How often a step computed the loss, its gradient, and a column of its second derivatives."""

    losses: int = 0
    gradients: int = 0
    columns: int = 0


class Evaluation:
    """The loss of one mini-batch. A call computes it, and its gradients by the trainable parameters, at their present values.

    `first` is what the first call returned, copied, and `last` what the last one returned; `buffers` are those after the last
    call. `spent` counts what was computed: losses, gradients, and columns of Hessians.
    """

    def __init__(
        self, program: Program, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], key: Any,
        workers: Workers | None = None,
    ) -> None:  # fmt: skip
        self._program, self._own = program, program.stepper()
        self._workers = workers
        self._step: Callable[..., tuple[Tensor, list[Tensor], list[Tensor]]] = self._own if workers is None else joined(program, workers)
        self._feeds, self._parameters, self._key = feeds, parameters, key
        self.buffers = list(buffers)
        self.first: tuple[Tensor, list[Tensor]] | None = None
        self.spent = Spent()
        self.last: tuple[Tensor, list[Tensor]] | None = None

    def __call__(self) -> tuple[Tensor, list[Tensor]]:
        loss, gradients, self.buffers = self._step(self._feeds, self._parameters, self.buffers, self._key)
        self.spent.losses += 1
        self.spent.gradients += 1
        if self.first is None:
            self.first = loss.detach().clone(), [g if g is None else g.detach().clone() for g in gradients]
        self.last = loss, gradients
        return loss.reshape(()), gradients

    def hessian(self) -> Tensor:
        """∂²L/∂θᵢ∂θⱼ, a square matrix over all numbers of the trainable parameters, in their order. Changes no buffers."""
        second = self._second()
        hessian = self._of_all(second.hessian())
        self.spent.columns += len(hessian)
        return hessian

    def product(self, direction: Tensor) -> Tensor:
        """The Hessian times a vector over all numbers of the trainable parameters. Changes no buffers."""
        self.spent.columns += 1
        return self._of_all(self._second().product(direction))

    def _refuse_mixing(self) -> None:
        """Second derivatives are computed by each worker alone: not where a node needs the samples of all. Raises NodeError."""
        mixing = next((o.type.title for o in self._program.plan.operations if isinstance(o.type, Together)), None)
        if self._workers is not None and mixing is not None:
            text = Message(
                "second-derivatives-of-all-samples",
                "{title} needs all samples of a mini-batch, so workers cannot divide its second derivatives: choose an optimizer that uses "
                "gradients only, or train in one process.",
                title=mixing,
            )  # fmt: skip
            raise NodeError(text)

    def _second(self) -> SecondDerivatives:
        self._refuse_mixing()
        places = self._program.trainable

        def gradient(tensors: Sequence[Tensor]) -> list[Tensor]:
            parameters = list(self._parameters)
            for i, tensor in zip(places, tensors, strict=True):
                parameters[i] = tensor
            return self._own(self._feeds, parameters, self.buffers, self._own_key)[1]

        size = max((tensor.numel() for tensor in self._feeds), default=1)
        return SecondDerivatives(gradient, [self._parameters[i] for i in places], max(1, min(AT_ONCE, NUMBERS // size)))

    def residuals(self) -> tuple[Tensor, Tensor]:
        """(r, J) of a loss that is a sum of squares, Σ rᵢ²: all residuals, and their derivatives, one column for each trained number.

        Changes no buffers. Raises NotSquares.
        """
        self._refuse_mixing()
        residuals = residuals_of(self._program)

        def row(flat: Tensor) -> Tensor:
            return residuals(self._feeds, self._with(flat), self.buffers, self._own_key)

        flat = self._flat()
        self.spent.columns += len(flat)
        units = torch.eye(len(flat), dtype=flat.dtype, device=flat.device)
        found = row(flat), torch.stack([torch.func.jvp(row, (flat,), (unit,))[1] for unit in units], dim=1)
        return found if self._workers is None else self._workers.stack(found, math.sqrt(shard_of(self._feeds).cut.weight))

    @property
    def _own_key(self) -> Any:
        """Where the rows that this process computes draw their random numbers from."""
        return self._key if self._workers is None else shard_of(self._feeds).key(self._key)

    def _of_all(self, own: Tensor) -> Tensor:
        """The mean over all samples of what was computed for those of this process."""
        return own if self._workers is None else self._workers.sum(own * shard_of(self._feeds).cut.weight)

    def _flat(self) -> Tensor:
        """The numbers of the trainable parameters in one row."""
        return torch.cat([self._parameters[i].reshape(-1) for i in self._program.trainable])

    def _with(self, flat: Tensor) -> list[Tensor]:
        """All parameters, the trainable ones with the numbers of this row."""
        parameters, places = list(self._parameters), self._program.trainable
        shapes = [self._parameters[i].shape for i in places]
        for i, shape, part in zip(places, shapes, torch.split(flat, [shape.numel() for shape in shapes]), strict=True):
            parameters[i] = part.view(shape)
        return parameters
