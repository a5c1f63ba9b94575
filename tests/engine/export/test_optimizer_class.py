"""The class that an exported program gets for an optimizer which torch does not have: the same steps for every optimizer there is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.export.optimizer_class import optimizer_call, optimizer_class
from engine.training.optimizers.registry import OPTIMIZERS
from tests.engine.training.optimizers.cases import VARIANTS, problem, slopes


def steps(run: Any, parameters: list[torch.Tensor]) -> None:
    for gradients in slopes(30):
        run.zero_grad()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.clone()
        run.step()


@pytest.mark.parametrize(("key", "hyper"), VARIANTS)
def test_the_written_class_makes_the_steps_of_torch(key: str, hyper: dict[str, Any]) -> None:
    declared = OPTIMIZERS[key]
    settings = declared.with_defaults(hyper) | ({"radius": 0.0} if declared.random else {})  # torch draws other numbers than the app
    space: dict[str, Any] = {"torch": torch}
    lines = optimizer_class(declared, settings)
    exec("\n".join(lines), space)
    assert max(map(len, lines)) <= 140
    mine, theirs = ([p.clone().requires_grad_() for p in problem()[0]] for _ in range(2))
    unused = torch.ones(2, requires_grad=True)  # has no gradient, and stays
    space["parameters"] = [*mine, unused]
    steps(eval(optimizer_call(declared, settings, "parameters"), space), mine)
    call = declared.torch_code(settings, "parameters")
    if call:
        steps(eval(f"torch.optim.{call}", {"torch": torch, "parameters": theirs}), theirs)
    else:
        run = declared(settings, theirs)
        with torch.no_grad():
            for gradients in slopes(30):
                run.step(gradients)
    close = 1e-6 if key == "nadam" else 1e-12  # torch keeps NAdam's product in single precision
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=close, atol=close)
    assert torch.equal(unused, torch.ones(2))


def test_the_written_class_draws_noise_of_the_length_that_is_set() -> None:
    declared = OPTIMIZERS["perturbed"]
    settings = declared.with_defaults({"lr": 0.5, "radius": 0.2})
    space: dict[str, Any] = {"torch": torch, "parameters": [torch.zeros(3, requires_grad=True), torch.zeros(2, requires_grad=True)]}
    exec("\n".join(optimizer_class(declared, settings)), space)
    for parameter in space["parameters"]:
        parameter.grad = torch.zeros_like(parameter)
    eval(optimizer_call(declared, settings, "parameters"), space).step()
    moved = torch.cat(space["parameters"]).detach()
    assert float(moved.norm()) == pytest.approx(0.1) and len(set(moved.tolist())) == 5
