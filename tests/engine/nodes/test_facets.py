"""What is known about node types beside their declaration: optional facets, by type. A type without one works all the same.

`pytest tests/engine/nodes/test_facets.py --collect-only -q` lists which type lacks which facet.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.misconceptions.passes import Pass, steps_of
from engine.explain.misconceptions.rules import SLIPS, slips
from engine.explain.misconceptions.values import _BINARY, _UNARY
from engine.explain.question import Refusal
from engine.explain.symbolic import Symbolic
from engine.explain.symbolic.table import FORMULAS
from engine.nodes import FAMILIES, ORDER, TYPES, types_in
from engine.nodes.catalog import CATALOG
from engine.unfold.recipes import RECIPES, recipe
from graph.formula.functions import RESERVED
from graph.formula.reading import NO_FUNCTIONS, functions
from graph.model.graph import GraphError
from tests.engine.explain.test_cards_of_every_type import session_of
from tests.engine.node_cases import all_cases

FACETS = {
    "formula in SymPy": set(FORMULAS),
    "recipe of smaller nodes": set(RECIPES),
    "wrong values": {*_BINARY, *_UNARY},
    "wrong derivatives": {key for key, _ in SLIPS},
    "gradient rule": {key for key, node_type in TYPES.items() if node_type.gradients},
    "line of exported code": {key for key, node_type in TYPES.items() if node_type.code},
}
NOTHING_COMPUTED = ("input", "constant", "data", "parameter")


def missing() -> Iterator[tuple[str, str]]:
    """Every facet and every type that computes something and lacks it."""
    for facet, known in FACETS.items():
        yield from ((facet, key) for key, node_type in TYPES.items() if key not in known and node_type.spec.role not in NOTHING_COMPUTED)


@pytest.mark.parametrize("facet", FACETS)
def test_facets_are_of_types_that_exist(facet: str) -> None:
    assert not FACETS[facet] - TYPES.keys()


def test_wrong_derivatives_are_of_arguments_that_exist() -> None:
    arguments = {key: {port.name for port in spec.inputs} | {held.name for held in spec.parameters} for key, spec in CATALOG.items()}
    known = {(key, name) for key, names in arguments.items() for name in names}
    assert not SLIPS.keys() - known


@pytest.mark.parametrize(("facet", "key"), list(missing()))
def test_a_type_without_a_facet_is_whole_without_it(facet: str, key: str) -> None:
    if facet == "recipe of smaller nodes":
        with pytest.raises(GraphError, match="this one cannot be opened"):
            recipe(key, TYPES[key].title, "this one")
        return
    session = next(candidate for case in all_cases() if case.type == key and (candidate := session_of(case)) is not None)
    if facet == "formula in SymPy":
        said = answer(ExplainContext(session), Symbolic())
        if all(port.dtype == "index" for port in TYPES[key].outputs):  # no objective is made of an index
            assert isinstance(said, Refusal) and "the objective cannot be computed" in said.text
            return
        assert isinstance(said, Refusal) and said.text.startswith("Formulas are for graphs of") or "has no formula" in said.text
    elif facet == "line of exported code":
        pytest.fail("everything that computes is exported")
    elif facet == "gradient rule":
        assert session.trace().values
    else:
        run = Pass(ExplainContext(session))
        for step in steps_of(run.operations["node"]):
            assert all(wrong.shape == run.input(step).shape for _, wrong in slips(run, step))


def test_a_module_of_node_types_is_found_and_the_order_names_only_modules_that_exist() -> None:
    names = [family.__name__.rpartition(".")[2] for family in FAMILIES]
    assert names[: len(ORDER)] == list(ORDER) and len(set(names)) == len(names)
    assert all(types_in(family) for family in FAMILIES)


def test_every_type_with_inputs_is_called_in_a_formula_by_the_names_of_its_declaration() -> None:
    words = functions(CATALOG)
    for key, spec in CATALOG.items():
        if any(not port.parameter for port in spec.inputs) and spec.outputs and not spec.rule:
            assert words[key.replace(".", "_")] is spec
            assert spec.default_name in words or spec.default_name in NO_FUNCTIONS
    assert words.keys() >= RESERVED
