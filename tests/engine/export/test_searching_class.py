"""The class that an exported program gets for Newton, BFGS, L-BFGS and conjugate gradient makes the app's steps."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.export.export import export
from engine.export.registry import ExportError
from engine.export.searching_class import searching_class
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS, optimizer
from tests.engine.explain.test_line_search import logarithm
from tests.engine.training.optimizers.by_hand import LOGARITHM, ROSENBROCK, Function, Given

CASES: list[tuple[str, dict[str, Any]]] = [
    *((key, {"line_search": search}) for key in ("newton", "bfgs", "lbfgs", "cg") for search in ("fixed", "backtracking", "wolfe")),
    ("newton", {"saddle_free": True, "damping": 0.5}), ("cg", {"beta": "fletcher_reeves"}), ("lbfgs", {"line_search": "wolfe",
     "history_size": 2}),
]  # fmt: skip


def rosenbrock(x: torch.Tensor) -> torch.Tensor:
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def logarithmic(x: torch.Tensor) -> torch.Tensor:
    return (x - torch.log(x)).sum()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("function", "loss", "rate"), [(ROSENBROCK, rosenbrock, 1e-3), (LOGARITHM, logarithmic, 1.0)], ids=["r", "log"])
@pytest.mark.parametrize(("key", "hyper"), CASES)
def test_the_written_class_makes_the_steps_of_the_app(key: str, hyper: dict[str, Any], function: Function, loss: Any, rate: float) -> None:
    settings = OPTIMIZERS[key].with_defaults(hyper)
    if settings["line_search"] == "fixed":
        settings["lr"] = rate
    theta = torch.tensor(function.start, dtype=torch.float64)
    run, given = optimizer(key)(settings, [theta]), Given(function, theta)
    space: dict[str, Any] = {"torch": torch}
    lines = searching_class(OPTIMIZERS[key], settings)
    assert max(map(len, lines)) <= 140 or len(OPTIMIZERS[key].doc) > 100
    exec("\n".join(lines), space)
    parameter = torch.tensor(function.start, dtype=torch.float64, requires_grad=True)
    written = space[OPTIMIZERS[key].__name__]([parameter], lr=settings["lr"])
    for _ in range(12):
        run.minimise(given)
        written.step(lambda: loss(parameter))
        torch.testing.assert_close(parameter.detach(), theta, rtol=1e-8, atol=1e-8)


def test_what_no_program_can_run_is_refused_in_words() -> None:
    for key, hyper in (("bfgs", {"line_search": "exact"}), ("lbfgs", {"line_search": "exact"})):
        with pytest.raises(ExportError, match="choose another optimizer or line search"):
            export(Model(logarithm(key, **hyper)))
