"""`check` on many graphs: right gradients pass on random graphs and along training, and every rule off by a thousandth is found.

A share with fixed seeds runs always; the bulk is marked `long`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.check.check import check
from engine.compile.program import RandomKey, compile
from engine.nodes import TYPES
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model.graph import Graph
from graph.storage.files import load
from tests.engine.explain.test_cards_of_every_type import session_of
from tests.engine.node_cases import Case, all_cases
from tests.support.random_graphs import random_graph
from tests.support.scalar_graphs import scalar_graph

ROOT = Path(__file__).parents[3]
EXAMPLES = [*sorted((ROOT / "resources/examples").glob("*.gradwire")), ROOT / "tests/data/cases/graphs/tanh-lbfgs.gradwire"]
OPTIMIZERS: dict[str, dict[str, Any]] = {"adam": {"lr": 0.05}, "sgd": {"lr": 0.1, "momentum": 0.9}, "lbfgs": {"lr": 1.0}}


def false_alarms(graph: Graph, session: Model | None = None) -> list[str]:
    """What `check` finds wrong. A gradient that is not finite is an alarm where autograd has a finite one."""
    report = check(graph, session.state if session else None)
    wrong = [w for w in report.wires if not w.ok]
    infinite = _infinite(graph, session) if any(w.note for w in wrong) else set()
    return [f"{w.source} → {w.target}" for w in wrong if not (w.note and w.edge in infinite)]


def _infinite(graph: Graph, session: Model | None) -> set[str]:
    """The wires where autograd has NaN or infinite gradients."""
    session = session or Model(graph, dtype=torch.float64)
    program = compile(session.graph, session.inference, training=True, method="autograd", wanted="all")
    feeds = session.feeds.chosen(program.feeds, torch.tensor(session.samples()))
    trace = program.trace(feeds, session.parameters(program), session.buffers(program), RandomKey(0, 0))
    return {edge for edge, g in trace.edge_gradients.items() if isinstance(g, torch.Tensor) and not bool(torch.isfinite(g).all())}


# right gradients


@pytest.mark.parametrize("seed", range(6))
def test_right_gradients_pass_on_random_graphs(seed: int) -> None:
    assert false_alarms(random_graph(seed)) == []
    assert false_alarms(scalar_graph(seed)) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6, 506))
def test_right_gradients_pass_on_many_random_graphs(seed: int) -> None:
    assert false_alarms(random_graph(seed)) == []
    assert false_alarms(scalar_graph(seed)) == []


def alarms_along_training(file: Path, optimizer: str, steps: int, every: int) -> dict[int, list[str]]:
    """By step. The document's own optimizer for ""."""
    graph = load(str(file), CATALOG)
    own = {} if not optimizer else {"optimizer": optimizer, "hyper": OPTIMIZERS[optimizer]}
    session = Model(graph)
    trainer = Run(session, {**graph.training, **own, "steps": steps, "epochs": None})
    alarms_at: dict[int, list[str]] = {}
    while session.state.step < steps:
        if not trainer.train(max_steps=every):
            break  # it diverged: there are no numbers to check
        if alarms := false_alarms(graph, session):
            alarms_at[session.state.step] = alarms
    return alarms_at


@pytest.mark.parametrize(
    ("name", "optimizer", "steps"),
    [("iris", "lbfgs", 60), ("xor", "lbfgs", 60), ("saddle", "", 400), ("valley", "sgd", 200), ("tanh-lbfgs", "", 20)],
)
def test_right_gradients_pass_where_training_ends(name: str, optimizer: str, steps: int) -> None:
    file = next(f for f in EXAMPLES if f.stem == name)
    assert alarms_along_training(file, optimizer, steps, steps) == {}


@pytest.mark.long
@pytest.mark.parametrize("optimizer", ["", *OPTIMIZERS])
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_right_gradients_pass_at_every_fiftieth_step_of_training(file: Path, optimizer: str) -> None:
    if not Model(load(str(file), CATALOG)).state.parameters:
        pytest.skip("nothing to train")
    assert alarms_along_training(file, optimizer, 300, 50) == {}


