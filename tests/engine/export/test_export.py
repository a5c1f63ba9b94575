"""Exported programs, run by themselves in a fresh interpreter: the same loss as in the app, and training."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.export.export import export
from engine.export.registry import ExportError
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.run import Run
from graph.formula.to_graph import build, names_in
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import network, tanh_net

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"
PROGRAMS = sorted(path for path in EXAMPLES.glob("*.gradwire") if path.stem != "gan-1d")
"""The examples that can be exported: those with one objective."""

LOOP = """
import contextlib, io, runpy, sys, traceback
for line in sys.stdin:
    path, *options = line.split()
    sys.argv, out = [path, *options], io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(path, run_name="__main__")
        print(" | ".join(out.getvalue().splitlines()), flush=True)
    except BaseException:
        print(" | ".join(traceback.format_exc().splitlines()), flush=True)
"""
"""One interpreter for all programs, since starting torch takes longer than all of them."""

Alone = Callable[..., dict[str, float]]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """Runs programs outside of the project, with nothing but the interpreter and its packages; gives the loss that each prints."""
    folder = tmp_path_factory.mktemp("exported")
    command = [sys.executable, "-I", "-W", "error::UserWarning", "-c", LOOP]
    threads = {**os.environ, "OMP_NUM_THREADS": "1"}  # more would only wait for each other, the programs are so small
    with subprocess.Popen(command, cwd=folder, env=threads, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as interpreter:
        assert interpreter.stdin is not None and interpreter.stdout is not None
        into, out = interpreter.stdin, interpreter.stdout

        def run(programs: dict[str, str], *options: str) -> dict[str, float]:
            losses = {}
            for name, text in programs.items():
                path = folder / f"{name}.py"
                path.write_text(text, encoding="utf-8")
                print(path, *options, file=into, flush=True)
                printed = out.readline().strip()
                assert printed.startswith("loss = "), f"{name}: {printed}"
                losses[name] = float(printed.removeprefix("loss = ").partition(" | ")[0])
            return losses

        yield run
        into.close()


def loss_in_the_app(session: Model) -> float:
    """The objective over the whole training part, or of the graph's own inputs; where nothing is learned, that of the trace."""
    if session.inference.parameters:
        result = Run(session).result()
        return float(result.get("objective", result["loss"]))  # an exported program reports what it minimises
    trace = session.trace()
    assert trace.objective is not None
    return float(trace.values[trace.objective])


@functools.cache
def example(name: str) -> tuple[Model, str, dict[str, float]]:
    """An example, its program, and what the app measures of it; no test changes the session."""
    session = Model(load(EXAMPLES / f"{name}.gradwire", CATALOG))
    return session, export(session), in_the_app(session)


def assert_the_programs_give_the_losses_of_the_app(alone: Alone, graphs: dict[str, Graph]) -> None:
    sessions = {name: Model(graph) for name, graph in graphs.items()}
    expected = {name: loss_in_the_app(session) for name, session in sessions.items()}
    assert alone({name: export(session) for name, session in sessions.items()}) == pytest.approx(expected, rel=1e-6)


def test_every_example_gives_the_same_loss_outside_of_the_app(alone: Alone) -> None:
    names = [path.stem for path in PROGRAMS]
    assert len(names) >= 14
    expected = {name: example(name)[2]["loss"] for name in names}
    assert alone({name: example(name)[1] for name in names}) == pytest.approx(expected, rel=1e-6)


def test_trained_values_are_exported(alone: Alone) -> None:
    session = Model(tanh_net())
    trainer = Run(session)
    trainer.train()
    assert alone({"trained": export(session)})["trained"] == pytest.approx(trainer.result()["loss"], rel=1e-6)


