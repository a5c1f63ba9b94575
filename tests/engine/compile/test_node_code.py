"""The line of PyTorch that every node type declares for export, run as it stands: it gives what `forward` gives."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from engine.compile.shape import Shape
from tests.engine.node_cases import Case, all_cases
from tests.support.cases import cases_by
from tests.support.node_call import FED, Call

CASES = all_cases()


def left_out(case: Case) -> str:
    call = Call(case)
    if call.type.spec.role in (*FED, "parameter"):
        return "fed: the exporter writes the value itself"
    return "draws its own random numbers" if call.type.random and case.training else ""


def shape(value: Any, batched: bool) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple):
        rank = max((v.dim() for v in value), default=0)
        return tuple(shape(v, batched and v.dim() == rank) for v in value)
    return Shape(tuple(value.shape[int(batched) :]), batched, "float" if value.is_floating_point() else "index")


def fill(code: str, places: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(places[match[1]]), code)


def run(call: Call) -> torch.Tensor:
    """What the exported program does with one node: its module made, its tensors copied in, its line evaluated."""
    ports = {p.name for p in call.type.spec.inputs if not p.parameter}
    shapes = {name: shape(call.arguments[name], name in call.case.batched) for name in ports}
    constructor, line = call.type.code_for(call.s, shapes)[:2]
    settings = {name: repr(value) for name, value in vars(call.s).items()}
    values = {name: v if isinstance(v, str) else repr(v) for name, v in call.type.code_values(call.s, shapes).items()}
    names = {name: f"arguments[{name!r}]" for name, v in call.arguments.items() if v is not None or name not in settings}
    for name, value in call.arguments.items():
        if isinstance(value, tuple):
            names[name] = ", ".join(f"arguments[{name!r}][{i}]" for i in range(len(value)))
            names[name] = f"({names[name]},)" if call.type.penalizes else names[name]
    places = {**settings, **names, **values, "dtype": "torch.float64", "self": "module"}
    model = SimpleNamespace(training=call.case.training)
    scope: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "arguments": call.arguments, "self": model}
    if constructor:
        scope["module"] = eval(fill(constructor, places), scope)
        prepare(scope["module"], call)
    with torch.no_grad():
        return eval(fill(line, places), scope)


def prepare(module: nn.Module, call: Call) -> None:
    module.double().train(call.case.training)
    with torch.no_grad():
        for name, theirs in call.type.code_parameters.items():
            if call.arguments.get(name) is not None:
                module.state_dict(keep_vars=True)[theirs].copy_(call.arguments[name])


@cases_by(lambda case: case.type, [case for case in CASES if not left_out(case)])
def test_exported_code_gives_the_same_value(case: Case) -> None:
    call = Call(case)
    expected = call.result().outputs[0].detach()
    torch.testing.assert_close(run(call), expected, rtol=1e-10, atol=1e-12, check_dtype=False)


def test_only_fed_and_random_cases_are_left_out() -> None:
    assert {case.type for case in CASES if left_out(case)} <= {
        "source.input",
        "source.constant",
        "source.data",
        "parameter.parameter",
        "layer.dropout",
        "source.noise",
        "update.parameter",
        "update.gradient",
        "update.state",
        "update.step",
        "update.setting",
        "update.given",
    }
