"""Any question about any graph is answered or refused in words, travels between processes, and changes nothing."""

from __future__ import annotations

import contextlib
import pickle
import random
import subprocess
import sys
from typing import Any

import pytest
import torch

from engine.explain.audit import Audit, StepCurve
from engine.explain.context import ExplainContext
from engine.explain.forward_mode import ForwardMode, ReverseMode
from engine.explain.paths import PathLedger, PathSum
from engine.explain.question import Question, Refusal
from engine.explain.slices import Secant, SliceOf
from engine.explain.sweep import OwnSweep
from engine.explain.symbolic import Symbolic
from engine.numerics.job import Job
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address, wire
from graph.model.graph import Graph, GraphError
from tests.support.jobs import whole
from tests.support.networks import network, tanh_net
from tests.support.random_graphs import random_edit, random_graph
from tests.support.scalar_graphs import scalar_graph


def places(graph: Graph, rng: random.Random) -> list[Address]:
    addresses = [Address("output", n, port.name) for n in graph.nodes for port in graph.spec(n).outputs]
    addresses += [Address("parameter", n, p.name) for n in graph.nodes for p in graph.spec(n).parameters]
    addresses += [wire(e) for e in graph.edges]
    addresses += [Address("output", "gone", "y"), wire("gone"), Address("parameter", "gone", "W")]
    addresses += [Address(p.kind, p.id, p.port, False, rng.choice([(), (0,), (0, 0), (1, 1), (7,), (0, 0, 0)])) for p in addresses]
    return rng.sample(addresses, min(len(addresses), 12))


def questions(graph: Graph, rng: random.Random) -> list[Question | Job]:
    possible: list[Question | Job] = [Audit(), OwnSweep(), Symbolic(), Symbolic(rng.choice([*graph.nodes, "gone"]), simplify=False)]
    for p in places(graph, rng):
        possible += [PathLedger(p, limit=5), PathSum(p), ForwardMode(p, rng.choice(["entry", "ones", "gradient"])), ReverseMode(p),
                  StepCurve(p, steps=27), SliceOf(p, points=5), Secant(p, rng.choice([0.1, -1e-8, 0.0]))]  # fmt: skip
    return rng.sample(possible, min(len(possible), 30))


def ask_everything(where: ExplainContext, rng: random.Random) -> int:
    answered = 0
    for question in questions(where.graph, rng):
        reply = whole(where, question)
        assert pickle.loads(pickle.dumps(question)) == question
        assert hash(question) == hash(pickle.loads(pickle.dumps(question)))
        if isinstance(reply, Refusal):
            assert len(reply.text) > 10
            assert reply.text.endswith((".", "!", "?")) or ":" in reply.text or " " in reply.text
        else:
            answered += 1
            assert b"torch" not in pickle.dumps(reply)
    return answered


@pytest.mark.parametrize("seed", range(20))
def test_graphs_of_all_node_types_are_explained_or_refused(seed: int) -> None:
    session = Model(random_graph(seed))
    before = session.state.copy()
    ask_everything(ExplainContext(session), random.Random(seed))
    assert session.state.diff(before) == {}


@pytest.mark.parametrize("seed", range(8))
def test_tame_graphs_get_answers(seed: int) -> None:
    assert ask_everything(ExplainContext(Model(random_graph(seed, wild=False))), random.Random(seed)) > 5


@pytest.mark.parametrize("seed", range(20))
def test_graphs_broken_by_edits_are_explained_or_refused(seed: int) -> None:
    graph, rng = random_graph(seed), random.Random(seed)
    for _ in range(12):
        with contextlib.suppress(GraphError):
            edit = random_edit(graph, rng)
            if edit is not None:
                edit.apply(graph)
    ask_everything(ExplainContext(Model(graph)), rng)


@pytest.mark.parametrize("seed", range(6))
def test_a_training_run_is_explained_at_its_own_mini_batch(seed: int) -> None:
    session = Model(random_graph(seed, wild=False))
    try:
        trainer = Run(session)
    except RunError:
        pytest.skip("nothing to train")
    trainer.train(max_steps=2)
    before = session.state.copy()
    ask_everything(ExplainContext(session, trainer, training=True), random.Random(seed))
    assert session.state.diff(before) == {}


@pytest.mark.parametrize("value", [float("inf"), -1.0, 0.0, 1e300])
def test_values_that_are_not_finite_are_explained_or_refused(value: float) -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "x": ("source.input", {"value": min(value, 1e308)}), "l": ("math.log", {}), "e": ("math.exp", {}), "f": ("math.multiply", {}),
    }  # fmt: skip
    where = ExplainContext(Model(network(nodes, "x -> l.x; x -> e.x; l -> f.a; e -> f.b")))
    for seed in range(4):
        ask_everything(where, random.Random(seed))


def test_an_empty_canvas_and_one_without_an_objective_are_refused() -> None:
    for graph in (network({}, ""), network({"x": ("source.input", {}), "y": ("source.input", {})}, "")):
        ask_everything(ExplainContext(Model(graph)), random.Random(0))


def test_nothing_disturbs_the_gradient_mode_or_the_threads(two_threads: None) -> None:
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    ask_everything(ExplainContext(Model(tanh_net())), random.Random(1))
    ask_everything(ExplainContext(Model(scalar_graph(3))), random.Random(1))
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, grad)


def test_questions_and_answers_load_neither_torch_nor_numpy_nor_sympy() -> None:
    modules = ", ".join(f"engine.explain.{m}" for m in ("cards", "paths", "forward_mode", "audit", "symbolic", "slices", "sweep"))
    code = f"import sys, {modules}; assert not {{'torch', 'numpy', 'sympy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
