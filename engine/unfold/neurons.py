"""A layer as single neurons: one Parameter for every weight, one product for every wire between two neurons."""

from __future__ import annotations

from engine.unfold.box import Box
from graph.model.graph import GraphError
from graph.text.messages import _

MOST = 64
"""Weights up to which a layer is opened neuron by neuron; more cannot be read."""
AT_ONCE = 16
"""Weights up to which all are seen at once; above, every neuron is a card to look into."""


def neurons(box: Box) -> None:
    """yⱼ = wⱼ₁x₁ + wⱼ₂x₂ + … + bⱼ for every neuron j, in a group of its own; then all of them as one vector again.

    Raises GraphError for a layer that is too large, or whose weights are another node's.
    """
    name = box.node.name
    if box.node.type != "layer.linear":
        raise GraphError(_("{name} has no neurons: only Linear opens into neurons and weights").format(name=name))
    if wired := [port for port in ("W", "b") if box.wired(port)]:
        raise GraphError(
            _("{name} cannot be opened into neurons: its {parameter} is wired, and belongs to another node").format(
                name=name, parameter=wired[0]
            )
        )
    sample, _batched = box.shape("x")
    if len(sample) != 1:
        raise GraphError(
            _("{name} cannot be opened into neurons: a sample of x is a matrix, and all neurons process each of its rows").format(name=name)
        )
    inputs, outputs = sample[0], int(box.setting("out_features"))
    if inputs * outputs > MOST:
        raise GraphError(
            _(
                "{name} has {outputs} × {inputs} = {count:,} weights; up to {most} can be shown one by one. "
                "Open it into elementary nodes instead"
            ).format(name=name, outputs=outputs, inputs=inputs, count=inputs * outputs, most=MOST)
        )
    box.sizes = {"W": (outputs, inputs)} | ({"b": (outputs,)} if box.setting("bias") else {})
    x = box.gate("x")
    entries = [box.add("math.slice", f"x{i + 1}", {"x": x}, start=i) for i in range(inputs)]
    given = [_neuron(box, j, entries, outputs) for j in range(outputs)]
    box.join("math.concatenate", "", "xs", given)


def _neuron(box: Box, j: int, entries: list[str], outputs: int) -> str:
    """One neuron; its id."""
    far = max(len(entries), outputs) > 9
    box.begin_group(_("neuron {number}").format(number=j + 1), len(entries) * outputs > AT_ONCE)
    terms = []
    for i, x in enumerate(entries):
        label = f"{j + 1}_{i + 1}" if far else f"{j + 1}{i + 1}"
        weight = box.parameter("W", f"w{label}", (j, i))
        terms.append(box.add("math.multiply", f"p{label}", {"a": x, "b": weight}))
    total = terms[0]
    for count, term in enumerate(terms[1:], 2):
        total = box.add("math.add", f"s{j + 1}_{count}", {"a": total, "b": term})
    if box.setting("bias"):
        total = box.add("math.add", f"u{j + 1}", {"a": total, "b": box.parameter("b", f"b{j + 1}", (j,))})
    box.end_group({f"x{i + 1}": (term, "a") for i, term in enumerate(terms)})
    return total
