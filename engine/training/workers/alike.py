"""What has to be the same in all processes that make the steps of one run, as short values that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from graph.model.computation import computation_key
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model


def fingerprint(model: Model) -> dict[str, Any]:
    """By what it is called where it differs: of this model before its first step."""
    feeds, state = model.feeds, model.state
    return {
        _("another version of PyTorch"): torch.__version__.partition("+")[0],
        _("another graph"): computation_key(model.graph),
        _("other data"): [sorted(feeds.rows.items()), _digest({str(key): t for key, t in (feeds.fixed | feeds.train).items()})],
        _("other initial or trained values"): [state.counters, _digest(state.parameters | state.buffers | state.optimizer)],
        _("other settings"): [model.seed, model.dtype_name, sorted(map(repr, model.graph.training.items()))],
        _("another kind of device"): model.device.partition(":")[0],
    }


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """Of names, shapes and numbers."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
