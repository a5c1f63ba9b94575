"""The engine's arithmetic as rows of the canvas."""

from __future__ import annotations

from collections.abc import Sequence

from engine.explain.arithmetic import NodeArithmetic, Product
from engine.explain.cards import Array, Line, Number, Outer, Role, Tex, Words
from engine.explain.cards import Piece as CardPiece
from ui.canvas.model.arithmetic import Hue, NodeRows, Piece
from ui.canvas.model.matrices import fits

HUES: dict[Role, Hue] = {"value": "value", "gradient": "gradient", "local": "value", "plain": "text"}
"""A local derivative is made of values."""
MOST_PIECES = 9
"""A longer line is no short arithmetic: the formula is shown in its place."""
TIMES, ENTRYWISE = Piece(r"\times"), Piece(r"\odot")


def node_rows(node: NodeArithmetic, per_sample: bool = True) -> NodeRows:
    """Everything about one node. What cannot be written in one short row is left out; so are the numbers of one sample, where the
    canvas does not show that sample (`per_sample`)."""
    wires = node.backward.items()
    products = {wire: _product(product) for wire, product in wires if per_sample or product.chain is None or product.chain.sample is None}
    numbers = _right_side(node.numbers)
    return NodeRows(
        numbers if per_sample or not any(map(_of_sample, numbers)) else (),
        _right_side(node.formula),
        products,
        {wire: _right_side(product.formula) for wire, product in wires},
    )


def _of_sample(piece: Piece) -> bool:
    return (piece.place is not None and piece.place.index is not None) or any(map(_of_sample, piece.parts))


def _right_side(line: Line | None) -> tuple[Piece, ...]:
    """What stands behind the sign of equality; nothing where it is too long for a row."""
    pieces = list(line.pieces) if line is not None else []
    first = pieces[1] if len(pieces) > 1 else None
    if not isinstance(first, Tex) or not first.text.startswith("="):
        return ()
    head = first.text[1:].strip()
    rest: list[CardPiece] = ([Tex(head, first.parts)] if head else []) + pieces[2:]
    equals = next((index for index, piece in enumerate(rest) if isinstance(piece, Tex) and piece.text == "="), len(rest))
    return _pieces(rest[:equals])


def _product(product: Product) -> tuple[Piece, ...]:
    """upstream × local; where the local derivative is a matrix, the rule with its numbers."""
    chain = product.chain
    if chain is None:
        return ()
    if chain.local is None or chain.local_kind not in ("number", "diagonal"):
        return _right_side(product.numbers)
    times = TIMES if isinstance(chain.upstream, Number) else ENTRYWISE
    both = _pieces((chain.upstream,)), _pieces((chain.local,))
    return (*both[0], times, *both[1]) if all(both) else ()


def _pieces(pieces: Sequence[CardPiece]) -> tuple[Piece, ...]:
    result = [_piece(piece) for piece in pieces]
    short = [piece for piece in result if piece is not None]
    return tuple(short) if len(short) == len(result) <= MOST_PIECES else ()


def _piece(piece: CardPiece) -> Piece | None:
    """None for what has no place in a row."""
    if isinstance(piece, Number):
        return Piece(value=piece.value, place=piece.place, bracket=piece.bracket, hue=HUES[piece.role])
    if isinstance(piece, Array):
        few = piece.view.covered or (piece.view.data is not None and (piece.view.data.size == 1 or fits(piece.view.shape)))
        return Piece(view=piece.view, place=piece.place, hue=HUES[piece.role]) if few else None
    if isinstance(piece, (Words, Outer)):
        return None
    parts = [_piece(part) for part in piece.parts]
    inside = tuple(part for part in parts if part is not None and part.view is None)
    if len(inside) < len(parts):
        return None
    numbers = any(part.value is not None for part in inside) or piece.text in (r"\cdot",)
    return Piece(piece.text.replace(r"\cdot", r"\times") if numbers else piece.text, hue=HUES[piece.role], parts=inside)
