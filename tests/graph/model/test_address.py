"""One address for every number: as text and back, and what people call it."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.model.address import GONE, KINDS, WITH_GRADIENT, Address, first_output, output, parameter, parse, wire
from graph.model.graph import Graph
from tests.support.networks import network

ODD = st.one_of(
    st.text(min_size=1), st.text("%:[]|,. →\n0aé\ud800", min_size=1), st.sampled_from(["%3A", "%253A", "gradient", "edge:", "[0]", "a.b"])
)
INDICES = st.none() | st.lists(st.integers(0, 10**18 - 1), max_size=4).map(tuple)


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    kind = draw(st.sampled_from(KINDS))
    port = "" if kind == "edge" else draw(ODD)
    return Address(kind, draw(ODD), port, kind in WITH_GRADIENT and draw(st.booleans()), draw(INDICES))


@given(addresses(), addresses())
@example(Address("edge", "a:b"), Address("output", "edge", "a:b"))
@example(Address("output", "n", "y", index=()), Address("output", "n", "y[]"))
def test_the_text_of_an_address_gives_it_back_and_belongs_to_no_other(one: Address, two: Address) -> None:
    assert parse(one.text()) == one
    assert (one.text() == two.text()) == (one == two)
    assert pickle.loads(pickle.dumps(one)) == one and hash(parse(one.text())) == hash(one)


@given(st.one_of(st.text(), st.from_regex(r"(gradient:)?(output|edge|setting|x):[a%:3A]*(\[[0-9, ]*\])?", fullmatch=True)))
def test_any_text_is_read_exactly_or_refused_with_a_plain_message(text: str) -> None:
    try:
        address = parse(text)
    except ValueError as problem:
        assert "is not the address of a number" in str(problem) and "\n" not in str(problem) and len(str(problem)) < 400
    else:
        assert address.text() == text


@pytest.mark.parametrize("text", [
    "", "n1", "output:n1", "edge:e1:y", "output:n1:y:z", "gradient:setting:n1:rate", "gradient:buffer:n1:running", "wire:e1", "output::y",
    "edge:e1[01]", "edge:e1[0, 1]", "edge:e1[-1]", "edge:e1[1.5]", "edge:e1[0]x", "edge:%3a", "edge:100%", "Output:n1:y",
    "edge:e[" + "9" * 5000 + "]",
])  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a number"):
        parse(text)


@pytest.mark.parametrize("wrong", [
    ("output", "n", ""), ("edge", "e", "y"), ("edge", "", ""), ("setting", "n", "rate", True), ("buffer", "n", "m", True),
    ("node", "n", "y"), ("edge", "e", "", False, (-1,)),
])  # fmt: skip
def test_an_address_that_names_nothing_cannot_be_made(wrong: tuple[object, ...]) -> None:
    with pytest.raises(ValueError):
        Address(*wrong)  # type: ignore[arg-type]


def everything() -> Graph:
    return network(
        {"data": ("source.data", {"dataset": "moons", "samples": 8}), "theta": ("parameter.parameter", {"value": 2.0}),
         "hidden": ("layer.linear", {"out_features": 2}), "bn": ("layer.batch_norm1d", {}), "drop": ("layer.dropout", {"p": 0.5}),
         "join": ("math.concatenate", {}), "d": ("math.multiply", {}), "out": ("layer.linear", {"out_features": 2}),
         "loss": ("loss.cross_entropy", {})},
        "data.x -> hidden.x; hidden -> bn.x; bn -> drop.x; drop -> join.xs#0; drop -> join.xs#1; join -> d.a; theta -> d.b; d -> out.x;"
        "out -> loss.scores; data.target -> loss.target",
    )  # fmt: skip


def all_addresses(graph: Graph) -> list[Address]:
    addresses = [wire(e) for e in graph.edges]
    for node in graph.nodes:
        spec = graph.spec(node)
        addresses += [output(node, port.name) for port in spec.outputs]
        addresses += [parameter(node, p.name) for p in spec.parameters]
        addresses += [Address("setting", node, s.name) for s in spec.settings]
    addresses.append(Address("buffer", "bn", "running_mean"))
    return addresses + [a.derivative for a in addresses if a.kind in WITH_GRADIENT]


def test_every_number_of_a_graph_has_a_name_of_its_own() -> None:
    graph = everything()
    whole = all_addresses(graph)
    every = [*whole, *(a.at((0, 1)) for a in whole if a.kind != "setting"), *(a.at((1,)) for a in whole if a.kind != "setting")]
    names = [address.name(graph) for address in every]
    assert len(set(names)) == len(names) and GONE not in names


def test_names_are_those_on_the_canvas() -> None:
    graph = everything()
    named = {
        output("hidden"): "hidden", output("data", "x"): "data.x", output("hidden", "y", (0, 1)): "hidden[0, 1]",
        output("hidden", "y", ()): "hidden", parameter("hidden", "W"): "hidden.W", parameter("hidden", "W", (1, 0)): "hidden.W[1, 0]",
        parameter("theta", "value"): "theta.value", wire("e6"): "theta → d.b", wire("e0"): "data.x → hidden.x",
        wire("e3"): "drop → join.xs[0]", wire("e4", (0, 1)): "drop[0, 1] → join.xs[1]", wire("e6").derivative: "gradient of theta → d.b",
        parameter("hidden", "W", (1, 0)).derivative: "gradient of hidden.W[1, 0]",
        Address("buffer", "bn", "running_mean"): "bn.running_mean", Address("setting", "drop", "rate"): "rate of drop",
    }  # fmt: skip
    assert {address: address.name(graph) for address in named} == named
    assert all(gone.name(graph) == GONE for gone in (wire("e99"), output("gone"), parameter("gone", "W").derivative))


def test_an_address_leads_to_its_node_its_gradient_and_its_tensor() -> None:
    graph = everything()
    entry = wire("e6", (0,)).derivative
    assert (entry.node(graph), entry.quantity, entry.value, entry.whole) == ("theta", "gradient", wire("e6", (0,)), wire("e6").derivative)
    assert entry.exists(graph) and not wire("n1").exists(graph) and not output("e6").exists(graph)
    assert first_output(graph, "data") == output("data", "x")
