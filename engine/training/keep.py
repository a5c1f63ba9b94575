"""Trained values become part of the document: one edit, and the tensors too large for its text."""

from __future__ import annotations

from typing import Any

from engine.compile.environment import Key
from engine.numerics.tensors import INLINE, pack
from engine.training.model import Model
from graph.model.edits import Compound, SetParam
from graph.text.messages import _


def keep(model: Model) -> tuple[Compound, dict[str, bytes]]:
    """(the edit, attachments its references need), of everything in the model's state that differs from the document's values.

    A Parameter whose value is typed gets the trained one in its place; every other node carries its tensors beside its settings.
    """
    tensors: dict[str, dict[str, Any]] = {}
    attachments: dict[str, bytes] = {}
    edits: list[SetParam] = []
    for key, tensor in model.values().items():
        if key in model.fitted:  # it follows from the training data, which the document has anyway
            continue
        if _typed(model, key) and tensor.numel() <= INLINE:
            edits.append(SetParam(key[0], "value", tensor.detach().cpu().tolist()))
            continue
        stands, more = pack(tensor)
        tensors.setdefault(key[0], {})[key[1]] = stands
        attachments |= more
    edits += [SetParam(node, "tensors", values) for node, values in tensors.items()]
    graph = model.graph
    changed = tuple(edit for edit in edits if graph.nodes[edit.node].params.get(edit.name) != edit.value)
    return Compound(changed, _("Keep trained values")), attachments


def _typed(model: Model, key: Key) -> bool:
    graph = model.graph
    return graph.spec(key[0]).role == "parameter" and graph.setting(key[0], "initialisation") == "value"
