"""The path ledger's lines as mathematics: each path's product, their sum, and the reverse pass's gradient beside it."""

from __future__ import annotations

from engine.compile.views import ArrayView
from engine.explain.paths import Factor, Ledger, Path
from graph.text.messages import _
from ui.look.numbers import exact, number
from ui.maths.arrays import Plane, picture, plane
from ui.maths.sheet import SheetLine
from ui.maths.typesetting import Expr, Fraction, Row, Text, Tinted, bracketed, name_expr, operator, relation, row


def path_line(path: Path, arrays: list[Plane]) -> SheetLine:
    """∂f/∂d · ∂d/∂x = 1 · (−5) = −5; of tensors the Jacobians' shapes instead of numbers."""
    items: list[Expr] = [Text(f"{path.number + 1}", "secondary", sans=True), Text("  ")]
    factors = path.factors[::-1]  # as the chain rule is written: the objective first
    for at, factor in enumerate(factors):
        items += ([operator("·")] if at else []) + [factor_symbol(factor)]
    if not factors:
        items.append(Text("1"))
    items.append(relation())
    if factors and all(factor.derivative is not None for factor in factors):
        for at, factor in enumerate(factors):
            items += ([operator("·")] if at else []) + [_number(factor.derivative or 0.0, bool(at))]
        items.append(relation())
    items.append(contribution(path.product, path.entry, arrays))
    return SheetLine(Row(tuple(_linked(item, f"path|{path.number}") for item in items)), size=15.0)


def _linked(item: Expr, link: str) -> Expr:
    """Signs stay bare at the outermost level, where a line may be cut."""
    if isinstance(item, Text):
        return Text(item.text, item.ink, link, item.tip, item.glue, item.sans)
    return Tinted(item, None, link)


def factor_symbol(factor: Factor) -> Expr:
    above, _, below = factor.text.partition("/")
    if not below:
        return Text(factor.text)
    return Fraction(_differential(above), _differential(below))


def _differential(text: str) -> Expr:
    """`∂x`, or `∂(x→d.a)` by one of several wires."""
    name = text.removeprefix("∂")
    if "→" not in name:
        return row(Text("∂"), name_expr(name))
    source, _, end = name.strip("()").partition("→")
    consumer, dot, port = end.partition(".")
    place = [Text(dot), name_expr(port)] if port else []
    return row(Text("∂("), name_expr(source), relation("→"), name_expr(consumer), *place, Text(")"))


def _number(value: float, inner: bool) -> Expr:
    text = Text(number(value), None, "", exact(value))
    return bracketed(text) if inner and (value < 0 or "×" in text.text) else text


def contribution(view: ArrayView, entry: float | None, arrays: list[Plane]) -> Expr:
    """What a path contributes: the number, the chosen entry's, or the whole tensor."""
    value = entry if entry is not None else view.scalar
    if value is not None:
        return Text(number(value), "backward", "", exact(value))
    if view.covered:
        return Text(number(view.norm), "backward", "", exact(view.norm))
    arrays.append(plane(view, True))
    return picture(arrays[-1], len(arrays) - 1, most=6.0)


def sum_lines(ledger: Ledger, total: Expr, arrays: list[Plane]) -> list[SheetLine]:
    """The sum over all paths, and what reverse mode says."""
    reference = contribution(ledger.gradient, ledger.gradient_entry, arrays)
    said = ((_("sum of all paths"), total), (_("gradient by reverse mode"), reference))
    return [SheetLine(row(Text(words, "secondary", sans=True), relation(), amount), size=16.0) for words, amount in said]