@pytest.mark.parametrize("batch_size", [16, None])
@pytest.mark.parametrize("key", [k for k, o in OPTIMIZERS.items() if not o.needs_residuals])
def test_every_optimizer_trains_the_exported_program(alone: Alone, key: str, batch_size: int | None) -> None:
    rates = {"gd": 0.5, "sgd": 0.5, "perturbed": 0.5, "momentum": 0.1, "nesterov": 0.1, "adagrad": 0.1, "radam": 0.05}
    rate = rates.get(key, 1.0 if key in ("adadelta", "vsgd", "adasecant") or OPTIMIZERS[key].family == "second" else 0.01)
    hyper: dict[str, Any] = {"lr": rate} | ({"radius": 0.1} if key == "perturbed" else {})
    if key == "newton":  # the pure step goes to the nearest stationary point, here a saddle
        hyper |= {"line_search": "backtracking", "saddle_free": True}
    session = Model(tanh_net(optimizer=key, hyper=hyper, epochs=20, batch_size=batch_size))
    after = alone({key: export(session)}, "--train")[key]
    assert after < 0.95 * loss_in_the_app(session)


def test_full_batch_gradient_descent_ends_where_the_app_ends(alone: Alone) -> None:
    session = Model(tanh_net(batch_size=None, epochs=50))
    text = export(session)
    trainer = Run(session)
    trainer.train()
    assert alone({"descent": text}, "--train")["descent"] == pytest.approx(trainer.result()["loss"], rel=1e-9)


BLOBS = {"dataset": "blobs", "classes": 3, "samples": 30, "coding": "index"}
PICTURES = {"dataset": "digits", "image": True, "coding": "index"}

Nodes = dict[str, tuple[str, dict[str, Any]]]


def classifier(chain: Nodes, more: Nodes | None = None, wires: str = "", data: dict[str, Any] | None = None, **training: Any) -> Graph:
    """Data through a chain of nodes into cross-entropy; `more` nodes and `wires` beside it."""
    nodes = {"data": ("source.data", data or BLOBS), **chain, **(more or {}), "loss": ("loss.cross_entropy", {})}
    line = ["data.x", *chain]
    through = [f"{a} -> {b}.x" for a, b in zip(line, line[1:], strict=False)]
    through += [f"{line[-1]} -> loss.scores", "data.target -> loss.target", wires]
    return network(nodes, "; ".join(through).strip("; "), **training)


def linear(features: int, **more: Any) -> tuple[str, dict[str, Any]]:
    return "layer.linear", {"out_features": features, **more}


def shared_weights() -> Graph:
    chain = {"first": linear(2), "second": linear(2), "out": linear(3)}
    return classifier(chain, {"w": ("parameter.parameter", {"initialisation": "normal", "shape": [2, 2]})}, "w -> first.W; w -> second.W")


def penalties() -> Graph:
    more: Nodes = {"all": ("penalty.l2", {"lam": 0.01, "layers": "all"}), "some": ("penalty.l1", {"lam": 0.1, "layers": "out"}),
                   "both": ("math.add", {}), "total": ("math.add", {})}  # fmt: skip
    wires = "all -> both.a; some -> both.b; both -> total.a; loss -> total.b"
    return classifier({"hidden": linear(6), "out": linear(3)}, more, wires)


def recurrent() -> Graph:
    chain = {"one": ("layer.recurrent", {"hidden": 4}), "out": linear(3)}
    more: Nodes = {"two": ("layer.recurrent", {"hidden": 4, "activation": "relu"}), "start": ("source.constant", {"value": [0.5, 0, 0, 1]})}
    return classifier(chain, more, "data.x -> two.x; start -> two.h; two -> one.h")


def embedding() -> Graph:
    """The class itself goes in as an index, and its row of the table has to tell the class."""
    table = "layer.embedding", {"count": 3, "dimension": 3}
    nodes: Nodes = {"data": ("source.data", BLOBS), "table": table, "loss": ("loss.cross_entropy", {})}
    return network(nodes, "data.target -> table.x; table -> loss.scores; data.target -> loss.target")


