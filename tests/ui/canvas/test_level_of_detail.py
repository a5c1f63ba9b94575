"""Names, values and labels can be read from the last row, and what cannot be read is left out, the least important first."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QPainter

from benchmarks.recorder import Recorder, Written
from engine.nodes.catalog import CATALOG
from graph.storage.files import load
from tests.support.canvas_graphs import graph_of, view_of, xy_plus_z_trace
from ui.canvas.model.camera import Camera
from ui.canvas.model.content import Content
from ui.canvas.model.labels import Labels
from ui.canvas.model.legibility import least
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.viewport import Viewport
from ui.canvas.paint import painting
from ui.canvas.paint.painter import prepare
from ui.look.theme import THEMES

RESOURCES = Path(__file__).parents[3] / "resources"
SMALL = [path for path in sorted(RESOURCES.glob("*/*.gradwire")) if len(load(path, CATALOG).nodes) <= 12]
WINDOWS = [((1280.0, 720.0), (1280.0, 606.0)), ((1920.0, 1080.0), (1920.0, 966.0))]
"""Sizes of windows, and of the canvas in each while no panel is open."""
pytestmark = pytest.mark.usefixtures("qapp")


def painted(scene: CanvasScene, content: Content, camera: Camera, size: QSizeF, theme: str) -> list[Written]:
    """Every text in the picture."""
    device = Recorder(size)
    painter = QPainter(device)
    prepare(painter)
    painter.setWorldTransform(camera.transform())
    area, labels = camera.seen(size), Labels()
    painting.paint_static(painter, scene, area, THEMES[theme], camera.scale, dots=False)
    painting.paint_live(painter, painting.InView(scene, area), labels, content, THEMES[theme], camera.scale)
    painter.end()
    return device.record.texts


@pytest.mark.parametrize("theme", ["light", "projector"])
@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_names_values_and_labels_of_small_graphs_fill_a_45th_of_the_window(path: Path, theme: str) -> None:
    for window, view in WINDOWS:
        scene = CanvasScene(load(path, CATALOG))
        scene.least = least(window[1])
        values = {(n, port.name): view_of(-1.234) for n in scene.ids for port in scene.graph.spec(n).outputs}
        trace = xy_plus_z_trace(objective=None, values=values, edge_gradients={e: view_of(0.05678) for e in scene.edges})
        viewport = Viewport(scene, THEMES[theme].scale, lambda view=view: QSizeF(*view), lambda zooming: None)
        viewport.least = scene.least
        viewport.fit_all()
        texts = painted(scene, Content(scene.graph, trace), viewport.camera, QSizeF(*view), theme)

        smallest = 0.97 * window[1] / 45  # fonts are whole pixels before they are scaled
        numbers = [text for text in texts if text.text in ("−1.234", "0.05678")]
        assert len(numbers) >= len(scene.ids) and min(text.height for text in numbers) >= smallest
        for node in scene.ids:
            letters = scene.cards[node].title.pieces[0].text
            shown = [text for text in texts if text.text.rstrip("…") and letters.startswith(text.text.rstrip("…"))]
            assert max((text.height for text in shown), default=0.0) >= smallest, scene.cards[node].title.text


def test_small_print_goes_first_then_formulas_then_values_and_names_last() -> None:
    graph = graph_of([("loss", "loss.squared_error", 0, 0, {}), ("x", "source.input", -400, 0, {"value": 3.0})], [])
    scene, size = CanvasScene(graph), QSizeF(1280, 606)
    content = Content(graph, xy_plus_z_trace(objective=None, values={("loss", "y"): view_of(2.5)}, inputs={"x": 3.0}))
    seen: dict[str, list[bool]] = {"prediction": [], "∑": [], "2.5": [], "loss": []}
    scales = [2.0 * 0.93**step for step in range(40)]
    for scale in scales:
        camera = Camera()
        camera.scale = scale
        camera.x, camera.y = -640 / scale, -303 / scale
        texts = painted(scene, content, camera, size, "light")
        for part, shown in seen.items():
            shown.append(any(part == text.text or (part == "∑" and part in text.text) for text in texts))
        assert all(text.height >= 0.6 * scene.least - 1 for text in texts), [(t.text, t.height) for t in texts]
    gone = {part: shown.index(False) for part, shown in seen.items()}
    assert not any(any(shown[gone[part] :]) for part, shown in seen.items()), "what is gone stays gone"
    assert all(a < b for a, b in pairwise(gone.values())), gone
    names = [t for t in painted(scene, content, camera, size, "light") if "loss" in t.text]
    assert not names


def test_a_name_alone_on_its_card_is_larger_than_at_full_size() -> None:
    scene = CanvasScene(graph_of([("h", "activation.tanh", 0, 0, {})], []))
    heights = []
    for scale in (1.0, 0.3):
        camera = Camera()
        camera.scale = scale
        texts = painted(scene, Content(scene.graph), camera, QSizeF(1280, 606), "light")
        heights.append(next(text.height for text in texts if text.text == scene.cards["h"].title.pieces[0].text) / scale)
    assert heights[1] > 2 * heights[0]
