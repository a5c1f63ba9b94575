"""What every part of a card draws on: the trace, its operations, the chosen sample and entry, and numbers with their places."""

from __future__ import annotations

from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.compile.trace import array_view
from engine.compile.views import Absent, Reason
from engine.explain.cards import Array, Line, Number, Piece, Role, Section, Tex, Words
from engine.explain.cards.local import LocalDerivative
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.symbols import Symbols, entry_text
from engine.training.compiled import RunError
from graph.model.address import Address
from graph.text.messages import _

Index = tuple[int, ...]


class Scene:
    """One trace, read with a chosen sample and entry in mind. Raises Unanswerable where nothing can be computed."""

    def __init__(self, situation: ExplainContext, notation: str, sample: int | None = None, entry: Index | None = None) -> None:
        self.situation = situation
        self.graph, self.trace, self.model = situation.graph, situation.trace, situation.model
        try:
            plan = situation.program().plan
        except RunError as error:
            raise Unanswerable(str(error)) from error
        self.operations, self.fault = {o.node: o for o in plan.operations}, plan.fault
        self.symbols = Symbols(self.graph, self.trace.objective, notation)  # type: ignore[arg-type]
        self.wanted_sample, self.wanted_entry = sample, entry
        self._locals: dict[str, LocalDerivative] = {}

    def local(self, node: str) -> LocalDerivative | None:
        """The node as it ran; None where it could not be computed."""
        if node not in self._locals:
            operation = self.operations.get(node)
            if operation is None or any(key not in self.trace.values for key in operation.outputs):
                return None
            self._locals[node] = LocalDerivative(self.situation, operation, self.fault)
        return self._locals[node]

    # Choices

    def sample(self, samples: int) -> int | None:
        return min(max(self.wanted_sample or 0, 0), samples - 1) if samples else None

    def entry(self, shape: Index) -> Index:
        """The chosen entry, as far as it is one of a tensor of this shape."""
        wanted = (*(self.wanted_entry or ()), *(0,) * len(shape))
        return tuple(min(max(i, 0), size - 1) for i, size in zip(wanted, shape, strict=False))

    def batched(self, key: Key) -> bool:
        return key in self.model.inference.outputs and self.model.inference.outputs[key].batched

    # Numbers

    def number(self, tensor: Tensor, index: Index, role: Role, place: Address | None = None) -> Number:
        """One entry of a tensor; `place` is that of the whole tensor."""
        item = tensor[index] if index else tensor.reshape(())
        return Number(float(item), role, None if place is None else place.at(index or None), whole=not tensor.is_floating_point())

    def array(
        self, tensor: Tensor, symbol: str = "", role: Role = "plain", place: Address | None = None, form: str = "", caption: str = ""
    ) -> Array:
        """A tensor as it is; vectors stand as columns unless `form` says otherwise."""
        shape = form or {1: "column", 2: "matrix"}.get(tensor.dim(), "tensor")
        return Array(array_view(tensor), symbol, role, place, shape, caption)  # type: ignore[arg-type]

    def quantity(self, tensor: Tensor, symbol: str, role: Role, place: Address | None = None, form: str = "") -> Number | Array:
        """A tensor of one number as a number, every other as an array."""
        if tensor.numel() == 1:
            return Number(float(tensor), role, place, whole=not tensor.is_floating_point())
        return self.array(tensor, symbol, role, place, form)

    # Places and symbols

    def value_place(self, key: Key) -> Address:
        return Address("output", key[0], key[1])

    def gradient_place(self, key: Key) -> Address:
        return Address("output", key[0], key[1], gradient=True)

    def leaf_place(self, leaf: Wire | Own, gradient: bool = False) -> Address:
        """Where a leaf's value comes from (its producer, its layer); its gradient is the wire's own part."""
        if isinstance(leaf, Own):
            return Address("parameter", *leaf.key, gradient)
        return Address("edge", leaf.edge, gradient=True) if gradient else Address("output", leaf.source[0], leaf.source[1])

    def leaf_symbol(self, leaf: Wire | Own, node: str = "") -> str:
        """The name of a leaf; a learned tensor of another layer (in a penalty) with that layer's name."""
        if isinstance(leaf, Own):
            return self.symbols.learned(leaf.key, owner=leaf.key[0] != node)
        return self.symbols.value(leaf.source)

    def leaf_gradient(self, leaf: Wire | Own, node: str = "", entry: Index = ()) -> str:
        """The gradient along a wire, or what this node gives to that of a learned tensor."""
        if isinstance(leaf, Own):
            owner = leaf.key[0] != node
            if node and self.users(leaf) > 1:
                return self.symbols.part_of_learned(leaf.key, node, entry_text(entry), owner)
            return self.symbols.of_learned(leaf.key, entry_text(entry), owner)
        return self.symbols.along(self.graph.edges[leaf.edge], entry_text(entry))

    def users(self, learned: Own) -> int:
        """How many nodes use a learned tensor."""
        leaves = (leaf for operation in self.operations.values() for leaf in operation.leaves)
        return sum(isinstance(leaf, Own) and leaf.key == learned.key for leaf in leaves)

    def local_symbol(self, key: tuple[str, str], leaf: Wire | Own) -> str:
        """The local derivative of a node's output by one of its leaves."""
        if isinstance(leaf, Own):
            return self.symbols.fraction(self.symbols.value(key), self.leaf_symbol(leaf, key[0]))
        return self.symbols.local(key, self.graph.edges[leaf.edge])

    def gradient_tex(self, key: Key, entry: Index = ()) -> Tex:
        return Tex(self.symbols.gradient(key, entry_text(entry)), role="gradient", place=self.gradient_place(key))

    # Absences

    def absent(self, gradient: object, place: Address) -> Section:
        """Why there is no gradient, in words for the reader."""
        reason: Reason = gradient.reason if isinstance(gradient, Absent) else "not computed"
        return Section("absent", _("No gradient"), (words(self._why(reason, place)),), place)

    def _counts(self, place: Address) -> bool:
        """Whether whole numbers are what there is at a place."""
        key = self.graph.edges[place.id].source if place.kind == "edge" else place.key
        return key in self.trace.values and not self.trace.values[key].is_floating_point()

    def _why(self, reason: Reason, place: Address) -> str:
        top = self.trace.objective
        name = self.graph.nodes[top[0]].name if top else ""
        if reason == "no objective":
            note = f" ({self.trace.objective_note})" if self.trace.objective_note else ""
            return _("There is no gradient here because the graph has no objective to differentiate{note}.").format(note=note)
        if reason == "independent":
            what = _("the value of this wire") if place.kind == "edge" else _("this")
            return _("There is no gradient here: {objective} does not depend on {quantity}.").format(
                objective=name or _("the objective"), quantity=what
            )
        if reason == "not differentiable" and self._counts(place):
            return _("There is no gradient here: these are class indices, whole numbers that cannot change by a little.")
        if reason == "not differentiable":
            return _("There is no gradient here: an operation without a derivative stands between this and {objective}.").format(
                objective=name or _("the objective")
            )
        errors = [p for p in self.trace.problems if p.severity == "error"]
        complaints = [p.text for p in errors if not place.id or place.id in p.nodes]
        others = [p.text for p in errors]
        said = "; ".join(complaints or others or [self.trace.objective_note])
        return _("There is no gradient here because not everything could be computed") + (f": {said}" if said else ".")


def words(text: str) -> Line:
    return Line("words", (Words(text),))


def equation(kind: str, *pieces: Piece) -> Line:
    return Line(kind, pieces)  # type: ignore[arg-type]


EQUALS = Tex("=")
