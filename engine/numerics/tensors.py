"""Trained values inside a document: up to 64 numbers inline, larger tensors as safetensors beside the JSON.

The document knows a large tensor by its reference `{"tensor": "sha256:…"}` and carries the bytes along unread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from graph.text.messages import _

if TYPE_CHECKING:
    from graph.model.graph import Graph

INLINE = 64


class TensorError(Exception):
    """A stored tensor is missing or broken; the text says which."""


def pack(tensor: Tensor) -> tuple[Any, dict[str, bytes]]:
    """(entry in the document, attachments it refers to)."""
    from safetensors.torch import save

    tensor = tensor.detach().cpu().contiguous()
    if tensor.numel() <= INLINE and bool(torch.isfinite(tensor).all()):
        return tensor.tolist(), {}
    data = save({"value": tensor})
    digest = hashlib.sha256(data).hexdigest()
    return {"tensor": f"sha256:{digest}"}, {f"tensors/{digest}.safetensors": data}


def unpack(value: Any, attachments: Mapping[str, bytes]) -> Tensor:
    """The tensor that `pack` put into a document, float64. Raises TensorError."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    if not isinstance(value, dict):
        try:
            return torch.tensor(value, dtype=torch.float64)
        except (TypeError, ValueError):
            raise TensorError(_("trained values in the file are not numbers in rows of equal length")) from None
    digest = str(value.get("tensor", "")).removeprefix("sha256:")
    data = attachments.get(f"tensors/{digest}.safetensors")
    if data is None:
        raise TensorError(_("trained values are missing in the file (sha256 {digest}…)").format(digest=digest[:12]))
    if hashlib.sha256(data).hexdigest() != digest:
        raise TensorError(_("trained values are damaged in the file (sha256 {digest}…)").format(digest=digest[:12]))
    try:
        return load(data)["value"].to(torch.float64)
    except (SafetensorError, KeyError):
        raise TensorError(_("trained values in the file cannot be read (sha256 {digest}…)").format(digest=digest[:12])) from None


def kept_values(graph: Graph, node: str) -> Mapping[str, Any]:
    """The trained values a document keeps for a node's parameters and buffers, by their names."""
    kept = graph.nodes[node].params.get("tensors")
    return kept if isinstance(kept, dict) else {}
