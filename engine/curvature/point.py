"""The objective as a function of chosen numbers of a network, at the place where they are: value, gradient, curvature."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.program import NodeFailure, Program
from engine.explain.question import Unanswerable
from engine.nodes.base import NodeError
from engine.numerics.threads import threads
from engine.training.at_once import rows_at_once
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.model import Model
from engine.training.second import SecondDerivatives
from engine.training.state import state_key
from graph.model.address import Address
from graph.text.messages import _

LARGEST = 512
"""Places or directions that one batched call takes, at most."""
T = TypeVar("T")
_FAILURES = (NodeFailure, RuntimeError, ValueError, IndexError, TypeError, NodeError)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A tensor that chosen numbers lie in. `fed`: it is among the program's feeds, else among its parameters. `entries` are the places
    of the chosen numbers in the flattened tensor, None for all of it."""

    address: Address
    fed: bool
    place: int
    shape: torch.Size
    entries: Tensor | None

    @property
    def size(self) -> int:
        return self.shape.numel() if self.entries is None else len(self.entries)

    def addresses(self) -> Iterator[Address]:
        every = [tuple(int(i) for i in index) for index in product(*map(range, self.shape))]
        for at in range(len(every)) if self.entries is None else self.entries.tolist():
            yield self.address.at(every[at])

    def of(self, tensor: Tensor) -> Tensor:
        """The chosen numbers of it."""
        flat = tensor.reshape(-1)
        return flat if self.entries is None else flat[self.entries]

    def put(self, tensor: Tensor, numbers: Tensor) -> Tensor:
        """The tensor with these numbers in the chosen places, without writing into it."""
        if self.entries is None:
            return numbers.reshape(self.shape)
        return tensor.reshape(-1).scatter(0, self.entries, numbers).reshape(self.shape)


