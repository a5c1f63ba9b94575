"""Which numbers may be shown now: the trace, as far as playback has come. The only place that decides it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from PySide6.QtGui import QImage

from engine.compile.activity import KINDS, SHOWN, Activity, activity, quiet
from engine.compile.views import Absent, ArrayView, Gradient, TraceView
from graph.grouping.groups import members
from graph.model.address import Address, Kind
from graph.model.elements import Edge
from graph.model.graph import Graph
from graph.model.problem import GRAVITY, Problem
from ui.canvas.model import samples
from ui.canvas.model.card_body import NumberPlace
from ui.canvas.model.compared import Compared
from ui.canvas.model.digits import Digits
from ui.canvas.model.playhead import Playhead
from ui.look.theme import Theme
from ui.maths import heat

HELD: Gradient = Absent("not computed")
Shows = Literal["numbers", "heat", "responses"]
"""Small tensors as numbers; all as heat maps; or maps of every unit's response, and then wires carry no numbers that these would cover."""


@dataclass(slots=True, eq=False)
class Content:
    """`stale` numbers belong to an older document and are greyed; `values` off shows a bare graph."""

    graph: Graph
    trace: TraceView | None = None
    playhead: Playhead | None = None
    stale: bool = False
    values: bool = True
    sample: samples.Choice = None
    """What is shown of the batch."""
    brackets: bool = True
    """Whether small tensors are written out on wires: not from afar."""
    written: bool = True
    """Whether they are on cards."""
    shows: Shows = "numbers"
    """What stands for tensors."""
    opened: frozenset[str] = frozenset()
    """Cards that write out larger tensors too, up to 4 × 4: those that are selected."""
    fractions: Mapping[Address, str] = field(default_factory=dict)
    """In exact mode, what stands in the place of single numbers: `−7/3`. None of a number that is hidden."""
    look: Literal["", "width", "heat"] = ""
    """How the wires show the size of their gradients: `gradient_size.Look`."""
    activity_shown: bool = False
    """Whether dead and saturated units are marked also where the size of gradients is not shown."""
    digits: Digits = field(default_factory=Digits)
    """How many digits show the last change of a number; one for all contents of a canvas."""
    held: bool = False
    """Whether a slider is being dragged."""
    compared: Compared | None = None
    """What two moments differ by, shown in the place of the present numbers while nothing plays."""
    sizes: Any = None
    """The sample, and its `gradient_size.Sizes`."""
    _activities: dict[str, Activity | None] = field(default_factory=dict)
    _parts: dict[int, ArrayView] = field(default_factory=dict)
    """What is shown of the batched tensors of this trace, by their identity."""
    _pictures: dict[tuple[int, str, bool, int], QImage | None] = field(default_factory=dict)
    texts: dict[tuple[int, int], Any] = field(default_factory=dict)
    """Written-out numbers, by the identity of the tensors of this trace."""
    _problems: dict[str, Problem] | None = None

    @property
    def playing(self) -> bool:
        return self.playhead is not None and not self.playhead.at_rest

    @property
    def comparing(self) -> bool:
        """Whether the numbers shown are differences of two moments."""
        return self.compared is not None and self.trace is not None and not self.playing

    @property
    def numbers(self) -> TraceView | None:
        """Those that are shown: of the trace, or how two moments differ."""
        return self.trace if self.compared is None or not self.comparing else self.compared.change

    def with_compared(self, compared: Compared | None) -> Content:
        """The same with other differences, or with the present numbers."""
        return self if compared is self.compared else replace(self, compared=compared, sizes=None)

    @property
    def weighted(self) -> bool:
        """Whether wires are as thick as what they carry: while something plays or trains."""
        return self.playing or (self.trace is not None and self.trace.mode == "training")

    @property
    def labelled(self) -> bool:
        """Whether wires carry numbers."""
        return self.values and self.shows != "responses"

    def write_from(self, wires: bool, cards: bool) -> None:
        """Write small tensors out where the view is near enough, on wires and on cards."""
        self.brackets, self.written = wires and self.shows != "heat", cards and self.shows != "heat"

    def wire_value(self, edge: Edge) -> ArrayView | None:
        if self.trace is None or (self.playhead is not None and not self.playhead.arrived_values(edge.id) and not self._left(edge)):
            return None
        return self.final_value(edge)

    def _left(self, edge: Edge) -> bool:
        """Whether a layer's result stands on this wire before the next node takes it: the layer's card shows its weights instead."""
        head, (node, _port) = self.playhead, edge.source
        spec = self.graph.spec(node)
        if head is None or spec.category != "layers" or not spec.parameters:
            return False
        return head.node_has_value(node) and edge.id not in head.active_edges

    def wire_gradient(self, edge: Edge) -> Gradient:
        if self.playhead is not None and not self.playhead.arrived_gradients(edge.id):
            return HELD
        return self.final_gradient(edge)

    def final_value(self, edge: Edge) -> ArrayView | None:
        """What the wire carries once it has come: for the room its number needs, not to be shown before."""
        return self._value(edge.source) if self.trace is not None else None

    def final_gradient(self, edge: Edge) -> Gradient:
        """A wire's gradient wherever playback is; hidden numbers are covered as ever."""
        numbers = self.numbers
        return self._part(edge.source, numbers.edge_gradients.get(edge.id, HELD)) if numbers is not None else HELD

    def node_value(self, node: str, port: str) -> ArrayView | None:
        if self.trace is None:
            return None
        if self.playhead is not None and not self.playhead.node_has_value(node) and self.graph.spec(node).inputs:
            return None  # what a person typed into a source is known before anything is computed
        return self._value((node, port))

    def fraction(self, kind: Kind, identity: str, port: str = "", gradient: bool = False) -> str:
        """How exact mode writes a number; empty where it writes it like any other."""
        return self.fractions.get(Address(kind, identity, port, gradient), "") if self.fractions and not self.comparing else ""

    def node_gradient(self, node: str, port: str) -> Gradient:
        if self.trace is None or (self.playhead is not None and not self.playhead.node_has_gradient(node)):
            return HELD
        return self._part((node, port), self.numbers.gradients.get((node, port), HELD)) if self.numbers is not None else HELD

    def moving_value(self, key: tuple[str, str]) -> ArrayView | None:
        """An output's value as it is shown while it is on its way, though it has not arrived."""
        return self._value(key) if self.trace is not None else None

    def moving_part(self, key: tuple[str, str], entry: Gradient) -> Gradient:
        """The same of a gradient of that output."""
        return self._part(key, entry)

    def written_as(self, key: tuple[str, ...], view: ArrayView) -> ArrayView:
        """The tensor as it is written: entries that are nothing but round-off are 0. A tip shows their true values."""
        trace = self.trace
        entries = trace.negligible.get(key) if trace is not None and trace.negligible and not self.comparing else None
        if trace is None or entries is None or view.covered or view.data is None:
            return view
        tables: dict[str, Mapping[Any, Gradient]] = {"value": trace.values, "total": trace.gradients, "slope": trace.parameter_gradients}
        whole = trace.edge_gradients.get(key[1]) if key[0] == "edge" else tables[key[0]].get((key[1], key[2]))
        sliced = isinstance(whole, ArrayView) and whole.shape != view.shape
        return samples.without(view, entries, self.sample if sliced else None, samples.count(trace))

    def figures(self, key: Hashable, view: ArrayView) -> int:
        """Significant digits of a single number, or decimals that a small tensor's numbers have at least."""
        free = self.trace is not None and self.trace.mode == "training" and self.trace.iteration < 0
        if view.covered or self.comparing:
            return 0
        single = view.scalar
        if single is not None:
            return self.digits.of_number((key, self.sample), single, free, self.held)
        if view.data is None:
            return 0
        return self.digits.of_rows((key, self.sample), tuple(view.data.reshape(-1).tolist()), free, self.held)

    def _value(self, key: tuple[str, str]) -> ArrayView | None:
        numbers = self.numbers
        assert numbers is not None
        view = numbers.values.get(key)
        shown = self._part(key, view) if view is not None else None
        return shown if isinstance(shown, ArrayView) else None

    def _part(self, key: tuple[str, str], entry: Gradient) -> Gradient:
        """What is shown of an output's value or gradient: of a batched one, the chosen sample."""
        if self.sample is None or self.trace is None or isinstance(entry, Absent) or not samples.batched(self.trace, key, entry):
            return entry
        return self._chosen(entry)

    def _chosen(self, view: ArrayView) -> ArrayView:
        """What the choice of a sample leaves of a batched tensor."""
        known = self._parts.get(id(view))
        if known is None:
            known = self._parts[id(view)] = samples.part(view, self.sample)
        return known

    def batched(self, key: tuple[str, str]) -> bool:
        """Whether an output has a row for every sample of the batch."""
        known = self.trace.shapes.get(key) if self.trace is not None else None
        return known is not None and known[1]

    def lists_samples(self, key: tuple[str, str], view: Gradient | None) -> bool:
        """Whether the first axis of what is shown of an output, or of its gradient, counts samples."""
        return self.trace is not None and samples.batched(self.trace, key, view)

    def activity(self, node: str) -> Activity | None:
        """The dead or saturated units of a node, over the whole batch; None where nothing is known, or may be known."""
        held, trace = self.graph.nodes.get(node), self.trace
        if trace is None or held is None or held.type not in KINDS or held.bypassed:
            return None
        if self.playhead is not None and not self.playhead.node_has_value(node):
            return None
        if node not in self._activities:
            self._activities[node] = self._counted(node, held.type)
        return self._activities[node]

    def _counted(self, node: str, key: str) -> Activity | None:
        assert self.trace is not None
        source = node, self.graph.spec(node).outputs[0].name
        view, known = self.trace.values.get(source), self.trace.shapes.get(source)
        if view is None or view.covered or quiet(key, view.minimum, view.maximum):
            return None
        return self.trace.activities.get(node) if view.data is None else activity(key, view.data, known is not None and known[1])

    @property
    def marking(self) -> bool:
        """Whether nodes with dead or saturated units carry a mark."""
        return bool(self.look or self.activity_shown) and self.values and not self.comparing

    def marked(self, node: str) -> Activity | None:
        """The activity of a node that has enough dead or saturated units to be marked."""
        found = self.activity(node)
        return found if found is not None and found.share >= SHOWN else None

    def weight(self, node: str, name: str) -> ArrayView | None:
        return self.numbers.parameters.get((node, name)) if self.numbers is not None and name else None

    def weight_gradient(self, node: str, name: str) -> Gradient:
        if self.trace is None or (self.playhead is not None and not self.playhead.node_has_gradient(node)):
            return HELD
        return self.numbers.parameter_gradients.get((node, name), HELD) if self.numbers is not None else HELD

    def at_place(self, node: str, place: NumberPlace) -> Gradient | None:
        """The tensor that stands at a place of a card."""
        if place.kind == "slope":
            return self.weight_gradient(node, place.name)
        if place.kind == "inner":
            return self.inner(node, place.name)
        return self.weight(node, place.name) if place.kind == "weight" else self.node_value(node, place.name)

    def inner(self, node: str, sign: str) -> ArrayView | None:
        """What an operation made on its way, of the chosen sample."""
        if self.trace is None or (self.playhead is not None and not self.playhead.node_has_value(node)):
            return None
        view = self.numbers.inner.get((node, sign)) if self.numbers is not None else None
        if view is None or self.sample is None or not samples.inner_batched(self.trace, view):
            return view
        return self._chosen(view)

    def typed(self, node: str) -> float | None:
        """A source's number: as it was when this trace was made; the document's where the trace is older or silent.

        None while it is hidden.
        """
        outputs = self.graph.spec(node).outputs
        held = self.trace.values.get((node, outputs[0].name)) if self.trace is not None and outputs else None
        if held is not None and held.covered:
            return None
        if self.trace is not None and not self.stale and node in self.trace.inputs:
            return self.trace.inputs[node]
        spec = self.graph.spec(node)
        if spec.role == "parameter":
            if self.graph.setting(node, "initialisation") != "value":
                return None
            held = self.trace.parameters.get((node, "value")) if self.trace is not None else None
            if held is not None and held.scalar is not None and not self.stale:
                return held.scalar
        value = self.graph.setting(node, "value") if spec.setting("value") is not None else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def objective(self) -> tuple[str, str] | None:
        objective = self.trace.objective if self.trace is not None else None
        if objective is None:
            marked = self.graph.settings.get("objective")
            objective = (marked["node"], marked["port"]) if marked else None
        return objective if objective is not None and objective[0] in self.graph.nodes else None

    def problem(self, node: str) -> Problem | None:
        """The gravest problem whose badge sits on this node, or in this group."""
        if self._problems is None:
            self._problems = {}
            for problem in self.trace.problems if self.trace is not None else ():
                for owner in problem.nodes[:1]:
                    if owner not in self._problems or GRAVITY[problem.severity] < GRAVITY[self._problems[owner].severity]:
                        self._problems[owner] = problem
        if node in self.graph.groups:
            inside = [p for member in members(self.graph, node) if (p := self._problems.get(member)) is not None]
            return min(inside, key=lambda p: GRAVITY[p.severity], default=None)
        return self._problems.get(node)

    def is_image(self, node: str, port: str) -> bool:
        """Whether an output holds pictures: three sample dimensions, channels first."""
        known = self.trace.shapes.get((node, port)) if self.trace is not None else None
        return known is not None and len(known[0]) == 3 and known[0][0] in (1, 3)

    def picture(self, view: ArrayView, theme: Theme, image: bool = False, tiles: int = heat.TILES) -> QImage | None:
        """The view's thumbnail, kept for as long as this trace is shown."""
        key = (id(view), theme.name, image, tiles)
        if key not in self._pictures:
            self._pictures[key] = heat.picture(view, theme, image, tiles)
        return self._pictures[key]

    def magnitude(self, edge: Edge) -> float | None:
        """The root mean square of what last came along the wire, for its thickness."""
        if not self.weighted:
            return None
        gradient = self.wire_gradient(edge)
        backward = self.playhead is not None and self.playhead.phase == "backward"
        shown = gradient if backward and isinstance(gradient, ArrayView) else self.wire_value(edge)
        if shown is None or isinstance(shown, Absent) or shown.covered:
            return None
        return size(shown)


def size(view: ArrayView) -> float:
    """Root mean square of a tensor; the absolute value of a number."""
    return view.norm / math.sqrt(max(1, math.prod(view.shape)))


def thickness(magnitude: float | None, rest: float) -> float:
    """Pixels for a wire that carries this: logarithmic, from half to two and a half times its width at rest."""
    if magnitude is None:
        return rest
    if not math.isfinite(magnitude):
        return rest * 2.5
    power = math.log10(magnitude) if magnitude > 0 else -9.0
    return rest * min(max(1.2 + 0.4 * power, 0.5), 2.5)
