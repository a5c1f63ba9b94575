"""A graph evaluated on any rows: other samples than those of its data, or points between them. Forward only, in evaluation mode.

Dropout is off and batch norm uses its running statistics, so that the value of a row does not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key, Wire
from engine.compile.program import NodeFailure, Program
from engine.numerics.threads import threads
from engine.training.at_once import rows_at_once
from engine.training.compiled import Compiled, RunError
from graph.model.problem import Problem
from graph.text.messages import Message

if TYPE_CHECKING:
    from engine.training.model import Model

_MIXING: WeakKeyDictionary[Compiled, dict[tuple[Key, ...], str | None]] = WeakKeyDictionary()
"""What `mixing` found: it is asked for each picture of a run."""


def evaluate(
    model: Model, features: Mapping[str, np.ndarray], outputs: Sequence[Key], targets: Mapping[str, np.ndarray] | None = None
) -> dict[Key, np.ndarray]:
    """The values of `outputs` (N, *dims) for N rows, at the current numbers and in the document's precision.

    `features[node]` (N, *dims) is what the Data node `node` gives at its port x; `targets[node]` what it gives at its target, where an
    output depends on it. An output that does not depend on the data has the same value in every row. Raises RunError where an output
    cannot be computed, or where its value for one row depends on the other rows, as that of a mean over the batch does.
    """
    given = {(node, "x"): rows for node, rows in features.items()} | {(node, "target"): rows for node, rows in (targets or {}).items()}
    counts = {len(rows) for rows in given.values()}
    if len(counts) > 1:
        raise ValueError(f"different numbers of rows: {sorted(counts)}")
    rows = counts.pop() if counts else 1
    now = Evaluator(model, outputs)
    fed = {key: tensor_of(model, key, array) for key, array in given.items()}
    size = rows_at_once(model, outputs)
    pieces = [now({key: tensor[first : first + size] for key, tensor in fed.items()}) for first in range(0, rows, size)]
    return {key: _joined(model, key, [piece[key] for piece in pieces], rows) for key in outputs}


class Evaluator:
    """The program of some outputs, with the model's numbers: as they are when it is called, or with `kept` as they are now.

    `parameters` has other values for some of them, which are kept too. With `mixed` an output may depend on all rows of a call together.

    Raises RunError as `evaluate` does.
    """

    def __init__(
        self, model: Model, outputs: Sequence[Key], kept: bool = False, parameters: Mapping[Key, Tensor] | None = None,
        mixed: bool = False,
    ) -> None:  # fmt: skip
        if not mixed and (node := mixing(model, outputs)) is not None:
            text = Message("mixes-rows", "it has one value for the whole batch, so a single row has none of its own")
            raise RunError([Problem("error", text, (node,), about=model.graph.nodes[node].name)])
        self._model = model
        self._compiled = model.compiled
        self._program = model.program(training=False, outputs=tuple(outputs))
        self._needed = _needed(self._program)
        self._nothing = torch.empty(0, dtype=model.dtype, device=model.device)
        self._step = model.state.step
        self._numbers: tuple[list[Tensor], list[Tensor]] | None = None
        if kept or parameters:
            live, other = (model.parameters(self._program), model.buffers(self._program)), parameters or {}
            own = [other.get(key, tensor) for key, tensor in zip(self._program.parameter_keys, live[0], strict=True)]
            self._numbers = [tensor.clone() for tensor in own], [tensor.clone() for tensor in live[1]]

    @property
    def data(self) -> list[Key]:
        """Outputs of Data nodes that have to be given."""
        return [key for key in self._program.feeds if key in self._needed and key not in self._compiled.feeds.fixed]

    def __call__(self, rows: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
        """The outputs in one call of the program. `rows` are what the Data nodes give; what is not needed of it is left out."""
        lacking = [key for key in self.data if key not in rows]
        if lacking:
            raise ValueError(f"no rows are given for {lacking}")
        fixed = self._compiled.feeds.fixed
        feeds = [(rows[key] if key in rows else fixed[key]) if key in self._needed else self._nothing for key in self._program.feeds]
        model, program = self._model, self._program
        parameters, buffers = self._numbers or (model.parameters(program), model.buffers(program))
        try:
            with threads(self._compiled.threads), torch.no_grad():
                values = program.evaluate(feeds, parameters, buffers, model.random(self._step))
        except NodeFailure as failure:
            raise RunError([self._compiled.explain(failure)]) from failure
        return dict(zip(program.outputs, values, strict=True))


def mixing(model: Model, outputs: Sequence[Key]) -> str | None:
    """The first node on the way to `outputs` that takes a batch and gives one value for all of its rows; None where there is none."""
    known, key = _MIXING.setdefault(model.compiled, {}), tuple(outputs)
    if key not in known:
        known[key] = _found_mixing(model, key)
    return known[key]


def _found_mixing(model: Model, outputs: Sequence[Key]) -> str | None:
    inference = model.inference
    nodes = inference.ancestors(node for node, _port in outputs)
    for node in inference.order:
        if node in nodes and not any(shape.batched for key, shape in inference.outputs.items() if key[0] == node):
            sources = [leaf.source for leaf in inference.wirings[node].leaves() if isinstance(leaf, Wire)]
            if any(inference.outputs[source].batched for source in sources):
                return node
    return None


def tensor_of(model: Model, key: Key, rows: np.ndarray) -> Tensor:
    """Rows for one output of a Data node, as the program takes them."""
    shape = model.inference.outputs[key]
    if tuple(rows.shape[1:]) != shape.dims:
        raise ValueError(f"rows of shape {tuple(rows.shape[1:])} for {key}, which has {shape.dims}")
    dtype = torch.int64 if shape.dtype == "index" else model.dtype
    return torch.as_tensor(np.ascontiguousarray(rows), dtype=dtype, device=model.device)


def _needed(program: Program) -> set[Key]:
    """The sources that the outputs are computed from. The program names others too, those of the objective."""
    leaves = (leaf for o in program.plan.operations if o.node in program.plan.for_outputs for leaf in o.leaves)
    consumed = {leaf.source for leaf in leaves if isinstance(leaf, Wire)} | set(program.plan.outputs)
    return consumed & set(program.feeds)


def _joined(model: Model, key: Key, pieces: Sequence[Tensor], rows: int) -> np.ndarray:
    shape = model.inference.outputs[key]
    if shape.batched and pieces:
        return torch.cat(list(pieces)).cpu().numpy()
    if not pieces:
        return np.empty((0, *shape.dims), dtype=np.int64 if shape.dtype == "index" else model.dtype_name)
    return np.repeat(pieces[0].cpu().numpy()[np.newaxis], rows, axis=0)
