"""What a node type may leave out, or do carelessly: rules, checks, shapes; and what the engine makes of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.compile.program import NodeFailure, Program, RandomKey, compile
from engine.compile.shapes import Inference, infer
from engine.compile.trace import Trace
from engine.compile.views import Absent
from engine.nodes import TYPES
from engine.nodes.base import NodeType, Result
from engine.nodes.catalog import CATALOG
from graph.model.build import build
from graph.model.graph import Graph
from graph.model.spec import Catalog, Port

KEY = RandomKey()


class Ruleless(NodeType):
    """x ↦ x·sin(x), which takes another input and does not depend on it."""

    key, title, category = "test.ruleless", "Ruleless", "math"
    inputs = (Port("x"), Port("z"))

    def forward(self, s: Any, x: Tensor, z: Tensor) -> Tensor:
        return x * torch.sin(x) + 0 * z.detach()


class HalfRuled(NodeType):
    """a·b with a rule for a alone, in the broadcast shape."""

    key, title, category = "test.half_ruled", "Half ruled", "math"
    inputs = (Port("a"), Port("b"))
    gradients = {"a": lambda s, g, y, kept, a, b: g * b}

    def forward(self, s: Any, a: Tensor, b: Tensor) -> Tensor:
        return a * b


class TwoOutputs(NodeType):
    """Sum and product; the rule knows the first only."""

    key, title, category = "test.two", "Two outputs", "math"
    inputs = (Port("a"),)
    outputs = (Port("y"), Port("z"))
    gradients = {"a": lambda s, g, y, kept, a: 2 * g}

    def forward(self, s: Any, a: Tensor) -> Result:
        return Result((a + a, a * a))


class Careless(NodeType):
    """Adds whatever torch broadcasts, without a check."""

    key, title, category = "test.careless", "Careless", "math"
    inputs = (Port("a"), Port("b"))

    def forward(self, s: Any, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Moody(NodeType):
    """Its rule depends on numbers, and fails on a negative one."""

    key, title, category = "test.moody", "Moody", "math"
    inputs = (Port("x"),)

    @staticmethod
    def _rule(s: Any, g: Tensor, y: Tensor, kept: Any, x: Tensor) -> Tensor:
        if x.item() < 0:
            raise RuntimeError("numel: integer multiplication overflow")
        return g

    gradients = {"x": _rule}

    def forward(self, s: Any, x: Tensor) -> Tensor:
        return x + 0


class Looking(NodeType):
    """a·b whose rules look at the numbers, and so say nothing of shapes in advance."""

    key, title, category = "test.looking", "Looking", "math"
    inputs = (Port("a"), Port("b"))
    gradients = {
        "a": lambda s, g, y, kept, a, b: g * b if b.max().item() != 0 else g * b,
        "b": lambda s, g, y, kept, a, b: g * a if a.max().item() != 0 else g * a,
    }

    def forward(self, s: Any, a: Tensor, b: Tensor) -> Tensor:
        return a * b


OWN: dict[str, NodeType] = {t.key: t() for t in (Ruleless, HalfRuled, TwoOutputs, Careless, Moody, Looking)}


def wired(nodes: dict[str, tuple[str, Any]], wires: str) -> tuple[Graph, Inference]:
    """Nodes by name as (type, value or settings); `a.port -> b.port`, separated by `;`."""
    rows = [{"id": n, "type": kind, "name": n, "params": p if isinstance(p, dict) else {"value": p}} for n, (kind, p) in nodes.items()]
    edges = []
    for i, (start, end) in enumerate(wire.split(" -> ") for wire in wires.split("; ")):
        source, target = start.split("."), end.split(".")
        edges.append({"id": f"e{i}", "from": [source[0], (source + ["y"])[1]], "to": [*target, 0]})
    graph = build({"nodes": rows, "edges": edges}, Catalog([*CATALOG.values(), *(t.spec for t in OWN.values())]))
    return graph, infer(graph, {**TYPES, **OWN})


def parameter(value: Any) -> tuple[str, Any]:
    return "parameter.parameter", value


def values(program: Program) -> list[Tensor]:
    return [torch.tensor(program._graph.setting(node, "value"), dtype=torch.float64) for node, _ in program.parameter_keys]


def gradients(graph: Graph, inference: Inference) -> dict[str, list[float] | float]:
    assert not inference.errors
    program = compile(graph, inference, training=True, objective=("f", "y"))
    slopes = program.step([], values(program), [], KEY)[1]
    return {node: g.tolist() for (node, _), g in zip(program.trainable_keys, slopes, strict=True)}


def traced(graph: Graph, inference: Inference, method: Any = "rules") -> Trace:
    program = compile(graph, inference, training=True, wanted="all", method=method)
    return program.trace([], values(program), [], KEY)


def reasons(trace: Trace) -> dict[str, str | None]:
    return {e: g.reason if isinstance(g, Absent) else None for e, g in trace.edge_gradients.items()}


def ruleless() -> tuple[Graph, Inference]:
    nodes = {"x": parameter(1.5), "z": parameter(2.0), "s": ("math.square", {}), "f": ("test.ruleless", {})}
    return wired(nodes, "x -> f.x; z -> s.x; s -> f.z")


def test_a_type_without_rules_is_differentiated_by_autograd_alone() -> None:
    slopes = gradients(*ruleless())
    x = torch.tensor(1.5, dtype=torch.float64)
    assert slopes == {"x": pytest.approx(float(torch.sin(x) + x * torch.cos(x)), rel=1e-14), "z": 0.0}


def test_what_a_type_without_rules_does_not_depend_on_is_absent_in_a_trace_all_the_way_up() -> None:
    trace = traced(*ruleless())
    assert reasons(trace) == {"e0": None, "e1": "independent", "e2": "independent"}
    assert isinstance(trace.parameter_gradients["z", "value"], Absent)


@pytest.mark.parametrize("method", ["rules", "autograd"])
def test_a_value_used_where_it_does_not_count_and_where_it_does_has_the_gradient_of_the_latter(method: str) -> None:
    nodes = {"x": parameter(1.5), "z": parameter(2.0), "r": ("test.ruleless", {}), "m": ("math.multiply", {})}
    trace = traced(*wired(nodes, "x -> r.x; z -> r.z; r -> m.a; z -> m.b"), method)
    assert reasons(trace) == {"e0": None, "e1": "independent", "e2": None, "e3": None}
    assert float(trace.parameter_gradients["z", "value"]) == float(trace.values["r", "y"])  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["test.half_ruled", "test.looking", "math.multiply"])
def test_a_rule_may_be_missing_or_look_at_the_numbers_and_its_broadcast_is_summed_back_all_the_same(key: str) -> None:
    nodes = {"a": parameter([[1.0], [2.0]]), "b": parameter([3.0, 4.0]), "m": (key, {}), "f": ("math.sum", {})}
    assert gradients(*wired(nodes, "a -> m.a; b -> m.b; m -> f.x")) == {"a": [[7.0], [7.0]], "b": [3.0, 3.0]}


def test_a_rule_for_the_first_output_gives_way_to_autograd_where_the_second_counts() -> None:
    nodes = {"a": parameter(3.0), "two": ("test.two", {}), "f": ("math.multiply", {})}
    assert gradients(*wired(nodes, "a -> two.a; two.y -> f.a; two.z -> f.b")) == {"a": 6 * 9.0}  # (2a·a²)′ = 6a²
    nodes["f"] = ("math.square", {})
    assert gradients(*wired(nodes, "a -> two.a; two.y -> f.x")) == {"a": 24.0}  # ((2a)²)′ = 8a, by the rule


def test_a_batch_lost_in_a_broadcast_is_noticed_also_where_the_type_does_not_look() -> None:
    nodes = {"d": ("source.data", {"coding": "zero_one"}), "row": ("math.sum", {}), "c": ("test.careless", {})}
    _, shapes = wired(nodes, "d.x -> row.x; row -> c.a; d.target -> c.b")  # (N,) and (N, 1) make (N, N)
    (problem,) = shapes.errors
    assert problem.text.startswith("c: the batch axis N meets a feature axis, so samples would be mixed")
    assert "a is (N,) from row and b is (N, 1) from d.target" in problem.text


def test_what_torch_refuses_is_said_without_its_words_also_where_the_type_does_not_look() -> None:
    _, shapes = wired({"a": parameter([1.0, 2.0]), "b": parameter([1.0, 2.0, 3.0]), "c": ("test.careless", {})}, "a -> c.a; b -> c.b")
    assert [p.text for p in shapes.errors] == ["c: the inputs do not fit together: a is (2,) from a and b is (3,) from b"]


def test_a_rule_that_fails_on_the_numbers_names_its_node_and_not_torchs_words() -> None:
    graph, inference = wired({"x": parameter(-1.0), "m": ("test.moody", {}), "f": ("math.square", {})}, "x -> m.x; m -> f.x")
    program = compile(graph, inference, training=True)
    with pytest.raises(NodeFailure) as caught:
        program.step([], values(program), [], KEY)
    assert caught.value.node == "m" and str(caught.value) == "m: it could not be computed from these numbers (RuntimeError)"


def test_what_only_a_probe_looks_at_is_not_trained() -> None:
    nodes = {"a": parameter(3.0), "b": parameter(4.0), "show": ("probe.value", {}), "f": ("math.square", {})}
    assert gradients(*wired(nodes, "a -> f.x; b -> show.x")) == {"a": 6.0}


def test_behind_a_probe_nothing_is_differentiable() -> None:
    nodes = {"a": parameter(3.0), "show": ("probe.value", {}), "f": ("math.square", {})}
    trace = traced(*wired(nodes, "a -> show.x; show -> f.x"))
    assert reasons(trace) == {"e0": "not differentiable", "e1": None}
    assert trace.parameter_gradients["a", "value"] == Absent("not differentiable")
