"""Pictures of samples, filters, activations and gradients: the numbers of the data and of the model, laid out as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.compile.spot import Spot
from engine.data import load
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.question import Refusal
from engine.learned.pictures import FirstLayer, InputGradient, LayerPictures, PictureGradient, SamplePictures, strongest
from engine.learned.picturing import as_bytes
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.storage.files import load as read
from tests.support.networks import tanh_net

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"


@pytest.mark.parametrize("example, channels", [("digits-cnn", 1), ("digits-mlp", 1)])
def test_filters_activations_and_gradient_are_those_of_torch(example: str, channels: int) -> None:
    model = Model(read(EXAMPLES / f"{example}.gradwire", CATALOG), dtype=torch.float64)
    graph = model.graph
    source = next(node for node in graph.nodes if graph.spec(node).role == "data")
    data = load(graph.settings_of(source))
    model.spot = Spot("test", 5, len(data.test.x))
    context = ExplainContext(model)
    pictures = answer(context, SamplePictures("test", (5, 0)))
    expected = data.test.x[[5, 0]].reshape(2, 8, 8)
    np.testing.assert_array_equal(pictures, np.round(expected / expected.max((1, 2), keepdims=True) * 255))

    layer = answer(context, LayerPictures(0))
    assert isinstance(layer, FirstLayer)
    node = graph.named(layer.layer)
    assert node is not None
    weights, bias = (model.values()[node.id, name] for name in ("W", "b"))
    np.testing.assert_array_equal(layer.filters, weights.double().reshape(len(weights), channels, *layer.filters.shape[2:]).numpy())
    scaled = next(i for i, n in graph.nodes.items() if n.type == "source.standardize")
    x = torch.tensor(data.test.x[[5]], dtype=model.dtype)
    x = (x - model.state.buffers[f"{scaled}.mean"]) * model.state.buffers[f"{scaled}.scale"]
    pre = F.conv2d(x, weights, bias, padding=weights.shape[-1] // 2) if weights.dim() == 4 else F.linear(x, weights, bias)
    np.testing.assert_allclose(layer.maps, torch.relu(pre)[0].double().numpy() if layer.after != layer.layer else pre[0], atol=1e-12)
    np.testing.assert_array_equal(layer.picture, pictures[0])

    found = answer(context, PictureGradient(0))
    assert isinstance(found, InputGradient) and found.gradient.shape == (1, 8, 8)
    keys = model.program(training=False).feeds
    feeds = dict(zip(keys, model.feeds.chosen(keys, torch.tensor([5]), "test"), strict=True))
    program = model.program(training=False)
    base, step = feeds[source, "x"].clone(), 1e-4

    def objective(place: tuple[int, int], shift: float) -> float:
        moved = base.clone().reshape(1, 8, 8)
        moved[0, place[0], place[1]] += shift
        given = [moved.reshape(base.shape) if key == (source, "x") else feeds[key] for key in keys]
        return float(program.objective_value(given, model.parameters(program), model.buffers(program), model.random(0)))

    smooth = 0
    for place in np.ndindex(8, 8):
        low, here, high = (objective(place, shift) for shift in (-step, 0.0, step))
        if abs(low - 2 * here + high) < 1e-7:  # ties in max pooling are kinks
            smooth += 1
            assert found.gradient[0][place] == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-6)
    assert smooth > 30


def test_colour_keeps_its_own_range_and_what_is_no_picture_is_refused() -> None:
    colour = np.array([[[[0.0, 1.0]], [[0.5, 0.5]], [[0.2, 0.4]]]])
    assert as_bytes(colour).tolist() == [[[[0, 128, 51], [255, 128, 102]]]]
    assert as_bytes(colour * 255).tolist() == as_bytes(colour).tolist()
    assert as_bytes(np.full((1, 1, 2, 2), 7.0)).max() == 0 and as_bytes(np.zeros((0, 1, 2, 2))).shape == (0, 2, 2)
    assert strongest(np.array([[[1.0, -1.0]], [[-3.0, 0.5]], [[2.0, 0.0]]])).tolist() == [[-3.0, -1.0]]
    context = ExplainContext(Model(tanh_net()))
    for question in (SamplePictures("train", (0,)), LayerPictures(0), PictureGradient(0)):
        assert isinstance(answer(context, question), Refusal)
