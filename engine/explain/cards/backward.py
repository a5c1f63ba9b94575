"""The backward half of a card: upstream × local = downstream, for every wire and learned tensor that a node consumes."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from engine.compile.environment import Own, Wire
from engine.compile.views import FULL_LIMIT, Absent
from engine.explain.cards import Array, Chain, Line, LocalKind, Number, Piece, Section, Tex
from engine.explain.cards.formula import Index, Unknown, main_part, shortened, sides, with_arrays, with_symbols, with_values
from engine.explain.cards.layers import linear_backward, one_sample
from engine.explain.cards.local import LeafProduct, LocalDerivative, gradient_of
from engine.explain.cards.scene import EQUALS, Scene, equation, words
from engine.explain.cards.worked import Entries, Worked
from engine.nodes.class_losses import ClassLoss
from engine.nodes.layers import Linear
from engine.nodes.math_reduce import Reduction
from graph.model.address import Address
from graph.text.messages import _

DOT, TIMES, PLUS = Tex(r"\cdot"), Tex(r"\odot"), Tex("+")
WRITTEN_SAMPLES = 64
"""Of a batch up to this large, every sample's own part of a shared scalar's gradient is computed for the sum."""


def backward(scene: Scene, local: LocalDerivative, a: int) -> Section:
    """The gradient that flows down the a-th wire (or to the a-th learned tensor) of a node, and why."""
    return _Backward(Worked(scene, local), a).section()


class _Backward:
    def __init__(self, worked: Worked, a: int) -> None:
        self.worked, self.a = worked, a
        self.scene, self.local, self.leaf = worked.scene, worked.local, worked.operation.leaves[a]
        self.node, self.key = worked.node, worked.key
        self.name, self.slot = self.local.names[a]
        self.target = self.scene.leaf_place(self.leaf, gradient=True)
        self.symbol = self.scene.leaf_gradient(self.leaf, self.node)
        self.left = Tex(self.symbol, role="gradient", place=self.target)
        self.special = False
        self.as_declared = worked.as_declared and self.local.as_declared(a)
        shared = self.local.batched and not self.local.leaf_batched(self.leaf) and self.local.output.shape[0] > 1
        self.part = one_sample(self.left, worked.sample) if shared and worked.sample is not None else self.left
        self.text = worked.spec.local_derivatives_for(worked.settings).get(self.name, "")

    def section(self) -> Section:
        place = self.target.value
        if not self.local.differentiable(self.a):
            return replace(self.scene.absent(self._entry_of_trace(), place), title=self._title())
        upstream = gradient_of(self.scene.trace, self.key)
        if upstream is None:
            return Section("backward", self._title(), (*self._formulas(), *self._local_alone()), place)
        sample = self.worked.sample or 0
        step = self.local.step(self.a, upstream, self._whole(upstream), sample)
        chain = self._chain(step)
        if isinstance(chain.upstream, Number) and isinstance(chain.downstream, Number) and isinstance(chain.local, Number):
            lines = self._of_numbers(chain)
        else:
            lines = self._of_tensors(step, chain, upstream)
        lines += self._over_samples(step, upstream)
        lines += _without_a_value(step)
        which = (
            _(", sample {sample} of {samples}").format(sample=step.sample + 1, samples=self.local.samples)
            if step.sample is not None
            else ""
        )
        return Section("backward", self._title() + which, (*self._formulas(self.special), *lines), place, chain)

    def _title(self) -> str:
        if isinstance(self.leaf, Own):
            if self.leaf.key[0] == self.node:
                return _("To {name}").format(name=self.leaf.key[1])
            return _("To {name} of {owner}").format(name=self.leaf.key[1], owner=self.scene.graph.nodes[self.leaf.key[0]].name)
        port = self.leaf.port + (f" {self.slot + 1}" if self.slot >= 0 else "")
        return _("To {name}, along {port}").format(name=self.scene.symbols.name(self.leaf.source), port=port)

    def _entry_of_trace(self) -> Tensor | Absent | None:
        if isinstance(self.leaf, Own):
            return self.scene.trace.parameter_gradients.get(self.leaf.key)
        return self.scene.trace.edge_gradients.get(self.leaf.edge)

    def _whole(self, upstream: Tensor) -> Tensor:
        """The trace's own tensor; of a parameter with several consumers, what this node alone gives."""
        gradient = self._entry_of_trace()
        if isinstance(gradient, Tensor) and (isinstance(self.leaf, Wire) or self.scene.users(self.leaf) == 1):
            return gradient
        return self.local.run.vjp(self.a, upstream)

    # Formulas

    def _formulas(self, special: bool = False) -> list[Line]:
        """The chain rule and the declared rule; this one not where its form for one sample is drawn."""
        worked = self.worked
        up = self.scene.gradient_tex(self.key)
        local = Tex(self.scene.local_symbol(self.key, self.leaf), role="local")
        lines = [equation("formula", self.left, EQUALS, up, DOT, local)]
        if self.text and not special:
            pieces = with_symbols(self.text, worked.symbol, lambda name, below: worked.gradient_symbol(name, below, self.a))
            lines.append(Line("formula", pieces))
        return lines

    def _local_alone(self) -> list[Line]:
        """The local derivative where no gradient arrives that it could be multiplied with."""
        zeros = torch.zeros_like(self.local.output)
        step = self.local.step(self.a, zeros, torch.zeros_like(self.local.leaf(self.a)), self.worked.sample or 0)
        local = self._local(step)
        if local is None:
            return []
        name = Tex(self.scene.local_symbol(self.key, self.leaf), role="local")
        return [equation("step", name, EQUALS, local)]

    # The chain

    def _chain(self, step: LeafProduct) -> Chain:
        scene = self.scene
        entry: Index = (step.sample,) if step.sample is not None and self.local.batched else ()
        there = Address("output", *self.key, gradient=True, index=entry or None)
        up = scene.quantity(step.upstream, scene.symbols.gradient(self.key), "gradient", there)
        local = self._local(step)
        kind: LocalKind = "number" if isinstance(local, Number) else step.kind
        down = scene.quantity(step.downstream, self.symbol, "gradient", self._down_place(step))
        if kind == "matrix":
            up, down = _as_row(up), _as_row(down)
        if kind == "diagonal":
            entry = self.worked.index if step.sample is None else self.worked.entry
            up, down = _framed(up, entry), _framed(down, entry)
            local = _framed(local, entry) if local is not None else None
        return Chain(self.target, up, local, down, kind, step.jacobian, step.sample, step.summed)

    def _down_place(self, step: LeafProduct) -> Address | None:
        """Where the downstream part is found in the trace; nowhere when it is one sample's share of a sum."""
        if step.sample is not None and self.local.leaf_batched(self.leaf):
            return self.target.at((step.sample,))
        return self.target if _same(step.whole, step.downstream) else None

    def _local(self, step: LeafProduct) -> Number | Array | None:
        if step.local is None:
            return None
        symbol = self.scene.local_symbol(self.key, self.leaf)
        if step.local.numel() == 1 and step.jacobian == (1, 1):
            return Number(float(step.local), "local", None, bracket=True)
        if step.kind == "diagonal":
            return self.scene.array(
                step.local, symbol, "local", None, "diagonal", _("the diagonal of the Jacobian; all other entries are 0")
            )
        rows, columns = step.jacobian
        caption = _("{rows} × {columns}: one row per output number, one column per input number").format(rows=rows, columns=columns)
        return self.scene.array(step.local, symbol, "local", None, "matrix", caption)

    def _of_numbers(self, chain: Chain) -> list[Line]:
        assert isinstance(chain.upstream, Number) and isinstance(chain.local, Number) and isinstance(chain.downstream, Number)
        lines = []
        if numbers := self._worked(self._leaf_index()):
            lines.append(equation("numbers", self.part, EQUALS, *numbers))
        return [*lines, equation("result", self.part, EQUALS, chain.upstream, DOT, chain.local, EQUALS, chain.downstream)]

    def _of_tensors(self, step: LeafProduct, chain: Chain, upstream: Tensor) -> list[Line]:
        lines: list[Line] = []
        if isinstance(self.worked.type, Linear) and self.as_declared:
            lines += linear_backward(self.worked, self.a, step)
        if lines:
            self.special = True
        elif (arrays := self._arrays()) and not isinstance(self.worked.type, ClassLoss):
            lines.append(equation("numbers", self.part, EQUALS, *arrays))
        lines += self._product(step, chain)
        index = self._leaf_index()
        numbers = self._worked(index)
        if numbers:
            lines.append(self._worked_line(step, index, numbers, upstream))
        return lines

    def _product(self, step: LeafProduct, chain: Chain) -> list[Line]:
        rows, columns = step.jacobian
        down = chain.downstream
        if chain.local is None:
            text = _("The Jacobian would have {rows:,} × {columns:,} numbers; the rule computes the product without forming it.").format(
                rows=rows, columns=columns
            )
            return [words(text), equation("result", self.part, EQUALS, down)]
        if chain.local_kind == "diagonal":
            note = words(_("Entry by entry: the Jacobian is diagonal, so each gradient is multiplied by its own factor."))
            inner = step.summed[1:] if step.summed[:1] == (0,) and self.local.batched else step.summed
            spread = (Tex(r"\sum"),) if inner else ()
            lines = [note, equation("result", self.part, EQUALS, *spread, chain.upstream, TIMES, chain.local, EQUALS, down)]
            if inner:
                lines.insert(
                    1, words(_("The input was repeated along an axis to fit (broadcast), so its contributions are added along that axis."))
                )
            return lines
        shapes = Tex(rf"(1 \times {rows})\,({rows} \times {columns}) = 1 \times {columns}")
        return [
            equation("step", shapes),
            equation("result", self.part, EQUALS, chain.upstream, DOT, chain.local, EQUALS, down),
        ]

    # One entry, worked out

    def _leaf_index(self) -> Index:
        """The entry whose formula is worked out: of the output where the rule goes entry by entry, else of the leaf."""
        tensor = self.local.leaf(self.a)
        if isinstance(self.worked.type, ClassLoss):
            return (self.worked.sample,) if self.worked.sample is not None else ()
        if self.local.diagonal(self.a) is not None and self.local.output.numel() != 1:
            return self.worked.index
        if self.local.leaf_batched(self.leaf):
            index: Index = (self.worked.sample or 0, *self.scene.entry(tuple(tensor.shape[1:])))
        else:
            index = self.scene.entry(tuple(tensor.shape))
        return (self.slot, *index) if self.slot >= 0 else index

    def _worked(self, index: Index) -> tuple[Piece, ...] | None:
        """The declared rule's right side with the numbers of that entry."""
        worked = self.worked
        if not self.text or not self.as_declared or not worked.by_entry():
            return None
        along = worked.terms(index) if not isinstance(worked.type, Reduction) else None
        try:
            return with_values(sides(self.text)[1].replace(r"^\top", ""), worked.lookup(), index, along, worked.letters())
        except Unknown:
            return None

    def _worked_line(self, step: LeafProduct, index: Index, numbers: tuple[Piece, ...], upstream: Tensor) -> Line:
        diagonal = self.local.diagonal(self.a)
        at = index[1:] if self.slot >= 0 and diagonal is None else index
        if diagonal is not None and self.local.output.shape != self.local.leaf(self.a).shape:
            value: Number | Array = Number(float((upstream * diagonal)[index]), "gradient")
            return equation("step", *numbers, EQUALS, value)
        inside = at[1:] if self.local.leaf_batched(self.leaf) else at
        left = Tex(self.scene.leaf_gradient(self.leaf, self.node, inside), role="gradient", place=self.target.at(at or None))
        if len(at) < step.whole.dim():
            value = self.scene.array(step.whole[at], left.text, "gradient", self.target.at(at or None), "row")
        else:
            value = self.scene.number(step.whole, at, "gradient", self.target)
        return equation("step", left, EQUALS, *numbers, EQUALS, value)

    def _arrays(self) -> tuple[Piece, ...] | None:
        if not self.text or self.text.count(r"\quad") or not self.as_declared:
            return None
        try:
            written = with_arrays(sides(main_part(self.text))[1], self.worked.arrays(self.a))
        except Unknown:
            return None
        return written if sum(not isinstance(piece, Tex) or bool(piece.parts) for piece in written) > 1 else None

    # The batch

    def _over_samples(self, step: LeafProduct, upstream: Tensor) -> list[Line]:
        """Where all samples share the leaf: their contributions, added."""
        if step.sample is None or not self.local.batched or self.local.leaf_batched(self.leaf):
            return []
        samples = self.local.output.shape[0]
        whole = self.scene.quantity(step.whole, self.symbol, "gradient", self.target)
        if samples < 2:
            return []
        terms = Tex(rf"= \sum_{{n=1}}^{{{samples}}} \left({self.symbol}\right)_{{n}}", role="gradient")
        note = _("All {samples} samples share it: their contributions are added. Sample {sample} is shown above.").format(
            samples=samples, sample=step.sample + 1
        )
        return [words(note), equation("result", self.left, terms, *self._written_sum(step, upstream, samples), EQUALS, whole)]

    def _written_sum(self, step: LeafProduct, upstream: Tensor, samples: int) -> list[Piece]:
        if step.whole.numel() > 1 or samples > WRITTEN_SAMPLES or step.jacobian[0] * samples > FULL_LIMIT:
            return []
        pieces: list[Piece] = [EQUALS]
        for term in shortened(Entries((samples,))):
            pieces += [PLUS] if len(pieces) > 1 else []
            if term is None:
                pieces.append(Tex(r"\cdots"))
            else:
                part = float(self.local.of_sample(self.a, upstream, term[0]))
                pieces.append(Number(part, "gradient", bracket=len(pieces) > 1))
        return pieces


def _without_a_value(step: LeafProduct) -> list[Line]:
    """What to say where upstream · local is 0 · ∞."""
    if step.local is None or bool(torch.isfinite(step.local).all() & torch.isfinite(step.upstream).all()):
        return []
    if bool(torch.isfinite(step.downstream).all()) and bool((step.upstream == 0).any()):
        text = _(
            "0 · ∞ is 0 here: a later node takes another branch, so near this point the objective does not depend on what happens here."
        )
        return [words(text)]
    return [words(_("A factor is infinite or NaN. 0 · ∞ has no value (NaN)."))] if bool(torch.isnan(step.downstream).any()) else []


def _as_row(quantity: Number | Array) -> Number | Array:
    return replace(quantity, form="row") if isinstance(quantity, Array) and len(quantity.view.shape) == 1 else quantity


def _framed(quantity: Number | Array, entry: Index) -> Number | Array:
    return replace(quantity, chosen=entry) if isinstance(quantity, Array) and len(quantity.view.shape) == len(entry) else quantity


def _same(one: Tensor, other: Tensor) -> bool:
    return one is other or (one.shape == other.shape and torch.equal(one, other))