def parts() -> dict[str, Graph]:
    """Graphs around the layers and nodes whose export is more than one plain line."""
    norm: Nodes = {"hidden": linear(6), "norm": ("layer.batch_norm1d", {}), "out": linear(3)}
    drop: Nodes = {"hidden": linear(6), "norm": ("layer.layer_norm", {}), "drop": ("layer.dropout", {"p": 0.3}), "out": linear(3)}
    images: Nodes = {"conv": ("layer.conv2d", {"out_channels": 3}), "norm": ("layer.batch_norm2d", {}), "pool": ("layer.avg_pool2d", {}),
                     "flat": ("math.flatten", {}), "out": linear(10)}  # fmt: skip
    return {
        "weight_sharing": shared_weights(), "penalties": penalties(), "batch_norm": classifier(norm), "dropout": classifier(drop),
        "convolution": classifier(images, data=PICTURES), "recurrent": recurrent(), "embedding": embedding(),
    }  # fmt: skip


def test_layers_penalties_and_shared_weights_give_the_same_loss(alone: Alone) -> None:
    assert_the_programs_give_the_losses_of_the_app(alone, parts())


def test_programs_with_every_kind_of_layer_can_be_trained(alone: Alone) -> None:
    graphs = parts()
    before = {name: loss_in_the_app(Model(graph)) for name, graph in graphs.items()}
    for graph in graphs.values():
        SetTraining("epochs", 3).apply(graph)
    after = alone({name: export(Model(graph)) for name, graph in graphs.items()}, "--train")
    assert all(after[name] < before[name] for name in before), (before, after)


def test_a_frozen_layer_stays_as_it_is_when_the_program_trains() -> None:
    text = export(Model(classifier({"hidden": linear(4, frozen=True), "out": linear(3)}, epochs=2)))
    space = imported(text)
    model, values = space["Model"](), space["values"]()
    model.load_state_dict(values)
    space["train"](model, space["inputs"]())
    assert torch.equal(model.hidden.weight, values["hidden.weight"])
    assert not torch.equal(model.out.weight, values["out.weight"])


def imported(text: str) -> dict[str, Any]:
    """The names that a program defines."""
    before = torch.get_default_dtype()
    space: dict[str, Any] = {"__name__": "exported"}
    try:
        exec(compile(text, "exported", "exec"), space)
    finally:
        torch.set_default_dtype(before)
    return space


HARD_NAMES = [
    "lambda", "torch", "nn", "F", "self", "forward", "training", "parameters", "print", "super", "data", "data_x", "model", "_", "__x",
    "__init__", "type", "hidden_W", "hidden_b", "unpack", "values", "T_destination", "state_dict", "None",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["parameter.parameter", "source.input", "source.constant"])
def test_names_that_mean_something_to_python_or_torch_survive_on_values(alone: Alone, kind: str) -> None:
    nodes: Nodes = {"start": ("source.input", {"value": 1.0})}
    wires, last = [], "start"
    for i, name in enumerate(HARD_NAMES):
        nodes |= {name: (kind, {"value": 0.5}), f"add{i}": ("math.add", {})}
        wires += [f"{last} -> add{i}.a", f"{name} -> add{i}.b"]
        last = f"add{i}"
    assert_the_programs_give_the_losses_of_the_app(alone, {"named": network(nodes, ";".join(wires))})


def test_names_that_mean_something_to_python_or_torch_survive_on_layers(alone: Alone) -> None:
    nodes: Nodes = {"start": ("source.input", {"value": [0.3, 0.4]}), **{name: linear(2) for name in HARD_NAMES}, "end": ("math.sum", {})}
    line = list(nodes)
    graph = network(nodes, ";".join(f"{a} -> {b}.x" for a, b in zip(line, line[1:], strict=False)))
    assert_the_programs_give_the_losses_of_the_app(alone, {"named": graph})


