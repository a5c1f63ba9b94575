"""Formulas become graphs; the oracle for their value is Python's own evaluation of the same text."""

from __future__ import annotations

import ast
import contextlib
import math
import random
import time
from typing import Any

import pytest

from graph.formula.reading import read
from graph.formula.to_graph import FormulaError, build, names_in
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.model.objective import Objective, find_objective
from tests.support.catalog import CATALOG

VALUES = {"x": 2.0, "y": -5.0, "z": 3.0}
OPERATIONS: dict[str, Any] = {
    "math.add": lambda a, b: a + b, "math.subtract": lambda a, b: a - b, "math.multiply": lambda a, b: a * b,
    "math.divide": lambda a, b: a / b, "math.power": lambda a, b: a**b, "math.negate": lambda a: -a, "math.sin": math.sin,
    "math.exp": math.exp, "math.maximum": max,
}  # fmt: skip


def _evaluate(graph: Graph) -> float:
    values: dict[str, float] = {}
    for node in graph.order():
        arguments = [values[edge.source[0]] for edge in graph.inputs_of(node)]
        kind = graph.nodes[node].type
        values[node] = OPERATIONS[kind](*arguments) if kind in OPERATIONS else graph.setting(node, "value")
    objective = find_objective(graph)
    assert isinstance(objective, Objective)
    return values[objective.node]


def _names(graph: Graph) -> list[str]:
    return [node.name for node in graph.nodes.values()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x*y + z", -7.0), ("x*y+z", -7.0), ("-x*y", 10.0), ("-x**2", -4.0), ("x^2", 4.0), ("y + x^2*z", 7.0), ("x^-1", 0.5),
        ("2^x^z", 256.0),
        ("x - y - z", 4.0), ("x / z / z", 2 / 9), ("-(x + y)", 3.0), ("--x", 2.0), ("+x", 2.0), ("x − y · z", 17.0), ("x² + 1", 5.0),
        ("sin(x)*exp(-z)", math.sin(2) * math.exp(-3)), ("maximum(x, y) + Sin(0)", 2.0), ("f = x*y + z", -7.0), (" ( x ) ", 2.0),
        ("1.5e3*x", 3000.0), (".5*x", 1.0), ("x*x*x", 8.0), ("3", 3.0), ("-3", -3.0), ("x\n+\ny", -3.0),
    ],
)  # fmt: skip
def test_the_graph_computes_what_the_text_says(text: str, value: float) -> None:
    graph = build(text, CATALOG, {name: VALUES[name] for name in names_in(text)})
    assert _evaluate(graph) == pytest.approx(value, rel=1e-12)
    assert lint(graph) == []


def test_random_formulas_agree_with_python() -> None:
    draw = random.Random(0)

    def formula(depth: int) -> str:
        if not depth or draw.random() < 0.1:
            return draw.choice(["x", "y", "z", str(draw.randrange(1, 9)), f"{draw.random():.3f}"])
        kind = draw.choice(["+", "-", "*", "neg", "()", "fn"])
        if kind == "neg":
            return f"-{formula(depth - 1)}"
        if kind == "()":
            return f"({formula(depth - 1)})"
        if kind == "fn":
            return f"sin({formula(depth - 1)})"
        return f"{formula(depth - 1)} {kind} {formula(depth - 1)}"

    for _ in range(200):
        text = formula(5)
        graph = build(text, CATALOG, {name: VALUES[name] for name in names_in(text)})
        assert _evaluate(graph) == pytest.approx(eval(text, {"sin": math.sin}, VALUES), rel=1e-9, abs=1e-9), text


def test_a_name_used_twice_is_one_node_with_two_wires() -> None:
    graph = build("x*x", CATALOG, {"x": 3.0})
    assert _names(graph) == ["x", "multiply"]
    assert [edge.target[1] for edge in graph.outputs_of("n1")] == ["a", "b"]


def test_set_makes_an_input_and_param_a_parameter() -> None:
    graph = build("w*x", CATALOG, {"x": [1.0, 2.0]}, {"w": 0.5})
    kinds = {node.name: (node.type, dict(node.params)) for node in graph.nodes.values()}
    assert kinds["x"] == ("source.input", {"value": [1.0, 2.0]})
    assert kinds["w"] == ("parameter.parameter", {"value": 0.5})


