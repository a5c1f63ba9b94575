"""The explanation card of a node, a wire or a parameter: the question and the answer's data. No torch here.

A card is sections of lines of pieces. Numbers stay numbers, exactly those of the trace, with the place they came from. The
window writes them as the canvas does, colours them by their role and makes each a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.compile.views import ArrayView, Reason
from engine.explain.question import Question
from graph.model.address import Address

Notation = Literal["leibniz", "bar", "delta"]
"""`leibniz` ∂L/∂x; `bar` x̄, the adjoint; `delta` δ⁽ˡ⁾ for the layers' outputs, ∂L/∂x for everything else."""

Role = Literal["value", "gradient", "local", "plain"]
"""`value` is drawn blue, `gradient` orange; `local` is a factor that belongs to the node itself; `plain` a constant."""

Topic = Literal["forward", "backward", "fan_out", "parameter", "wire", "collapse", "state", "absent", "source", "objective",
                "update"]
"""What a section is about. `backward`: upstream × local = downstream, one section for each input wire and learned tensor;
`fan_out`: where the gradient comes from, the sum over the wires or the one there is; `collapse`: softmax and cross-entropy together;
`state`: masks, indices, statistics, penalties; `update`: the training step that changed a learned tensor last."""

LineKind = Literal["formula", "numbers", "result", "step", "words"]
"""`formula` with names, `numbers` the same with the numbers in it, `result` what it comes to, `step` on the way, `words` plain text."""

Index = tuple[int, ...]
LocalKind = Literal["number", "diagonal", "matrix", "too large", "none"]


@dataclass(frozen=True, slots=True)
class CardOf(Question):
    """The card of an output (and the node that computes it), of a wire, or of a learned tensor.

    `sample` is a row of the batch the trace shows (None: the first); `entry` an index into the sample's output, whose formula is
    worked out with numbers (None: the first entry). An index outside is taken as the nearest one inside.
    """

    answered_by: ClassVar[str] = "engine.explain.cards.answer:card"
    address: Address
    sample: int | None = None
    entry: tuple[int, ...] | None = None
    notation: Notation = "leibniz"


@dataclass(frozen=True, slots=True)
class Number:
    """One number. `bracket`: it stands where a negative one, or one written with a power of ten, needs brackets."""

    value: float
    role: Role = "plain"
    place: Address | None = None
    bracket: bool = False
    whole: bool = False
    """A class index or a count, written without decimals."""
    beside: float | None = None
    """What it changed to, or from: both have as many digits as are needed to tell them apart."""


@dataclass(frozen=True, slots=True)
class Array:
    """One tensor. `symbol` is its LaTeX; `caption` says in words what its axes are.

    `form`: `matrix` of two axes, `column` and `row` for vectors, `diagonal` for the diagonal of a Jacobian that is 0 elsewhere,
    `tensor` for everything else. The `index` of its place is where the array lies in a larger tensor: a sample's is `(sample,)`.
    `chosen` is an index into the array itself, of the number that the card works out by itself.
    """

    view: ArrayView
    symbol: str = ""
    role: Role = "plain"
    place: Address | None = None
    form: Literal["matrix", "column", "row", "diagonal", "tensor"] = "tensor"
    caption: str = ""
    chosen: Index | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    """column · row = product, to be drawn as such: a column at the left, a row on top, the matrix between them."""

    column: Array
    row: Array
    product: Array


@dataclass(frozen=True, slots=True)
class Words:
    """Text to read; no LaTeX in it."""

    text: str


_PLACE = re.compile(r"@(\d+)")


@dataclass(frozen=True, slots=True)
class Tex:
    r"""LaTeX. `@0`, `@1` … stand for `parts`, where a number is inside a fraction, a root or under an exponent.

    `place` is what the text as a whole is the symbol of, when it is one: `\frac{\partial L}{\partial x}`.
    """

    text: str
    parts: tuple[Number | Array, ...] = ()
    role: Role = "plain"
    place: Address | None = None

    def latex(self, write: Callable[[Number | Array], str]) -> str:
        """The text with every part written by `write`."""
        return _PLACE.sub(lambda match: "{" + write(self.parts[int(match[1])]) + "}", self.text)


Piece = Words | Tex | Number | Array | Outer


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces from left to right. Every `Tex` piece can be set on its own."""

    kind: LineKind
    pieces: tuple[Piece, ...]

    def numbers(self) -> Iterator[Number]:
        """All single numbers of the line, those inside LaTeX too, from left to right."""
        for piece in self.pieces:
            if isinstance(piece, Number):
                yield piece
            elif isinstance(piece, Tex):
                yield from (part for part in piece.parts if isinstance(part, Number))

    def arrays(self) -> Iterator[Array]:
        for piece in self.pieces:
            if isinstance(piece, Array):
                yield piece
            elif isinstance(piece, Tex):
                yield from (part for part in piece.parts if isinstance(part, Array))
            elif isinstance(piece, Outer):
                yield from (piece.column, piece.row, piece.product)


@dataclass(frozen=True, slots=True)
class Chain:
    """upstream × local = downstream for one input: the numbers behind a `backward` section.

    `target` is the wire, or the parameter, whose gradient `downstream` is: what goes down *this* wire, not the producer's sum.
    `local` is None where it is not shown (`local_kind` "too large" or "none"); `jacobian` is its shape as a matrix,
    (numbers out, numbers in) for the tensors or the one sample that is shown. `sample` is the index of that sample, None when the
    tensors are whole; then `upstream`, `local` and `downstream` are of that sample alone. `summed` are the axes over which
    contributions are added because the input was broadcast, 0 being the batch where there is one; `downstream` is before the sum
    over the batch. A matrix takes the tensors flattened, row by row.
    """

    target: Address
    upstream: Number | Array
    local: Number | Array | None
    downstream: Number | Array
    local_kind: LocalKind
    jacobian: tuple[int, int]
    sample: int | None = None
    summed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Lines about one thing. `place` is the wire or parameter it is about, None when it is the card's own subject."""

    topic: Topic
    title: str
    lines: tuple[Line, ...]
    place: Address | None = None
    chain: Chain | None = None
    step: int | None = None
    """The training step that a section of the topic `update` is about, counted from 0."""


@dataclass(frozen=True, slots=True)
class Card:
    """The answer to a `CardOf`. `title` is its name in the graph, `subtitle` its type.

    `value` and `gradient` are what the canvas shows there; `gradient` is None where there is none, and `absent` then says why (a
    section of the topic `absent` says it in words). `samples` counts the samples of the batch, 0 where nothing is batched, and
    `sample`, `entry` are the chosen ones; `shape` is that of one sample's value, which `entry` is an index into.
    """

    address: Address
    title: str
    subtitle: str
    notation: Notation
    sections: tuple[Section, ...]
    value: Number | Array | None = None
    gradient: Number | Array | None = None
    absent: Reason | None = None
    samples: int = 0
    sample: int | None = None
    entry: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()

    def lines(self) -> Iterator[Line]:
        for section in self.sections:
            yield from section.lines

    def chains(self) -> Iterator[Chain]:
        yield from (section.chain for section in self.sections if section.chain is not None)