def test_two_nodes_never_share_a_variable(alone: Alone) -> None:
    """`data_x` could be the features of `data`, and `hidden_W` the matrix of `hidden`."""
    chain: Nodes = {"data_x": linear(4), "hidden_b": ("activation.tanh", {}), "hidden": linear(3)}
    more: Nodes = {"hidden_W": ("parameter.parameter", {"initialisation": "normal", "shape": [3, 4]})}
    assert_the_programs_give_the_losses_of_the_app(alone, {"shared": classifier(chain, more, "hidden_W -> hidden.W")})


def test_a_layer_reads_as_in_a_book() -> None:
    text = export(Model(tanh_net()))
    assert "        self.hidden = nn.Linear(2, 4)\n        self.tanh = nn.Tanh()\n" in text
    assert "        hidden = self.hidden(data_x)  # N × 4\n" in text
    assert "torch.optim.SGD(model.parameters(), lr=0.5)" in text


def test_a_program_imports_only_what_it_uses() -> None:
    for path in PROGRAMS:
        tree = ast.parse(example(path.stem)[1])
        imports = [name for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom)) for name in node.names]
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert {(n.asname or n.name).partition(".")[0] for n in imports} <= used, path.stem


def test_several_objectives_are_refused_in_words() -> None:
    with pytest.raises(ExportError, match="this graph has several"):
        export(Model(load(EXAMPLES / "gan-1d.gradwire", CATALOG)))


def test_a_title_cannot_break_out_of_its_docstring() -> None:
    for title in ('"""\nimport os\n"""', "\\", 'ends with "', "two\nlines", "\N{NULL}"):
        ast.parse(export(Model(network({"x": ("source.input", {})}, "")), title))


def test_a_graph_without_an_objective_says_so() -> None:
    graph = network({"x": ("source.input", {}), "a": ("math.exp", {}), "b": ("math.sin", {})}, "x -> a.x; x -> b.x")
    with pytest.raises(ExportError, match=r"\ba\b.*\bb\b"):
        export(Model(graph))


@pytest.fixture(autouse=True)
def default_dtype_comes_back() -> Iterator[None]:
    """An exported program sets torch's default."""
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


def measured(session: Model, text: str = "") -> tuple[dict[str, float], dict[str, Any]]:
    """What the exported program measures of its model at the app's values, and the program."""
    space = imported(text or export(session))
    torch.set_default_dtype(session.dtype)
    model = space["Model"]()
    if "values" in space:
        model.load_state_dict(space["values"](), strict=False)
    return space["measure"](model), {**space, "model": model}


def in_the_app(session: Model) -> dict[str, float]:
    if not session.inference.parameters:
        return {"loss": loss_in_the_app(session)}
    result = Run(session).result()
    metrics = dict(result["metrics"])
    if "penalty" not in metrics:
        del metrics["train_loss"]  # which is the loss itself
    return {"loss": result.get("objective", result["loss"]), **metrics}


@pytest.mark.parametrize("name", [path.stem for path in PROGRAMS])
def test_a_program_measures_what_the_app_measures(name: str) -> None:
    session, text, expected = example(name)
    assert measured(session, text)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["weight_sharing", "penalties", "batch_norm", "dropout", "convolution", "recurrent", "embedding"])
def test_measurements_of_every_kind_of_layer_agree(name: str) -> None:
    session = Model(parts()[name])
    assert measured(session)[0] == pytest.approx(in_the_app(session), rel=1e-5)


def test_predict_gives_the_scores_and_classify_the_class() -> None:
    session = Model(load(EXAMPLES / "iris.gradwire", CATALOG))
    Run(session).train(max_steps=50)
    space = measured(session)[1]
    assert space["CLASSES"] == ["setosa", "versicolor", "virginica"]
    output, trace = session.graph.named("output"), session.trace()
    assert output is not None
    x, scores = trace.values[first_data(session)], trace.values[output.id, "y"]
    torch.testing.assert_close(space["model"].predict(x), scores)
    assert torch.equal(space["model"].classify(x), scores.argmax(-1))


