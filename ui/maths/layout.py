"""Expressions measured and placed: what `ui.maths.typesetting` reads becomes glyphs, strokes and plates for arrays. Sizes are in pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from ui.look import theme as themes
from ui.maths.formula_text import italic
from ui.maths.typesetting import Cross, Expr, Fence, Fraction, Ink, Over, Picture, Root, Row, Script, Space, Text, Tinted


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A text at a place relative to the box's left end and baseline (y downwards)."""

    x: float
    y: float
    size: float
    text: str
    ink: Ink
    link: str
    tip: str
    sans: bool = False


@dataclass(frozen=True, slots=True)
class Plate:
    """Where an array is painted."""

    x: float
    y: float
    wide: float
    high: float
    index: int
    link: str


@dataclass(frozen=True, slots=True)
class LineSegment:
    x1: float
    y1: float
    x2: float
    y2: float
    thick: float
    ink: Ink


@dataclass(frozen=True, slots=True)
class TypesetBox:
    """A laid out expression: everything relative to the left end of its baseline."""

    width: float
    ascent: float
    descent: float
    glyphs: tuple[Glyphs, ...] = ()
    strokes: tuple[LineSegment, ...] = ()
    plates: tuple[Plate, ...] = ()

    @property
    def height(self) -> float:
        return self.ascent + self.descent

    def rects(self) -> list[tuple[QRectF, Glyphs]]:
        """Where the linked pieces are."""
        rects = []
        for glyph in self.glyphs:
            if glyph.link or glyph.tip:
                wide, up, down = extent(glyph.text, glyph.size, glyph.sans)
                rects.append((QRectF(glyph.x, glyph.y - up, wide, up + down), glyph))
        return rects


@lru_cache(maxsize=64)
def face(size: float, sans: bool = False) -> QFont:
    """The mathematics font at a pixel size, upright: italic letters are characters of their own."""
    font = themes.font("base" if sans else "formula")
    font.setItalic(False)
    font.setPixelSize(max(1, round(size * (0.88 if sans else 1.0))))
    return font


@lru_cache(maxsize=64)
def _metrics(size: float, sans: bool) -> QFontMetricsF:
    themes.load_fonts()
    return QFontMetricsF(face(size, sans))


@lru_cache(maxsize=8192)
def extent(text: str, size: float, sans: bool = False) -> tuple[float, float, float]:
    """Width, height above the baseline and depth below it. STIX's own ascent holds room for the largest of its signs."""
    return _metrics(size, sans).horizontalAdvance(text), 0.74 * size, 0.23 * size


SMALL = 0.72
_GLUE = {"": 0.0, "binary": 0.24, "relation": 0.3, "comma": 0.0}


@lru_cache(maxsize=2048)
def lay(expr: Expr, size: float, ink: Ink = "text", link: str = "", tip: str = "") -> TypesetBox:
    """Measure and place an expression at a font size in pixels."""
    if isinstance(expr, Text):
        return _lay_text(expr, size, ink, link, tip)
    if isinstance(expr, Tinted):
        return lay(expr.body, size, expr.ink or ink, expr.link or link, expr.tip or tip)
    if isinstance(expr, Space):
        return TypesetBox(expr.em * size, 0.0, 0.0)
    if isinstance(expr, Row):
        return beside(lay(item, size, ink, link, tip) for item in expr.items)
    if isinstance(expr, Fraction):
        return _lay_fraction(expr, size, ink, link, tip)
    if isinstance(expr, Script):
        return _lay_script(expr, size, ink, link, tip)
    if isinstance(expr, Picture):
        return _lay_picture(expr, size, link)
    if isinstance(expr, Cross):
        return _lay_cross(expr, size)
    if isinstance(expr, Fence):
        return _lay_fence(expr, size, ink, link, tip)
    return _lay_marked(expr, size, ink, link, tip)


