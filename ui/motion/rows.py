"""The engine's arithmetic as rows of the canvas."""

from __future__ import annotations

from collections.abc import Sequence

from engine.explain.arithmetic import NodeArithmetic, Product
from engine.explain.cards import Array, Line, Number, Outer, Role, Tex, Words
from engine.explain.cards import Piece as CardPiece
from ui.canvas.model.arithmetic import ENTRIES, Hue, NodeRows, Piece

HUES: dict[Role, Hue] = {"value": "value", "gradient": "gradient", "local": "value", "plain": "text"}
"""A local derivative is made of values."""
MOST_PIECES = 9
"""A longer line is no short arithmetic: the formula is shown in its place."""
TIMES, ENTRYWISE = Piece(r"\times"), Piece(r"\odot")


def node_rows(node: NodeArithmetic) -> NodeRows:
    """Everything about one node. What cannot be written in one short row is left out."""
    wires = node.backward.items()
    return NodeRows(
        _right_side(node.numbers) if node.numbers is not None else (),
        _right_side(node.formula) if node.formula is not None else (),
        {wire: _product(product) for wire, product in wires},
        {wire: _right_side(product.formula) for wire, product in wires if product.formula is not None},
    )


def _right_side(line: Line) -> tuple[Piece, ...]:
    """What stands behind the sign of equality; nothing where it is too long for a row."""
    pieces = list(line.pieces)
    first = pieces[1] if len(pieces) > 1 else None
    if not isinstance(first, Tex) or not first.text.startswith("="):
        return ()
    head = first.text[1:].strip()
    rest: list[CardPiece] = ([Tex(head, first.parts)] if head else []) + pieces[2:]
    equals = next((index for index, piece in enumerate(rest) if isinstance(piece, Tex) and piece.text == "="), len(rest))
    return _pieces(rest[:equals])


def _product(product: Product) -> tuple[Piece, ...]:
    """upstream × local."""
    chain = product.chain
    if chain is None or chain.local is None or chain.local_kind not in ("number", "diagonal"):
        return ()
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
        few = piece.view.covered or (piece.view.data is not None and piece.view.data.size <= ENTRIES)
        return Piece(view=piece.view, place=piece.place, hue=HUES[piece.role]) if few else None
    if isinstance(piece, (Words, Outer)):
        return None
    parts = [_piece(part) for part in piece.parts]
    inside = tuple(part for part in parts if part is not None and part.view is None)
    if len(inside) < len(parts):
        return None
    numbers = any(part.value is not None for part in inside) or piece.text in (r"\cdot",)
    return Piece(piece.text.replace(r"\cdot", r"\times") if numbers else piece.text, hue=HUES[piece.role], parts=inside)
