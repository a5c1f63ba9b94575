"""Wrong answers are recognised by the slip behind them, and numbers without a slip behind them are left alone."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path
from typing import Any

import pytest

from engine.explain.context import ExplainContext
from engine.explain.misconceptions import Expected, Prediction
from engine.explain.misconceptions.answer import BUDGET, expected, of_number
from engine.explain.misconceptions.match import Judgement, judge, typed
from engine.explain.misconceptions.passes import Pass
from engine.explain.question import Unanswerable
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model.address import Address, first_output, output, parameter, wire
from graph.storage.files import load
from tests.support.networks import network, product
from tests.support.wrong_answers import Answer, planted, planted_with_company, without_cause

Nodes = dict[str, tuple[str, dict[str, Any]]]


def address_of(graph: Any, place: str, sort: str, entry: tuple[int, ...] | None = None, learned: str = "") -> Address:
    """The first output of a node, one of its learned tensors, or a wire."""
    address = parameter(place, learned) if learned else wire(place) if place in graph.edges else first_output(graph, place)
    address = address.at(entry)
    return address.derivative if sort == "gradient" else address


def asked(answer: Answer) -> Expected:
    session = Model(network(answer.nodes, answer.wires))
    return expected(ExplainContext(session), Prediction(address_of(session.graph, answer.place, "gradient", answer.entry)))


def judged(answer: Answer) -> Judgement:
    return judge(asked(answer), answer.typed)


def of(graph: Any, place: str, sort: Any = "gradient", **more: Any) -> Expected:
    return expected(ExplainContext(Model(graph)), Prediction(address_of(graph, place, sort, **more)))


def causes(expected: Expected, text: str) -> set[str]:
    return {cause.key for cause in judge(expected, text).causes}


# The two counts


COUNTS = (200, pytest.param(500, marks=pytest.mark.long))


@pytest.mark.parametrize("count", COUNTS)
def test_the_planted_cause_is_named_in_at_least_95_percent_of_wrong_answers(count: int) -> None:
    answers = [planted(seed) for seed in range(count)]
    named = [answer.cause in {c.key for c in judged(answer).causes} for answer in answers]
    assert sum(named) >= 0.95 * count, [a.cause for a, n in zip(answers, named, strict=True) if not n]


@pytest.mark.parametrize("count", COUNTS)
def test_at_least_99_percent_of_wrong_answers_without_a_cause_get_none(count: int) -> None:
    named = [judged(without_cause(seed)).causes for seed in range(count)]
    assert sum(bool(causes) for causes in named) <= 0.01 * count


@pytest.mark.parametrize("cause", ["upstream", "branches", "partner", "sign", "mean", "argument"])
def test_each_of_the_six_misconceptions_is_named_on_its_own(cause: str) -> None:
    answers = [answer for seed in range(1000, 2000) if (answer := planted(seed)).cause == cause][:40]
    assert len(answers) >= 20
    assert sum(cause in {c.key for c in judged(answer).causes} for answer in answers) >= 0.9 * len(answers)


def test_the_truth_is_the_generators_own() -> None:
    for seed in range(60):
        answer = planted(seed)
        assert asked(answer).truth == pytest.approx(answer.truth, rel=1e-9, abs=1e-12)


def test_where_several_slips_lead_to_a_number_all_are_named() -> None:
    answers = [planted_with_company(seed) for seed in range(150)]
    complete = [causes <= {c.key for c in judged(answer).causes} for answer, causes in answers]
    assert all(complete)


# One by one, by hand: f = x·y + z at x = 2, y = −5, z = 3


def test_the_lectures_example() -> None:
    question = of(product(), "x")
    assert question.truth == -5 and judge(question, "-5").right and judge(question, "−5,0").right
    assert {"partner", "value"} <= causes(question, "2")
    assert "sign" in causes(question, "5") and "inner" in causes(question, "1")
    assert judge(question, "4.2").causes == ()


def test_several_that_fit_are_all_named() -> None:
    """q = (x·y)² at x = 3, y = 2: ∂q/∂x = 2·6·2 = 24. Without the upstream 12 it is 2, which is y; with both slips possible: 36 is
    x for y at the product, and the value of q."""
    nodes: Nodes = {"x": ("source.input", {"value": 3.0}), "y": ("source.input", {"value": 2.0}), "p": ("math.multiply", {}),
                    "q": ("math.square", {})}  # fmt: skip
    graph = network(nodes, "x -> p.a; y -> p.b; p -> q.x")
    assert of(graph, "x").truth == 24
    assert "upstream" in causes(of(graph, "x"), "2") and "partner" in causes(of(graph, "x"), "36")
    # x = 1: the value 1 is also the gradient at p's output without its factor 2·p … for x·x both branches are the same number
    same = network({"x": ("source.input", {"value": 1.0}), "p": ("math.multiply", {})}, "x -> p.a; x -> p.b")
    assert of(same, "x").truth == 2 and {"branches", "value"} <= causes(of(same, "x"), "1")


def test_a_wrong_answer_that_coincides_with_the_truth_is_right() -> None:
    """d(x·y)/dx at x = y = 4: the wrong partner gives the right number."""
    graph = network({"x": ("source.input", {"value": 4.0}), "y": ("source.input", {"value": 4.0}), "p": ("math.multiply", {})},
                    "x -> p.a; y -> p.b")  # fmt: skip
    assert judge(of(graph, "x"), "4").right


def test_a_branch_left_out_is_named_with_the_wire_that_is_missing() -> None:
    """f = x·3 + x·5: branches 3 and 5, sum 8."""
    nodes: Nodes = {"x": ("source.input", {"value": 2.0}), "a": ("source.constant", {"value": 3.0}),
                    "b": ("source.constant", {"value": 5.0}), "left": ("math.multiply", {}), "right": ("math.multiply", {}),
                    "f": ("math.add", {})}  # fmt: skip
    question = of(network(nodes, "x -> left.a; a -> left.b; x -> right.a; b -> right.b; left -> f.a; right -> f.b"), "x")
    assert question.truth == 8
    (cause,) = [c for c in judge(question, "5").causes if c.key == "branches"]
    assert cause.edge == "e0" and "left" in cause.hint


def test_a_wire_is_asked_for_its_own_contribution() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": 0.5}), "t": ("activation.tanh", {}), "q": ("math.square", {})}
    question = of(network(nodes, "x -> t.x; t -> q.x"), "e0")
    h = math.tanh(0.5)
    assert question.truth == pytest.approx(2 * h * (1 - h * h))
    assert causes(question, f"{2 * h * (1 - 0.25):.3g}") == {"argument"}
    assert causes(question, f"{1 - h * h:.3g}") == {"upstream"}


def test_forgetting_one_over_n_is_named_at_the_loss() -> None:
    nodes: Nodes = {"p": ("parameter.parameter", {"value": [1.0, 2.0, 4.0]}), "t": ("source.constant", {"value": [0.0, 0.5, 1.0]}),
                    "loss": ("loss.squared_error", {})}  # fmt: skip
    question = of(network(nodes, "p -> loss.prediction; t -> loss.target"), "p", entry=(2,))
    assert question.truth == pytest.approx(2 * 3 / 3)
    (cause,) = [c for c in judge(question, "6").causes if c.key == "mean"]
    assert cause.node == "loss" and "1/N" in cause.hint


def test_a_parameter_is_asked_by_its_name() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": [1.0, 2.0]}), "lin": ("layer.linear", {"out_features": 2, "initialisation": "ones"}),
                    "f": ("math.sum", {})}  # fmt: skip
    question = of(network(nodes, "x -> lin.x; lin -> f.x"), "lin", learned="W", entry=(1, 1))
    assert question.truth == 2 and question.name == "lin.W"


# Values


def test_slips_in_the_forward_pass() -> None:
    """f = x·y + z = −7: as x·(y + z) it is −4."""
    question = of(product(), "f", "value")
    assert question.truth == -7 and "order" in causes(question, "-4") and "sign" in causes(question, "7")
    assert "operation" in causes(of(product(), "d", "value"), "-3")  # 2 + (−5)


def test_a_forgotten_bias_and_a_forgotten_activation() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": [1.0, 2.0]}), "w": ("parameter.parameter", {"value": [[0.5, 0.25]]}),
                    "b": ("parameter.parameter", {"value": [0.3]}), "lin": ("layer.linear", {"out_features": 1}),
                    "t": ("activation.tanh", {}), "f": ("math.sum", {})}  # fmt: skip
    graph = network(nodes, "x -> lin.x; w -> lin.W; b -> lin.b; lin -> t.x; t -> f.x")
    assert causes(of(graph, "lin", "value"), "1") == {"bias"}
    assert "activation" in causes(of(graph, "t", "value"), "1.3")
    assert "bias" in causes(of(graph, "t", "value"), f"{math.tanh(1.0):.3g}")  # a slip one node earlier


# What is typed


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [("−0.25", -0.25, 0.005), ("1,5", 1.5, 0.05), ("3/4", 0.75, 0.75 * 5e-6), ("1.20e-3", 1.2e-3, 5e-6), ("1.2·10^-3", 1.2e-3, 5e-5),
     ("1230", 1230.0, 5.0), ("12", 12.0, 0.5), (" 0.100 ", 0.1, 0.0005), (".5", 0.5, 0.05)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, value: float, half: float) -> None:
    number = typed(text)
    assert number is not None and number.value == pytest.approx(value) and number.half == pytest.approx(half)


@pytest.mark.parametrize("text", ["", "x", "1/0", "nan", "inf", "1e999", "1.2.3", "__import__('os')"])
def test_what_is_no_number_is_told_so(text: str) -> None:
    assert judge(Expected(output("x"), 1.0), text).verdict == "unreadable"


def test_three_digits_are_right_and_fewer_are_correct_so_far() -> None:
    third = Expected(output("x"), 1 / 3, scale=1.0)
    assert judge(third, "0.333").right and judge(third, "0.3333").right and judge(third, "1/3").right
    assert judge(third, "0.334").right  # one unit in the third digit is rounding by hand
    assert judge(third, "0.33").verdict == judge(third, "0.3").verdict == "coarse"
    assert judge(third, "0.3").text == "Correct so far; give three significant digits."
    assert judge(third, "0.336").verdict == judge(third, "0.34").verdict == judge(third, "0").verdict == "wrong"


def test_rounding_errors_of_an_exact_zero_do_not_count() -> None:
    assert judge(Expected(output("x"), 3e-17, scale=1.0), "0").right


def test_hints_do_not_give_the_number_away() -> None:
    """The only numeral a hint may hold is one of a name or a symbol such as 1/N."""
    for seed in range(80):
        question = asked(planted(seed))
        for cause in question.causes:
            words = re.sub(r"\b[a-z]\w*\d\b|1/N", "", cause.hint)
            assert not re.search(r"\d", words), cause.hint


# Any graph


def test_every_example_answers_for_its_wires_and_nodes() -> None:
    rng = random.Random(4)
    for file in sorted(Path("resources/examples").glob("*.gradwire")):
        session = Model(load(file, CATALOG))
        situation = ExplainContext(session)
        graph, trace = situation.graph, situation.trace
        for place in rng.sample([*graph.edges], min(4, len(graph.edges))) + rng.sample([*graph.nodes], min(4, len(graph.nodes))):
            for sort in ("value", "gradient"):
                _check(situation, trace, place, sort, rng)


def _check(situation: ExplainContext, trace: Any, place: str, sort: Any, rng: random.Random) -> None:
    graph = situation.graph
    key = graph.edges[place].source if place in graph.edges else (place, graph.spec(place).outputs[0].name)
    number = trace.values.get(key) if sort == "value" else trace.edge_gradients.get(place, trace.gradients.get(key))
    entry = tuple(rng.randrange(size) for size in number.shape) if hasattr(number, "shape") and number.numel() else None
    try:
        question = expected(situation, Prediction(address_of(graph, place, sort, entry)))
    except Unanswerable as refused:
        assert str(refused)
        return
    assert question.truth == float(number[entry])
    assert len({round(c.value, 12) for c in question.causes}) <= BUDGET
    assert all(c.hint and c.value != question.truth for c in question.causes)


def test_a_tensor_without_a_chosen_entry_is_refused_in_words() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": [1.0, 2.0]}), "f": ("math.sum", {})}
    with pytest.raises(Unanswerable, match="choose one"):
        of(network(nodes, "x -> f.x"), "x")
    with pytest.raises(Unanswerable, match="no entry"):
        of(network(nodes, "x -> f.x"), "x", entry=(7,))


def test_a_value_that_goes_to_hundreds_of_nodes_costs_no_more_than_one_answer_may() -> None:
    """f = w^400, as a chain of products with one w: every node has slips, and each is carried back through all the others."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"w": ("parameter.parameter", {"value": 1.01})}
    nodes |= {f"p{i}": ("math.multiply", {}) for i in range(400)}
    wires = ["w -> p0.a", "w -> p0.b", *(f"p{i - 1} -> p{i}.a; w -> p{i}.b" for i in range(1, 400))]
    session = Model(network(nodes, ";".join(wires), settings={"objective": {"node": "p399", "port": "y"}}))
    run = Pass(ExplainContext(session))
    question = of_number(run, parameter("w", "value").derivative)
    assert question.truth == pytest.approx(401 * 1.01**400)
    assert "upstream" in {cause.key for cause in question.causes}
    assert run.computed < 8_000
    assert max(len(cause.hint) for cause in question.causes) < 200
