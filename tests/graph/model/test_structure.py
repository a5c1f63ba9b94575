"""Problems seen without an engine, and repairs as single steps."""

from __future__ import annotations

import pytest

from graph.model.edits import AddNode, Connect, Disconnect, Move, SetGraphSetting, SetParam, remove_nodes
from graph.model.edits.composed import insert_on_wire
from graph.model.elements import Edge, Node
from graph.model.graph import Graph, GraphError
from graph.model.lint import lint
from graph.model.problem import Problem, Repair
from graph.model.repairs import apply_repair, merged
from graph.model.structure import problems
from graph.storage.document import Document
from graph.storage.files import dumps
from graph.text.messages import Message
from tests.support.catalog import CATALOG, add, wire, xy_plus_z


def _texts(graph: Graph) -> list[str]:
    return [problem.text for problem in problems(graph)]


def _repaired(graph: Graph, number: int = 0) -> Document:
    """The graph after the first problem's repair, as one step of a document."""
    document = Document(graph)
    document.do(apply_repair(graph, problems(graph)[0].repairs[number]))
    assert lint(graph) == []
    return document


def test_a_whole_graph_has_no_problems() -> None:
    assert problems(xy_plus_z()) == [] and problems(Graph(CATALOG)) == []


def test_an_open_input_is_named_and_the_only_output_that_fits_is_one_click_away() -> None:
    graph = xy_plus_z()
    Disconnect("e4").apply(graph)  # z to f.b
    (problem,) = problems(graph)[:1]
    assert (problem.severity, problem.text, problem.nodes, problem.port) == (
        "error",
        "f: nothing is connected to its input b",
        ("n5",),
        "b",
    )
    assert [repair.title for repair in problem.repairs] == ["Connect z to b"]
    document = _repaired(graph)
    assert graph.predecessors("n5") == ("n4", "n3") and problems(graph) == []
    document.undo()
    assert "f: nothing is connected to its input b" in _texts(graph)


def test_where_several_outputs_fit_nobody_guesses() -> None:
    graph = xy_plus_z()
    Disconnect("e4").apply(graph)
    add(graph, "source.input", "q")
    assert problems(graph)[0].repairs == ()


def test_an_output_that_would_close_a_cycle_does_not_fit() -> None:
    graph = Graph(CATALOG)
    first, second = add(graph, "math.sin"), add(graph, "math.exp")
    wire(graph, first, second)
    (problem,) = problems(graph)
    assert problem.text == "sin: nothing is connected to its input x" and problem.repairs == ()
    x = add(graph, "source.input")
    assert [repair.title for repair in problems(graph)[0].repairs] == ["Connect x to x"]
    _repaired(graph)
    assert graph.predecessors(first) == (x,)


def test_an_output_in_use_fits_where_no_other_does() -> None:
    graph = Graph(CATALOG)
    x, total = add(graph, "source.input"), add(graph, "math.add")
    wire(graph, x, total, "a")
    assert [repair.title for repair in problems(graph)[0].repairs] == ["Connect x to b"]


def test_a_target_goes_to_a_target_and_nowhere_else() -> None:
    graph = Graph(CATALOG)
    data, layer, _ = add(graph, "source.data"), add(graph, "layer.linear"), add(graph, "loss.squared_error")
    wire(graph, data, layer, "x", "x")
    titles = [[repair.title for repair in problem.repairs] for problem in problems(graph)]
    assert titles == [["Connect linear to prediction"], ["Connect data.target to target"]]


def test_class_indices_do_not_fit_where_real_numbers_are_wanted() -> None:
    graph = Graph(CATALOG)
    x, largest, sine = add(graph, "source.input"), add(graph, "math.argmax"), add(graph, "math.sin")
    wire(graph, x, largest)
    (problem, *_) = problems(graph)
    assert problem.nodes == (sine,) and [repair.title for repair in problem.repairs] == ["Connect x to x"]


def test_unknown_types_and_settings_out_of_range_are_named() -> None:
    graph = xy_plus_z()
    AddNode(Node("u", "layer.from_the_future", "later")).apply(graph)
    wire(graph, "n5", "u", "anything")
    wire(graph, "n1", add(graph, "layer.linear", "hidden", out_features=0), "x")
    assert _texts(graph)[:2] == [
        'hidden: "out_features" must be at least 1, not 0',
        'later: this version does not know the node type "layer.from_the_future"; it is kept, but cannot be computed',
    ]


