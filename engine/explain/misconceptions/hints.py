"""What to say about a slip: which node to look at, and what for. Never the number."""

from __future__ import annotations

from engine.explain.misconceptions.passes import NodeArgument, Pass
from graph.text.messages import _

GRADIENT: dict[str, str] = {
    "upstream": _("That is only {node}'s own derivative. Multiply it by the gradient that arrives at {node}'s output."),
    "partner": _("Look at {node} again: which of its inputs remains when you differentiate with respect to {input}?"),
    "mean": _("{node} takes a mean. Where is the 1/N?"),
    "argument": _("The derivative of {node} has the right form. Where is it evaluated: at the input of {node}, or at its output?"),
    "inner": _("That is what arrives at {node}'s output. It still has to be multiplied by {node}'s own derivative."),
    "added": _("Along a path, the factors of the chain rule are multiplied, not added. Look at {node}."),
    "function": _("At {node} you need the derivative, not the function itself."),
    "factor": _("The form is right, but the derivative of {node} has a factor too few or too many. Differentiate its formula again."),
    "jacobian": _("Every output of {node} depends on every input: go through its derivative in full."),
    "transposed": _("At {node} rows and columns are exchanged: which index belongs to the output, which to the input?"),
    "one_hot": _("At {node} the target is missing: use prediction minus target."),
    "samples": _("{node}'s parameters receive the sum over the samples. The mean is taken once, in the loss."),
}
VALUE: dict[str, str] = {
    "sign": _("The size is right. Look at the signs at {node}."),
    "mean": _("{node} takes a mean: divide by how many numbers there are, once."),
    "order": _("Which node comes first, {other} or {node}? The wires give the order."),
    "operation": _("Look at what {node} does with its inputs: it is another operation."),
    "reversed": _("Which input of {node} is a, and which is b? The order matters."),
    "bias": _("{node} has more parameters than its weights."),
    "activation": _("That is the input of {node}. What does {node} compute from it?"),
    "derivative": _("That is the derivative of {node}; the question asks for its value."),
    "gradient": _("That is the gradient (below the wire). The question asks for the value."),
    "factor": _("The form is right, but look at the constant factor or the power in {node}'s formula."),
    "base": _("{node} is the natural logarithm."),
    "degrees": _("{node} takes its angle in radians."),
    "transposed": _("At {node} rows and columns are exchanged."),
    "function": _("{node} is another function."),
}


def about(key: str, run: Pass, step: NodeArgument) -> str:
    """The hint for a slip in the backward pass at one leaf."""
    name = run.graph.nodes[step.node].name
    return GRADIENT[key].format(node=name, input=leaf_name(run, step))


def leaf_name(run: Pass, step: NodeArgument) -> str:
    """Name of the leaf in hints: the node that feeds it, or the node's own parameter."""
    edge = run.graph.edges.get(step.edge)
    return step.name if edge is None else run.graph.nodes[edge.source[0]].name


def branches(run: Pass, source: str, missing: list[NodeArgument]) -> str:
    """The hint where contributions were left out of a sum."""
    name, consumers = run.graph.nodes[source].name, [run.graph.nodes[step.node].name for step in missing]
    names = [*dict.fromkeys(consumers)]
    where = " and ".join(names if len(names) <= 3 else [*names[:2], _("{count} others").format(count=len(names) - 2)])
    return _(
        "{name} feeds more than one input, and each sends back its part of the gradient. The part from {where} is missing in the sum."
    ).format(name=name, where=where)


def sign(run: Pass, nodes: list[str]) -> str:
    """The hint where only the sign is wrong: at the first node on the way whose rule has a minus in it."""
    known = ("math.subtract", "math.negate", "math.reciprocal", "math.cos", "math.divide")
    place = next((n for n in nodes if run.graph.nodes[n].type in known or run.graph.spec(n).loss), "")
    return _("The size is right. Look at the sign") + (
        _(", at {name} for instance.").format(name=run.graph.nodes[place].name) if place else "."
    )
