"""A run's State in the form that a file holds, and back: numbers where they are few, else one safetensors file."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.numerics.tensors import INLINE, TensorError
from engine.training.optimizers.registry import declared_or_none
from engine.training.state import PARTS, State
from graph.storage.saved import DTYPES, SavedState
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model

TOGETHER = 4096
"""With more numbers than this in all, a file is an archive: they are not useful as text."""


def pack_state(state: State, optimizer: str, token: int | None = None, seed: int | None = None) -> SavedState:
    """The state for a file; bit for bit what `unpack_state` gives back."""
    tensors = {f"{part}/{name}": t.detach().cpu().contiguous() for part in PARTS for name, t in getattr(state, part).items()}
    more: dict[str, Any] = {"step": state.step, "epoch": state.epoch, "position": state.position, "optimizer": optimizer, "seed": seed}
    more["token"] = time.time_ns() if token is None else token
    few = sum(t.numel() for t in tensors.values()) <= TOGETHER and all(t.numel() <= INLINE for t in tensors.values())
    if few and all(bool(torch.isfinite(t).all()) for t in tensors.values()):
        return SavedState(**more, numbers={name: _numbers(t) for name, t in tensors.items()})
    from safetensors.torch import save

    return SavedState(**more, packed=save({name: t.clone() for name, t in tensors.items()}))


def unpack_state(saved: SavedState) -> State:
    """The state that a file holds, on the CPU. Raises TensorError."""
    state = State(step=saved.step, epoch=saved.epoch, position=saved.position)
    for name, tensor in _tensors(saved).items():
        part, slash, key = name.partition("/")
        if slash and part in PARTS:
            getattr(state, part)[key] = tensor
    return state


def put_back(model: Model, saved: SavedState, spared: Collection[str] = ()) -> tuple[str, ...]:
    """Let a model go on from a file's values, except those of the `spared` nodes. Returns the names of values that no longer fit.

    The memory of another optimizer than the document's is of no use. Raises TensorError, and then the model is as it was.
    """
    state = unpack_state(saved)
    for part in (state.parameters, state.buffers):
        for name in [name for name in part if name.rpartition(".")[0] in spared]:
            del part[name]
    same = saved.optimizer == model.graph.training["optimizer"]
    spec = declared_or_none(model.graph.training)
    usable = same and spec is not None and spec.can_load(state.optimizer)
    state.optimizer = {name: _remembered(model, tensor) for name, tensor in state.optimizer.items()} if usable else {}
    if saved.seed is not None:
        model.seed = saved.seed
    lost = model.put_back(state)
    return lost if usable or not same else (*lost, _("the optimizer state"))


def with_waiting(model: Model, state: State) -> State:
    """The state with the trained values of nodes that do not use them now, which the file must not lose."""
    state.parameters = model.waiting() | state.parameters
    return state


def _remembered(model: Model, tensor: Tensor) -> Tensor:
    """What an optimizer remembers, where the model computes; single numbers stay as they are."""
    if not tensor.dim():
        return tensor
    return tensor.to(device=model.device, dtype=model.dtype if tensor.is_floating_point() else tensor.dtype)


def _numbers(tensor: Tensor) -> dict[str, Any]:
    return {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "values": tensor.reshape(-1).tolist()}


def _tensors(saved: SavedState) -> Mapping[str, Tensor]:
    if not saved.packed:
        return {name: _read(name, row) for name, row in saved.numbers.items()}
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(saved.packed)
    except (SafetensorError, KeyError, ValueError):
        raise TensorError(_("the trained values in the file cannot be read")) from None


def _read(name: str, row: Mapping[str, Any]) -> Tensor:
    assert row["dtype"] in DTYPES  # the file's reader has seen to it
    try:
        return torch.tensor(row["values"], dtype=getattr(torch, row["dtype"])).reshape(row["shape"])
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise TensorError(_("the trained values of {name} in the file cannot be read").format(name=name)) from None
