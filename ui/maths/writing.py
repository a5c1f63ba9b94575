"""The lines of a card as expressions: numbers written as the canvas writes them, coloured by their role, each leading to its place."""

from __future__ import annotations

import re

from engine.compile.views import WHY_ABSENT
from engine.explain.cards import Array, Card, Chain, Line, Number, Outer, Piece, Role, Section, Tex, Words
from graph.model.address import Address
from graph.text.messages import _
from ui.look.numbers import apart, exact, number, whole
from ui.maths.arrays import CELL, LARGEST, MOST_COLUMNS, MOST_ROWS, Plane, picture, plane
from ui.maths.sheet import SheetLine
from ui.maths.typesetting import Cross, Expr, Ink, Picture, Script, Space, Text, Tinted, bracketed, formula, operator, read, relation, row

INKS: dict[Role, Ink | None] = {"value": "forward", "gradient": "backward", "local": "text", "plain": None}
SIZES = {"formula": 17.0, "numbers": 16.0, "result": 18.0, "step": 15.0, "words": 13.5}
NUMBERS = (MOST_ROWS, MOST_COLUMNS)
_PART = re.compile(r"@(\d+)")


class CardWriter:
    """Writes lines of one card, or of one section of it, and collects the arrays in them."""

    def __init__(self) -> None:
        self.arrays: list[Plane] = []

    # pieces

    def number(self, piece: Number) -> Expr:
        """The digits the canvas shows."""
        text = whole(piece.value) if piece.whole else number(piece.value) if piece.beside is None else apart(piece.value, piece.beside)[0]
        quantity: Expr = Text(text, INKS[piece.role], _link(piece.place), exact(piece.value))
        needed = piece.bracket and (piece.value < 0 or "×" in text)
        return bracketed(quantity) if needed else quantity

    def array(self, piece: Array, most: float = LARGEST, caption: str | None = None, numbers: tuple[int, int] = NUMBERS) -> Expr:
        """A picture of the tensor, at most `most` ems large; its numbers stand in it up to so many rows and columns."""
        if piece.view.covered:
            return Text(number(piece.view.norm), INKS[piece.role], _link(piece.place), exact(piece.view.norm))
        if piece.view.scalar is not None and not piece.view.shape:
            return Text(number(piece.view.scalar), INKS[piece.role], _link(piece.place), exact(piece.view.scalar))
        self.arrays.append(self._plane(piece, numbers))
        return picture(self.arrays[-1], len(self.arrays) - 1, caption, _link(piece.place), most)

    def _plane(self, piece: Array, numbers: tuple[int, int] = NUMBERS) -> Plane:
        lying = piece.form in ("row", "tensor")
        return plane(piece.view, lying, piece.chosen, numbers)

    def tex(self, piece: Tex) -> Expr:
        parts = {str(i): self._part(part) for i, part in enumerate(piece.parts)}
        body = formula(piece.text, parts)
        ink, link = INKS[piece.role], _link(piece.place)
        return Tinted(body, ink, link) if ink or link else body

    def _part(self, part: Number | Array) -> Expr:
        return self.number(part) if isinstance(part, Number) else self.array(part, 4.0)

    def outer(self, piece: Outer) -> Expr:
        """All three at one cell size, so that rows meet rows and columns columns."""
        if any(part.view.covered for part in (piece.product, piece.column, piece.row)):
            symbols = (self._symbol(piece.product), relation(), self._symbol(piece.column), self._symbol(piece.row), relation())
            return row(*symbols, self.array(piece.product))
        rows, columns = self._plane(piece.product).shape
        parts = (piece.column, piece.row, piece.product)
        column, line, product = (self._flat(part, rows, columns) for part in parts)
        first, second, third = (self._symbol(part) for part in parts)
        return Cross(column, line, product, (first, second, third))

    def _flat(self, piece: Array, rows: int, columns: int) -> Picture:
        legible = rows <= MOST_ROWS and columns <= MOST_COLUMNS
        side = min(1.1, 13.0 / max(columns, 1), 13.0 / max(rows, 1))
        wide, high = CELL if legible else (side, side)
        self.arrays.append(self._plane(piece))
        index = len(self.arrays) - 1
        across, down = self.arrays[index].shape[1], self.arrays[index].shape[0]
        return Picture(index, max(across * wide, 0.5), max(down * high, 0.5), "", _link(piece.place))

    def _symbol(self, piece: Array) -> Expr:
        ink = INKS[piece.role]
        return Tinted(read(piece.symbol), ink, _link(piece.place)) if piece.symbol else row()

    # lines

    def line(self, line: Line, indent: float = 0.0) -> SheetLine:
        """One line of the card, its pieces read together so that signs know what stands before them."""
        if all(isinstance(piece, Words) for piece in line.pieces):
            words = " ".join(piece.text for piece in line.pieces if isinstance(piece, Words))
            return SheetLine(None, words, SIZES["words"], indent, "secondary" if line.kind == "words" else "text")
        text, pieces = "", dict[str, Expr]()
        for piece in line.pieces:
            if isinstance(piece, Tex) and piece.role == "plain" and piece.place is None:
                start = len(pieces)
                pieces |= {f"{start + i}": self._part(part) for i, part in enumerate(piece.parts)}
                text += _PART.sub(lambda match, start=start: f"{{@{start + int(match[1])}}}", piece.text) + " "  # type: ignore[misc]
            else:
                name = f"{len(pieces)}"
                pieces[name] = self._piece(piece)
                text += f"@{name} "
        return SheetLine(formula(text, pieces), "", SIZES[line.kind], indent)

    def _piece(self, piece: Piece) -> Expr:
        if isinstance(piece, Number):
            return self.number(piece)
        if isinstance(piece, Array):
            return self.array(piece)
        if isinstance(piece, Tex):
            return self.tex(piece)
        if isinstance(piece, Outer):
            return self.outer(piece)
        return Text(f" {piece.text} ", sans=True)

    def chain(self, chain: Chain) -> SheetLine:
        """upstream × local = downstream, each with its name under it."""
        missing = Script(Text("…"), above=_word("local"), stacked=True)
        local = self._factor(chain.local, "local") if chain.local is not None else missing
        sign = operator("×") if isinstance(chain.upstream, Number) or chain.local_kind != "diagonal" else operator("⊙")
        upstream, downstream = self._factor(chain.upstream, "upstream"), self._factor(chain.downstream, "downstream")
        product = row(upstream, Space(0.2), sign, Space(0.2), local, Space(0.2), relation(), Space(0.2), downstream)
        return SheetLine(product, "", 19.0)

    def _factor(self, part: Number | Array, word: str) -> Expr:
        body = self.number(part) if isinstance(part, Number) else self.array(part, 5.5, None, (4, 2))
        return Script(body, above=_word(word), stacked=True)


