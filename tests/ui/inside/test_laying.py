"""Where the nodes of a step lie on the canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtWidgets import QApplication

from engine.explain.inside.derive import structure
from engine.nodes.catalog import CATALOG
from engine.training.optimizers.registry import OPTIMIZERS
from graph.storage.document import Document
from tests.support.fake_surface import FakeSurface
from ui.canvas.model.canvas_model import CanvasModel
from ui.inside.laying import laid_out
from ui.look import theme


@pytest.mark.parametrize("key", ["sgd", "adam", "rmsprop"])
def test_the_wire_of_the_learning_rate_is_long_enough_for_its_derivative(qapp: QApplication, key: str) -> None:
    graph = structure(OPTIMIZERS[key], OPTIMIZERS[key].with_defaults({}), CATALOG)
    scene = CanvasModel(Document(graph), theme.LIGHT, FakeSurface()).scene
    for edit in laid_out(scene, QSizeF(1280, 600)):
        edit.apply(graph)
    (wire,) = graph.outputs_of("set_lr")
    from_x = graph.nodes["set_lr"].x + scene.rect("set_lr").width()
    assert graph.nodes[wire.target[0]].x - from_x >= 90
    rects = [(graph.nodes[item].x, graph.nodes[item].y, scene.rect(item).width(), scene.rect(item).height()) for item in graph.nodes]
    assert not any(
        a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
        for i, a in enumerate(rects) for b in rects[:i]
    )
