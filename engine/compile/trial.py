"""Running a node's `forward` for the shapes alone: on zeros where that is certain to be quick, else on the meta device."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from itertools import zip_longest
from typing import Any

import torch

from engine.compile.environment import Held, Own, Several, Wire, Wiring
from engine.nodes.base import NodeType, Settings

SMALL, SMALL_SETTINGS = 100_000, 1024
"""Nodes with at most so many numbers coming in, and no larger product of whole numbers among their settings, are tried on the CPU."""
Size = Callable[[int], tuple[int, ...]]
"""Batch size → shape."""


class Trial:
    """`form` gives the shape of every argument at a batch size, and `float` or `index`."""

    def __init__(
        self, node_type: NodeType, settings: Settings, wiring: Wiring, form: Callable[[Any], tuple[Size, str]], dtype: torch.dtype
    ) -> None:
        self._type, self._settings, self._wiring, self._form, self._dtype = node_type, settings, wiring, form, dtype

    def run(self, batch: int, training: bool, device: str) -> Any:
        self._settings.training = training
        return self._type.forward(self._settings, *self.arguments(batch, device), **({"rng": None} if self._type.random else {}))

    def alike(self) -> Hashable:
        """Equal for nodes that answer alike: of one type, with the same settings and forms of arguments. None where that is not known."""
        settings = vars(self._settings).items()
        given = tuple((n, v.__class__, frozenset(v.items()) if n == "producers" else v) for n, v in settings if n != "name")
        key = self._type.key, given, tuple(map(self._alike, self._wiring.arguments))
        try:
            hash(key)
        except TypeError:  # a setting that is a list
            return None
        return key

    def _alike(self, argument: Wire | Own | Held | Several | None) -> Hashable:
        if argument is None:
            return None
        if isinstance(argument, Several):
            return tuple(map(self._alike, argument.items))
        size, kind = self._form(argument)
        return size(0), size(1), kind

    def arguments(self, batch: int, device: str) -> list[Any]:
        return [self._tensor(argument, batch, device) for argument in self._wiring.arguments]

    def device(self, settings: Iterable[Any], batch: int) -> str:
        """`cpu` where really computing is certain to be quick: the meta device takes longer then, and a second to load at first use."""
        shapes = [self._form(leaf)[0](batch) for leaf in self._wiring.leaves()]
        broadcast = math.prod(max(sizes) for sizes in zip_longest(*(shape[::-1] for shape in shapes), fillvalue=1))
        numbers = (v for value in settings for v in (value if isinstance(value, list) else [value]) if isinstance(v, int))
        small = sum(map(math.prod, shapes)) <= SMALL and broadcast <= 10 * SMALL
        return "cpu" if small and math.prod(max(1, abs(v)) for v in numbers) <= SMALL_SETTINGS else "meta"

    def _tensor(self, argument: Wire | Own | Held | Several | None, batch: int, device: str) -> Any:
        if argument is None:
            return None
        if isinstance(argument, Several):
            return tuple(self._tensor(item, batch, device) for item in argument.items)
        size, kind = self._form(argument)
        return torch.zeros(size(batch), dtype=self._dtype if kind == "float" else torch.int64, device=device)