def _word(text: str) -> Expr:
    return Text(text, "secondary", sans=True)


def section_lines(writer: CardWriter, section: Section) -> list[SheetLine]:
    """A section's lines. What the chain rule comes to is written as upstream × local = downstream, each named."""
    lines: list[SheetLine] = []
    chain = section.chain
    for line in section.lines:
        if chain is not None and line.kind == "result":
            lines.append(writer.chain(chain))
            chain = None
        else:
            lines.append(writer.line(line))
    return lines


def head_lines(writer: CardWriter, card: Card) -> list[SheetLine]:
    """What the canvas shows there: the value, and the gradient or why there is none."""
    named = [(word, part) for word, part in (("value", card.value), ("gradient", card.gradient)) if part is not None]
    items: list[Expr] = []
    for word, part in named:
        items += [Space(1.4)] if items else []
        if isinstance(part, Number):
            items.append(row(_word(f"{word} "), writer.number(part)))  # one piece: no line ends between the word and its number
        else:
            items.append(Script(writer.array(part, 6.0, None, (2, 4)), above=_word(word), stacked=True))
    lines = [SheetLine(row(*items), "", 17.0)] if items else []
    if card.gradient is None and card.absent is not None:
        lines.append(SheetLine(None, _("gradient: {reason}").format(reason=WHY_ABSENT[card.absent]), 13.5, 0.0, "secondary"))
    return lines


def _link(address: Address | None) -> str:
    """What a number leads to, as a sheet carries it; nothing without an address."""
    return "" if address is None else address.text()
