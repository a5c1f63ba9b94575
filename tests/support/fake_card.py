"""What stands in for CUDA graphs where there is no card: operations are recorded with the tensors they read and write, and replayed.

As on a card, recording changes nothing, numbers that are no tensors are baked in, and reading a number back is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

from engine.training.recording import CannotRecord

READS = {"aten::_local_scalar_dense", "aten::item", "aten::is_nonzero", "aten::equal", "aten::nonzero"}


def address(generator: torch.Generator) -> int:
    """The same for every Python object of one generator."""
    number: int = generator._cdata  # type: ignore[attr-defined]
    return number


class Refusing(TorchDispatchMode):
    """Refuses whatever a card would have to be waited for."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func._schema.name in READS:
            raise CannotRecord("a node reads numbers back from the card")
        return func(*args, **(kwargs or {}))


class Recording(Refusing):
    """Notes every operation. What an operation writes into is saved before, so that all can be undone."""

    def __init__(self, registered: set[int]) -> None:
        super().__init__()
        self.registered = registered
        self.operations: list[tuple[Any, Any, Any, list[Tensor]]] = []
        self.before: list[tuple[Tensor, Tensor]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        for value in kwargs.values():
            if isinstance(value, torch.Generator) and address(value) not in self.registered:
                raise CannotRecord("CUDA refused to record a step: a generator that is not registered")
        for argument, value in zip(func._schema.arguments, args, strict=False):
            if argument.alias_info is not None and argument.alias_info.is_write:
                self.before += [(t, t.clone()) for t in tree_flatten(value)[0] if isinstance(t, Tensor)]
        results = super().__torch_dispatch__(func, types, args, kwargs)
        results_flat = [t for t in tree_flatten(results)[0] if isinstance(t, Tensor)]
        frozen = tree_map_only(list, list, (args, kwargs))
        if func.namespace != "profiler" and not any(r.alias_info is not None and not r.alias_info.is_write for r in func._schema.returns):
            # a view stays what it is, and notes for a profiler compute nothing
            self.operations.append((func, *frozen, results_flat))
        return results

    def undo(self) -> None:
        for tensor, value in reversed(self.before):
            tensor.copy_(value)


class FakeRecorder:
    """Records and replays on the CPU. `lengths` are the numbers of operations of all recordings, `warmed` counts work that was just done.

    `refuses`: the number of the recording from which on CUDA says no.
    """

    def __init__(self, refuses: int | None = None) -> None:
        self.refuses, self.replays, self.warmed = refuses, 0, 0
        self.lengths: list[int] = []

    def warm(self, work: Callable[[], None]) -> None:
        with Refusing():
            work()
        self.warmed += 1

    def record(self, work: Callable[[], None], generators: Sequence[torch.Generator] = ()) -> Callable[[], None]:
        if self.refuses is not None and len(self.lengths) + 1 >= self.refuses:
            raise CannotRecord("CUDA refused to record a step: no")
        recording, states = Recording(set(map(address, generators))), [generator.get_state() for generator in generators]
        try:
            with recording:
                work()
        finally:
            with torch.no_grad():
                recording.undo()
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)
        self.lengths.append(len(recording.operations))

        def replay() -> None:
            self.replays += 1
            with torch.no_grad():
                for func, args, kwargs, results in recording.operations:
                    again = [t for t in tree_flatten(func(*args, **kwargs))[0] if isinstance(t, Tensor)]
                    for old, new in zip(results, again, strict=True):
                        if old is not new:
                            old.copy_(new)

        return replay