def test_several_objectives_are_a_question_answered_by_one_click() -> None:
    graph = xy_plus_z()
    wire(graph, "n1", add(graph, "math.sin", "g"))
    (problem,) = problems(graph)
    assert problem.severity == "warning" and problem.nodes == ("n5", "n6") and "f, g" in problem.text
    assert [repair.title for repair in problem.repairs] == ["Set f as objective", "Set g as objective"]
    _repaired(graph, 1)
    assert graph.settings["objective"] == {"node": "n6", "port": "y"} and problems(graph) == []


def test_parts_that_do_not_hang_together_are_warned_of() -> None:
    graph = xy_plus_z()
    SetGraphSetting("objective", {"node": "n5", "port": "y"}).apply(graph)
    q = add(graph, "source.input", "q")
    wire(graph, q, add(graph, "math.sin"))
    lonely = add(graph, "source.input", "lonely")
    warnings = [(problem.severity, problem.text, problem.nodes) for problem in problems(graph)]
    assert warnings == [
        ("warning", "q and sin are not connected to the objective f, so they do not influence it", (q, "n7")),
        ("warning", "lonely is not connected to anything", (lonely,)),
    ]


def test_a_node_that_misses_an_input_is_not_blamed_twice() -> None:
    graph = xy_plus_z()
    add(graph, "math.sin")
    assert _texts(graph) == ["sin: nothing is connected to its input x"]


def test_many_lonely_nodes_are_one_warning() -> None:
    graph = xy_plus_z()
    for _ in range(1002):
        add(graph, "source.input", "q")
    (problem,) = problems(graph)
    assert problem.text == "q, q_2, q_3 and 999 more are not connected to anything" and len(problem.nodes) == 1002


def test_looking_for_problems_changes_nothing() -> None:
    graph = xy_plus_z()
    Disconnect("e4").apply(graph)
    before, following = dumps(graph), graph.free_id("e")
    problems(graph)
    assert dumps(graph) == before and graph.free_id("e") == graph.fresh_id("e") == following


def _inserting(graph: Graph, edge: str) -> Repair:
    node = Node(graph.fresh_id("n"), "math.exp", graph.fresh_name("exp"))
    return Repair("Insert exp", (insert_on_wire(graph, edge, node, "x", "y").to_json(),))


def test_a_repair_found_elsewhere_fits_although_its_ids_and_names_were_given_away() -> None:
    graph = xy_plus_z()
    repair = _inserting(graph.copy(), "e3")
    AddNode(Node("n6", "math.exp", "exp")).apply(graph)  # the names the repair chose
    Connect(Edge("e5", ("n1", "y"), ("n6", "x"))).apply(graph)
    edit = apply_repair(graph, repair)
    edit.apply(graph)
    assert lint(graph) == []
    (inserted,) = graph.predecessors("n5")[:1]
    assert graph.nodes[inserted].name == "exp_2" and graph.predecessors(inserted) == ("n4",)


def test_a_repair_is_one_step_named_after_its_button() -> None:
    graph = xy_plus_z()
    before = dumps(graph)
    document = Document(graph)
    document.do(apply_repair(graph, _inserting(graph, "e3")))
    assert document.history.undo_text == "Insert exp"
    document.undo()
    assert dumps(graph) == before


def test_a_repair_that_no_longer_fits_is_refused_and_changes_nothing() -> None:
    graph = xy_plus_z()
    repair = _inserting(graph.copy(), "e3")
    remove_nodes(graph, ["n5"]).apply(graph)
    before = dumps(graph)
    with pytest.raises(GraphError, match="there is no wire"):
        apply_repair(graph, repair).apply(graph)
    assert dumps(graph) == before
    with pytest.raises(GraphError, match="this repair cannot be made: there is no edit called"):
        apply_repair(graph, Repair("Explode", ({"edit": "Explode"},)))


def test_edits_of_every_kind_pass_through_a_repair() -> None:
    graph = xy_plus_z()
    rows = (SetParam("n1", "value", 3.0).to_json(), Move((("n1", 8.0, 9.0),)).to_json())
    apply_repair(graph, Repair("Mend", rows)).apply(graph)
    assert graph.setting("n1", "value") == 3.0 and graph.nodes["n1"].x == 8.0


def test_what_two_lists_say_alike_is_said_once_with_its_repairs() -> None:
    repair = Repair("Mend", ())
    plain, mendable = (
        Problem("error", Message("a-is-bad", "a is bad"), ("n1",)),
        Problem("error", Message("a-is-bad", "a is bad"), ("n1",), repairs=(repair,)),
    )
    other = Problem("error", Message("b-is-bad", "b is bad"), ("n2",))
    assert merged([plain], [mendable, other]) == merged([mendable], [plain, other]) == [mendable, other]
