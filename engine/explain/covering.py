"""Answers without the hidden numbers: the window may show whatever comes back.

A number with an address is covered where that address is hidden. One without, such as a product on the way, is covered where it is a
hidden number at the three digits that give it away; so a new kind of answer leaks nothing before it has a rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import singledispatch
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from engine.compile.views import Absent, ArrayView, cover, entry_at
from engine.explain.arithmetic import NodeArithmetic, Product
from engine.explain.audit import AuditPart, AuditRow, StepErrors
from engine.explain.cards import Array, Card, Line, Number, Section, Tex, Words
from engine.explain.exact import Exact, ExactTensor
from engine.explain.figures import Figure, ObjectiveFigure
from engine.explain.forward_mode import Adjoints, Tangents
from engine.explain.paths import Ledger, PartialSum, Path
from engine.explain.question import Refusal, Unanswerable
from engine.explain.slices import SecantLine, SliceCurve
from engine.explain.symbolic import Derivative, Formulas
from engine.explain.update import ParameterUpdate, UpdateTable
from graph.model.address import Address
from graph.model.covered import AHEAD, ASKED, Covered
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.compile.trace import Trace
    from engine.compile.visible import Hidden
    from engine.explain.context import ExplainContext
    from graph.model.graph import Graph

T = TypeVar("T")
MOST = 4096
"""Numbers of one hidden tensor that are looked for in an answer."""
_NUMBER = re.compile(r"(?<![\w.,])[−-]?\d+(?:\.\d+)?(?:e[−-]?\d+)?(?![\w.])")
_FROM_VALUES = (Ledger, PartialSum, SliceCurve, SecantLine, Formulas, Tangents, Adjoints, AuditPart, StepErrors, Exact, ObjectiveFigure)
"""Every derivative behind a hidden value reveals something about it: these are not answered while one is hidden."""


def covered(answer: Any, situation: ExplainContext, hidden: Hidden) -> Any:
    """The answer as it may be shown while these are hidden; the answer itself where nothing is."""
    if not hidden or isinstance(answer, Refusal):
        return answer
    try:
        trace = situation.trace
    except Unanswerable:
        trace = None
    covering = Covering(situation.graph, trace, hidden)
    if isinstance(answer, _FROM_VALUES) and any(not address.gradient for address in hidden.asked):
        return Refusal(_("Some values on the canvas are hidden until they are predicted, so nothing is shown here. Reveal them first."))
    return _cover(answer, covering)


class Covering:
    """What is hidden, and the numbers by which it is recognized."""

    def __init__(self, graph: Graph, trace: Trace | None, hidden: Hidden) -> None:
        self.graph, self.hidden = graph, hidden
        self.objective = trace.objective if trace is not None else None
        tensors = [number for address in hidden.asked if (number := _tensor(graph, trace, address)) is not None]
        numbers = {abs(float(number)) for tensor in tensors if tensor.size <= MOST for number in tensor.ravel()}
        self.secrets = np.array(sorted(number for number in numbers if _telling(number)))
        self._digits = {f"{number:.3g}" for number in self.secrets}

    def why(self, address: Address | None) -> Covered | None:
        """What is shown in place of the number; None where the number may be seen."""
        if address is None:
            return None
        whole = address.whole
        return ASKED if whole in self.hidden.asked else AHEAD if whole in self.hidden.ahead else None

    def asked(self, address: Address) -> bool:
        """Whether the gradient there is hidden by a question."""
        return address.derivative.whole in self.hidden.asked

    def carries(self, edge: str) -> bool:
        """Whether the gradient along this wire is hidden by a question."""
        return Address("edge", edge, "", True) in self.hidden.asked

    def measured(self, quantity: str, place: Address) -> bool:
        """Whether a question hides this quantity at an address."""
        graph = self.graph
        node = graph.edges[place.id].source[0] if place.id in graph.edges else place.id
        asked = (measure for measure in self.hidden.measures if measure[0] == quantity)
        return any(identity in (place.id, node) and index in ((), place.index) for _, identity, index in asked)

    def number(self, value: Any) -> Any:
        """A number without an address: covered where it is one of the secrets at three digits."""
        if isinstance(value, Covered) or not np.isfinite(value):
            return value
        return ASKED if self._told(abs(value)) else value

    def view(self, view: ArrayView) -> ArrayView:
        """A tensor without an address: covered where it holds one of the secrets."""
        data = view.data
        if data is None or view.covered or not data.size or not self.secrets.size:
            return view
        if data.size == 1:
            return cover(view) if isinstance(self.number(float(data.item())), Covered) else view
        numbers = np.abs(data.reshape(-1).astype(np.float64))
        near = self.secrets[np.minimum(np.searchsorted(self.secrets, numbers * (1 - 1e-6)), self.secrets.size - 1)]
        return cover(view) if bool((np.abs(numbers - near) <= 1e-6 * near).any()) else view

    def text(self, text: str) -> str:
        """A text with a question mark for every number in it that is one of the secrets."""
        if not self._digits:
            return text
        return _NUMBER.sub(lambda match: str(ASKED) if self._told(abs(float(match.group().replace("−", "-")))) else match.group(), text)

    def _told(self, number: float) -> bool:
        return _telling(number) and f"{number:.3g}" in self._digits


def _telling(number: float) -> bool:
    """Whether a number gives itself away wherever it appears: 2, 0.5 and 100 could come from anywhere."""
    return bool(np.isfinite(number)) and len(f"{number:.6e}".partition("e")[0].replace(".", "").rstrip("0")) >= 3


def _tensor(graph: Graph, trace: Trace | None, address: Address) -> np.ndarray | None:
    tensor = entry_at(trace, address, graph) if trace is not None else None
    return None if tensor is None or isinstance(tensor, Absent) else np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


# any answer


@singledispatch
def _cover(thing: Any, covering: Covering) -> Any:
    """The thing as it may be shown: itself where nothing in it is hidden."""
    if isinstance(thing, Mapping):
        return {key: _cover(value, covering) for key, value in thing.items()}
    return _fields(thing, covering) if is_dataclass(thing) and not isinstance(thing, type) else thing


def _fields(thing: T, covering: Covering, but: tuple[str, ...] = ()) -> T:
    anything: Any = thing
    changed = {}
    for field in fields(anything):
        old = getattr(thing, field.name)
        if field.name not in but and (new := _cover(old, covering)) is not old:
            changed[field.name] = new
    return _with(thing, changed) if changed else thing


def _with(thing: T, changed: Mapping[str, Any]) -> T:
    anything: Any = thing
    changed_: T = replace(anything, **changed)
    return changed_


@_cover.register
def _float(thing: float, covering: Covering) -> float:
    number: float = covering.number(thing)
    return number


@_cover.register
def _text(thing: str, covering: Covering) -> str:
    return covering.text(thing)


@_cover.register(tuple)
def _tuple(thing: tuple[Any, ...], covering: Covering) -> tuple[Any, ...]:
    items = [_cover(item, covering) for item in thing]
    return thing if all(new is old for new, old in zip(items, thing, strict=True)) else tuple(items)


@_cover.register
def _view(thing: ArrayView, covering: Covering) -> ArrayView:
    return covering.view(thing)


_cover.register(Address, lambda thing, covering: thing)


# cards


@_cover.register
def _card(card: Card, covering: Covering) -> Card:
    head = [part for part in (card.value, card.gradient) if part is not None and covering.why(part.place) is ASKED]
    return replace(_fields(card, covering, ("sections",)), sections=tuple(_section(section, head, covering) for section in card.sections))


def _section(section: Section, secrets: list[Number | Array], covering: Covering) -> Section:
    lines = tuple(_line(line, secrets, covering) for line in section.lines)
    chain = section.chain
    if chain is not None:
        local = chain.local
        told = local is not None and any(_alike(local, secret) for secret in secrets)
        chain = _with(_fields(chain, covering), {"local": _without(local)} if told else {})
    return replace(section, title=covering.text(section.title), lines=lines, chain=chain)


def _line(line: Line, secrets: list[Number | Array], covering: Covering) -> Line:
    """Where a line has one number and it is the secret, it is covered whatever it was got from: ∂f/∂z = 1 is the answer."""
    parts: list[Any] = [part for piece in line.pieces for part in (piece.parts if isinstance(piece, Tex) else (piece,))]
    numbers = [part for part in parts if isinstance(part, Number | Array)]
    only = numbers[0] if len(numbers) == 1 and any(_alike(numbers[0], secret) for secret in secrets) else None
    return replace(line, pieces=tuple(_piece(piece, only, covering) for piece in line.pieces))


def _piece(piece: Any, only: Any, covering: Covering) -> Any:
    if only is not None and piece is only:
        return _without(piece)
    if only is not None and isinstance(piece, Tex):
        piece = replace(piece, parts=tuple(_without(part) if part is only else part for part in piece.parts))
    return _cover(piece, covering)


@_cover.register
def _arithmetic(node: NodeArithmetic, covering: Covering) -> NodeArithmetic:
    """A factor is covered with its product, which it may be, and with any value that it may be made of."""
    values = any(not address.gradient for address in covering.hidden.asked)
    products = {edge: _product(product, values, covering) for edge, product in node.backward.items()}
    return replace(_fields(node, covering, ("backward",)), backward=products)


def _product(product: Product, values: bool, covering: Covering) -> Product:
    chain = product.chain
    if chain is not None:
        hide = chain.local is not None and (values or _alike(chain.local, chain.downstream)) and (values or covering.asked(chain.target))
        chain = _with(_fields(chain, covering), {"local": _without(chain.local)} if hide else {})
    asked = chain is not None and covering.asked(chain.target)
    numbers = None if asked else _cover(product.numbers, covering)
    return replace(_fields(product, covering, ("chain", "numbers")), chain=chain, numbers=numbers)


def _without(part: T, why: Covered = ASKED) -> T:
    anything: Any = part
    return _with(part, {"value": why, "beside": None} if isinstance(part, Number) else {"view": cover(anything.view, why.why)})


def _alike(part: Number | Array, secret: Number | Array) -> bool:
    """Whether these are the same numbers, signs apart."""
    if isinstance(part, Number) and isinstance(secret, Number):
        return abs(abs(part.value) - abs(secret.value)) <= 1e-9 * max(abs(part.value), abs(secret.value))
    if isinstance(part, Number) or isinstance(secret, Number):
        return False
    one, other = part.view.data, secret.view.data
    if one is None or other is None or not one.size or one.size != other.size:
        return False
    return bool(np.allclose(np.abs(one.astype(float)).ravel(), np.abs(other.astype(float)).ravel(), rtol=1e-9, atol=0.0))


@_cover.register
def _quantity(piece: Number | Array, covering: Covering) -> Number | Array:
    why = covering.why(piece.place)
    if why is not None:
        return _without(piece, why)
    return piece if piece.place is not None else _fields(piece, covering)


# tools


@_cover.register
def _ledger(ledger: Ledger, covering: Covering) -> Any:
    if covering.measured("paths", ledger.place):
        return Refusal(_("The lesson asks how many paths there are: they are listed once you have answered."))
    graph, place = covering.graph, ledger.place
    whole = covering.asked(place)
    leaving = [edge.id for edge in graph.outputs_of(place.id) if edge.source == place.key] if place.id in graph.nodes else []
    paths_asked = (ledger.count == 1 and whole) or any(covering.carries(edge) for edge in leaving)
    paths = tuple(_covered_path(path, paths_asked, covering) for path in ledger.paths)
    counts: Any = ledger.counts
    if covering.measured("multiplications", place):
        counts = replace(counts, **{entry.name: ASKED for entry in fields(counts) if "sweeps" not in entry.name})
    if whole or paths_asked:
        total = cover(ledger.total) if ledger.total is not None else None
        entry = ASKED if ledger.entry is not None else None
        ledger = replace(ledger, total=total, gradient=cover(ledger.gradient), total_entry=entry, gradient_entry=entry)
    return replace(ledger, paths=paths, counts=counts)


def _covered_path(path: Path, asked: bool, covering: Covering) -> Path:
    factors = []
    for edge, factor in zip((*path.edges, *[""] * len(path.factors)), path.factors, strict=False):
        shown = _fields(factor, covering)
        last = factor is path.factors[-1] and path.edges[-1:] != () and covering.carries(path.edges[-1])
        if last:  # ∂f/∂(what the objective's node is made of) is what its wire carries
            shown = replace(shown, derivative=ASKED if shown.derivative is not None else None)
        if asked or last or (edge and covering.carries(edge)):
            shown = replace(shown, reaching=cover(shown.reaching))
        factors.append(shown)
    path = replace(path, factors=tuple(factors))
    if asked:
        symbols = path.text.partition(" = ")[0]
        return replace(path, product=cover(path.product), entry=ASKED if path.entry is not None else None, text=f"{symbols} = {ASKED}")
    return _fields(path, covering)


@_cover.register
def _partial_sum(part: PartialSum, covering: Covering) -> PartialSum:
    """It does not say of which value it is."""
    return replace(part, total=cover(part.total)) if any(address.gradient for address in covering.hidden.asked) else part


@_cover.register
def _local(local: SliceCurve, covering: Covering) -> SliceCurve:
    bends = {"curvature": ASKED} if local.curvature is not None and covering.measured("curvature", local.place) else {}
    slope = {"slope": ASKED} if covering.asked(local.place) else {}
    newton = {} if local.newton is None or not (bends or slope) else {"newton": ASKED, "newton_f": ASKED, "newton_model": ASKED}
    lines = {"lines": local.drawn()} if bends or slope else {}
    return _with(_fields(local, covering, ("x", "f", "lines")), {**bends, **slope, **newton, **lines})


@_cover.register
def _figure(figure: Figure, covering: Covering) -> Figure:
    """Without what would show a hidden gradient, or a curvature that is asked for."""
    if figure.kind == "hessian" and any(measure[0] == "curvature" for measure in covering.hidden.measures):
        return replace(figure, lines=(), points=(), rows=(), columns=(), note="")
    if not any(address.gradient for address in covering.hidden.asked):
        return figure
    return replace(
        figure,
        lines=tuple(line for line in figure.lines if not line.of_gradient),
        points=tuple(point for point in figure.points if not point.of_gradient),
        arrows=tuple(arrow for arrow in figure.arrows if not arrow.of_gradient),
        note="" if figure.kind == "descent" else figure.note,
        numbers=(),
    )


@_cover.register
def _secant_line(line: SecantLine, covering: Covering) -> SecantLine:
    if covering.asked(line.place):
        return replace(line, secant=ASKED, slope=ASKED, error=ASKED, other=ASKED)
    return line


@_cover.register
def _audit_row(row: AuditRow, covering: Covering) -> AuditRow:
    if not covering.asked(row.address):
        return row
    return _with(row, {name: ASKED for name in ("analytical", "numerical") if getattr(row, name) is not None})


@_cover.register
def _step_errors(errors: StepErrors, covering: Covering) -> StepErrors:
    if not covering.asked(errors.place):
        return _fields(errors, covering, ("place", "value", "analytical", "steps"))
    curves = tuple(replace(curve, estimates=(ASKED,) * len(curve.estimates)) for curve in errors.curves)
    return replace(errors, analytical=ASKED, curves=curves)


@_cover.register
def _derivative(derivative: Derivative, covering: Covering) -> Derivative:
    if not covering.asked(derivative.place):
        return replace(derivative, formula=_fields(derivative.formula, covering))
    numbers = {name: ASKED for name in ("value", "gradient") if getattr(derivative, name) is not None}
    return _with(derivative, {"formula": _fields(derivative.formula, covering), **numbers})


@_cover.register
def _tangents(tangents: Tangents, covering: Covering) -> Tangents:
    kept = _fields(tangents, covering, ("seed", "seed_tangent"))
    if tangents.objective is None or covering.objective is None or not covering.asked(tangents.seed):
        return kept
    node = covering.objective[0]
    outputs = {key: cover(view) if key[0] == node and isinstance(view, ArrayView) else view for key, view in kept.outputs.items()}
    alone = kept.parts.get(node, ())[:1] if len(kept.parts.get(node, ())) == 1 else ()
    contributions = {edge: cover(view) if edge in alone else view for edge, view in kept.contributions.items()}
    return replace(kept, outputs=outputs, contributions=contributions, objective=ASKED, reverse=ASKED if kept.reverse is not None else None)


@_cover.register
def _adjoints(adjoints: Adjoints, covering: Covering) -> Adjoints:
    if covering.objective is None or adjoints.target.id != covering.objective[0]:
        return _fields(adjoints, covering, ("target", "value"))

    def taken(kind: Any, entries: Mapping[Any, Any]) -> dict[Any, Any]:
        asked = {(place.id if kind == "edge" else place.key) for place in covering.hidden.asked if place.kind == kind and place.gradient}
        return {key: cover(view) if key in asked and isinstance(view, ArrayView) else view for key, view in entries.items()}

    return replace(
        adjoints, outputs=taken("output", adjoints.outputs), edges=taken("edge", adjoints.edges),
        parameters=taken("parameter", adjoints.parameters),
    )  # fmt: skip


@_cover.register
def _update(update: UpdateTable, covering: Covering) -> UpdateTable:
    rows = tuple(_row(row, covering) for row in update.parameters)
    objective = covering.objective
    hidden = objective is not None and Address("output", *objective) in covering.hidden.asked
    search = update.search if not covering.hidden.asked else None  # its slope and losses tell gradients and values
    return replace(update, parameters=rows, loss=ASKED if hidden else update.loss, search=search)


def _row(row: ParameterUpdate, covering: Covering) -> ParameterUpdate:
    """The step gives the gradient away."""
    if Address("parameter", row.node, row.name, True) not in covering.hidden.asked:
        return row
    said = Line("words", (Words(_("Predict the gradient first: the step would reveal it.")),))
    before, after = (tuple((letter, cover(view)) for letter, view in pairs) for pairs in (row.before, row.after))
    return replace(
        row, gradient=cover(row.gradient), step=cover(row.step), new=cover(row.new), before=before, after=after,
        numbers=(row.numbers[0], ASKED, ASKED, ASKED), lines=(said,),
    )  # fmt: skip


@_cover.register
def _formulas(formulas: Formulas, covering: Covering) -> Formulas:
    return _fields(formulas, covering, ("value", "traced", "values"))


@_cover.register
def _exact_tensor(tensor: ExactTensor, covering: Covering) -> ExactTensor:
    why = covering.why(tensor.place)
    if why is None and any(isinstance(covering.number(float(fraction)), Covered) for fraction in tensor.fractions):
        why = ASKED
    return tensor if why is None else replace(tensor, fractions=(), computed=(), errors=(), hidden=why)
