"""What stands for the names of one node's declared formulas: symbols, numbers of a chosen entry, or arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, overload

import torch
from torch import Tensor

from engine.compile.environment import Own, Several, Wire
from engine.explain.cards import Array, Number, Tex
from engine.explain.cards.formula import TRANSPOSED, Index, Letter, Lookup, Part, Unknown
from engine.explain.cards.local import LocalDerivative, gradient_of
from engine.explain.cards.scene import Scene
from engine.nodes.activations import AlongAxis
from engine.nodes.base import sample_axis
from engine.nodes.class_losses import ClassLoss
from engine.nodes.layers import Dropout
from engine.nodes.losses import NumberLoss
from engine.nodes.math_matrix import MatrixProduct
from engine.nodes.math_reduce import Reduction
from engine.nodes.normalization import Normalization, Normalized, RunningAverage
from engine.nodes.penalties import Penalty
from engine.nodes.probes import Accuracy
from engine.nodes.sources import Standardize
from graph.formula.latex import latex_name
from graph.model.address import Address, first_output
from graph.text.messages import _

_GREEK = {"α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\epsilon", "λ": r"\lambda"}


class Entries(Sequence[Index]):
    """All indices into a tensor of this shape, made one at a time; `prefix` stands before each."""

    def __init__(self, shape: Sequence[int], prefix: Index = ()) -> None:
        self.shape, self.prefix = tuple(shape), prefix

    def __len__(self) -> int:
        return math.prod(self.shape)

    @overload
    def __getitem__(self, at: int) -> Index: ...
    @overload
    def __getitem__(self, at: slice) -> list[Index]: ...
    def __getitem__(self, at: int | slice) -> Index | list[Index]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        rest, position = at % len(self), []
        for size in reversed(self.shape):
            rest, i = divmod(rest, size)
            position.append(i)
        return self.prefix + tuple(reversed(position))


class Worked:
    """Reads names of the formulas of one node. `sample` is the chosen row of the batch, None where there is none."""

    def __init__(self, scene: Scene, local: LocalDerivative) -> None:
        self.scene, self.local = scene, local
        self.operation = local.operation
        self.node, self.type, self.s = self.operation.node, self.operation.type, self.operation.settings
        self.key = self.operation.outputs[0]
        self.sample = scene.sample(local.samples)
        self.spec = scene.graph.spec(self.node)
        self.settings = scene.graph.settings_of(self.node)
        self._by_name = dict(zip(self.operation.wiring.names, self.operation.wiring.arguments, strict=True))

    @property
    def entry(self) -> Index:
        """The chosen entry of the output of one sample."""
        return self.scene.entry(tuple(self.local.output.shape[self.local.batched :]))

    @property
    def index(self) -> Index:
        """The same as an index into the whole output."""
        return (self.sample or 0, *self.entry) if self.local.batched else self.entry

    # Symbols

    def symbol(self, name: str) -> Part:
        """What a name in a formula is called: the producer, the learned tensor, the node itself, or a setting's number."""
        argument = self._by_name.get(name)
        if name in (p.name for p in self.spec.outputs):
            return Tex(self.scene.symbols.value((self.node, name)), role="value", place=Address("output", self.node, name))
        if isinstance(argument, Several):
            return Tex(r",\,".join(self.scene.leaf_symbol(leaf, self.node) for leaf in argument.items) or latex_name(name), role="value")
        if isinstance(argument, (Wire, Own)):
            return Tex(self.scene.leaf_symbol(argument, self.node), role="value", place=self.scene.leaf_place(argument))
        setting = self._setting(name)
        return setting if setting is not None else Tex(latex_name(name))

    def gradient_symbol(self, name: str, below: str = "", a: int = -1) -> Part:
        """The gradient of a name in a formula; of a `many` port that of the a-th leaf."""
        if name in (p.name for p in self.spec.outputs):
            key = (self.node, name)
            return Tex(self.scene.symbols.gradient(key, below), role="gradient", place=self.scene.gradient_place(key))
        leaf = self.operation.leaves[a]
        text = self.scene.leaf_gradient(leaf, self.node)
        if below:
            symbol = f"{{{self.scene.leaf_symbol(leaf, self.node)}}}_{{{below}}}"
            text = self.scene.symbols.adjoint(symbol)
        return Tex(text, role="gradient", place=self.scene.leaf_place(leaf, gradient=True))

    def _setting(self, name: str) -> Number | None:
        setting = self.settings.get(name)
        if isinstance(setting, bool) or not isinstance(setting, (int, float)):
            return None
        return Number(float(setting), "plain", Address("setting", self.node, name), whole=isinstance(setting, int))

    # Numbers

    def lookup(self) -> Lookup:
        """Numbers at an entry; the whole row of classes where a class loss means it."""

        def find(name: str, gradient: bool, index: Index) -> Part | None:
            if gradient and name != self.key[1]:
                return None
            named = self._tensor(name, gradient)
            if named is None:
                return None if gradient else self._setting(name)
            tensor, place, index = named[0], named[1], self._projected(name, index)
            if isinstance(self._by_name.get(name), Several):
                return self._of_several(name, index)
            if tensor.dim() > len(index):
                row = self.scene.array(tensor[index], "", "value", place.at(index or None), "row")
                return row if isinstance(self.type, ClassLoss) else None
            at = tuple(0 if size == 1 else i for i, size in zip(index[len(index) - tensor.dim() :], tensor.shape, strict=True))
            return self.scene.number(tensor, at, "gradient" if gradient else "value", place)

        return find

    def _tensor(self, name: str, gradient: bool) -> tuple[Tensor, Address] | None:
        if name == self.key[1]:
            tensor = gradient_of(self.local.trace, self.key) if gradient else self.local.output
            return None if tensor is None else (tensor, Address("output", *self.key, gradient))
        argument = self._by_name.get(name)
        if isinstance(argument, Several):
            return (torch.zeros(()), first_output(self.scene.graph, self.node)) if argument.items else None
        if not isinstance(argument, (Wire, Own)):
            return None
        tensor = self.local.argument(name)
        if isinstance(self.type, Normalization) and name in ("gamma", "beta"):
            tensor = tensor.view(self.local.kept.shape)
        return tensor, self.scene.leaf_place(argument)

    def _of_several(self, name: str, index: Index) -> Number | None:
        """`index` begins with the place of the tensor in its port."""
        argument = self._by_name[name]
        if not index or not isinstance(argument, Several) or index[0] >= len(argument.items):
            return None
        tensor, rest = self.local.argument(name)[index[0]], index[1:]
        if tensor.dim() != len(rest):
            return None
        return self.scene.number(tensor, rest, "value", self.scene.leaf_place(argument.items[index[0]]))

    def _projected(self, name: str, index: Index) -> Index:
        """A reduction's output has fewer axes than the entry of its input that is meant."""
        x = self.local.argument("x") if isinstance(self.type, Reduction) else None
        if x is None or name != self.key[1] or len(index) != x.dim():
            return index
        gone = self._reduced(x)
        return tuple(0 if i in gone else k for i, k in enumerate(index) if self.s.keep_axes or i not in gone)

    def _reduced(self, x: Tensor) -> tuple[int, ...]:
        from engine.nodes.checks import reduced_axes

        return reduced_axes("x" in self.s.batched, x.dim(), self.s.axes, self.s.over_batch)

    def terms(self, index: Index) -> Sequence[Index] | None:
        r"""The entries that a `\sum` in the formula runs over, for the output's entry `index` (for a slope: the input's)."""
        if isinstance(self.type, Reduction):
            return self._reduced_entries(index)
        if isinstance(self.type, AlongAxis):
            axis = sample_axis(self.s, "x", self.s.axis, self.local.output.dim())
            return [(*index[:axis], i, *index[axis + 1 :]) for i in range(self.local.output.shape[axis])]
        if isinstance(self.type, NumberLoss):
            return Entries(self.local.kept)
        if isinstance(self.type, ClassLoss):
            target = self.local.argument("target")
            return Entries(target.shape)
        if isinstance(self.type, Penalty):
            tensors = self.local.argument("parameters") or ()
            return list(itertools.chain.from_iterable(Entries(t.shape, (p,)) for p, t in enumerate(tensors)))
        return None

    def _reduced_entries(self, index: Index) -> Sequence[Index]:
        x = self.local.argument("x")
        gone = self._reduced(x)
        kept = iter([k for i, k in enumerate(index) if i not in gone] if self.s.keep_axes else index)
        ranges = [range(size) if i in gone else [next(kept)] for i, size in enumerate(x.shape)]
        return list(itertools.islice(itertools.product(*ranges), 10_000))

    def letters(self) -> dict[str, Letter]:
        r"""Numbers for the letters of a formula: settings (`\alpha`), counts (`n`, `N`, `m`), masks and statistics."""
        letters: dict[str, Letter] = {}
        for setting in self.spec.settings:
            number = self._setting(setting.name)
            if setting.title in _GREEK and number is not None:
                letters[_GREEK[setting.title]] = _always(number)
        return letters | self._counts() | self._of_state()

    def _counts(self) -> dict[str, Letter]:
        def whole(value: int) -> Letter:
            return _always(Number(float(value), whole=True))

        if isinstance(self.type, NumberLoss):
            shape = self.local.kept
            return {"n": whole(shape.numel()), "N": whole(shape[0] if self.s.batched and shape else 1)}
        if isinstance(self.type, (ClassLoss, Accuracy)):
            return {"N": whole(self.local.samples or 1)}
        if isinstance(self.type, Reduction):
            return {"m": whole(self.local.argument("x").numel() // max(1, self.local.output.numel()))}
        return {}

    def _of_state(self) -> dict[str, Letter]:
        kept = self.local.kept
        place = first_output(self.scene.graph, self.node)
        if isinstance(self.type, Dropout):
            mask = torch.ones_like(self.local.output) if kept is None else kept
            return {"m": lambda index: Number(float(mask[index]), "local", place)}
        if isinstance(self.type, Standardize):
            mean, scale = self.local.argument("mean"), self.local.argument("scale")
            return {r"\mu": self._aligned(mean), r"\sigma": self._aligned(scale, _inverse)}
        if isinstance(kept, Normalized):
            deviation = (kept.inverse**-2 - self.s.eps).clamp(min=0).sqrt()
            mean = self.local.argument("x") - kept.values / kept.inverse
            return {r"\mu": self._aligned(mean), r"\sigma": self._aligned(deviation)}
        return {}

    def _aligned(self, tensor: Tensor, change: Callable[[float], float] = lambda x: x) -> Letter:
        def at(index: Index) -> Part:
            place = tuple(0 if size == 1 else i for i, size in zip(index[len(index) - tensor.dim() :], tensor.shape, strict=True))
            return Number(change(float(tensor[place])), "local", first_output(self.scene.graph, self.node))

        return at

    # Arrays

    def arrays(self, a: int = -1, batch: bool = False) -> Lookup:
        """Whole tensors, of the chosen sample where they are batched, or of the whole `batch`."""

        def find(name: str, gradient: bool, _: Index) -> Part | None:
            plain, mark, _rest = name.partition(TRANSPOSED)
            if gradient and plain != self.key[1]:
                return None
            argument = self._by_name.get(plain)
            if isinstance(argument, Several):
                return self._joined(argument, a)
            named = self._tensor(plain, gradient)
            if named is None:
                return None if gradient else self._setting(plain)
            tensor, place = named
            batched = not batch and (self.local.batched if plain == self.key[1] else self.local.argument_batched(plain))
            return self._sampled(plain, tensor, place, batched, self._text(plain, gradient), bool(mark))

        return find

    def _text(self, name: str, gradient: bool) -> str:
        part = self.gradient_symbol(name) if gradient else self.symbol(name)
        return part.text if isinstance(part, Tex) else ""

    def _joined(self, argument: Several, a: int) -> Part | None:
        if a < 0 or not argument.items:
            return None
        place = self.local.names[a][1]
        leaf = argument.items[place]
        tensor = self.local.leaf(a)
        symbol = self.scene.leaf_symbol(leaf, self.node)
        return self._sampled(argument.port, tensor, self.scene.leaf_place(leaf), self.local.leaf_batched(leaf), symbol, False)

    def _sampled(self, name: str, tensor: Tensor, place: Address, batched: bool, symbol: str, transposed: bool) -> Number | Array:
        role = "gradient" if place.gradient else "value"
        if batched and self.sample is not None:
            tensor = tensor[self.sample]
            place = place.at((self.sample,))
        lying = isinstance(self.type, MatrixProduct) and name == "a"
        form = "" if tensor.dim() != 1 else "row" if lying != transposed else "column"
        if transposed and tensor.numel() > 1:
            there = tensor.mT if tensor.dim() > 1 else tensor
            return self.scene.array(there, rf"{{{symbol}}}^\top", role, place, form)  # type: ignore[arg-type]
        return self.scene.quantity(tensor, symbol, role, place, form)  # type: ignore[arg-type]

    # What can be worked out

    @property
    def as_declared(self) -> bool:
        """Whether this pass computed what the formula says: a running average is given, not made, in evaluation mode, and a planted
        fault may change what is computed."""
        return self.local.as_declared() and (self.s.training or not isinstance(self.type, RunningAverage))

    def by_entry(self) -> bool:
        """Whether an entry of the output follows from numbers that can be written down, by the declared formula."""
        local = self.local
        if not self.as_declared:
            return False
        if isinstance(self.type, (Reduction, AlongAxis, NumberLoss, ClassLoss, Penalty, Normalization)):
            return True
        tensors = [local.leaf(a) for a in range(len(self.operation.leaves))]
        if all(t.numel() == 1 for t in (*tensors, local.output)):
            return True
        leaves = range(len(self.operation.leaves))
        return all(local.differentiable(a) and local.diagonal(a) is not None for a in leaves) and not self.operation.fed


def _always(part: Part) -> Callable[[Any], Part]:
    return lambda _: part


def _inverse(number: float) -> float:
    if number == 0:
        raise Unknown(_("the scale of a constant column"))
    return 1 / number
