"""A graph's formula, read back, is the same computation: node for node, setting for setting, wire for wire."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.nodes.catalog import CATALOG as LIBRARY
from graph.formula.to_graph import FormulaError, build, insert_formula, names_in
from graph.formula.to_text import cone, formula_of, formula_text
from graph.grouping.groups import group
from graph.model.edits import Rename, SetParam, connect, edit_from_json, remove_nodes
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.model.spec import Catalog, Setting
from tests.support.catalog import CATALOG, add, wire, xy_plus_z


def _meaning(graph: Graph, node: str, port: str, seen: dict[str, int], table: dict[Any, int]) -> Any:
    """What a node computes, as a value that is equal for equal computations; sharing makes it linear in size."""
    for ancestor in [*_upstream(graph, node)]:
        if ancestor in seen:
            continue
        spec = graph.spec(ancestor)
        if _is_op(graph, ancestor):
            settings = {setting.name: graph.settings_of(ancestor)[setting.name] for setting in spec.settings}
            inputs = [(e.target[1], seen[e.source[0]], e.source[1]) for e in graph.inputs_of(ancestor)]
            key: Any = (spec.key, repr(sorted(_plain(settings).items())), tuple(inputs))
        else:
            key = ("name", graph.nodes[ancestor].name)
        seen[ancestor] = table.setdefault(key, len(table))
    return seen[node], port


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value for name, value in settings.items()}


def _upstream(graph: Graph, node: str) -> list[str]:
    inside = set(cone(graph, node))
    return [ancestor for ancestor in graph.order() if ancestor in inside]


def _read_back(text: str, graph: Graph) -> Graph:
    """The formula put into a document that holds what the formula only names."""
    document = Graph(graph.catalog)
    for name in names_in(text):
        node = graph.named(name)
        assert node is not None, name
        document._add_node(replace(node, group=None))
    edit, new = insert_formula(document, text, (0.0, 0.0))
    edit.apply(document)
    assert {*new, *(node.id for name in names_in(text) if (node := graph.named(name)))} == set(document.nodes)
    return document


def _assert_equal_computations(graph: Graph, text: str) -> Graph:
    """Every result of the graph is one of the formula's, computed the same way, and nothing is computed twice."""
    back = _read_back(text, graph)
    assert lint(back) == []
    table: dict[Any, int] = {}
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    results = {_meaning(graph, node, "", before, table) for node in graph.nodes if not graph.outputs_of(node) and _is_op(graph, node)}
    again = {_meaning(back, node, "", after, table) for node in back.nodes if not back.outputs_of(node) and _is_op(back, node)}
    assert results == again, text
    assert sum(_is_op(graph, node) for node in graph.nodes) == sum(_is_op(back, node) for node in back.nodes), text
    return back


def _is_op(graph: Graph, node: str) -> bool:
    """Whether a formula says what a node is: a tensor, like an input, stands there as a name."""
    role = graph.spec(node).role
    return role == "op" or (role == "constant" and not isinstance(graph.setting(node, "value"), list))


@pytest.mark.parametrize(
    "text",
    [
        "x*y + z", "-x*y", "-(x*y)", "(x + y)*z", "x - (y - z)", "x - y - z", "x/(y*z)", "x/y*z", "(x + y)^z", "x^(y^z)", "(x^y)^z", "x^2",
        "(-x)^2", "-x^2", "(1 - w2*w1)^2", "2^x", "x - (-y)", "x - (-3)", "-3*x", "(-3)^x", "negate(3)", "--x", "x @ y @ z", "x @ (y @ z)",
        "sin(x)*exp(-z)", "maximum(x, y)", "x*(y/z)", "x + (y + z)", "x^0.5", "x^(-1)", "1e+300*x", "0.1 + x", "-2^x", "x*x", "f = x*y + z",
        "sum(x, axes=[0, 1], keep_axes=True)", "linear(x, out_features=3)", "linear(x, W=w, out_features=3)", "concatenate(x, y, x)",
        "l1_penalty(layers='a\\x5eb; c')", "huber(x, y, delta=0.5)", "u = x*y;\nu + u", "u = x + y;\nf = u*u + u", "-0.0*x", "x^(-2.5)",
        "c = 2;\nx^c", "half = 0.5;\nhalf*x + half", "a = x*y;\nb = sin(x)", "recurrent(x, U=w)", "recurrent(x, y, U=w)",
        "power(x, b=1e+300)",
    ],
)  # fmt: skip
def test_a_formula_comes_back_as_it_was_written(text: str) -> None:
    known = {name: 1.0 for name in "xyz" if re.search(rf"\b{name}\b", text)}
    weights = {name: 1.0 for name in ("w", "w1", "w2") if re.search(rf"\b{name}\b", text)}
    graph = build(text, LIBRARY, known, weights)
    assert formula_text(graph, graph.nodes) == text
    _assert_equal_computations(graph, text)


