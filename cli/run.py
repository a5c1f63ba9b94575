"""`run`: one forward and one backward pass over the demonstration batch."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from cli.common import load_graph, objective_hint, print_json, problems_entry
from cli.errors import CommandError
from cli.trained import open_model, state_entry
from engine.compile.views import Absent
from graph.model.address import input_name, output_name, parameter
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.compile.trace import Trace
    from graph.model.elements import Edge
    from graph.model.graph import Graph


def command(options: argparse.Namespace) -> int:
    from engine.compile.failure import nonfinite
    from engine.compile.trace import view
    from engine.training.compiled import RunError

    graph = load_graph(options)
    try:
        model = open_model(graph, options)
        trace = model.trace()
    except RunError as error:
        raise CommandError(str(error), 1) from None
    wrong = [problem.text for problem in model.problems if problem.severity == "error"]
    if trace.objective is None and (wrong or options.objective):
        raise CommandError(wrong[0] if wrong else trace.objective_note, 1)
    for text in wrong:
        print(f"main.py: {text}", file=sys.stderr)
    if trace.objective_note:
        print(
            _("main.py: {objective_note}{graph}").format(objective_note=trace.objective_note, graph=objective_hint(graph)), file=sys.stderr
        )
    result = _describe(graph, trace, options.full) | state_entry(options) | problems_entry(model, nonfinite(graph, view(trace)))
    if options.json:
        print_json(result)
    else:
        _print_table(result)
    return 0


def _describe(graph: Graph, trace: Trace, full: bool) -> dict[str, Any]:
    """The object `run --json` prints (keys are node names, parameters `node.W`)."""
    from engine.numerics.plain import tensor_json

    values: dict[str, Any] = {}
    gradients: dict[str, Any] = {}
    absent: dict[str, str] = {}

    def note(key: str, gradient: Any) -> None:
        if isinstance(gradient, Absent):
            gradients[key], absent[key] = None, gradient.reason
        else:
            gradients[key] = tensor_json(gradient, full)

    for (node, port), value in trace.values.items():
        key = output_name(graph, node, port)
        values[key] = tensor_json(value, full)
        note(key, trace.gradients[node, port])
    for (node, name), value in trace.parameters.items():
        if graph.spec(node).role != "parameter":
            key = parameter(node, name).name(graph)
            values[key] = tensor_json(value, full)
            note(key, trace.parameter_gradients[node, name])
    objective = trace.objective
    return {
        "objective": graph.nodes[objective[0]].name if objective else None,
        "output": tensor_json(trace.values[objective], full) if objective else None,
        "dtype": trace.dtype,
        "values": values, "gradients": gradients, "absent": absent, "edges": _wires(graph, trace, full),
    }  # fmt: skip


def _wires(graph: Graph, trace: Trace, full: bool) -> list[dict[str, Any]]:
    """One entry per wire whose value was computed."""
    from engine.numerics.plain import tensor_json

    def entry(edge: Edge) -> dict[str, Any]:
        gradient = trace.edge_gradients.get(edge.id)  # none on a wire to a bypassed node that passes another one on
        return {
            "from": output_name(graph, *edge.source), "to": input_name(graph, *edge.target, edge.slot),
            "value": tensor_json(trace.values[edge.source], full),
            "gradient": tensor_json(gradient, full) if gradient is not None and not isinstance(gradient, Absent) else None,
        }  # fmt: skip

    return [entry(edge) for edge in graph.edges.values() if edge.source in trace.values]


def _print_table(result: dict[str, Any]) -> None:
    if result["objective"] is not None:
        print(f"{result['objective']} = {_short(result['output'])}")
    rows = [("wire", "value", "gradient")]
    rows += [(f"{e['from']} → {e['to']}", _short(e["value"]), _short(e["gradient"])) for e in result["edges"]]
    rows += [("node", "value", "gradient")]
    for name, value in result["values"].items():
        gradient = result["gradients"].get(name)
        rows.append(
            (name, _short(value), _short(gradient) if gradient is not None else f"({result['absent'].get(name, _('not computed'))})")
        )
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    for a, b, c in rows:
        if a in ("wire", "node"):
            print()
        print(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}")


def _short(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return _("{shape} tensor").format(shape=_sizes(value["shape"]))
    if isinstance(value, list):
        text = _listed(value)
        return text if len(text) <= 40 else _("{shape} tensor").format(shape=_shape(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _listed(value: Any) -> str:
    return "[" + ", ".join(map(_listed, value)) + "]" if isinstance(value, list) else _short(value)


def _shape(value: Any) -> str:
    sizes = []
    while isinstance(value, list):
        sizes.append(len(value))
        value = value[0] if value else None
    return _sizes(sizes)


def _sizes(sizes: list[int]) -> str:
    return "×".join(map(str, sizes)) if len(sizes) > 1 else f"({sizes[0]})"
