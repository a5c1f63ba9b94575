"""A small library of node types, so that the document is tested without the engine."""

from __future__ import annotations

from graph.model.edits import AddNode, Compound, Connect, connect
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.model.spec import Catalog, NodeSpec, Param, Port, Setting

X, A, B = Port("x"), Port("a"), Port("b")
VALUE = Setting("value", "tensor", 1.0)


def _op(key: str, *inputs: Port, **more: object) -> NodeSpec:
    name = key.rpartition(".")[2]
    return NodeSpec(key, name.capitalize(), "math", inputs=inputs, default_name=name, **more)  # type: ignore[arg-type]


CATALOG = Catalog(
    [
        NodeSpec(
            "source.input", "Input", "sources", default_name="x", role="input", settings=(VALUE, Setting("minimum", "float", -10.0)),
        ),
        NodeSpec("source.constant", "Constant", "sources", settings=(VALUE,), default_name="c", role="constant"),
        NodeSpec(
            "source.data", "Data", "sources", outputs=(Port("x"), Port("target", "any")), default_name="data", role="data",
            settings=(Setting("dataset", "choice", "moons", choices=("moons", "iris")), Setting("samples", "int", 200, 4, 1_000_000)),
        ),
        NodeSpec(
            "parameter.parameter", "Parameter", "parameters", default_name="w", role="parameter",
            settings=(VALUE, Setting("shape", "shape", []), Setting("frozen", "bool", False)),
        ),
        *(_op(f"math.{name}", A, B) for name in ("add", "subtract", "multiply", "divide", "power", "maximum", "matmul")),
        *(_op(f"math.{name}", X) for name in ("negate", "exp", "sin")),
        _op("math.sum", X, settings=(Setting("axis", "ints", []),)),
        _op("math.concatenate", Port("xs", many=True), settings=(Setting("axis", "int", 0),)),
        _op("math.argmax", X, outputs=(Port("y", "index"),)),
        NodeSpec(
            "layer.linear", "Linear", "layers", search=("fully connected",), aliases=("dense", "affine"), former_keys=("layer.dense",),
            inputs=(Port("x", former=("input",)), Port("W", optional=True, parameter=True)), outputs=(Port("y", former=("out",)),),
            settings=(Setting("out_features", "int", 8, 1, former=("units",)), Setting("bias", "bool", True),
                      Setting("slope", "float", 0.1)),
            parameters=(Param("W", "out × in"), Param("b", "out", when="bias")), default_name="linear",
        ),
        NodeSpec(
            "loss.squared_error", "Squared error", "losses", inputs=(Port("prediction"), Port("target", "any")), loss=True,
            default_name="squared_error",
        ),
        NodeSpec("probe.value", "Value", "probes", inputs=(X,), default_name="value", probe=True),
    ]
)  # fmt: skip


def add(graph: Graph, key: str, name: str = "", **params: object) -> str:
    """Add a node; returns its id."""
    node = Node(graph.fresh_id("n"), key, graph.fresh_name(name or CATALOG[key].default_name), params=params)
    AddNode(node).apply(graph)
    return node.id


def wire(graph: Graph, source: str, target: str, port: str = "x", output: str = "y") -> str:
    """Draw a wire; returns its id."""
    edit = connect(graph, (source, output), (target, port))
    assert isinstance(edit, Compound) and isinstance(edit.edits[-1], Connect)
    edit.apply(graph)
    return edit.edits[-1].edge.id


def xy_plus_z() -> Graph:
    """x·y + z."""
    graph = Graph(CATALOG)
    x, y, z = (add(graph, "source.input", name) for name in "xyz")
    product, total = add(graph, "math.multiply"), add(graph, "math.add", "f")
    for source, target, port in ((x, product, "a"), (y, product, "b"), (product, total, "a"), (z, total, "b")):
        wire(graph, source, target, port)
    return graph
