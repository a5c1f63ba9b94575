"""Weights alone: every learned tensor and buffer of a network in one safetensors file, by names such as `hidden.W`, and back.

The file has nothing of training but the step, so that other programs read it (`safetensors.torch.load_file`) and another graph
with tensors of these names and shapes can start from it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.compile.environment import Key
from engine.numerics.tensors import TensorError
from engine.training.keep import value_edits
from engine.training.model import Model
from engine.training.result import shown_name
from graph.model.computation import computation_key
from graph.model.edits import Compound
from graph.storage.archive import MAXIMUM_ATTACHED
from graph.storage.paths import open_regular, reason
from graph.text.listing import listed
from graph.text.messages import _, ngettext
from graph.text.quoting import one_line, quoted_name

FORMAT = "gradwire-weights"
NAMED = 6
"""So many names are listed in a message."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a file of weights has. `graph` is the key of the graph they were saved from and `step` its training step, where it says so."""

    tensors: Mapping[str, Tensor]
    graph: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class WeightsFit:
    """How the weights of a file fit a model: `fitting` can be loaded; nothing may be where `wrong` says why a tensor has no place.

    `missing` are the model's names that the file does not have, `surplus` those of the file that the model does not have.
    """

    fitting: Mapping[Key, Tensor] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()


def written(model: Model) -> bytes:
    """The file's content; the same numbers give the same bytes."""
    from safetensors.torch import save

    tensors = {shown_name(model, key): tensor.detach().cpu().contiguous().clone() for key, tensor in model.values().items()}
    data = save(tensors)
    (length,) = struct.unpack_from("<Q", data)
    about = {"format": "pt", "kind": FORMAT, "graph": computation_key(model.graph), "step": str(model.state.step)}
    head = json.dumps({"__metadata__": about} | json.loads(data[8 : 8 + length]), ensure_ascii=False).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + data[8 + length :]


def read_weights(path: Path | str) -> Weights:
    """The weights in a file, which another program may have written. Raises TensorError, whose text names the file."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    name = quoted_name(path)
    try:
        with open_regular(path) as file:
            data = file.read(MAXIMUM_ATTACHED + 1)
    except OSError as problem:
        raise TensorError(_("{file}: {reason}.").format(file=name, reason=reason(problem))) from None
    if len(data) > MAXIMUM_ATTACHED:
        raise TensorError(_("{file}: it has more than {gigabytes} GB of weights.").format(file=name, gigabytes=MAXIMUM_ATTACHED >> 30))
    try:
        tensors = load(data)
        (length,) = struct.unpack_from("<Q", data)
        about = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    except (SafetensorError, KeyError, ValueError, struct.error, RecursionError):
        raise TensorError(_("{file}: this is not a whole safetensors file.").format(file=name)) from None
    step = str(about.get("step", ""))
    return Weights(tensors, str(about.get("graph", "")), int(step) if step.isdecimal() and len(step) < 19 else 0)


def fit_of(model: Model, weights: Weights) -> WeightsFit:
    """Which tensors of a file have a place in a model, by name and shape. What follows from the training data is not taken from a file."""
    mine = {shown_name(model, key): key for key in model.values()}
    fitting: dict[Key, Tensor] = {}
    wrong = []
    for name, tensor in weights.tensors.items():
        key = mine.get(name)
        if key is None or key in model.fitted:
            continue
        shape = model.values()[key].shape
        if tensor.shape != shape:
            wrong.append(
                _("{node}: {tensor} has the shape {own}, but the file has {other}").format(
                    node=model.graph.nodes[key[0]].name, tensor=key[1], own=_shape(shape), other=_shape(tensor.shape)
                )
            )
        elif tensor.is_complex():
            wrong.append(_("{node}: {tensor} in the file has complex numbers").format(node=model.graph.nodes[key[0]].name, tensor=key[1]))
        else:
            fitting[key] = tensor
    missing = tuple(name for name, key in mine.items() if name not in weights.tensors and key not in model.fitted)
    return WeightsFit(fitting, tuple(wrong), missing, tuple(name for name in weights.tensors if name not in mine))


def loading(model: Model, fit: WeightsFit) -> tuple[Compound, dict[str, bytes]]:
    """(the edit that makes fitting weights the document's, attachments it needs). Raises TensorError where a shape is wrong."""
    if fit.wrong:
        raise TensorError(wrong_text(fit))
    values = {key: tensor.to(model.values()[key].dtype) for key, tensor in fit.fitting.items()}
    edits, attachments = value_edits(model, values)
    return Compound(tuple(edits), _("Load weights")), attachments


def wrong_text(fit: WeightsFit) -> str:
    """Why a file cannot be loaded, by node; a sentence."""
    more = len(fit.wrong) - NAMED
    rest = ngettext("; and {n} more", "; and {n} more", more).format(n=more) if more > 0 else ""
    return _("{reasons}{rest}. Nothing was changed.").format(reasons="; ".join(map(one_line, fit.wrong[:NAMED])), rest=rest)


def gaps_text(fit: WeightsFit) -> str:
    """Which names do not pair up; empty where all do."""
    lines = []
    if fit.missing:
        lines.append(_("Not in the file: {names}.").format(names=_names(fit.missing)))
    if fit.surplus:
        lines.append(_("Only in the file: {names}.").format(names=_names(fit.surplus)))
    return " ".join(lines)


def _names(names: tuple[str, ...]) -> str:
    shown = [one_line(name) for name in names[:NAMED]]
    more = len(names) - NAMED
    return listed([*shown, ngettext("{n} more", "{n} more", more).format(n=more)] if more > 0 else shown)


def _shape(shape: Any) -> str:
    return "×".join(map(str, shape)) if len(shape) else _("a single number")