# wrong rules


def spoiled(rule: Any) -> Any:
    """A thousandth too much."""

    def run(*arguments: Any) -> Any:
        gradients = rule(*arguments)
        return tuple(1.001 * gradient for gradient in gradients) if isinstance(gradients, tuple) else 1.001 * gradients

    return run


def graph_around(case: Case) -> Graph | None:
    """The case between sources and softplus, whose slope is nowhere 0, so that no gradient vanishes by symmetry."""
    session = session_of(case, "activation.softplus")
    return None if session is None else session.graph


def trials(case: Case, names: Collection[str] | None = None) -> Iterator[tuple[str, bool]]:
    """(rule, whether it is found when it is off by a thousandth), for those of these rules that change a gradient in this case."""
    graph = graph_around(case)
    if graph is None:
        return
    before = _gradients(graph)
    for name, rule in TYPES[case.type].gradients.items():
        if names is not None and name not in names:
            continue
        with pytest.MonkeyPatch.context() as within:
            within.setitem(TYPES[case.type].gradients, name, spoiled(rule))
            if _differ(before, _gradients(graph)):
                yield name, not check(graph).ok


def _gradients(graph: Graph) -> list[torch.Tensor]:
    trace = Model(graph, dtype=torch.float64).trace(training=True)
    return [g for group in (trace.edge_gradients, trace.parameter_gradients) for g in group.values() if isinstance(g, torch.Tensor)]


def _differ(before: list[torch.Tensor], after: list[torch.Tensor]) -> bool:
    """By about a thousandth of the largest gradient: a gradient that is itself round-off, as that of a sum of normalized numbers, does not
    count."""
    largest = max(float(g.abs().max()) for g in before)
    return any(float((a - b).abs().max()) > 1e-12 * largest for a, b in zip(before, after, strict=True))


NOT_TO_BE_SEEN = {
    "parameter.parameter value",  # passes its gradient on without a rule
    "layer.running_average over",  # 0, whatever it is multiplied by
    "math.sign x",
    "math.where condition",
}


@pytest.mark.parametrize("kind", sorted(kind for kind, node_type in TYPES.items() if node_type.gradients))
def test_every_rule_that_is_off_by_a_thousandth_is_found(kind: str) -> None:
    left = {name for name in TYPES[kind].gradients if f"{kind} {name}" not in NOT_TO_BE_SEEN}
    for case in _telling(kind):
        if not left:
            break
        for name, seen in trials(case, left):
            assert seen, (str(case), name)
            left = left - {name}
    assert not left


def _telling(kind: str) -> list[Case]:
    """The type's cases, those with the most inputs first."""
    cases = [case for case in all_cases() if case.type == kind and not case.kink]
    return sorted(cases, key=lambda case: (-len(case.tensors()), sum(t.numel() for t in case.tensors())))


@pytest.mark.long
@pytest.mark.parametrize("case", [case for case in all_cases() if not case.kink], ids=str)
def test_every_rule_that_is_off_by_a_thousandth_is_found_in_every_case(case: Case) -> None:
    assert [name for name, seen in trials(case) if not seen] == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(60))
def test_every_rule_of_a_random_graph_that_is_off_by_a_thousandth_is_found(seed: int) -> None:
    """As far as its gradient can be measured there at all."""
    graph = scalar_graph(seed)
    before, report = _gradients(graph), check(graph)
    for kind in {node.type for node in graph.nodes.values()}:
        if any(w.unresolved and graph.nodes[graph.edges[w.edge].target[0]].type == kind for w in report.wires if w.edge):
            continue
        for name, rule in TYPES[kind].gradients.items():
            with pytest.MonkeyPatch.context() as within:
                within.setitem(TYPES[kind].gradients, name, spoiled(rule))
                assert not _differ(before, _gradients(graph)) or not check(graph).ok, (kind, name)
