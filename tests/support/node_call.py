"""One sample case of a node type, called as the Program would call it."""

from __future__ import annotations

from typing import Any

import torch

from engine.nodes import TYPES
from engine.nodes.base import Result, Settings
from tests.engine.node_cases import Case, numbers

FED = ("input", "constant", "data")


class Call:
    """One case, ready to run: its settings and positional arguments, by name, as the Program would pass them."""

    def __init__(self, case: Case) -> None:
        self.case, self.type = case, TYPES[case.type]
        spec = self.type.spec
        values = {**spec.defaults(), **case.settings, "name": "node", "training": case.training}
        self.s = Settings(**values, batched=frozenset(case.batched), dtype=torch.float64)
        ports = [p for p in spec.inputs if not p.parameter]
        names = [p.name for p in ports] if spec.role not in FED else [f"value{i}" for i in range(len(case.inputs))]
        assert len(names) == len(case.inputs), f"{case}: one entry for every input port, please"
        self.arguments: dict[str, Any] = dict(zip(names, case.inputs, strict=True))
        shapes = {n: self._sample_shape(n, v) for n, v in self.arguments.items()}
        drawn = self.type.parameter_shapes(self.s, **shapes)
        tensors: Any = ((spec.parameters, case.parameters), (self.type.buffers, case.buffers))
        for kind, given in tensors:
            for index, declared in enumerate(kind):
                self.arguments[declared.name] = self._tensor(declared.name, drawn, given, index)
        connected = frozenset(name for name, value in self.arguments.items() if value is not None)
        self.differentiable = [
            name
            for name in self.arguments
            if self.type.spec.differentiable
            and spec.role not in FED
            and self.type.depends(self.s, name, connected)
            and (
                any(p.name == name and self.arguments[name] is not None and self._is_float(name) for p in ports)
                or (any(p.name == name for p in spec.parameters) and self.arguments[name] is not None)
            )
        ]

    def _sample_shape(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, tuple):
            return tuple(tuple(v.shape) for v in value)
        return tuple(value.shape[1:] if name in self.case.batched else value.shape)

    def _tensor(self, name: str, drawn: dict[str, Any], given: Any, index: int) -> torch.Tensor | None:
        if name in given:
            return given[name].clone()  # torch's own batch norm, an oracle here, writes into its buffers
        if name not in drawn:
            return None
        rng = torch.Generator().manual_seed(index)
        start = self.type.initial(self.s, name, tuple(drawn[name]), rng)
        assert start.dtype == torch.float64 and tuple(start.shape) == tuple(drawn[name])
        return start + 0.1 * numbers(*start.shape, low=0.1, high=1, seed=index)

    def _is_float(self, name: str) -> bool:
        value = self.arguments[name]
        tensors = value if isinstance(value, tuple) else (value,)
        return all(t.is_floating_point() for t in tensors)

    def result(self, replace: dict[str, Any] | None = None, meta: bool = False) -> Result:
        values = [on_meta(v) if meta else v for v in {**self.arguments, **(replace or {})}.values()]
        more = {"rng": None if meta else torch.Generator().manual_seed(7)} if self.type.random else {}
        outputs = self.type.forward(self.s, *values, **more)
        return outputs if isinstance(outputs, Result) else Result((outputs,))

    def leaves(self) -> dict[str, Any]:
        """The differentiable arguments as fresh leaves; a `many` port stays a tuple."""

        def leaf(t: torch.Tensor) -> torch.Tensor:
            return t.detach().clone().requires_grad_()

        values = {name: self.arguments[name] for name in self.differentiable}
        return {name: tuple(map(leaf, v)) if isinstance(v, tuple) else leaf(v) for name, v in values.items()}


def on_meta(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(on_meta, value))
    return value.to("meta") if isinstance(value, torch.Tensor) else value


def flat(values: dict[str, Any]) -> list[torch.Tensor]:
    return [t for v in values.values() for t in (v if isinstance(v, tuple) else (v,))]
