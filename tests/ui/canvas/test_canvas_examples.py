"""The built-in graphs as they are drawn: nothing lies over anything else, and there is room for numbers on every wire."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from engine.nodes.catalog import CATALOG
from graph.storage.document import Document
from tests.support.canvas_graphs import view_of, xy_plus_z_trace
from ui.canvas.model.content import Content
from ui.canvas.model.labels import Labels
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint.picture import paint_graph, picture_size
from ui.look.theme import THEMES, Theme

EXAMPLES = sorted((Path(__file__).parents[3] / "resources" / "examples").glob("*.gradwire"))
pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def scene(request: pytest.FixtureRequest) -> CanvasScene:
    return CanvasScene(Document.load(request.param, CATALOG).graph)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 14


def test_cards_keep_their_distance(scene: CanvasScene) -> None:
    close = [(a, b) for a in scene.ids for b in scene.nodes_in(scene.rect(a).adjusted(-40, -8, 40, 8)) if b != a]
    assert not close


def test_no_wire_runs_behind_a_card(scene: CanvasScene) -> None:
    for edge in scene.edges:
        source, target, _ = scene.ends(edge)
        for node in scene.ids:
            if node not in (source[0], target[0]):
                rect = scene.rect(node)
                assert not any(rect.contains(float(x), float(y)) for x, y in scene.wire_points(edge)), (edge, node)


def test_numbers_find_places_off_the_cards(scene: CanvasScene) -> None:
    values = {(n, p.name): view_of(-1.234) for n in scene.graph.nodes for p in scene.graph.spec(n).outputs}
    trace = xy_plus_z_trace(objective=None, values=values, edge_gradients={e: view_of(0.05678) for e in scene.edges})
    labels = Labels()
    assert labels.prepare(scene, scene.edges, Content(scene.graph, trace))
    spots = [spot for places in labels.places.values() for spot in places.sides if spot is not None]
    assert not [n for spot in spots for n in scene.ids if scene.rect(n).adjusted(-5, 0, 5, 0).contains(spot.x, spot.y)]
    edges = {edge: scene.graph.edges[edge] for edge in scene.edges}  # all but those inside a closed group
    assert all(labels.places[edge].backward for edge in edges)
    assert {edges[e].source for e in edges if labels.places[e].forward} == {edge.source for edge in edges.values()}  # at least once each


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_example_is_painted_in_every_theme(scene: CanvasScene, theme: Theme) -> None:
    image = QImage(picture_size(scene.graph).toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_graph(painter, scene.graph, None, theme, QRectF(image.rect()))
    painter.end()
    assert len({image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)}) > 4
