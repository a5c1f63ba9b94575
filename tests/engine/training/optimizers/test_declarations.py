"""What an optimizer declares, and what is derived of it without torch: LaTeX, expression trees, settings and their refusals."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest
import torch

from engine.nodes.catalog import CATALOG
from engine.training.optimizers.base import FAMILIES, Optimizer, OptimizerError
from engine.training.optimizers.derived import TENSOR_FUNCTIONS
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, WHOLE_TENSOR, name_of
from engine.training.optimizers.registry import OPTIMIZERS, optimizer
from graph.formula.reading import functions
from graph.model.spec import holds
from tests.engine.training.optimizers.cases import ALONG_GRADIENTS, VARIANTS

DECAYED = r"g = \nabla_\theta L + \lambda\,\theta"
ADAM = (
    r"m \leftarrow \beta_{1}\,m + (1 - \beta_{1})\,g", r"r \leftarrow \beta_{2}\,r + (1 - \beta_{2})\,g^{2}",
    r"\hat m = \frac{m}{1 - \beta_{1}^{t}}", r"\hat r = \frac{r}{1 - \beta_{2}^{t}}",
    r"\theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat r} + \varepsilon}",
)  # fmt: skip
SHOWN: dict[str, tuple[str, ...]] = {
    "sgd": (r"\theta \leftarrow \theta - \eta\,g",),
    "momentum": (
        r"m = g \quad (\mathrm{at \; the \; first \; step})", r"m \leftarrow \rho\,m + (1 - \tau)\,g",
        r"\theta \leftarrow \theta - \eta\,m",
    ),
    "nesterov": (r"m \leftarrow \rho\,m + g", r"\theta \leftarrow \theta - \eta\,(g + \rho\,m)"),
    "adam": ADAM,
    "adamw": (r"\theta \leftarrow \theta - \eta\,\lambda\,\theta", *ADAM),
}  # fmt: skip
"""Equations as the papers have them, in PyTorch's form."""


@pytest.mark.parametrize("key", SHOWN)
def test_the_latex_is_derived_from_the_equations(key: str) -> None:
    assert OPTIMIZERS[key].formula(OPTIMIZERS[key].with_defaults({})) == SHOWN[key]


def test_a_switch_changes_what_is_shown() -> None:
    """So does a number that is 0, and the form."""
    assert OPTIMIZERS["sgd"].formula({"weight_decay": 0.1})[0] == DECAYED
    assert OPTIMIZERS["sgd"].formula({"weight_decay": 0.1, "decoupled": True})[0] == SHOWN["adamw"][0]
    assert OPTIMIZERS["momentum"].formula({"momentum": 0.0}) == (
        r"\theta \leftarrow \theta - \eta\,g \quad (\mathrm{without \; momentum})",
    )
    assert OPTIMIZERS["momentum"].formula({"form": "lecture"}) == (
        r"v \leftarrow \rho\,v - \eta\,g", r"\theta \leftarrow \theta + v",
    )
    assert OPTIMIZERS["adagrad"].formula({"form": "keras"})[1] == r"\theta \leftarrow \theta - \eta\,\frac{g}{\sqrt{r + \varepsilon}}"
    formula = OPTIMIZERS["adam"].formula(OPTIMIZERS["adam"].with_defaults({"amsgrad": True}))
    assert r"r_{\max} \leftarrow \max(r_{\max}, r)" in formula and r"\hat r = \frac{r_{\max}}{1 - \beta_{2}^{t}}" in formula
    assert r"\hat r = \frac{r}{1 - \beta_{2}^{t}}" not in formula
    formula = OPTIMIZERS["rmsprop"].formula(OPTIMIZERS["rmsprop"].with_defaults({"centered": True}))
    assert r"d = \frac{g}{\sqrt{r - a^{2}} + \varepsilon}" in formula and r"a \leftarrow \tau\,a + (1 - \tau)\,g" in formula


def by_the_formula(key: str, slopes: list[float], theta: float, lr: float, rho: float, tau: float, decay: float) -> float:
    """The lines of `SHOWN`, on one number."""
    m = 0.0
    for t, slope in enumerate(slopes, 1):
        g = slope + decay * theta
        if key == "sgd":
            theta -= lr * g
        elif key == "momentum":
            m = g if t == 1 else rho * m + (1 - tau) * g
            theta -= lr * m
        else:
            m = rho * m + g
            theta -= lr * (g + rho * m)
    return theta


@pytest.mark.parametrize("key", ["sgd", "momentum", "nesterov"])
def test_the_formula_that_is_shown_is_the_one_that_runs(key: str) -> None:
    """PyTorch's momentum and Nesterov are not the lecture's v ← ρv − ηg, and are not shown under it."""
    slopes, theta = [0.7, -1.3, 0.4, 2.0], torch.tensor([1.5], dtype=torch.float64)
    hyper = {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.05}
    run = optimizer(key)({name: value for name, value in hyper.items() if OPTIMIZERS[key].setting(name)}, [theta])
    for slope in slopes:
        run.step([torch.tensor([slope], dtype=torch.float64)])
    assert float(theta) == pytest.approx(by_the_formula(key, slopes, 1.5, 0.1, 0.8, 0.3, 0.05), rel=1e-12)


