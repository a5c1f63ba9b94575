"""The graph of a step as a document: which of its changes are the run's, and which the user's."""

from __future__ import annotations

import pytest

from engine.explain.inside import Inside
from engine.explain.inside.derive import structure
from engine.explain.inside.fill import StepNumbers, fill_edit, values
from engine.nodes.catalog import CATALOG
from engine.training.optimizers.registry import OPTIMIZERS
from graph.model.edits import SetParam, dissolve, remove_nodes
from graph.storage.files import dumps
from ui.inside.guest import InsideGuest
from ui.inside.words import own_title, said


def step(key: str, t: int, theta: float, rate: float = 0.01) -> Inside:
    """Step `t` of one number `theta` with the gradient −0.5; what is remembered is 0.25 everywhere."""
    spec = OPTIMIZERS[key]
    hyper = spec.with_defaults({"lr": rate})
    graph = structure(spec, hyper, CATALOG)
    states = {variable.name: 0.25 for variable in spec.state_variables}
    rows = values(graph, spec, StepNumbers(theta, -0.5, states, hyper, t, theta + 0.1, 0.7, 0.3))
    fill_edit(rows).apply(graph)
    return Inside(key, spec.title, dumps(graph), rows, "w", "value", None, "w", (), (("w", "value", "w", ()),), t - 1, t)


@pytest.fixture
def guest() -> InsideGuest:
    return InsideGuest(step("adam", 3, 2.0), CATALOG)


def remove_correction(guest: InsideGuest) -> None:
    """m⁺ and r⁺ go where m̂ and r̂ went."""
    with guest.document.gesture("Dissolve"):
        for hat in ("m_hat", "r_hat"):
            guest.document.do(dissolve(guest.document.graph, hat))


def remove(guest: InsideGuest, node: str) -> None:
    guest.document.do(remove_nodes(guest.document.graph, [node]))


def number(guest: InsideGuest, node: str) -> object:
    return guest.document.graph.setting(node, "value")


def test_another_step_brings_its_numbers_and_nothing_to_undo_and_leaves_what_the_user_has_set(guest: InsideGuest) -> None:
    structure_before = guest.document.structure
    guest.follow(step("adam", 4, 2.1))
    assert (number(guest, "theta"), number(guest, "t"), number(guest, "loss")) == (2.1, 4.0, 0.7)
    assert not guest.document.history.can_undo and guest.document.structure == structure_before and not guest.standing.edited

    guest.document.do(SetParam("set_lr", "value", 0.5))
    guest.follow(step("adam", 5, 2.2))

    assert (number(guest, "theta"), number(guest, "set_lr")) == (2.2, 0.5)
    assert guest.standing.changed == {"lr": 0.5} and not guest.standing.own and "0.5" in said(guest, guest.standing, "", "")
    guest.document.undo()
    assert not guest.standing.edited and number(guest, "theta") == 2.2


def test_a_rewired_rule_is_the_users_own_until_it_is_undone_or_discarded(guest: InsideGuest) -> None:
    remove_correction(guest)
    assert guest.standing.own and not guest.standing.problems
    assert own_title(guest) == "Adam without bias correction"
    assert "Adam without bias correction" in said(guest, guest.standing, "", "")

    guest.document.undo()
    assert guest.standing.key == "adam" and not guest.standing.edited
    guest.document.redo()
    guest.edited()
    guest.discard()
    assert guest.standing.key == "adam" and not guest.standing.edited
    guest.document.undo()
    assert guest.standing.own


def test_what_is_no_rule_is_said_with_the_node_it_is_about(guest: InsideGuest) -> None:
    remove(guest, "next_theta")

    (problem, *_more) = guest.standing.problems
    assert guest.standing.own and said(guest, guest.standing, "", "") == problem.text and "θ" in problem.text


def test_a_given_that_was_deleted_comes_back_with_the_numbers_of_the_present_step(guest: InsideGuest) -> None:
    remove(guest, "gradient")
    guest.edited()
    later = step("adam", 9, 3.0)
    guest.follow(Inside(**{f: getattr(later, f) for f in later.__slots__} | {"values": (("gradient", "value", 4.5), *later.values[:1])}))
    guest.document.undo()
    guest.edited()

    assert number(guest, "gradient") == 4.5


def test_another_optimizer_is_one_edit_and_both_are_known_again_after_undo_and_redo(guest: InsideGuest) -> None:
    switched = guest.switch(step("rmsprop", 3, 2.0))
    assert guest.key == guest.standing.key == "rmsprop" and "r" in {guest.document.graph.nodes[n].name for n in guest.document.graph.nodes}
    assert "m_hat" in switched.vanish and switched.stays["theta"] == "theta"

    guest.document.undo()
    assert guest.standing.key == "adam" and guest.standing.own is False
    guest.document.redo()
    assert guest.standing.key == "rmsprop" and not guest.standing.edited