def test_a_variable_may_bear_the_name_of_a_function_or_an_operation() -> None:
    graph = build("sin(sin) + add", CATALOG, {"sin": 1.0, "add": 2.0})
    assert _evaluate(graph) == pytest.approx(math.sin(1) + 2)
    assert _names(graph) == ["sin", "sin_2", "add", "add_2"]


def test_functions_have_other_names_and_take_settings() -> None:
    graph = build("dense(x, out_features=3, bias=False)", CATALOG, {"x": [1.0]})
    assert graph.nodes["n2"].type == "layer.linear" and graph.nodes["n2"].params == {"out_features": 3, "bias": False}


def test_a_function_of_many_takes_any_number() -> None:
    graph = build("concatenate(x, y, x)", CATALOG, {"x": 1.0, "y": 2.0})
    assert [edge.slot for edge in graph.inputs_of("n3")] == [0, 1, 2]


def test_nodes_do_not_overlap() -> None:
    graph = build("x*y + z*sin(x) - exp(y)/2", CATALOG, VALUES)
    places = [(node.x, node.y) for node in graph.nodes.values()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "the formula is empty"), ("   ", "the formula is empty"), ("x*q", "q has no value: give it one with --set q=…"),
        ("x +", "something is still missing after +"), ("x $ y", "$ is not allowed after x"), ("x^2 $ y", "$ is not allowed after 2"),
        ("(x", "the bracket ( opened at position 1 is not closed"), ("x)", "the bracket ) at position 2 closes nothing"),
        ("foo(x)", "there is no function called foo"), ("exo(x)", "did you mean exp?"), ("sin(x, y)", "sin takes 1 argument (x), not 2"),
        ("sin(0,5)", "decimals in its brackets are written with a point"), ("sin()", "sin takes 1 argument (x), not 0"), ("sin(*x)",
        "not allowed before"), ("sin(x, axis=1)", "sin has no setting axis"),
        ("dense(x, bias=3)", '"bias" is true or false'), ("x.real", "x.real: a formula may contain only + − * /"), ("x[0]", "slice(x"),
        ("x if y else z", "between x and if something is missing"), ("x, y", "the comma at position 2"), ("[x, y]", "only"),
        ("x < y", "comparison"), ("x == y", "comparison"), ("x and y", "between x and and"), ("x // y", "a single / divides"),
        ("x % y", "remainder"), ("~x", "~ is not allowed at the beginning"), ("'text'", "only numbers"), ("True", "True is not a number"),
        ("1j", "imaginary unit"), ("lambda: x", ": is not allowed after lambda"), ("f'{x}'", "can mean the transpose"),
        ("__import__('os').system('true')", "called by its name"), ("(lambda: 1)()", ": is not allowed after lambda"),
        ("x := 3", ": is not allowed after x"), ("x(y + 1)", "for a product write x*(y + 1)"), ("inf*x", "inf is not a number"),
        ("nan + x", "nan is not a number"), ("i*x", "imaginary unit"), ("sin*x", "sin is a function: write sin(x)"), ("x!", "factorial"),
        ("step(x)", "there is no function called step; where(x > 0, 1, 0)"), ("1/2x", "can mean (1/2)*x or 1/(2*x)"),
        ("x^2y", "can mean x^(2*y) or x^2*y"), ("sin^-1(x)", "the inverse function"), ("x'*y", "can mean the transpose"),
        ("x^T*y", "* multiplies entry by entry"), ("1,000*x", "can mean 1000 or 1.0"), ("\\sum x", "sum(x) adds up"), ("∑x",
        "sum(x) adds up"),
        ("sin x", "Did you mean sin(x)?"), ("x y", "Did you mean x*y?"), ("|x", "the | opened at position 1"), ("\\foo",
        "\\foo is not understood"),
        ("1e999*x", "not a finite number"), ("9" * 5000, "too many digits"),
        ("x\0y", "invalid character"), ("x\ud800", "invalid character"),
        ("αx", "αx has no value"), ("lambda*x", "lambda has no value"), ("(" * 3000, "nested too deeply"),
        ("-" * 9000 + "x", "nested too deeply"), ("x" + "**x" * 3000, "nested too deeply"),
        ("x" * 10_001, "the formula has 10,001 characters; at most 10,000"), ("x = x*y", "both sides of ="),
        ("sin(" * 150 + "x" + ")" * 150, ""), ("argmax(x) + y", "argmax gives class indices"),
    ],
)  # fmt: skip
def test_a_bad_formula_is_one_line(text: str, error: str) -> None:
    start = time.process_time()
    try:
        build(text, CATALOG, {name: VALUES[name] for name in VALUES if name in text})
    except FormulaError as problem:
        assert error in str(problem) and "\n" not in str(problem) and len(str(problem)) < 300
    else:
        assert error == ""
    assert time.process_time() - start < 2


