"""A lesson held against its graph: names become ids, the document at any step, and what does not fit.

Items are written as on the command line: a node "d", an output "data.target", a parameter "hidden.W", a wire "x -> d.a" (with a slot
where a port takes many: "x -> join.xs[1]"). Where a node has one output, its name stands for that too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from typing import Any

from graph.lessons.lesson import Action, Lesson, LessonError, LessonQuestion, LessonStep
from graph.lessons.lesson_actions import DOCUMENT
from graph.model.address import Address, first_output, input_name, output, output_name, parameter, wire
from graph.model.edits import Compound, Edit, SetGraphSetting, SetParam, SetTraining, edit_from_json
from graph.model.elements import Edge
from graph.model.graph import Graph, GraphError
from graph.model.settings import complaint
from graph.text.messages import _
from graph.text.quoting import quoted

_WIRE = re.compile(r"^\s*(\w+)(?:\.(\w+))?\s*(?:->|→)\s*(\w+)(?:\.(\w+)(?:\[(\d{1,9})\])?)?\s*$")
_END = re.compile(r"^\s*(\w+)(?:\.(\w+))?\s*$")

Unfold = Callable[[Graph, Action], Edit]
"""Makes the edit of an "unfold" or "fold" action; the caller supplies it. May raise GraphError."""


def find(graph: Graph, name: str) -> Address | None:
    """The address that a name means; None where it is no longer in the graph."""
    try:
        return resolve(graph, name)
    except LessonError:
        return None


def resolve(graph: Graph, name: str) -> Address:
    """The address of a name; a node stands for its first output. Raises LessonError."""
    if match := _WIRE.match(name):
        return wire(_wire(graph, name, *match.groups()).id)
    end = _END.match(name)
    node = graph.named(end[1]) if end else None
    if end is None or node is None:
        raise LessonError(_("there is no {name} on the canvas{graph}").format(name=quoted(name), graph=_near(graph, name)))
    if end[2] is None:
        return first_output(graph, node.id)
    spec = graph.spec(node)
    if spec.output(end[2]) is not None:
        return output(node.id, end[2])
    if any(learned.name == end[2] for learned in spec.parameters):
        return parameter(node.id, end[2])
    raise LessonError(_('{name} has neither an output nor a parameter called "{port}"').format(name=node.name, port=end[2]))


def address_of(graph: Graph, question: LessonQuestion) -> Address | None:
    """The number that a question of the canvas is about; None where it is about none, or that is gone."""
    address = find(graph, question.of)
    if address is None:
        return None
    return (address.derivative if question.quantity == "gradient" else address).at(question.index or None)


def resolve_node(graph: Graph, name: str) -> str:
    """The id of a node. Raises LessonError."""
    node = graph.named(name)
    if node is None:
        raise LessonError(_("there is no node {name}{graph}").format(name=quoted(name), graph=_near(graph, name)))
    return node.id


def ids(graph: Graph, names: tuple[str, ...] | list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of the nodes and of the wires that are named, as the canvas' overlay takes them. Raises LessonError."""
    items = [resolve(graph, name) for name in names]
    return tuple(item.id for item in items if item.kind != "edge"), tuple(item.id for item in items if item.kind == "edge")


def item_name(graph: Graph, identity: str) -> str:
    """What a lesson calls a node or a wire: `resolve` of it gives the id back. Raises KeyError for anything else."""
    return graph.nodes[identity].name if identity in graph.nodes else number_name(graph, wire(identity))


def number_name(graph: Graph, address: Address) -> str:
    """What a lesson calls a number, its entry and whether its gradient is meant aside: `resolve` of it gives the address back."""
    if address.kind != "edge":
        return address.whole.value.name(graph)
    edge = graph.edges[address.id]
    return f"{output_name(graph, *edge.source)} -> {input_name(graph, *edge.target, edge.slot)}"