class _Paper:
    """Boxes put at places, until they are one."""

    def __init__(self) -> None:
        self.glyphs: list[Glyphs] = []
        self.strokes: list[LineSegment] = []
        self.plates: list[Plate] = []

    def put(self, box: TypesetBox, dx: float, dy: float) -> None:
        self.glyphs += [Glyphs(g.x + dx, g.y + dy, g.size, g.text, g.ink, g.link, g.tip, g.sans) for g in box.glyphs]
        self.strokes += [LineSegment(s.x1 + dx, s.y1 + dy, s.x2 + dx, s.y2 + dy, s.thick, s.ink) for s in box.strokes]
        self.plates += [Plate(p.x + dx, p.y + dy, p.wide, p.high, p.index, p.link) for p in box.plates]

    def box(self, width: float, ascent: float, descent: float) -> TypesetBox:
        return TypesetBox(width, ascent, descent, tuple(self.glyphs), tuple(self.strokes), tuple(self.plates))


def beside(boxes: Iterable[TypesetBox], gap: float = 0.0) -> TypesetBox:
    """Boxes on one baseline."""
    x, up, down = 0.0, 0.0, 0.0
    paper = _Paper()
    for box in boxes:
        paper.put(box, x, 0.0)
        x += box.width + gap
        up, down = max(up, box.ascent), max(down, box.descent)
    return paper.box(max(0.0, x - gap), up, down)


def _lay_text(text: Text, size: float, ink: Ink, link: str, tip: str) -> TypesetBox:
    body = size * 1.25 if text.text in ("∑", "∏") else size
    wide, up, down = extent(text.text, body, text.sans)
    glue = _GLUE[text.glue] * size
    drop = 0.12 * size if body != size else 0.0
    glyph = Glyphs(glue, drop, body, text.text, text.ink or ink, text.link or link, text.tip or tip, text.sans)
    after = 0.17 * size if text.glue == "comma" else 0.0
    return TypesetBox(wide + 2 * glue + after, up - drop, down + drop, (glyph,))


def _lay_fraction(expr: Fraction, size: float, ink: Ink, link: str, tip: str) -> TypesetBox:
    inner = size * 0.86
    above, below = lay(expr.above, inner, ink, link, tip), lay(expr.below, inner, ink, link, tip)
    axis, gap, side = 0.28 * size, 0.16 * size, 0.1 * size
    wide = max(above.width, below.width) + 2 * side
    paper = _Paper()
    paper.strokes.append(LineSegment(side * 0.4, -axis, wide - side * 0.4, -axis, max(1.0, size * 0.055), ink))
    up, down = axis + gap * 0.55 + above.descent, below.ascent + gap - axis
    paper.put(above, (wide - above.width) / 2, -up)
    paper.put(below, (wide - below.width) / 2, down)
    return paper.box(wide, up + above.ascent, down + below.descent)


def _lay_script(expr: Script, size: float, ink: Ink, link: str, tip: str) -> TypesetBox:
    base, small = lay(expr.base, size, ink, link, tip), max(9.0, size * SMALL)
    above = lay(expr.above, small, ink, link, tip) if expr.above is not None else None
    below = lay(expr.below, small, ink, link, tip) if expr.below is not None else None
    paper = _Paper()
    if expr.stacked:
        return _lay_stack(base, above, below, size)
    paper.put(base, 0, 0)
    up, down, wide = base.ascent, base.descent, 0.0
    if above is not None:
        lift = max(0.4 * size, base.ascent - 0.5 * above.ascent)
        paper.put(above, base.width + 0.03 * size, -lift)
        up, wide = max(up, lift + above.ascent), above.width
    if below is not None:
        drop = max(0.2 * size, base.descent - 0.1 * size)
        paper.put(below, base.width + 0.02 * size, drop)
        down, wide = max(down, drop + below.descent), max(wide, below.width)
    return paper.box(base.width + wide + 0.06 * size, up, down)


