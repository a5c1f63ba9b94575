"""The graph: order, names, refusals, indexes, and a cost per change that does not grow with it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from graph.grouping.groups import delete
from graph.model.edits import AddNode, Connect, Disconnect, RemoveNode, Rename, SetParam, connect
from graph.model.elements import Edge, Node, valid_name
from graph.model.graph import Graph, GraphError
from graph.model.lint import lint
from graph.model.ordered import Ordered
from graph.model.spec import NodeSpec
from graph.model.topology import Ranks, topological_order
from graph.storage.document import Document
from tests.support.catalog import CATALOG, add, wire, xy_plus_z


def test_order_respects_wires_then_insertion() -> None:
    graph = Graph(CATALOG)
    late, early = add(graph, "math.exp", "late"), add(graph, "source.input", "early")
    other = add(graph, "source.input", "other")
    wire(graph, early, late)
    assert graph.order() == (early, late, other)


def test_order_is_the_same_after_undoing_a_removal() -> None:
    graph = xy_plus_z()
    before = graph.order()
    AddNode(Node("n9", "math.exp", "exp"), before="n1").apply(graph)
    inverse = RemoveNode("n9").apply(graph)
    assert graph.order() == before
    inverse.apply(graph)
    assert list(graph.nodes)[0] == "n9"


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_wire_that_closes_a_cycle_is_refused(length: int) -> None:
    graph = Graph(CATALOG)
    nodes = [add(graph, "math.exp") for _ in range(length)]
    for source, target in zip(nodes, nodes[1:], strict=False):
        wire(graph, source, target)
    assert "would close a cycle" in str(graph.refusal((nodes[-1], "y"), (nodes[0], "x")))
    with pytest.raises(GraphError, match="cycle"):
        Connect(Edge("e99", (nodes[-1], "y"), (nodes[0], "x"))).apply(graph)
    assert lint(graph) == []


def test_cycles_are_found_as_a_search_from_scratch_finds_them() -> None:
    draw = random.Random(1)
    graph = Graph(CATALOG)
    nodes = [add(graph, "math.concatenate") for _ in range(30)]
    for _ in range(600):
        source, target = draw.choice(nodes), draw.choice(nodes)
        if graph.edges and draw.random() < 0.3:
            Disconnect(draw.choice([*graph.edges])).apply(graph)
            continue
        pairs = [(edge.source[0], edge.target[0]) for edge in graph.edges.values()] + [(source, target)]
        following = {node: [b for a, b in pairs if a == node] for node in nodes}
        indegree = {node: sum(b == node for _, b in pairs) for node in nodes}
        acyclic = len(list(topological_order(nodes, following, indegree))) == len(nodes)
        assert (graph.refusal((source, "y"), (target, "xs")) is None) == acyclic
        if acyclic:
            connect(graph, (source, "y"), (target, "xs")).apply(graph)
    assert lint(graph) == []


def test_index_outputs_are_refused_at_float_inputs_with_a_repair() -> None:
    graph = Graph(CATALOG)
    source, target = add(graph, "math.argmax"), add(graph, "math.exp")
    assert graph.refusal((source, "y"), (target, "x")) == (
        "argmax gives class indices, exp.x needs real numbers: a One-hot node in between turns one into the other"
    )


def test_an_occupied_input_is_no_refusal() -> None:
    graph = xy_plus_z()
    assert graph.refusal(("n3", "y"), ("n4", "a")) is None


@pytest.mark.parametrize(
    ("typed", "name"),
    [("größe", "größe"), ("θ_1", "θ_1"), ("\u00b5", "\u03bc"), ("x₁", "x1"), ("lambda", "lambda"), ("数", "数"), ("e\u0301", "\u00e9")],
)
def test_letters_of_every_language_are_names(typed: str, name: str) -> None:
    graph = Graph(CATALOG)
    node = add(graph, "source.input")
    Rename(node, typed).apply(graph)
    assert graph.nodes[node].name == name and graph.named(name) is not None and graph.fresh_name(f"{typed}a") == f"{name}a"
    assert Node.from_json(graph.nodes[node].to_json() | {"name": typed}).name == name and lint(graph) == []


@pytest.mark.parametrize("name", ["x y", "2x", "x·y", "x-1", "", "½", "x²", "a" * 201])
def test_what_a_formula_cannot_name_is_no_name(name: str) -> None:
    graph = Graph(CATALOG)
    node = add(graph, "source.input")
    with pytest.raises(GraphError, match="is not a name: a letter or _, then letters, digits and _"):
        Rename(node, name).apply(graph)
    assert not valid_name(name)


def test_fresh_names_count_up_and_fill_gaps() -> None:
    graph = Graph(CATALOG)
    names = [graph.nodes[add(graph, "math.add")].name for _ in range(4)]
    assert names == ["add", "add_2", "add_3", "add_4"]
    RemoveNode("n2").apply(graph)
    assert graph.fresh_name("add_4") == "add_2"
    assert graph.fresh_name("2 strange näme") == "_2_strange_näme"
    assert graph.fresh_name("add", taken={"add_2", "add_5"}) == "add_6"


def test_ids_are_never_given_twice_even_after_a_removal() -> None:
    graph = Graph(CATALOG)
    first = add(graph, "math.add")
    RemoveNode(first).apply(graph)
    assert add(graph, "math.add") != first


def test_settings_fall_back_to_their_defaults() -> None:
    graph = Graph(CATALOG)
    node = add(graph, "layer.linear", bias=False)
    assert graph.setting(node, "out_features") == 8
    assert graph.settings_of(node) == {"out_features": 8, "bias": False, "slope": 0.1}
    assert graph.setting(node, "units") == 8
    with pytest.raises(KeyError):
        graph.setting(node, "nonsense")


def test_inputs_come_in_port_order_then_slot() -> None:
    graph = Graph(CATALOG)
    x, total, joined = add(graph, "source.input"), add(graph, "math.add"), add(graph, "math.concatenate")
    second, first = wire(graph, x, total, "b"), wire(graph, x, total, "a")
    assert [edge.id for edge in graph.inputs_of(total)] == [first, second]
    wires = [wire(graph, x, joined, "xs") for _ in range(3)]
    assert [(edge.id, edge.slot) for edge in graph.inputs_of(joined)] == list(zip(wires, range(3), strict=True))
    assert [edge.id for edge in graph.outputs_of(x)] == [second, first, *wires]


def test_an_unknown_type_has_the_ports_its_edges_mention() -> None:
    graph = Graph(CATALOG)
    x = add(graph, "source.input")
    AddNode(Node("u", "layer.from_the_future", "u")).apply(graph)
    Connect(Edge("e1", (x, "y"), ("u", "in"), 0)).apply(graph)
    Connect(Edge("e2", (x, "y"), ("u", "in"), 1)).apply(graph)
    spec = graph.spec("u")
    assert spec.category == "unknown"
    assert [(port.name, port.many) for port in spec.inputs] == [("in", True)]


def test_a_copy_is_equal_and_independent() -> None:
    graph = xy_plus_z()
    twin = graph.copy()
    assert twin == graph and twin.order() == graph.order()
    SetParam("n1", "value", 9.0).apply(twin)
    wire(twin, "n2", "n5", "a")
    assert twin != graph and graph == xy_plus_z() and lint(twin) == []


def test_graphs_that_differ_in_order_alone_are_not_equal() -> None:
    one, two = Graph(CATALOG), Graph(CATALOG)
    for graph, names in ((one, "ab"), (two, "ba")):
        for name in names:
            AddNode(Node(name, "math.exp", name)).apply(graph)
    assert one != two


def test_a_node_with_wires_is_not_removed() -> None:
    graph = xy_plus_z()
    with pytest.raises(GraphError, match="multiply still has wires"):
        RemoveNode("n4").apply(graph)
    assert graph == xy_plus_z()


def test_a_huge_shape_is_refused_with_its_size() -> None:
    graph = Graph(CATALOG)
    node = add(graph, "parameter.parameter")
    with pytest.raises(GraphError, match=r'w: "shape" needs 1 × 10\^18 numbers'):
        SetParam(node, "shape", [10**9, 10**9]).apply(graph)


def test_ordered_mapping_behaves_like_a_list_of_ids() -> None:
    draw = random.Random(2)
    ordered: Ordered[int] = Ordered()
    mirror: list[str] = []
    for step in range(4000):
        if mirror and draw.random() < 0.45:
            key = draw.choice(mirror)
            index = mirror.index(key)
            mirror.remove(key)
            assert ordered.drop(key) == (mirror[index] if index < len(mirror) else None)
        else:
            before = draw.choice(mirror) if mirror and draw.random() < 0.7 else None
            ordered.put(str(step), step, before)
            mirror.insert(mirror.index(before) if before else len(mirror), str(step))
        assert list(ordered) == mirror
        assert sorted(mirror, key=ordered.place) == mirror


def test_a_thousand_entries_before_the_same_one_keep_their_order() -> None:
    ordered: Ordered[int] = Ordered()
    ordered.put("end", 0)
    for step in range(1000):
        ordered.put(str(step), step, "end")
    assert list(ordered) == [*map(str, range(1000)), "end"] == sorted(ordered, key=ordered.place)


def test_the_cost_of_a_change_does_not_grow_with_the_graph() -> None:
    small, large = _seconds_per_change(200), _seconds_per_change(20_000)
    assert large < 8 * small + 20e-6


def _seconds_per_change(size: int) -> float:
    """Median over rounds of: set a value, add a node, wire it, and take both back, on a chain of `size` nodes."""
    graph = Graph(CATALOG)
    last = add(graph, "source.input")
    for _ in range(size):
        node = add(graph, "math.exp")
        wire(graph, last, node)
        last = node
    rounds = []
    for step in range(200):
        start = time.perf_counter()
        AddNode(Node("new", "math.exp", "new")).apply(graph)
        edge = Connect(Edge("wire", (last, "y"), ("new", "x")))
        inverse = edge.apply(graph)
        SetParam("n1", "value", float(step)).apply(graph)
        inverse.apply(graph)
        RemoveNode("new").apply(graph)
        rounds.append(time.perf_counter() - start)
    return sorted(rounds)[len(rounds) // 2]


def test_nodes_of_a_kind_are_found_by_asking_once_a_type_however_many_there_are() -> None:
    graph = Graph(CATALOG)
    for index in range(300):
        graph._add_node(Node(f"n{index}", "math.sin" if index % 100 else "source.input", f"a{index}"))
    asked: list[str] = []

    def wanted(spec: NodeSpec) -> bool:
        asked.append(spec.key)
        return spec.key == "source.input"

    assert graph.having(wanted) == ("n0", "n100", "n200") and sorted(asked) == ["math.sin", "source.input"]
    document = Document(graph)
    document.do(delete(graph, ["n0", "n100"]))
    assert graph.having(wanted) == ("n200",) and graph.copy().having(wanted) == ("n200",)
    document.undo()
    assert graph.having(wanted) == ("n0", "n100", "n200"), "in their old order"
    document.do(delete(graph, ["n0", "n100", "n200"]))
    assert graph.having(wanted) == () and not graph.has(wanted) and graph.has(lambda spec: spec.key == "math.sin")


def test_a_node_that_comes_back_in_the_middle_of_a_long_chain_moves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph(CATALOG)
    for index in range(3000):
        graph._add_node(Node(f"n{index}", "math.sin", f"a{index}"))
        if index:
            graph._add_edge(Edge(f"e{index}", (f"n{index - 1}", "y"), (f"n{index}", "x")))
    document, looks = Document(graph), [0]
    following = Graph._following

    def counted(self: Graph, node: str) -> Iterator[str]:
        looks[0] += 1
        return following(self, node)

    monkeypatch.setattr(Graph, "_following", counted)
    graph._ranks = Ranks(graph._following, graph._preceding)
    graph._ranks.fill(graph.order())
    looks[0] = 0
    for node in ("n1500", "n40", "n2990", "n1500"):
        document.do(delete(graph, [node]))
        document.undo()
    assert looks[0] < 60
    assert all(graph._ranks.ascends(edge.source[0], edge.target[0]) for edge in graph.edges.values())
    assert graph.refusal(("n2000", "y"), ("n3", "x")) and lint(graph) == []


@pytest.mark.parametrize("seed", range(4))
def test_wires_up_and_down_keep_an_order_and_never_close_a_circle(seed: int) -> None:
    """Against a search that looks at everything."""
    draw, arrows = random.Random(seed), {node: set[str]() for node in map(str, range(14))}
    ranks = Ranks(lambda node: arrows[node], lambda node: [n for n in arrows if node in arrows[n]])
    for node in arrows:
        ranks.add(node)

    def leads(start: str, end: str) -> bool:
        return start == end or any(leads(other, end) for other in arrows[start])

    for step in range(400):
        source, target = draw.sample(list(arrows), 2)
        if target in arrows[source] or draw.random() < 0.3:
            arrows[source].discard(target)
        else:
            assert ranks.closes_cycle(source, target) == leads(target, source)
            if not ranks.closes_cycle(source, target):
                ranks.connect(source, target)
                arrows[source].add(target)
        assert all(ranks.ascends(a, b) for a in arrows for b in arrows[a]), step