def edit_of(graph: Graph, action: Action, unfold: Unfold | None = None) -> Edit | None:
    """The edit a `DOCUMENT` action does to the current document; None for every other action. Raises LessonError."""
    args = action.args
    if action.do not in DOCUMENT:
        return None
    if action.do == "set":
        return _set(graph, args)
    if action.do == "objective":
        node = resolve_node(graph, args["node"])
        outputs = graph.spec(node).outputs
        if not outputs:
            raise LessonError(_("{node} has no output, so it cannot be the objective").format(node=args["node"]))
        return SetGraphSetting("objective", {"node": node, "port": outputs[0].name})
    if action.do == "optimizer":
        hyper = [SetTraining("hyper", dict(args["hyper"]))] if "hyper" in args else []
        return Compound((SetTraining("optimizer", args["optimizer"]), *hyper), _("Optimizer"))
    if action.do == "training":
        return SetTraining(args["name"], args["value"])
    if action.do == "edit":
        return _edits(graph, args["edits"])
    resolve_node(graph, args["node"])
    try:
        return unfold(graph, action) if unfold is not None else None
    except GraphError as problem:
        raise LessonError(str(problem)) from None


def edits_of_variant(graph: Graph, variant: Mapping[str, Any]) -> tuple[Edit, ...]:
    """What one variant of an experiment changes in the document. Raises LessonError."""
    twin, edits = graph.copy(), []
    for row in variant["run"]:
        edit = edit_of(twin, Action(row["do"], {key: value for key, value in row.items() if key != "do"}))
        if edit is not None:
            try:
                edit.apply(twin)
            except GraphError as problem:
                raise LessonError(str(problem)) from None
            edits.append(edit)
    return tuple(edits)


def apply_step(graph: Graph, step: LessonStep, unfold: Unfold | None = None) -> None:
    """Do to `graph` what the step does to the document. Raises LessonError; the graph may then be changed in part."""
    for place, action in enumerate(step.run, 1):
        try:
            edit = edit_of(graph, action, unfold)
            if edit is not None:
                edit.apply(graph)
        except (LessonError, GraphError) as problem:
            raise LessonError(_("action {place} ({do}): {problem}").format(place=place, do=quoted(action.do), problem=problem)) from None


def graph_at(graph: Graph, lesson: Lesson, step: int, unfold: Unfold | None = None) -> Graph:
    """The document at the step with this index (from 0): a copy of the lesson's graph with the edits of all steps up to it.

    Raises LessonError.
    """
    twin = graph.copy()
    for number, each_step in enumerate(lesson.steps[: step + 1], 1):
        try:
            apply_step(twin, each_step, unfold)
        except LessonError as problem:
            raise LessonError(
                _("step {number} {title}, {problem}").format(number=number, title=quoted(each_step.title), problem=problem)
            ) from None
    return twin


def check(
    lesson: Lesson, graph: Graph, origin: str = "the lesson", actions: Container[str] | None = None, unfold: Unfold | None = None
) -> None:
    """Hold every step against the document as it is at that step. `actions` are the ids of the window's action table, where known.

    Raises LessonError with the file, the step and what is wrong. After an "unfold" that nobody here can do, names may be of what it makes:
    those are left alone.
    """
    twin, blind = graph.copy(), False
    for number, step in enumerate(lesson.steps, 1):
        where = _('{origin}: step {number} "{title}"').format(origin=origin, number=number, title=step.title)
        try:
            apply_step(twin, step, unfold)
            blind = blind or (unfold is None and any(action.do in ("unfold", "fold") for action in step.run))
            if not blind:
                _check_names(twin, step)
            _check_actions(step, actions)
        except LessonError as problem:
            raise LessonError(f"{where}, {problem}.") from None


def _check_names(graph: Graph, step: LessonStep) -> None:
    for what, names in (("highlight", step.highlight), ("hide", (*step.hide_values, *step.hide_gradients))):
        for name in names:
            _resolved(graph, f'"{what}"', name)
    for place, question in enumerate(step.ask, 1):
        if question.of:
            _resolved(graph, _("question {place}").format(place=place), question.of)
    for place, action in enumerate(step.run, 1):
        named = [action.args[key] for key in ("of", "node", "wire", "labels") if key in action.args]
        for name in (*named, *action.args.get("items", ()), *action.args.get("fit", ())):
            _resolved(graph, _("action {place} ({do})").format(place=place, do=quoted(action.do)), name)
        for variant in action.args.get("variants", ()):
            edits_of_variant(graph, variant)