def test_a_selection_of_names_alone_is_these_names() -> None:
    graph = xy_plus_z()
    assert formula_text(graph, ["n1"]) == "x" and formula_text(graph, ["n2", "n1"]) == "x;\ny"


def test_what_lies_outside_the_selection_is_written_by_name() -> None:
    graph = xy_plus_z()
    assert formula_text(graph, ["n5"]) == "f = multiply + z"
    assert formula_text(graph, ["n4", "n5"]) == formula_of(graph, "n5") == "f = x*y + z"
    assert formula_of(graph, "n4") == "x*y" and cone(graph, "n4") == ("n4", "n1", "n2")


def test_several_outputs_are_told_apart() -> None:
    graph = Graph(CATALOG)
    data, loss = add(graph, "source.data"), add(graph, "loss.squared_error", "loss")
    layer = add(graph, "layer.linear", "hidden", out_features=1)
    wire(graph, data, layer, "x", "x")
    wire(graph, layer, loss, "prediction")
    wire(graph, data, loss, "target", "target")
    assert formula_text(graph, graph.nodes) == "loss = squared_error(linear(data, out_features=1), data.target)"


def test_probes_are_left_out_unless_nothing_else_is_chosen() -> None:
    graph = xy_plus_z()
    wire(graph, "n5", add(graph, "probe.value"))
    assert formula_text(graph, graph.nodes) == "f = x*y + z"
    assert formula_text(graph, ["n6"]) == "value(f)"


def test_a_deep_graph_and_a_long_chain_are_cut_into_statements() -> None:
    graph = Graph(CATALOG)
    node = add(graph, "source.input", "x")
    for _ in range(300):
        following = add(graph, "math.sin")
        wire(graph, node, following)
        node = following
    for _ in range(150):
        following = add(graph, "math.add")
        wire(graph, node, following, "a")
        wire(graph, "n1", following, "b")
        node = following
    text = formula_text(graph, graph.nodes)
    assert 10 < text.count(";") < 60 and max(map(len, text.split(";"))) < 300
    _assert_equal_computations(graph, text)


def test_doubling_again_and_again_stays_short() -> None:
    graph = Graph(CATALOG)
    node = add(graph, "source.input", "x")
    for _ in range(40):
        following = add(graph, "math.multiply")
        wire(graph, node, following, "a")
        wire(graph, node, following, "b")
        node = following
    text = formula_text(graph, graph.nodes)
    assert len(text) < 2000
    _assert_equal_computations(graph, text)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda g: g._remove_edge("e2"), "nothing is connected to the input b of multiply"),
        (lambda g: g._add_node(Node("u", "layer.from_the_future", "later")), 'does not know the node type "layer.from_the_future"'),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_said_in_one_line(damage: Callable[[Graph], object], why: str) -> None:
    graph = xy_plus_z()
    damage(graph)
    with pytest.raises(FormulaError, match=re.escape(why)):
        formula_text(graph, graph.nodes)


def test_nothing_selected_and_far_too_much_are_said_in_one_line() -> None:
    graph = xy_plus_z()
    with pytest.raises(FormulaError, match="no node is selected"):
        formula_text(graph, ["e1"])
    for _ in range(1000):
        wire(graph, "n1", add(graph, "math.sin"))
    with pytest.raises(FormulaError, match="more than 10,000 characters"):
        formula_text(graph, graph.nodes)


@pytest.mark.parametrize("name", ["lambda", "größe", "θ_1", "λ", "if", "T", "e"])
def test_a_node_may_have_any_name_that_a_formula_can_use(name: str) -> None:
    graph = xy_plus_z()
    Rename("n1", name).apply(graph)
    Rename("n4", "ħ").apply(graph)
    wire(graph, "n4", "n5", "b")
    text = formula_text(graph, graph.nodes)
    assert text == f"ħ = {name}*y;\nf = ħ + ħ"
    back = build(text, CATALOG, {name: 2.0, "y": 3.0})
    assert [node.name for node in back.nodes.values()] == [name, "y", "ħ", "f"]


def test_a_power_whose_exponent_is_called_t_is_no_transpose() -> None:
    graph = build("x^(T)", CATALOG, {"x": 2.0, "T": 3.0})
    assert formula_text(graph, graph.nodes) == "x^(T)"
    with pytest.raises(FormulaError, match=r"x\^T can mean the transpose or x to the power T"):
        build("x^T", CATALOG, {"x": 2.0, "T": 3.0})