def _lay_stack(base: TypesetBox, above: TypesetBox | None, below: TypesetBox | None, size: float) -> TypesetBox:
    paper = _Paper()
    wide = max(box.width for box in (base, above, below) if box is not None)
    paper.put(base, (wide - base.width) / 2, 0)
    up, down = base.ascent, base.descent
    if above is not None:
        lift = up + above.descent + 0.06 * size
        paper.put(above, (wide - above.width) / 2, -lift)
        up = lift + above.ascent
    if below is not None:
        drop = down + below.ascent * 0.95
        paper.put(below, (wide - below.width) / 2, drop)
        down = drop + below.descent
    return paper.box(wide + 0.14 * size, up, down)


def _lay_fence(expr: Fence, size: float, ink: Ink, link: str, tip: str) -> TypesetBox:
    body = lay(expr.body, size, ink, link, tip)
    tall = max(size, 0.92 * body.height)
    middle = (body.ascent - body.descent) / 2
    paper, x, up, down = _Paper(), 0.0, body.ascent, body.descent
    for sign, inner in ((expr.left, None), ("", body), (expr.right, None)):
        if inner is not None:
            paper.put(inner, x, 0.0)
            x += inner.width
        elif sign == "|":
            paper.strokes.append(LineSegment(x + 0.1 * size, -up, x + 0.1 * size, down, max(1.0, size * 0.055), ink))
            x += 0.16 * size
        elif sign:
            wide = extent(sign, tall)[0]
            paper.glyphs.append(Glyphs(x, 0.255 * tall - middle, tall, sign, ink, link, tip))
            x += wide
    return paper.box(x, up, down)


def _lay_picture(expr: Picture, size: float, link: str) -> TypesetBox:
    """The array's middle lies on the axis of the signs around it; what it is stands below."""
    wide, high, side = expr.wide * size, expr.high * size, 0.16 * size
    axis = 0.28 * size
    top = -high / 2 - axis
    paper = _Paper()
    paper.plates.append(Plate(side, top, wide, high, expr.index, expr.link or link))
    width, down = wide + 2 * side, top + high
    if expr.caption:
        words = lay(Text(expr.caption, "secondary", sans=True), max(9.0, 0.74 * size))
        width = max(width, words.width + 2 * side)
        paper.plates[0] = Plate((width - wide) / 2, top, wide, high, expr.index, expr.link or link)
        paper.put(words, (width - words.width) / 2, down + words.ascent + 0.14 * size)
        down += words.height + 0.14 * size
    return paper.box(width, -top + 0.1 * size, max(0.1 * size, down + 0.1 * size))


def _lay_cross(expr: Cross, size: float) -> TypesetBox:
    gap = 0.5 * size
    column, line, product = (_bare(part, size) for part in (expr.column, expr.row, expr.product))
    names = [lay(name, size * 0.9) for name in expr.names]
    left = max(names[0].width, 0.0) + 0.3 * size
    inner_x = left + column.wide + gap
    foot = product.high / 2 - 0.28 * size  # the matrix's middle lies on the axis of the signs beside it
    top = foot - product.high
    paper = _Paper()
    paper.put(names[1], inner_x, top - gap - line.high - 0.15 * size - names[1].descent)
    paper.plates += [
        Plate(inner_x, top - gap - line.high, line.wide, line.high, line.index, line.link),
        Plate(left, top, column.wide, column.high, column.index, column.link),
        Plate(inner_x, top, product.wide, product.high, product.index, product.link),
    ]  # fmt: skip
    paper.put(names[0], 0, -0.28 * size + (names[0].ascent - names[0].descent) / 2)
    paper.put(names[2], inner_x + product.wide + 0.3 * size, -0.28 * size + (names[2].ascent - names[2].descent) / 2)
    wide = inner_x + max(product.wide + 0.3 * size + names[2].width, line.wide)
    return paper.box(wide, -top + gap + line.high + 0.15 * size + names[1].height, foot + 0.3 * size)


