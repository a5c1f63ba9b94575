"""Answers about pictures: which samples are pictures, the first layer's filters and activations, the gradient by the input."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from engine.compile.views import Absent
from engine.data import Description
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.pictures import FirstLayer, InputGradient, LayerPictures, PictureGradient, SamplePictures
from engine.learned.reading import data_sets
from engine.training.model import Model
from graph.text.messages import _

Shape = tuple[int, int, int]
"""Channels, height, width."""
LAYERS = ("layer.conv2d", "layer.linear")
NO_PICTURES = _("The samples of this data set are not known to be pictures.")


def picture_source(model: Model) -> tuple[str, Shape] | None:
    """The Data node whose samples are pictures, and their shape; None where there is none."""
    for node, data in data_sets(model.compiled).items():
        shape = picture_shape(data.description)
        if shape is not None:
            return node, shape
    return None


def picture_shape(about: Description) -> Shape | None:
    """The shape of samples that are pictures; None where they are none."""
    if len(about.features) == 3 and about.features[0] in (1, 3):
        return about.features[0], about.features[1], about.features[2]
    size = about.features if len(about.features) == 2 else about.picture
    if size is not None and math.prod(about.features) % math.prod(size) == 0:
        channels = math.prod(about.features) // math.prod(size)
        if channels in (1, 3):
            return channels, size[0], size[1]
    return None


def _source(model: Model) -> tuple[str, Shape]:
    found = picture_source(model)
    if found is None:
        raise Unanswerable(NO_PICTURES)
    return found


def sample_pictures(context: ExplainContext, question: SamplePictures) -> np.ndarray:
    """The answer to `SamplePictures`."""
    node, shape = _source(context.model)
    samples = data_sets(context.model.compiled)[node].part(question.part)
    places = [place for place in question.places if 0 <= place < len(samples)]
    return as_bytes(samples.of(places).reshape(-1, *shape))


def as_bytes(values: np.ndarray) -> np.ndarray:
    """(n, channels, H, W) numbers as pictures. Grey: each from its smallest number, 0, to its largest, 255. Colour: as they are, from
    0 to 1 or 0 to 255, else like grey."""
    if values.shape[1] == 3:
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        unit = 1.0 if low >= 0 and high <= 1 else 255.0 if low >= 0 and high <= 255 else 0.0
        scaled = values / unit if unit else _stretched(values)
        return np.round(scaled * 255).astype(np.uint8).transpose(0, 2, 3, 1)
    return np.round(_stretched(values) * 255).astype(np.uint8)[:, 0]


def _stretched(values: np.ndarray) -> np.ndarray:
    low, high = (edge(values, axis=(1, 2, 3), keepdims=True) if values.size else np.zeros((1, 1, 1, 1)) for edge in (np.min, np.max))
    stretched: np.ndarray = (values - low) / np.where(high > low, high - low, 1.0)
    return stretched


def _of_sample(tensor: Tensor, sample: int) -> tuple[np.ndarray, int]:
    """One row of a batch, and its number: the last one where the batch has fewer."""
    at = min(max(sample, 0), len(tensor) - 1)
    return tensor[at].detach().cpu().double().numpy(), at


def layer_pictures(context: ExplainContext, question: LayerPictures) -> FirstLayer:
    """The answer to `LayerPictures`."""
    model, graph = context.model, context.graph
    source, shape = _source(model)
    layer = _first_layer(model, source)
    if layer is None:
        raise Unanswerable(_("No Linear or Conv2d layer follows the pictures."))
    weights = model.values()[layer, "W"].detach().cpu().double().numpy()
    if weights.ndim == 2:
        if weights.shape[1] != math.prod(shape):
            raise Unanswerable(_("{layer} does not take whole pictures.").format(layer=graph.nodes[layer].name))
        weights = weights.reshape(len(weights), *shape)
    after = next((edge.target[0] for edge in graph.outputs_of(layer)), layer)
    if not graph.nodes[after].type.startswith("activation.") or (after, "y") not in context.trace.values:
        after = layer
    maps, at = _of_sample(context.trace.values[after, "y"], question.sample)
    picture, _at = _of_sample(context.trace.values[source, "x"], question.sample)
    name = graph.nodes[layer].name
    return FirstLayer(name, graph.nodes[after].name, weights, maps, as_bytes(picture.reshape(1, *shape))[0], at)


def _first_layer(model: Model, source: str) -> str | None:
    """The first layer with a weight for each pixel, in order of computation, that the pictures reach without another one before."""
    graph, reached = model.graph, {source}
    for node in model.inference.order:
        sources = {edge.source for edge in graph.inputs_of(node)}
        if any(place[0] in reached and place != (source, "target") for place in sources):
            if graph.nodes[node].type in LAYERS:
                return str(node)
            reached.add(node)
    return None


def picture_gradient(context: ExplainContext, question: PictureGradient) -> InputGradient:
    """The answer to `PictureGradient`."""
    node, shape = _source(context.model)
    trace = context.trace
    gradient = trace.gradients.get((node, "x"))
    if trace.objective is None or gradient is None or isinstance(gradient, Absent):
        why = gradient.why if isinstance(gradient, Absent) else trace.objective_note
        raise Unanswerable(_("There is no gradient by the picture: {why}.").format(why=str(why).rstrip(".") or _("there is no objective")))
    values, at = _of_sample(gradient, question.sample)
    picture, _at = _of_sample(trace.values[node, "x"], question.sample)
    name = context.graph.nodes[trace.objective[0]].name
    return InputGradient(name, values.reshape(shape), as_bytes(picture.reshape(1, *shape))[0], at)