def test_a_name_given_twice_or_never_used_is_an_error_that_names_it() -> None:
    with pytest.raises(FormulaError, match="x is given twice"):
        build("x", CATALOG, {"x": 1.0}, {"x": 1.0})
    with pytest.raises(FormulaError, match="q does not occur in the formula"):
        build("x", CATALOG, {"x": 1.0, "q": 2.0})
    with pytest.raises(FormulaError, match='"a b" is not a name'):
        build("x", CATALOG, {"x": 1.0, "a b": 2.0})


def test_a_long_sum_is_built() -> None:
    graph = build("x" + " + x" * 400, CATALOG, {"x": 0.5})
    assert _evaluate(graph) == 200.5


def test_any_text_gives_a_graph_or_one_line() -> None:
    draw = random.Random(3)
    pieces = [*"xy+-*^(),2= []'\\\n#é²:|{}½πe₁T!%", "**", ".5", "sin(", "\\frac", "\\left(", "1,5", "^T"]
    for _ in range(3000):
        text = "".join(draw.choices(pieces, k=draw.randrange(1, 12)))
        try:
            graph = build(text, CATALOG, {name: VALUES[name] for name in names_in(text) if name in VALUES})
        except FormulaError as problem:
            assert "\n" not in str(problem)
        else:
            assert lint(graph) == []


RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
Written = tuple[str, str]
"""As lectures write it, and as Python does."""


def _lecture(draw: random.Random, depth: int) -> Written:
    kind = draw.choice(["sum", "product", "beside", "power", "raised", "frac", "abs", "sin", "negative"]) if depth else "leaf"
    if kind == "leaf":
        return draw.choice([("2", "2"), ("1.5", "1.5"), ("½", "0.5"), ("x", "x"), ("θ", "θ"), ("x₁", "x1"), ("π", "pi")])
    (a, python_a), (b, python_b) = _lecture(draw, depth - 1), _lecture(draw, depth - 1)
    number = draw.choice(["2", "3", "12"])
    return {
        "sum": (f"{a} + ({b})", f"(({python_a}) + ({python_b}))"), "product": (f"({a})·({b})", f"(({python_a})*({python_b}))"),
        "beside": (f"{number}({b})", f"({number}*({python_b}))"), "power": (f"({a})^{number}", f"(({python_a})**{number})"),
        "raised": (f"({a}){number.translate(RAISED)}", f"(({python_a})**{number})"), "negative": (f"-({a})", f"(-({python_a}))"),
        "frac": (rf"\frac{{{a}}}{{{b}}}", f"(({python_a})/({python_b}))"), "abs": (f"|{a}|", f"abs({python_a})"),
        "sin": (f"sin²({a})", f"(sin({python_a})**2)"),
    }[kind]  # fmt: skip


def _worth(tree: ast.expr, values: dict[str, float]) -> float:
    """The parsed tree in Python's arithmetic."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    code = compile(ast.fix_missing_locations(ast.Expression(_Plain().visit(tree))), "formula", "eval")
    return float(eval(code, {"sin": math.sin, "abs": abs, "π": math.pi} | {name: values[name] for name in names if name in values}))


class _Plain(ast.NodeTransformer):
    """Python's compiler takes no subclasses of its nodes."""

    def visit_Bare(self, node: ast.BinOp) -> ast.AST:  # noqa: N802 - the name decides
        return self.generic_visit(ast.BinOp(node.left, node.op, node.right))

    def visit_Lowered(self, node: ast.Name) -> ast.AST:  # noqa: N802
        return ast.Name(node.id, ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.AST:  # noqa: N802
        return ast.Name(node.id, ast.Load())


@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.long)])
def test_random_formulas_of_lectures_mean_what_python_says(count: int) -> None:
    draw, values = random.Random(11), {"x": 1.3, "θ": 2.1, "x1": 0.4}
    compared = 0
    for _ in range(count):
        text, python = _lecture(draw, 4)
        with contextlib.suppress(OverflowError, ZeroDivisionError):
            expected = float(eval(python, {"sin": math.sin, "pi": math.pi} | values))
            (statement,) = read(text)
            assert _worth(statement.tree, values) == pytest.approx(expected, rel=1e-9), text
            compared += 1
    assert compared > count * 0.9