def test_constants_stay_what_they_are() -> None:
    graph = build("sin(2*pi*x) + e", CATALOG, {"x": 2.0})
    assert formula_text(graph, graph.nodes) == "sin(2*pi*x) + e"
    assert [node.name for node in graph.nodes.values() if node.type == "source.constant"] == ["c", "pi", "e"]


def test_grouping_does_not_change_the_formula() -> None:
    graph = xy_plus_z()
    before = formula_text(graph, graph.nodes)
    group(graph, ["n4", "n1"])[0].apply(graph)
    assert formula_text(graph, graph.nodes) == before


def _random_graph(catalog: Catalog, draw: random.Random, size: int) -> Graph:
    """Sources, then operations wired at random, with random settings; everything that has to be wired is."""
    graph = Graph(catalog)
    for key, count in (("source.input", 3), ("source.constant", 2), ("parameter.parameter", 2), ("source.data", 1)):
        for _ in range(count):
            add(graph, key, catalog[key].default_name)
    for node in graph.nodes:
        if graph.spec(node).role == "constant":
            value = draw.choice([2.0, -3.0, 0.5, -1e-9, 7, -4, 1e22, [[1.0, 2.0]]])
            SetParam(node, "value", value).apply(graph)
    keys = [spec.key for spec in catalog.values() if spec.role == "op" and spec.outputs and not spec.probe and not spec.rule]
    while len(graph.nodes) < size:
        spec = catalog[draw.choice(keys if draw.random() < 0.5 else [key for key in keys if key.startswith("math.")])]
        node = add(graph, spec.key, draw.choice(["", "", "", "u", "hidden"]) or spec.default_name)
        wires = 0
        for port in spec.inputs:
            for _ in range(draw.randrange(1, 4) if port.many else 1):
                if not port.optional or draw.random() < 0.4:
                    wires += _wire_at_random(graph, draw, node, port.name)
        if any(not port.optional and graph.edge_into(node, port.name) is None for port in spec.inputs):
            remove_nodes(graph, [node]).apply(graph)
            continue
        for setting in spec.settings:
            if draw.random() < 0.3:
                SetParam(node, setting.name, _random_value(setting, draw)).apply(graph)
    return graph


def _wire_at_random(graph: Graph, draw: random.Random, node: str, port: str) -> int:
    for _ in range(6):
        source = draw.choice(list(graph.nodes)[-12:] if draw.random() < 0.7 else list(graph.nodes))
        give = draw.choice(graph.spec(source).outputs).name if graph.spec(source).outputs else None
        if give and source != node and graph.refusal((source, give), (node, port)) is None:
            connect(graph, (source, give), (node, port)).apply(graph)
            return 1
    return 0


def _random_value(setting: Setting, draw: random.Random) -> Any:
    match setting.kind:
        case "bool":
            return draw.random() < 0.5
        case "int":
            return draw.randrange(-3, 20)
        case "float":
            return draw.choice([0.0, -1.5, 2.0, 0.1, 1e-300, 1e301])
        case "choice":
            return draw.choice(setting.choices)
        case "text":
            return draw.choice(["", "all", "a^b · ²; 'x' \"y\" \\ \n ü", "hidden, u"])
        case _:
            return draw.choice([[1, 2], [3], []])


@pytest.mark.parametrize("catalog", [CATALOG, LIBRARY], ids=["small", "library"])
def test_random_graphs_come_back_as_equal_computations(catalog: Catalog) -> None:
    draw = random.Random(5)
    statements = 0
    for _ in range(150):
        graph = _random_graph(catalog, draw, draw.randrange(9, 40))
        text = formula_text(graph, graph.nodes)
        statements += text.count(";")
        _assert_equal_computations(graph, text)
    assert statements > 500


def test_the_text_means_to_python_what_the_graph_computes() -> None:
    draw = random.Random(7)
    kinds = ["math.add", "math.subtract", "math.multiply", "math.negate", "math.sin", "math.maximum"]
    for _ in range(100):
        graph = Graph(CATALOG)
        names = [add(graph, "source.input", name) for name in "xyz"]
        for node, value in zip(names, (0.3, -1.25, 2.0), strict=True):
            SetParam(node, "value", value).apply(graph)
        for _ in range(12):
            node = add(graph, draw.choice(kinds), "v")
            for port in graph.spec(node).inputs:
                wire(graph, draw.choice(list(graph.nodes)[:-1]), node, port.name)
        last = list(graph.nodes)[-1]
        Rename(last, "result").apply(graph)
        values: dict[str, float] = {"x": 0.3, "y": -1.25, "z": 2.0, "sin": math.sin, "maximum": max}  # type: ignore[dict-item]
        exec(formula_of(graph, last).replace("^", "**"), values)
        assert values["result"] == pytest.approx(_value(graph, last), rel=1e-12, abs=1e-12)


