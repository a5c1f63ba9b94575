"""The names of functions: every one is read, written and computed with as its row says."""

from __future__ import annotations

import ast
import math

import pytest

from engine.nodes.catalog import CATALOG
from graph.formula.functions import BARE, COMMANDS, FUNCTIONS, NUMERIC, RESERVED, Function
from graph.formula.numbers import read_number
from graph.formula.parser import FormulaParser
from graph.formula.reading import functions, misread
from graph.formula.to_latex import latex

each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
VALUES = {
    "sqrt": 0.8366600265340756, "exp": 2.0137527074704766, "log": -0.35667494393873245, "ln": -0.35667494393873245,
    "log2": -0.5145731728297583, "log10": -0.1549019599857432, "lg": -0.1549019599857432, "sin": 0.644217687237691,
    "cos": 0.7648421872844885, "tan": 0.8422883804630794, "sinh": 0.7585837018395334, "cosh": 1.255169005630943,
    "tanh": 0.6043677771171635, "atan": 0.6107259643892086, "arctan": 0.6107259643892086, "abs": 0.7,
}  # fmt: skip
"""At 0.7, as tables give them."""


def test_no_name_stands_twice() -> None:
    assert len({function.name for function in FUNCTIONS}) == len(FUNCTIONS)


@pytest.mark.parametrize("name", NUMERIC)
def test_a_typed_number_is_computed_with_it(name: str) -> None:
    assert read_number(f"{name}(0.7)").value == pytest.approx(VALUES[name], rel=1e-15)


@each_function
def test_its_name_alone_is_no_input_where_it_is_reserved(function: Function) -> None:
    assert (misread(function.name) == f"{function.name} is a function: write {function.name}(x)") is function.reserved


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_calls_a_node_type(name: str) -> None:
    assert name in functions(CATALOG), "a name that is kept from inputs must mean something"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_latex_with_its_command_is_read_and_written(name: str) -> None:
    arguments = "x, y" if name in ("max", "min") else "x"
    command, word = FormulaParser(rf"\{name}({arguments})"), FormulaParser(f"{name}({arguments})")
    assert ast.dump(command.statements()[0][1]) == ast.dump(word.statements()[0][1])
    assert latex(f"{name}({arguments})") == rf"\{name}({arguments})"


@pytest.mark.parametrize("name", sorted(BARE))
def test_latex_without_brackets_takes_one_factor(name: str) -> None:
    assert ast.unparse(FormulaParser(rf"2\{name} x").statements()[0][1]) == f"2 * {name}(x)"


def test_what_has_no_command_is_written_upright() -> None:
    assert latex("relu(x)") == r"\mathrm{relu}(x)"
    assert math.isclose(VALUES["abs"], 0.7)
