"""What `train --log-parameters` adds to every row of the log: the trained numbers, the gradient of the loss, and its norm."""

from __future__ import annotations

import csv
import io
import math
from itertools import product
from typing import TYPE_CHECKING

from cli.errors import CommandError
from graph.model.address import Address
from graph.model.trained_numbers import trained_name
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.run import Run

MOST = 1000
"""Trained numbers of which a log is written."""


class LoggedNumbers:
    """The numbers at the beginning of a step, where its loss and gradient are computed: θ, and ∇L by θ before it is clipped.

    Raises CommandError where there are too many, or several objectives.
    """

    def __init__(self, run: Run) -> None:
        from engine.training.joint import JointProgram

        self._run, program = run, run.model.program(training=True)
        if isinstance(program, JointProgram):
            raise CommandError(_("--log-parameters writes the gradient of one objective, but this graph trains several: leave it out"))
        self._keys = list(program.trainable_keys)
        shapes = [run.state.parameters[".".join(key)].shape for key in self._keys]
        count = sum(shape.numel() for shape in shapes)
        if count > MOST:
            text = _("--log-parameters writes every trained number at every step: at most {most:,}, but this graph has {count:,}")
            raise CommandError(text.format(most=MOST, count=count))
        names = [name for key, shape in zip(self._keys, shapes, strict=True) for name in self._entries(key, tuple(shape))]
        self.head = _row(["grad_norm", *names, *(f"grad.{name}" for name in names)])

    def _entries(self, key: tuple[str, str], shape: tuple[int, ...]) -> list[str]:
        """`w`, `hidden.W[0,1]`: the names of a tensor's numbers."""
        label = trained_name(self._run.model.graph, Address("parameter", *key))
        return [f"{label}[{','.join(map(str, place))}]" if place else label for place in product(*map(range, shape))]

    def read(self) -> str:
        """The cells of the coming step, with a comma before them."""
        gradients = self._run.coming_trace().parameter_gradients
        values, slopes = [], []
        for key in self._keys:
            values += _numbers(self._run.state.parameters[".".join(key)])
            gradient = gradients[key]
            slopes += _numbers(gradient)  # type: ignore[arg-type]  # a trained tensor has one
        return _row([math.hypot(*slopes), *values, *slopes])


def _numbers(tensor: Tensor) -> list[float]:
    numbers: list[float] = tensor.reshape(-1).tolist()
    return numbers


def _row(cells: list[str] | list[float] | list[str | float]) -> str:
    """Cells of a table, each after a comma; a name with a comma is quoted."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([cell if isinstance(cell, str) else repr(cell) for cell in cells])
    return f",{stream.getvalue()}"
