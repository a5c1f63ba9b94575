"""Problems with a graph's shapes, worded with the names on the canvas, with a repair where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.nodes.base import NodeError
from engine.nodes.checks import dims_text, shape_text
from graph.model.address import output_name
from graph.model.edits import SetParam, insert_on_wire
from graph.model.problem import Problem, Repair, Severity
from graph.model.spec import Port
from graph.model.structure import missing_input, unknown_type
from graph.text.messages import Message, _, ngettext

if TYPE_CHECKING:
    from engine.compile.shape import Shape
    from engine.data.errors import DataNote, Offer
    from graph.model.graph import Graph


class Complaints:
    """Collects problems; one method for each thing that can be wrong."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.problems: list[Problem] = []

    def say(self, node: str, message: Message, port: str = "", repairs: Sequence[Repair] = (), others: Sequence[str] = ()) -> None:
        """A problem on `node`; the message follows its name."""
        edges = tuple(e.id for e in self._graph.inputs_of(node) if port and e.target[1] == port)
        self.problems.append(Problem("error", message, (node, *others), edges, port, tuple(repairs), self._name(node)))

    def note(self, node: str, note: DataNote) -> None:
        """What was recognised in a Data node's file, or is odd about it."""
        severity: Severity = "warning" if note.warning else "note"
        self.problems.append(
            Problem(
                severity,
                Message("data-note", "{note}", note=note.text),
                (node,),
                repairs=self.offers(node, note.repairs),
                about=self._name(node),
            )
        )

    def offers(self, node: str, offers: Sequence[Offer]) -> tuple[Repair, ...]:
        """Repairs that give a node other settings."""
        return tuple(Repair(title, tuple(SetParam(node, name, value).to_json() for name, value in how.items())) for title, how in offers)

    def unknown_type(self, node: str) -> None:
        self.say(node, unknown_type(self._graph, node))

    def unknown_layers(self, node: str, names: Sequence[str]) -> None:
        quoted = ", ".join(f'"{name}"' for name in names)
        text = ngettext("{names} is not the name of a node with weights", "{names} are not the names of nodes with weights", len(names))
        repair = Repair(_("Penalise all layers"), (SetParam(node, "layers", "all").to_json(),))
        self.say(node, Message("unknown-layer-names", "{reason}", reason=text.format(names=quoted)), repairs=[repair])

    def penalty_cycle(self, node: str) -> None:
        self.say(
            node,
            Message("penalty-cycle", "it penalises a layer that is computed from the penalty itself; name other layers"),
        )

    def missing_input(self, node: str, port: str) -> None:
        self.say(node, missing_input(port), port)

    def fitted_behind_learned(self, node: str, learned: str) -> None:
        text = Message(
            "standardize-behind-parameters",
            "its mean and scale are computed once, from the training data, but its input changes while {learned} is trained. Put it "
            "directly after the data; after learned parameters use Batch norm or Layer norm",
            learned=self._name(learned),
        )
        self.say(node, text, next(iter(self._graph.spec(node).inputs)).name, others=(learned,))

    def wrong_dtype(self, node: str, port: Port, shape: Shape) -> None:
        if port.dtype == "float":
            text = Message(
                "indices-where-numbers-expected",
                "{port} takes real numbers, but {source} gives class indices",
                port=port.name,
                source=self._origin(shape),
            )
            classes = {"classes": shape.classes} if shape.classes else {}
            self.say(node, text, port.name, self._insert(node, port.name, "math.one_hot", settings=classes), (shape.source[0],))
        else:
            text = Message(
                "numbers-where-indices-expected",
                "{port} takes class indices, but {source} gives real numbers",
                port=port.name,
                source=self._origin(shape),
            )
            self.say(node, text, port.name, self._recode(shape, "index"), (shape.source[0],))

    def wrong_rank(self, node: str, port: Port, shape: Shape) -> None:
        low, high = port.rank
        axes = _axes(low, high)
        text = Message(
            "wrong-number-of-axes",
            "{port} takes {axes}, but {source} gives {shape}",
            port=port.name,
            axes=axes,
            source=self._origin(shape),
            shape=shape_text(shape),
        )
        flatten = self._insert(node, port.name, "math.flatten") if high == 1 and len(shape.dims) != 1 else []
        self.say(node, text, port.name, flatten, (shape.source[0],))

    def wired_parameter(self, node: str, name: str, wanted: tuple[int, ...], shape: Shape) -> None:
        spec = self._graph.spec(shape.source[0])
        repairs = []
        if spec.role == "parameter" and self._graph.setting(shape.source[0], "initialisation") != "value":
            edit = SetParam(shape.source[0], "shape", list(wanted)).to_json()
            repairs.append(
                Repair(_("Give {node} the shape {shape}").format(node=self._name(shape.source[0]), shape=dims_text(wanted)), (edit,))
            )
        given = f"{shape_text(shape)}{_(' whole numbers') if shape.dtype == 'index' else ''}"
        text = Message(
            "wired-parameter-shape",
            "its parameter {name} must be {wanted}, but {source} gives {given}",
            name=name,
            wanted=dims_text(wanted),
            source=self._origin(shape),
            given=given,
        )
        self.say(node, text, name, repairs, (shape.source[0],))

    def too_large(self, node: str, what: str, shape: tuple[int, ...]) -> None:
        self.say(
            node,
            Message(
                "too-large",
                "{what} would have {shape} numbers; at most 2³¹ = 2,147,483,648 are possible",
                what=what,
                shape=dims_text(shape),
            ),
            what,
        )

    def too_much_memory(self, node: str, what: str, shape: tuple[int, ...], needed: int, there: int) -> None:
        message = Message(
            "too-much-memory",
            "{what} would have {shape} numbers, which take {needed:,.0f} GB of memory with their gradients; this computer has "
            "{there:,.0f} GB. Make it smaller",
            what=what, shape=dims_text(shape), needed=needed / 1e9, there=there / 1e9,
        )  # fmt: skip
        self.say(node, message, what)

    def does_not_fit(self, node: str, inputs: Mapping[str, Shape]) -> None:
        """For a type that did not say itself what torch refuses."""
        given = " and ".join(f"{port} is {shape_text(shape)} from {self._origin(shape)}" for port, shape in inputs.items())
        repairs = self._match_widths(list(inputs.values()))
        if len(inputs) > 1:
            message = Message("inputs-do-not-fit-together", "the inputs do not fit together: {given}", given=given)
        elif given:
            message = Message("input-does-not-fit", "it cannot process this input: {given}", given=given)
        else:
            message = Message("cannot-be-computed", "it cannot be computed")
        self.say(node, message, repairs=repairs, others=[s.source[0] for s in inputs.values()])

    def batch_lost(self, node: str, inputs: Mapping[str, Shape]) -> None:
        given = " and ".join(f"{port} is {shape_text(shape)} from {self._origin(shape)}" for port, shape in inputs.items())
        flat = [port for port, shape in inputs.items() if shape.batched and not shape.dims]
        repairs = [r for port in flat for r in self._insert(node, port, "math.flatten")]
        text = Message(
            "batch-axis-meets-feature-axis", "the batch axis N meets a feature axis, so samples would be mixed: {given}", given=given
        )
        self.say(node, text, next(iter(flat), ""), repairs, [s.source[0] for s in inputs.values()])

    def node_error(self, node: str, error: NodeError, shapes: Mapping[str, Any]) -> None:
        """What a type's own check said, with its repairs as edits."""
        arriving = shapes.get(error.port)
        several = [s for s in (arriving if isinstance(arriving, tuple) else (arriving,)) if s is not None]
        message = error.message
        sources = [self._origin(s) for s in several]
        if sources and sources != [error.port]:
            message = Message(
                message.code, "{refusal} ({port} comes from {sources})",
                refusal=str(message), port=error.port, sources=_(" and ").join(sources),
            )  # fmt: skip
        repairs: list[Repair] = []
        for title, how in error.repairs:
            repairs += self._repair(node, error.port, title, how)
        if error.widths:
            repairs += self._match_widths([s for s in shapes.values() if s is not None and not isinstance(s, tuple)])
        self.say(node, message, error.port, repairs, tuple(dict.fromkeys(s.source[0] for s in several)))

    def _repair(self, node: str, port: str, title: str, how: Any) -> list[Repair]:
        """A type's repair as edits: see `NodeError` for its forms."""
        if isinstance(how, str):
            return self._insert(node, port, how, title)
        if isinstance(how, tuple) and how[0] != "source":
            return self._insert(node, port, how[0], title, how[1])
        owner = node
        if isinstance(how, tuple):
            how = how[1]
            source = self._upstream(node, port, next(iter(how)))
            if source is None:
                return []
            owner = source
        return [Repair(title, tuple(SetParam(owner, name, value).to_json() for name, value in how.items()))]

    def _upstream(self, node: str, port: str, setting: str) -> str | None:
        """The nearest node in front of `port`, past those with a single input, that has this setting."""
        edges = [e for e in self._graph.inputs_of(node) if e.target[1] == port]
        while len(edges) == 1:
            source = edges[0].source[0]
            if self._graph.spec(source).setting(setting):
                return source
            edges = list(self._graph.inputs_of(source))
        return None

    def _name(self, node: str) -> str:
        return self._graph.nodes[node].name

    def _origin(self, shape: Shape) -> str:
        """`x`, or `data.target` where the node has several outputs."""
        return output_name(self._graph, *shape.source)

    def _insert(self, node: str, port: str, key: str, title: str = "", settings: Mapping[str, Any] | None = None) -> list[Repair]:
        """Put a node of type `key` on the wire into `port`."""
        edge = next((e for e in self._graph.inputs_of(node) if e.target[1] == port), None)
        if edge is None or key not in self._graph.catalog:
            return []
        from graph.model.elements import Node

        spec = self._graph.catalog[key]
        ends = [self._graph.nodes[edge.source[0]], self._graph.nodes[node]]
        x, y = (sum(n.x for n in ends) / 2, sum(n.y for n in ends) / 2)
        new = Node(self._graph.fresh_id(), key, self._graph.fresh_name(spec.default_name), params=dict(settings or {}), x=x, y=y)
        edit = insert_on_wire(self._graph, edge.id, new, spec.inputs[0].name, spec.outputs[0].name)
        return [Repair(title or _("Insert {title} before {port}").format(title=spec.title, port=port), (edit.to_json(),))]

    def _recode(self, shape: Shape, coding: str) -> list[Repair]:
        """Change how a Data node writes its target."""
        node = shape.source[0]
        if self._graph.spec(node).role != "data" or not shape.coding or shape.coding == "real":
            return []
        return [
            Repair(
                _("Write the target of {node} as {coding}").format(node=self._name(node), coding=coding),
                (SetParam(node, "coding", coding).to_json(),),
            )
        ]

    def _match_widths(self, shapes: Sequence[Shape]) -> list[Repair]:
        """Give a layer with `out_features` the width of the other input."""
        repairs = []
        for shape in shapes:
            node = shape.source[0]
            for other in shapes:
                fits = other is not shape and shape.dims and other.dims and shape.dims[-1] != other.dims[-1]
                if fits and node in self._graph.nodes and self._graph.spec(node).setting("out_features"):
                    edit = SetParam(node, "out_features", other.dims[-1]).to_json()
                    repairs.append(Repair(f"Give {self._name(node)} {other.dims[-1]} outputs", (edit,)))
        return repairs


def _axes(low: int, high: int | None) -> str:
    """How many sample axes a port takes, in words."""
    if high is None:
        return ngettext("at least {low} sample axis", "at least {low} sample axes", low).format(low=low)
    if low == high:
        return ngettext("{low} sample axis", "{low} sample axes", low).format(low=low)
    if low:
        return ngettext("{low} to {high} sample axis", "{low} to {high} sample axes", high).format(low=low, high=high)
    return ngettext("at most {high} sample axis", "at most {high} sample axes", high).format(high=high)
