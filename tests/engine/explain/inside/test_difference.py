"""Which nodes stay when one rule becomes another."""

from __future__ import annotations

import pytest

from engine.explain.inside.derive import structure
from engine.explain.inside.difference import difference
from engine.nodes.catalog import CATALOG
from engine.training.optimizers.registry import OPTIMIZERS
from graph.model.graph import Graph


def rule(key: str) -> Graph:
    return structure(OPTIMIZERS[key], OPTIMIZERS[key].with_defaults({}), CATALOG)


def named(graph: Graph, ids: tuple[str, ...]) -> set[str]:
    """Names, without those that operations have of their type."""
    return {graph.nodes[node].name for node in ids} & {"m", "m_plus", "β1", "β2", "τ", "t", "m_hat", "r_hat", "d", "ρ", "λ", "Δθ", "power"}


PAIRS = [
    ("adam", "rmsprop", {"m", "m_plus", "β1", "t", "m_hat", "r_hat", "power"}, set()),
    ("sgd", "momentum", set(), {"m", "m_plus", "ρ", "τ"}), ("adagrad", "rmsprop", set(), {"τ"}), ("adam", "adam", set(), set()),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "vanish", "appear"), PAIRS)
def test_what_vanishes_and_what_appears(before: str, after: str, vanish: set[str], appear: set[str]) -> None:
    old, new = rule(before), rule(after)
    found = difference(old, new)
    assert named(old, found.vanish) == vanish and named(new, found.appear) == appear
    assert {*found.stays, *found.vanish} == {*old.nodes} and {*found.stays.values(), *found.appear} == {*new.nodes}
    assert len({*found.stays.values()}) == len(found.stays)
    assert all(old.nodes[mine].type == new.nodes[theirs].type for mine, theirs in found.stays.items())


def test_what_does_the_same_stays_under_another_name() -> None:
    """The division of Adam's step is RMSProp's d, and what β₂ is there is τ here."""
    old, new = rule("adam"), rule("rmsprop")
    renamed = {(old.nodes[node].name, new.nodes[difference(old, new).stays[node]].name) for node in difference(old, new).renamed}
    assert {("β2", "τ"), ("divide", "d")} <= renamed
