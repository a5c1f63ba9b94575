"""Trained values become part of the document: one edit, and the tensors too large for its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.numerics.tensors import INLINE, kept_values, pack
from engine.training.model import Model
from graph.model.edits import Compound, SetParam
from graph.text.messages import _


def keep(model: Model) -> tuple[Compound, dict[str, bytes]]:
    """(the edit, attachments its references need), of everything in the model's state that differs from the document's values.

    A Parameter whose value is typed gets the trained one in its place; every other node carries its tensors beside its settings.
    What is fitted follows from the training data, which the document has anyway.
    """
    values = {key: tensor for key, tensor in model.values().items() if key not in model.fitted}
    edits, attachments = value_edits(model, values)
    nodes = model.graph.nodes
    changed = tuple(edit for edit in edits if nodes[edit.node].params.get(edit.name) != edit.value)
    return Compound(changed, _("Keep trained values")), attachments


def value_edits(model: Model, values: Mapping[Key, Tensor]) -> tuple[list[SetParam], dict[str, bytes]]:
    """(edits, attachments their references need) that make these values of parameters and buffers the document's."""
    tensors: dict[str, dict[str, Any]] = {}
    attachments: dict[str, bytes] = {}
    edits: list[SetParam] = []
    for key, tensor in values.items():
        if _typed(model, key) and tensor.numel() <= INLINE and bool(torch.isfinite(tensor).all()):
            edits.append(SetParam(key[0], "value", tensor.detach().cpu().tolist()))
            continue
        stands, more = pack(tensor)
        tensors.setdefault(key[0], dict(kept_values(model.graph, key[0])))[key[1]] = stands
        attachments |= more
    edits += [SetParam(node, "tensors", entries) for node, entries in tensors.items()]
    return edits, attachments


def _typed(model: Model, key: Key) -> bool:
    graph = model.graph
    return graph.spec(key[0]).role == "parameter" and graph.setting(key[0], "initialisation") == "value"