@pytest.mark.parametrize(("key", "hyper"), VARIANTS)
def test_the_equations_of_a_step_are_closed_expression_trees(key: str, hyper: dict[str, Any]) -> None:
    """Each name is known before it is used, and each function is one of the node library: a graph of the inside can be drawn."""
    declared = OPTIMIZERS[key]
    settings, library = declared.with_defaults(hyper), functions(CATALOG)
    for begun in (False, True):
        scalars = {r.name: begun if isinstance(r.start, bool) else 1.0 for r in declared.state_variables if r.scalar}
        known = {THETA, GRADIENT, USED, STEP, *declared.symbols(settings), *(r.name for r in declared.state_variables)}
        known |= {given.name for given in declared.gives}
        equations = declared.active(settings, scalars)
        for equation in equations:
            assert isinstance(equation.tree, ast.expr) and equation.names <= known, equation.text
            called = {node.func.id for node in ast.walk(equation.tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
            whole = set() if declared.elementwise else set(WHOLE_TENSOR)
            assert called <= (library.keys() & TENSOR_FUNCTIONS.keys()) | whole, equation.text
            known.add(equation.name)
        assert THETA in known & {equation.name for equation in equations}


def test_every_letter_and_every_remembered_name_is_used() -> None:
    for key in ALONG_GRADIENTS:
        declared = OPTIMIZERS[key]
        used = {name for e in declared.equations for name in e.names}
        assert set(declared.symbols(declared.with_defaults({}))) | {given.name for given in declared.gives} <= used, key
        asked = {condition for e in declared.equations for condition in e.when.replace("not ", "").split(", ")}
        assert {r.name for r in declared.state_variables} <= used | asked


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_a_declaration_is_complete(key: str) -> None:
    declared = OPTIMIZERS[key]
    assert declared.key == key and declared.title and declared.doc and declared.equations
    assert declared.family in FAMILIES and declared.family != "own"
    assert declared.setting("lr") is not None and declared.formula(declared.with_defaults({}))
    letters = [name_of(s.symbol) for s in declared.settings if s.symbol]
    assert len(letters) == len(set(letters))


@pytest.mark.parametrize("key", ALONG_GRADIENTS)
def test_declared_memory_is_what_is_kept(key: str) -> None:
    switched = {s.name: True if s.kind == "bool" else s.default for s in OPTIMIZERS[key].settings}
    run = optimizer(key)(switched, [torch.zeros(2)])
    tensors = {r.name for r in OPTIMIZERS[key].state_variables if not r.scalar and holds(r.when, switched)}
    assert set(run.state) == tensors
    numbers = {r.name for r in OPTIMIZERS[key].state_variables if r.scalar}
    assert set(run.state_dict(["p"])) == {"t", *numbers, *(f"{name}.p" for name in tensors)}


def test_optimizers_stand_in_the_order_of_a_lecture() -> None:
    first = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw", "nadam", "lbfgs"]
    assert [key for key in OPTIMIZERS if key in first] == first


@pytest.mark.parametrize(("key", "hyper", "part"), [
    ("sgd", {"lr": -1.0}, "a number from 0 "), ("adam", {"beta1": 1.0}, "from 0 to 0.999999"), ("adam", {"amsgrad": 3}, "true or false"),
    ("lbfgs", {"line_search": "armijo"}, "none, strong_wolfe"), ("lbfgs", {"max_iter": 1.5}, "whole number"),
    ("sgd", {"lr": "fast"}, "a number"), ("sgd", {"lr": float("nan")}, "a number"),
])  # fmt: skip
def test_a_wrong_hyperparameter_is_refused_in_words(key: str, hyper: dict[str, Any], part: str) -> None:
    with pytest.raises(OptimizerError, match=part):
        optimizer(key)(hyper, [torch.zeros(1)])


def test_the_declarations_need_no_torch_and_the_steps_no_dynamo() -> None:
    code = (
        "import sys; from engine.training.optimizers.registry import OPTIMIZERS; assert 'torch' not in sys.modules;"
        "[o.formula(o.with_defaults({})) for o in OPTIMIZERS.values()]; assert 'torch' not in sys.modules;"
        "import torch; p=[torch.zeros(2)];"
        "[o({}, p).step([torch.ones(2)]) for o in OPTIMIZERS.values() if not o.evaluates_loss];"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_default_step_is_the_derived_one() -> None:
    """An optimizer that declares equations alone can train: w ← 4 − 0.5·(2 + 0.25·4)."""

    class Plain(Optimizer):
        title, settings, equations = "Plain", OPTIMIZERS["sgd"].settings, OPTIMIZERS["sgd"].equations

    w = torch.tensor([4.0])
    Plain({"lr": 0.5, "weight_decay": 0.25}, [w]).step([torch.tensor([2.0])])
    assert float(w) == 4 - 0.5 * (2 + 0.25 * 4)