def _bare(expr: Picture, size: float) -> Plate:
    return Plate(0, 0, expr.wide * size, expr.high * size, expr.index, expr.link)


def _lay_marked(expr: Root | Over, size: float, ink: Ink, link: str, tip: str) -> TypesetBox:
    body, thick = lay(expr.body, size, ink, link, tip), max(1.0, size * 0.055)
    paper = _Paper()
    if isinstance(expr, Over):
        top = -body.ascent * (0.78 if _low(expr.body) else 1.0) - 0.05 * size
        paper.put(body, 0, 0)
        middle = body.width / 2
        if expr.mark == "bar":
            paper.strokes.append(LineSegment(0.08 * size, top, body.width, top, thick, ink))
        else:
            paper.strokes += [LineSegment(middle - 0.18 * size, top + 0.1 * size, middle, top - 0.05 * size, thick, ink),
                              LineSegment(middle, top - 0.05 * size, middle + 0.18 * size, top + 0.1 * size, thick, ink)]  # fmt: skip
        return paper.box(body.width, -top + 0.1 * size, body.descent)
    lead, top = 0.5 * size, -body.ascent - 0.1 * size
    paper.put(body, lead, 0)
    corner = (0.3 * size, body.descent * 0.9)
    paper.strokes += [LineSegment(0.05 * size, -0.18 * size, 0.14 * size, -0.24 * size, thick, ink),
                      LineSegment(0.14 * size, -0.24 * size, *corner, thick * 1.6, ink), LineSegment(*corner, lead * 0.92, top, thick, ink),
                      LineSegment(lead * 0.92, top, lead + body.width + 0.06 * size, top, thick, ink)]  # fmt: skip
    return paper.box(lead + body.width + 0.1 * size, -top + 0.08 * size, body.descent)


def _low(expr: Expr) -> bool:
    """Whether it is one letter without an ascender, over which a bar may lie lower."""
    while isinstance(expr, Tinted):
        expr = expr.body
    if isinstance(expr, Script):
        expr = expr.base
    return isinstance(expr, Text) and expr.text in {italic(letter) for letter in "acegmnopqrsuvwxyz"}


FURTHER = 1.2
"""How far the further lines of a cut expression are set in, in ems."""
_CUTS: tuple[tuple[str, ...], ...] = (("relation",), ("binary", "comma"), ())
"""Where a line is cut: before relations, else before sums and products, else anywhere between two pieces."""


def wrapped(expr: Expr, size: float, limit: float, level: int = 0) -> list[TypesetBox]:
    """An expression on as many lines as a width asks for, cut at its outermost level only; what cannot be cut is set smaller."""
    whole = lay(expr, size)
    if whole.width <= limit:
        return [whole]
    if not isinstance(expr, Row) or level >= len(_CUTS) or len(expr.items) == 1:
        return [lay(expr, size * max(0.6, limit / whole.width * 0.98))]
    lines: list[TypesetBox] = []
    held: list[Expr] = []
    for part in _parts(expr, _CUTS[level]):
        room = limit - (FURTHER * size if lines else 0.0)
        if held and lay(Row((*held, *part)), size).width > room:
            lines += wrapped(Row(tuple(held)), size, room, level + 1)
            held = list(part)
        else:
            held += part
    return lines + wrapped(Row(tuple(held)), size, limit - (FURTHER * size if lines else 0.0), level + 1)


def _parts(expr: Row, kinds: tuple[str, ...]) -> list[list[Expr]]:
    """Pieces that each begin with one of these signs; without kinds, every piece."""
    parts: list[list[Expr]] = [[]]
    for item in expr.items:
        if parts[-1] and (not kinds or (isinstance(item, Text) and item.glue in kinds)):
            parts.append([])
        parts[-1].append(item)
    return parts
