"""Cards are measured at once and made when someone comes near: what is measured is what is made."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QRectF

from benchmarks.canvas_graph import layered
from engine.nodes.catalog import CATALOG
from graph.model.build import build
from graph.model.edits import Rename, SetBypassed, SetCollapsed, SetLabel, SetParam
from graph.model.graph import Graph
from ui.canvas.model import geometry
from ui.canvas.model.card_body import UNKNOWN, Shapes
from ui.canvas.model.cards import Cards
from ui.canvas.model.scene import KINDS, CanvasScene

NAMES = (
    "add_12", "add", "hidden_7", "x_3", "x1", "y_hat", "y_hat_2", "theta_10", "W_plus", "h_", "_3", "a_b_4",
    "a_long_name_of_a_node_that_is_cut_12",
    "ŷ", "word_x", "multiplication_2", "AVATAR_71", "ell_0", "tanh_x_2", "what_5", "delta_h", "relu_1234567",
)  # fmt: skip


def graph_of(rows: list[dict[str, Any]]) -> Graph:
    return build({"nodes": rows}, CATALOG)


def test_the_outline_of_every_type_under_every_kind_of_name_is_that_of_its_card(qapp: object) -> None:
    kinds = [*CATALOG, "no.such"]
    rows = [{"id": f"n{i}", "type": kinds[i % len(kinds)], "name": "n"} for i in range(2 * len(kinds))]
    for index, row in enumerate(rows):
        row["name"] = f"{NAMES[index % len(NAMES)]}{'' if index < len(NAMES) else f'q_{index}'}"
    rows[3] |= {"label": "a label"}
    rows[5] |= {"collapsed": True}
    graph = graph_of(rows)
    for shapes in (UNKNOWN, Shapes({(node, "y"): (3,) for node in graph.nodes})):
        scene, known = CanvasScene(graph), 0
        scene.reshape(shapes)
        for node in graph.nodes:
            card, outline = geometry.build(graph, node, shapes=shapes), scene.cards.outlines[node]
            assert (outline.category, outline.width, outline.height) == (card.category, card.width, card.height), graph.nodes[node].name
            for spot in (*card.inputs, *card.outputs):
                assert outline.hook(spot.port, spot.output, spot.slot) == (spot.x, spot.y)
            known += isinstance(outline, geometry.Outline)
            assert scene.cards[node] == card and KINDS[scene.kinds[scene.row[node]]] == card.category
        assert known > 0.8 * len(rows)


def test_a_name_alone_sets_the_width_as_the_whole_title_does(qapp: object) -> None:
    for name in NAMES:
        graph = graph_of([{"id": "n", "type": "math.add", "name": name if name.isidentifier() else "n"}])
        scene = CanvasScene(graph)
        assert scene.cards.outlines["n"].width == geometry.build(graph, "n").width, name


def test_nodes_that_are_alike_are_looked_up_once_and_have_the_outlines_of_each_alone(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, asked = large(), list[str]()
    graph_sized = [geometry.outline(graph, node, graph.inputs_of(node.id), UNKNOWN) for node in graph.nodes.values()]
    single = geometry._plain_kind
    monkeypatch.setattr(geometry, "_plain_kind", lambda graph, node: asked.append(node.id) or single(graph, node))
    assert geometry.outlines(graph, list(graph.nodes), UNKNOWN) == graph_sized
    assert 0 < len(asked) < 60 and len(graph_sized) == 300


def large() -> Graph:
    rows = layered(300)
    names = [f"{row.kind.partition('.')[2]}_{i}" for i, row in enumerate(rows)]
    nodes = [{"id": f"n{i}", "type": row.kind, "name": names[i], "x": row.x, "y": row.y} for i, row in enumerate(rows)]
    wires = [(source, i, port) for i, row in enumerate(rows) for source, port in row.wires]
    edges = [{"id": f"e{k}", "from": [f"n{a}", "y"], "to": [f"n{b}", port, 0]} for k, (a, b, port) in enumerate(wires)]
    return build({"nodes": nodes, "edges": edges}, CATALOG)


def test_only_cards_that_someone_asks_for_are_made(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, made = large(), list[str]()
    whole = geometry.build
    monkeypatch.setattr(geometry, "build", lambda graph, node, *rest: made.append(node) or whole(graph, node, *rest))
    scene = CanvasScene(graph)
    assert made == [] and len(scene.cards) == 300 and not scene.bounds().isNull()
    near = scene.nodes_in(QRectF(0, 0, 700, 400))
    assert [scene.cards[node].title.text for node in near] and made == near and 0 < len(near) < 30
    assert [scene.cards[node] for node in near] and made == near  # once
    scene.reshape(Shapes({(node, "y"): (3,) for node in graph.nodes}))
    assert set(made) == set(near) and len(made) == 2 * len(near)  # those that have been seen


def test_after_any_edit_a_card_is_the_one_of_the_graph_as_it_is_now(qapp: object) -> None:
    graph, (first, second) = large(), ("n40", "n41")
    scene = CanvasScene(graph)
    assert scene.cards[first].title.text  # seen; the other is not
    source = next(node for node in graph.nodes if not graph.inputs_of(node))
    for node in (first, second):
        for edit in (SetLabel(node, "seen from afar"), SetBypassed(node, True), SetCollapsed(node, True), Rename(node, f"renamed_{node}")):
            edit.apply(graph)
            scene.refresh([node, *graph.successors(node)])
            rect = scene.rect(node)
            assert (rect.width(), rect.height()) == (scene.cards[node].width, scene.cards[node].height)
            assert scene.cards[node] == geometry.build(graph, node) and KINDS[scene.kinds[scene.row[node]]] == scene.cards[node].category
    assert scene.refresh([first, second]).isNull()
    SetParam(source, "value", [1.0, 2.0]).apply(graph)
    assert not scene.refresh([source]).isNull()
    fresh = CanvasScene(graph)
    assert scene.cards == fresh.cards and (scene.rects == fresh.rects).all() and (scene.routes.cubics == fresh.routes.cubics).all()


def test_shapes_that_no_card_shows_are_taken_up_without_measuring(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": f"n{i}", "type": row.kind, "name": f"n_{i}", "x": row.x, "y": row.y} for i, row in enumerate(layered(60))]
    graph = graph_of(rows)
    scene, measured = CanvasScene(graph), list[str]()
    measure = Cards.measure
    monkeypatch.setattr(Cards, "measure", lambda cards, ids: measured.extend(ids) or measure(cards, ids))
    known = Shapes({(row["id"], "y"): (() if i % 2 else (9, 9, 9)) for i, row in enumerate(rows)})
    assert scene.reshape(known).isNull() and not measured
    for node in graph.nodes:
        assert geometry.build(graph, node, None, known) == geometry.build(graph, node, None, UNKNOWN)
    wider = Shapes({**known.outputs, ("n7", "y"): (3,)})
    assert not scene.reshape(wider).isNull() and measured == ["n7"]
    scene.reshape(known)
    assert measured == ["n7", "n7"]
