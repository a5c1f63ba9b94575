"""A run that stopped, was packed, and went on in another model is the uninterrupted run: every bit of what training makes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from engine.training.saved import pack_state, put_back, with_waiting
from engine.training.state import PARTS, State
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from graph.storage.files import read
from graph.storage.saved import SavedState
from tests.engine.training.optimizers.cases import ANY_LOSS
from tests.support.networks import network

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"
CASES = [(optimizer, "everything") for optimizer in ANY_LOSS]  # all that has state or chance at once: no bit of it may differ
CASES += [(optimizer, "plain") for optimizer in ("sgd", "adam", "lbfgs")]  # all samples at once, in double precision
CASES += [(optimizer, "two threads") for optimizer in ("sgd", "nadam")]  # threads that wait for each other take their time
STOPS = (0, 2, 5, 9)
"""Steps at which a run is stopped; an epoch has four mini-batches, of which the last has 2 samples instead of 16."""
LAST = 14
NETWORKS = ("digits-mlp", "iris", "least-squares", "logistic-regression", "saddle", "sigmoid-neuron", "sine-regression", "spiral",
            "tanh-mlp-2-4-2", "xor")  # fmt: skip


def graph_of(case: str, optimizer: str, **training: Any) -> Graph:
    """Two layers on 50 samples with what the case is about between them."""
    wide = case == "two threads"
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "digits" if wide else "moons", "samples": 50, "test_fraction": 0.0}),
        "hidden": ("layer.linear", {"out_features": 160 if wide else 5}),
    }  # fmt: skip
    if case == "everything":
        nodes |= {"norm": ("layer.batch_norm1d", {}), "drop": ("layer.dropout", {"p": 0.4})}
    out = ("layer.linear", {"out_features": 10 if wide else 2})
    nodes |= {"act": ("activation.tanh", {}), "out": out, "loss": ("loss.cross_entropy", {})}
    between = "hidden -> norm.x; norm -> drop.x; drop -> act.x" if case == "everything" else "hidden -> act.x"
    wires = f"data.x -> hidden.x; {between}; act -> out.x; out -> loss.scores; data.target -> loss.target"
    size = None if case == "plain" else 16
    hyper = {"history_size": 3, "max_iter": 2} if optimizer == "lbfgs" else {}
    settings = {"dtype": "float32"} if case == "everything" else {}
    return network(
        nodes, wires, settings=settings, **{"optimizer": optimizer, "hyper": hyper, "epochs": 1000, "batch_size": size} | training
    )


def packed(run: Run) -> SavedState:
    return pack_state(with_waiting(run.model, run.capture()), run.spec.key, seed=run.model.seed)


def taken_up(graph: Graph, saved: SavedState) -> Run:
    model = Model(graph)
    assert put_back(model, saved) == ()
    return Run(model).prepare()


def bits(state: State) -> dict[str, Any]:
    """Every number as its bytes, so that −0, NaN and the last digit count."""
    tensors = {
        f"{part}/{n}": (str(t.dtype), tuple(t.shape), t.numpy().tobytes()) for part in PARTS for n, t in getattr(state, part).items()
    }
    return {**tensors, "counters": state.counters}


def steps(run: Run, until: int) -> list[tuple[float | None, dict[str, Any]]]:
    """What each step led to: its loss, and all that training changes."""
    made = []
    while run.state.step < until:
        run.train(max_steps=1)
        made.append((run.loss, bits(run.capture())))
    return made


@pytest.mark.parametrize(("optimizer", "case"), CASES)
def test_a_run_that_stopped_goes_on_as_if_it_had_not(optimizer: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if case == "two threads":
        monkeypatch.setattr("engine.training.compiled.threads_for", lambda graph, inference: 2)
    graph = graph_of(case, optimizer)
    run, kept = Run(Model(graph)).prepare(), {}
    whole = []
    for stop in (*STOPS, LAST):
        whole += steps(run, stop)
        kept[stop] = packed(run)
    metrics = run.metrics()

    for stop in STOPS[2:3] if case == "two threads" else STOPS[1:]:
        again = taken_up(graph, kept[stop])
        assert again.model.compiled.threads == (2 if case == "two threads" else 1)
        assert steps(again, LAST) == whole[stop:]
        assert again.metrics() == metrics
    assert len({str(numbers) for _loss, numbers in whole}) == LAST  # the run did go on


def test_a_run_that_failed_fails_again_at_the_same_step_and_a_smaller_rate_continues_alike() -> None:
    graph = read(EXAMPLES / "sine-regression.gradwire", CATALOG).graph
    for name, value in (("optimizer", "momentum"), ("hyper", {"lr": 50.0, "momentum": 0.9})):
        SetTraining(name, value).apply(graph)
    run = Run(Model(graph)).prepare()
    run.train(max_steps=1000)
    assert run.problem is not None and run.problem.message.code == "training-failed" and run.state.step

    again = taken_up(graph, packed(run))
    assert bits(again.capture()) == bits(run.capture())
    again.train(max_steps=1000)
    assert again.problem is not None and bits(again.capture()) == bits(run.capture())

    gentle, last = dict(graph.training) | {"hyper": {"lr": 1e-9}}, run.state.step + 5
    for either in (run, again):
        either.configure(gentle)
    assert steps(run, last) == steps(again, last) and run.problem is None


@pytest.mark.parametrize("name", NETWORKS)
def test_a_hundred_random_steps_of_a_network_are_those_of_a_fresh_run(name: str) -> None:
    """The run has kept only some states, so most steps are made again."""
    rewind(name, steps_made=60, times=100)


@pytest.mark.long
@pytest.mark.parametrize("name", [*NETWORKS, "digits-cnn"])
def test_a_thousand_random_steps_of_a_network_are_those_of_a_fresh_run(name: str) -> None:
    rewind(name, steps_made=600, times=1000)


def rewind(name: str, steps_made: int, times: int) -> None:
    chance = random.Random(name)
    graph = read(EXAMPLES / f"{name}.gradwire", CATALOG).graph
    fresh = Run(Model(graph)).prepare()
    true = [(fresh.loss, bits(fresh.capture())), *steps(fresh, steps_made)]

    run = Run(Model(graph)).prepare()
    while run.state.step < steps_made:
        run.keep(single=True)
        run.train(max_steps=min(chance.randint(1, 10), steps_made - run.state.step))
    for _ in range(times):
        step = chance.randint(0, steps_made)
        assert run.go_to(step)
        assert (run.loss, bits(run.capture())) == true[step], step
        if chance.random() < 0.1 and step < steps_made:  # and the same future is made from there
            run.train(max_steps=chance.randint(1, min(8, steps_made - step)))
            assert (run.loss, bits(run.capture())) == true[run.state.step], step