def _value(graph: Graph, node: str) -> float:
    arguments = [_value(graph, edge.source[0]) for edge in graph.inputs_of(node)]
    match graph.nodes[node].type.rpartition(".")[2], arguments:
        case "add", [a, b]:
            return a + b
        case "subtract", [a, b]:
            return a - b
        case "multiply", [a, b]:
            return a * b
        case "negate", [x]:
            return -x
        case "sin", [x]:
            return math.sin(x)
        case "maximum", [a, b]:
            return max(a, b)
    return float(graph.setting(node, "value"))


def test_a_formula_put_into_a_document_uses_the_nodes_it_names() -> None:
    graph = xy_plus_z()
    edit, new = insert_formula(graph, "g = (1 - w2*w1)^2 + f*q", (500.0, 300.0))
    before = graph.copy()
    inverse = edit_from_json(edit.to_json()).apply(graph)
    assert lint(graph) == []
    assert [graph.nodes[node].name for node in new if graph.spec(node).role != "op"] == ["c", "w2", "w1", "c_2", "q"]
    assert {graph.nodes[node].name for node in new if graph.spec(node).role == "parameter"} == {"w1", "w2"}
    g = graph.named("g")
    assert g is not None and "n5" in cone(graph, g.id) and formula_text(graph, new).endswith("g = (1 - w2*w1)^2 + f*q".removeprefix("g = "))
    places = [(graph.nodes[node].x, graph.nodes[node].y) for node in new]
    assert (min(x for x, _ in places), min(y for _, y in places)) == (500.0, 300.0) and len(set(places)) == len(places)
    inverse.apply(graph)
    assert graph == before


def test_a_formula_put_into_a_document_never_takes_a_name_that_is_taken() -> None:
    graph = xy_plus_z()
    edit, new = insert_formula(graph, "f = x + 1; multiply = f*f; f + multiply", (0.0, 0.0))
    edit.apply(graph)
    assert lint(graph) == [] and [graph.nodes[node].name for node in new] == ["c", "f_2", "multiply_2", "add"]
    assert [graph.nodes[source].name for source in graph.predecessors(new[-1])] == ["f_2", "multiply_2"]


def test_a_formula_can_be_put_into_a_group_and_its_parameters_be_chosen() -> None:
    graph = xy_plus_z()
    made_edit, group_id = group(graph, ["n4"])
    made_edit.apply(graph)
    edit, new = insert_formula(graph, "w*a", (0.0, 0.0), inside=group_id, parameters=["a"])
    edit.apply(graph)
    assert {graph.nodes[node].group for node in new} == {group_id}
    assert [graph.spec(node).role for node in new] == ["input", "parameter", "op"]


@pytest.mark.parametrize(
    ("text", "why"), [("x", "on the canvas already"), ("", "empty"), ("x +", "still missing after"), ("nosuch(x)", "no function")]
)
def test_a_formula_that_cannot_be_put_in_changes_nothing(text: str, why: str) -> None:
    graph = xy_plus_z()
    with pytest.raises(FormulaError, match=why):
        insert_formula(graph, text, (0.0, 0.0))
    assert graph == xy_plus_z()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("u = x; u = x*x; u", "u is defined twice"), ("a = u*x; u = x*x; a + u", "u is used before it is defined"), (";;", "empty"),
        ("x.real", "only"), ("u = x*x; u.z", "u.z: a formula may contain only"), ("linear(x, V=x)", "linear has no setting V"),
        ("sin(x, x=x)", "sin takes no arguments"), ("x +; x", "still missing after +"), ("u = x; x $ u", "$ is not allowed after x"),
    ],
)  # fmt: skip
def test_bad_statements_are_one_line(text: str, why: str) -> None:
    with pytest.raises(FormulaError) as caught:
        build(text, CATALOG, {"x": 1.0} | ({"u": 1.0} if "a = u" in text else {}))
    assert why in str(caught.value) and "\n" not in str(caught.value)


def test_a_name_may_stand_for_another() -> None:
    graph = build("u = x; v = u; v*u", CATALOG, {"x": 2.0})
    assert [node.name for node in graph.nodes.values()] == ["x", "multiply"]
    assert names_in("u = x*y; v = u + z; v*u") == ("x", "y", "z")