def first_data(session: Model) -> tuple[str, str]:
    return next((node, "x") for node in session.graph.nodes if session.graph.spec(node).role == "data")


def test_a_loss_wired_by_hand_has_a_prediction_too() -> None:
    nodes: Nodes = {"data": ("source.data", {"dataset": "sine", "samples": 20}), "f": linear(1), "error": ("math.subtract", {}),
                    "squared": ("math.square", {}), "loss": ("math.mean", {"over_batch": True})}  # fmt: skip
    session = Model(network(nodes, "data.x -> f.x; f -> error.a; data.target -> error.b; error -> squared.x; squared -> loss.x"))
    space = measured(session)[1]
    x = torch.tensor([[0.5], [-1.0]], dtype=torch.float64)
    expected = x @ space["model"].f.weight.T + space["model"].f.bias  # a line: W x + b
    torch.testing.assert_close(space["model"].predict(x), expected)


def test_a_regression_has_no_accuracy_and_no_classes() -> None:
    text = export(Model(load(EXAMPLES / "sine-regression.gradwire", CATALOG)))
    assert "def predict(self" in text and "accuracy" not in text and "CLASSES" not in text and "def classify" not in text


def test_a_hidden_value_that_a_penalty_needs_is_computed_once() -> None:
    """`forward` calls `predict` only where the rest of the loss needs nothing from inside of it."""
    more: Nodes = {"size": ("math.norm", {}), "total": ("math.add", {}), "average": ("math.mean", {"over_batch": True})}
    wires = "hidden -> size.x; size -> average.x; average -> total.a; loss -> total.b"
    session = Model(classifier({"hidden": linear(6), "out": linear(3)}, more, wires))
    space = measured(session)[1]
    assert space["measure"](space["model"])["loss"] == pytest.approx(in_the_app(session)["loss"], rel=1e-9)


@pytest.mark.parametrize(("steps", "batch_size"), [(5, None), (5, 16), (7, 30), (130, 16)])
def test_a_number_of_steps_means_the_same_everywhere(steps: int, batch_size: int | None) -> None:
    """Steps win over epochs, in the app and in its program, also in the middle of an epoch."""
    graph = classifier({"out": linear(3)}, steps=steps, epochs=9, batch_size=batch_size)
    trainer = Run(Model(graph))
    trainer.train()
    assert trainer.model.state.step == steps
    space = imported(export(Model(graph)))
    torch.set_default_dtype(torch.float64)
    calls: list[int] = []
    model = space["Model"]()
    model.register_forward_hook(lambda *_: calls.append(1))
    space["train"](model, space["inputs"]())
    assert len(calls) == steps