class Point:
    """The objective f as a function of `p` numbers, all others as they are; made by `point_at`.

    Over the training part (or the rows given), in training mode, with the random numbers of the coming step: the same place always has
    the same value. Everything was copied, so it stays as it is when training goes on. `here` (p,) are the present numbers, `rows` counts
    the samples (0 without data). Places are (p,) tensors of the network's dtype on its device; every method raises Unanswerable where
    the objective cannot be computed. Values that are not finite are returned as they are.

    Where all chosen numbers are trained, gradients are those of the program that trains, by its own rules; else those of autograd.
    """

    def __init__(self, model: Model, of: Sequence[Address] | None, rows: Tensor | None, objective: Key | None) -> None:
        self._program = _program(model, objective)
        self._parameters = [tensor.clone() for tensor in model.parameters(self._program)]
        self._buffers = [tensor.clone() for tensor in model.buffers(self._program)]
        keys = self._program.feeds
        self._feeds = model.feeds.whole(keys, "train") if rows is None else model.feeds.chosen(keys, rows)
        self._random, self._threads = model.random(model.state.step), model.compiled.threads
        total = model.feeds.rows["train"] if any(key in model.feeds.train for key in keys) else 0
        self.rows = len(rows) if total and rows is not None else total
        self._step, self._careful = self._program.unwatched_stepper(), self._program.stepper()
        self._leaves = self._chosen(of, [key for key in model.feeds.fixed if model.graph.spec(key[0]).role == "input"])
        self.here = torch.cat([leaf.of(self._tensor(leaf)) for leaf in self._leaves]).clone()
        self._ruled = all(not leaf.fed and leaf.place in self._program.trainable for leaf in self._leaves)
        self.at_once = min(LARGEST, max(1, rows_at_once(model, list(model.inference.outputs)) // max(self.rows, 1)))
        """How many places are evaluated in one batched call."""
        self._batched = self.at_once > 1
        self._kept: tuple[Tensor, SecondDerivatives] | None = None

    # What was chosen

    @cached_property
    def places(self) -> tuple[Address, ...]:
        """The address of each number, in the order of `here`."""
        return tuple(address for leaf in self._leaves for address in leaf.addresses())

    @property
    def tensors(self) -> tuple[tuple[Address, int], ...]:
        """The tensors that the numbers lie in, and how many of each, in the order of `here`."""
        return tuple((leaf.address, leaf.size) for leaf in self._leaves)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of `tensors`; where single entries were chosen too, it is that of the whole tensor."""
        return tuple(tuple(leaf.shape) for leaf in self._leaves)

    def place(self, i: int) -> Address:
        """`places[i]`, without the others."""
        for leaf in self._leaves:
            if i < leaf.size:
                flat = i if leaf.entries is None else int(leaf.entries[i])
                return leaf.address.at(tuple(int(at) for at in torch.unravel_index(torch.tensor(flat), leaf.shape)))
            i -= leaf.size
        raise IndexError(i)

    def _chosen(self, of: Sequence[Address] | None, inputs: Collection[Key]) -> list[_Leaf]:
        program = self._program
        if of is None:
            fixed = [key for key, feed in zip(program.feeds, self._feeds, strict=True) if key in inputs and feed.is_floating_point()]
            of = [Address("parameter", *key) for key in program.trainable_keys] or [Address("output", *key) for key in fixed]
        if not of:
            raise Unanswerable(_("There is no number to differentiate by."))
        leaves: dict[tuple[bool, int], tuple[Address, list[int] | None]] = {}
        for address in of:
            fed = address.kind == "output"
            keys = list(program.feeds if fed else program.parameter_keys)
            if address.kind not in ("output", "parameter") or address.key not in keys:
                raise Unanswerable(_("The objective does not depend on {name}.").format(name=state_key(address.key)))
            place = keys.index(address.key)
            tensor = (self._feeds if fed else self._parameters)[place]
            if not tensor.is_floating_point():
                text = _("{name} holds whole numbers, so there is no derivative by them.")
                raise Unanswerable(text.format(name=state_key(address.key)))
            known = leaves.get((fed, place), (address.value.whole, []))[1]
            inside = _entries(tensor.shape, address.index)
            whole = None if known is None or inside is None else [*known, *(entry for entry in inside if entry not in known)]
            leaves[fed, place] = address.value.whole, whole
        return [
            _Leaf(address, fed, place, (self._feeds if fed else self._parameters)[place].shape,
                  None if inside is None else torch.tensor(inside, device=(self._feeds if fed else self._parameters)[place].device))
            for (fed, place), (address, inside) in leaves.items()
        ]  # fmt: skip

    def _tensor(self, leaf: _Leaf) -> Tensor:
        return (self._feeds if leaf.fed else self._parameters)[leaf.place]

    # The function

    def value(self, at: Tensor | None = None) -> Tensor:
        """f, a tensor without axes."""
        with torch.no_grad():
            return self._guarded(lambda: self._value(self.here if at is None else at))

    def gradient(self, at: Tensor | None = None) -> Tensor:
        """∇f (p,)."""
        place = self.here if at is None else at
        if self._program.watched and self._ruled:
            with torch.no_grad():
                return self._guarded(lambda: self._by_rules(place, self._careful))
        return self._guarded(lambda: self._gradient(place))

    def value_and_gradient(self, at: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """f and ∇f of one pass."""
        place = self.here if at is None else at
        if not self._ruled:
            return self.value(place), self.gradient(place)

        def both() -> tuple[Tensor, Tensor]:
            loss, gradients = self._stepped(place, self._careful)
            return loss.reshape(()), gradients

        with torch.no_grad():
            return self._guarded(both)

    def product(self, direction: Tensor, at: Tensor | None = None) -> Tensor:
        """∇²f · v (p,)."""
        return self._guarded(lambda: self._second(at).product(direction))

    def products(self, directions: Tensor, at: Tensor | None = None) -> Tensor:
        """∇²f · vᵢ for the rows of (N, p): (N, p), many in one batched call."""
        return self._guarded(lambda: self._second(at).products(directions))

    def hessian(self, at: Tensor | None = None) -> Tensor:
        """∇²f (p, p), symmetric up to rounding: row i is ∇²f · eᵢ."""
        return self.products(torch.eye(len(self.here), dtype=self.here.dtype, device=self.here.device), at)

    def forget(self) -> None:
        """Release the graph that is kept for further products at the same place."""
        self._kept = None

    def values(self, places: Tensor) -> Tensor:
        """f at each row of (N, p): (N,), many in one batched call."""
        with torch.no_grad():
            return self._rowwise(self._value, places)

    # How it is computed

    def _put(self, flat: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Feeds and parameters with these numbers in the chosen places."""
        feeds, parameters = list(self._feeds), list(self._parameters)
        sizes = [leaf.size for leaf in self._leaves]
        for leaf, numbers in zip(self._leaves, torch.split(flat, sizes), strict=True):
            (feeds if leaf.fed else parameters)[leaf.place] = leaf.put(self._tensor(leaf), numbers)
        return feeds, parameters

    def _value(self, flat: Tensor) -> Tensor:
        feeds, parameters = self._put(flat)
        return self._program.replaced(None, None, feeds, parameters, self._buffers, self._random).reshape(())

    def _gradient(self, flat: Tensor) -> Tensor:
        if self._ruled:
            return self._by_rules(flat, self._step)
        result: Tensor = torch.func.grad(self._value)(flat)
        return result

    def _by_rules(self, flat: Tensor, step: Callable[..., Any]) -> Tensor:
        return self._stepped(flat, step)[1]

    def _stepped(self, flat: Tensor, step: Callable[..., Any]) -> tuple[Tensor, Tensor]:
        feeds, parameters = self._put(flat)
        loss, gradients = step(feeds, parameters, self._buffers, self._random)[:2]  # of several objectives it gives more
        found = dict(zip(self._program.trainable, gradients, strict=True))
        return loss, torch.cat([leaf.of(found[leaf.place]) for leaf in self._leaves])

    def _second(self, at: Tensor | None) -> SecondDerivatives:
        """The gradient's graph at this place, which is kept for further products there."""
        place = self.here if at is None else at
        if self._kept is None or not torch.equal(self._kept[0], place):
            if self._ruled and all(leaf.entries is None for leaf in self._leaves):  # without cutting and joining, it is quicker
                parts = torch.split(place, [leaf.size for leaf in self._leaves])
                at_leaves = [part.reshape(leaf.shape) for leaf, part in zip(self._leaves, parts, strict=True)]
                second = SecondDerivatives(self._of_tensors, at_leaves, at_once=self.at_once)
            else:
                second = SecondDerivatives(lambda tensors: [self._gradient(tensors[0])], [place], at_once=self.at_once)
            self._kept = place.clone(), second
        return self._kept[1]

    def _of_tensors(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The gradient by whole learned tensors, one part for each."""
        parameters = list(self._parameters)
        for leaf, tensor in zip(self._leaves, tensors, strict=True):
            parameters[leaf.place] = tensor
        found = dict(zip(self._program.trainable, self._step(self._feeds, parameters, self._buffers, self._random)[1], strict=True))
        return [found[leaf.place] for leaf in self._leaves]

    def _rowwise(self, function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
        """The function of each row, in batched calls; one by one where an operation cannot be batched."""
        if self._batched:
            try:
                with threads(self._threads):
                    return torch.cat([torch.func.vmap(function)(piece) for piece in torch.split(rows, self.at_once)])
            except _FAILURES:
                self._batched = False
        return self._guarded(lambda: torch.stack([function(row) for row in rows]))

    def _guarded(self, compute: Callable[[], T]) -> T:
        try:
            with threads(self._threads):
                return compute()
        except _FAILURES as error:
            raise Unanswerable(_("The objective cannot be computed; the Problems panel says why.")) from error


def point_at(model: Model, of: Sequence[Address] | None = None, rows: Tensor | None = None, objective: Key | None = None) -> Point:
    """The objective at the network's present numbers, as a function of the numbers `of`: learned tensors, values of inputs, single entries
    of both; by default everything trainable, in the program's order, or the values of the inputs where nothing is trainable.

    `rows` are samples of the training part, by default all. Of several objectives it is the one given, by default the one whose gradients
    are looked at. Raises Unanswerable.
    """
    try:
        return Point(model, of, rows, objective)
    except RunError as error:
        raise Unanswerable(str(error)) from error


def _program(model: Model, objective: Key | None) -> Program:
    """The program of one objective. Raises RunError."""
    program = model.program(training=True)
    if not isinstance(program, JointProgram):
        return program
    wanted = objective or model.shown_objective()
    return next((member.program for member in program.members if member.goal.key == wanted), program.members[0].program)


def _entries(shape: torch.Size, index: tuple[int, ...] | None) -> list[int] | None:
    """Which entries of the flattened tensor the index names, None for all of them. Raises Unanswerable."""
    if index is None:
        return None
    if len(index) > len(shape) or any(at >= size for at, size in zip(index, shape, strict=False)):
        raise Unanswerable(_("There is no entry [{index}] there.").format(index=", ".join(map(str, index))))
    numbers = torch.arange(shape.numel()).reshape(shape)[index].reshape(-1)
    return numbers.tolist() if len(numbers) < shape.numel() or not shape else None