def _check_actions(step: LessonStep, known: Container[str] | None) -> None:
    for place, action in enumerate(step.run, 1):
        if action.do == "action" and known is not None and action.args["id"] not in known:
            raise LessonError(_('action {number}: the window has no action "{action}"').format(number=place, action=action.args["id"]))


def _resolved(graph: Graph, where: str, name: str) -> None:
    try:
        resolve(graph, name)
    except LessonError as problem:
        raise LessonError(f"{where}: {problem}") from None


def _set(graph: Graph, args: Mapping[str, Any]) -> Edit:
    node, name = resolve_node(graph, args["node"]), args.get("setting", "value")
    spec = graph.spec(node)
    setting = spec.setting(name)
    if setting is None:
        raise LessonError(_("{node} has no setting {setting}").format(node=args["node"], setting=quoted(name)))
    if wrong := complaint(setting, args["value"]):
        raise LessonError(f"{args['node']}: {wrong}")
    edit: Edit = SetParam(node, setting.name, args["value"])
    drawn = spec.role == "parameter" and setting.name == "value" and spec.setting("initialisation") is not None
    if drawn and graph.setting(node, "initialisation") != "value":
        return Compound((SetParam(node, "initialisation", "value"), edit), _("Set value"))
    return edit


def _edits(graph: Graph, rows: list[Any]) -> Edit:
    """The edits as one, each read against the graph that those before it leave behind, so that names of new nodes are found."""
    twin, edits = graph.copy(), []
    for row in rows:
        try:
            edits.append(edit_from_json(_with_ids(twin, row)))
            edits[-1].apply(twin)
        except (ValueError, GraphError) as problem:
            raise LessonError(str(problem)) from None
    return Compound(tuple(edits), _("Lesson"))


def _with_ids(graph: Graph, row: Any) -> Any:
    """An edit's JSON with ids where a lesson may write names: of nodes, and of wires."""
    if not isinstance(row, Mapping):
        return row
    row = dict(row)
    for key in ("node", "id", "before", "edge"):
        if isinstance(row.get(key), str):
            row[key] = _id(graph, row[key])
    edge = row.get("edge")
    if isinstance(edge, Mapping):
        row["edge"] = dict(edge) | {key: [_id(graph, edge[key][0]), *edge[key][1:]] for key in ("from", "to") if _is_end(edge.get(key))}
    if isinstance(row.get("positions"), list):
        row["positions"] = [[_id(graph, place[0]), *place[1:]] if _is_end(place) else place for place in row["positions"]]
    if isinstance(row.get("edits"), list) and row.get("edit") == "Compound":
        row["edits"] = [_with_ids(graph, inner) for inner in row["edits"]]
    return row


def _is_end(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def _id(graph: Graph, name: str) -> str:
    """The id itself, where there is one; else that of the node or wire of this name; else unchanged, to be refused by the edit."""
    if graph.has_id(name):
        return name
    try:
        return resolve(graph, name).id
    except LessonError:
        return name


def _wire(graph: Graph, name: str, source: str, output: str | None, target: str, port: str | None, slot: str | None) -> Edge:
    start, end = graph.named(source), graph.named(target)
    if start is None or end is None:
        missing = source if start is None else target
        raise LessonError(
            _("there is no node {missing} for the wire {name}{graph}").format(
                missing=quoted(missing), name=quoted(name), graph=_near(graph, missing)
            )
        )
    matching = [
        edge
        for edge in graph.inputs_of(end.id)
        if edge.source[0] == start.id
        and (output is None or edge.source[1] == output)
        and (port is None or edge.target[1] == port)
        and (slot is None or edge.slot == int(slot))
    ]
    if not matching:
        raise LessonError(_("there is no wire {name}").format(name=quoted(name)))
    if len(matching) > 1:
        raise LessonError(
            _('{name} may be several wires: name the port, such as "{graph}"').format(
                name=quoted(name), graph=item_name(graph, matching[0].id)
            )
        )
    return matching[0]


def _near(graph: Graph, name: str) -> str:
    names = [node.name for node in graph.nodes.values()]
    return (
        _(": its nodes are {nodes}{more}").format(nodes=", ".join(names[:12]), more=" …" if len(names) > 12 else "")
        if names
        else _(": it is empty")
    )