@pytest.mark.parametrize(
    "settings",
    [{"lr_schedule": "cosine", "warmup": 5, "clip_norm": 0.1, "clip_value": 0.06}, {"warmup": 5, "accumulate": 3},
     {"lr_schedule": "step", "lr_schedule_hyper": {"every": 4, "factor": 0.5}}, {"lr_schedule": "one_cycle"},
     {"lr_schedule": "plateau", "lr_schedule_hyper": {"patience": 0, "factor": 0.5}, "hyper": {"lr": 9.0}}],
    ids=["cosine and clipping", "warm-up and accumulation", "step decay", "one cycle", "plateau"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Detected call of")
def test_schedules_clipping_and_accumulation_are_exported(settings: dict[str, Any]) -> None:
    """On the whole set, where both see the same batches."""
    graph = tanh_net(**{"batch_size": None, "epochs": 20, "optimizer": "momentum", **settings})
    session = Model(graph)
    space = imported(export(session))
    torch.set_default_dtype(torch.float64)
    model = space["Model"]()
    model.load_state_dict(space["values"]())
    space["train"](model, space["inputs"]())
    Run(session).train()
    assert space["measure"](model)["loss"] == pytest.approx(in_the_app(session)["loss"], rel=1e-9)


def test_dropped_batches_and_stop_conditions_are_in_the_exported_program() -> None:
    text = export(Model(tanh_net(drop_last=True, stop_loss=0.1, lr_schedule="exponential", warmup=7)))
    assert "torch.randperm(75)[:64].split(16)" in text and "stops earlier where a condition is met: loss<0.1." in text
    assert "warms the rate up over 7 steps; this program does not." in text


def test_nesterov_without_momentum_is_exported_as_what_it_is(alone: Alone) -> None:
    session = Model(tanh_net(optimizer="nesterov", hyper={"lr": 0.1, "momentum": 0.0}, batch_size=None, epochs=None, steps=5))
    text = export(session)
    trainer = Run(session)
    trainer.train()
    assert alone({"nesterov0": text}, "--train")["nesterov0"] == pytest.approx(trainer.result()["loss"], rel=1e-9)


@pytest.mark.parametrize("training", [{"optimizer": "nobody"}, {"optimizer": "adam", "hyper": {"lr": "a"}}])
def test_an_unknown_optimizer_or_rate_is_refused_in_words(training: dict[str, Any]) -> None:
    with pytest.raises(ExportError, match="nobody|Learning rate"):
        export(Model(tanh_net(**training)))


def test_lbfgs_backs_away_in_the_exported_program_too(alone: Alone) -> None:
    """w - log w from 5, whose smallest value is 1."""
    nodes: Nodes = {"w": ("parameter.parameter", {"value": 5.0}), "log": ("math.log", {}), "f": ("math.subtract", {})}
    graph = network(nodes, "w -> log.x; w -> f.a; log -> f.b", optimizer="lbfgs", hyper={"lr": 1.0}, steps=20, epochs=None)
    trainer = Run(Model(graph))
    trainer.train()
    assert trainer.problem is None and trainer.result()["loss"] == pytest.approx(1.0, abs=1e-6)
    program = export(Model(graph))
    assert alone({"lbfgs": program}, "--train")["lbfgs"] == pytest.approx(1.0, abs=1e-6)
    SetTraining("zero_grad", False).apply(graph)  # its own gradients are set to zero whatever the settings say
    assert export(Model(graph)) == program


def test_names_in_every_language_and_python_s_own_words_become_valid_python(alone: Alone) -> None:
    """λ·größe² + … with words that Python keeps for itself; the value is Python's own arithmetic."""
    values = {"λ": 0.5, "größe": 3.0, "μ": 2.0, "lambda": 4.0, "if": 5.0, "数": 6.0, "x1": 7.0, "print": 8.0}
    text = "λ*größe^2 + µ*lambda + if*数 + x₁/print"
    expected = 0.5 * 3.0**2 + 2.0 * 4.0 + 5.0 * 6.0 + 7.0 / 8.0
    assert alone({"names": export(Model(build(text, CATALOG, values)))})["names"] == pytest.approx(expected, rel=1e-6)


def test_the_functions_of_lectures_are_exported(alone: Alone) -> None:
    values = {"x": 0.7, "y": -1.2}
    formulas = {
        "tangent": "tan(x) + arctan(y)", "angle": "atan2(x, y)", "logarithms": "log10(x) + log2(x)", "hyperbolic": "sinh(x)*cosh(y)",
        "chosen": "where(x > y, x, y) + sign(y)", "clamped": "clip(x, 0, 0.5) + clip(x, y, 1) + clip(y, low=-1)",
        "largest": "max(x, y, 0.1) + min(concat(flatten(x), flatten(y))) + logsumexp(concat(flatten(x), flatten(y)))",
        "constants": "e^x + 2π*y",
    }  # fmt: skip
    graphs = {name: build(text, CATALOG, {n: values[n] for n in names_in(text)}) for name, text in formulas.items()}
    assert_the_programs_give_the_losses_of_the_app(alone, graphs)
