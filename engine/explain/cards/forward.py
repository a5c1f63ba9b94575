"""The forward half of a card: the formula, the formula with the numbers in it, what it comes to."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from engine.explain.cards import Array, Line, Number, Piece, Section, Tex
from engine.explain.cards.formula import Unknown, main_part, sides, with_arrays, with_symbols, with_values
from engine.explain.cards.layers import inner_product, linear_forward
from engine.explain.cards.local import LocalDerivative
from engine.explain.cards.scene import EQUALS, Scene, equation, words
from engine.explain.cards.worked import Worked
from engine.explain.symbols import entry_text
from engine.nodes.layers import Linear
from engine.nodes.math_matrix import MatrixProduct
from graph.model.address import Address, first_output
from graph.text.messages import _


def forward(scene: Scene, local: LocalDerivative) -> Section:
    """How the node's value came about."""
    worked = Worked(scene, local)
    text = worked.spec.formula_for(worked.settings)
    lines: list[Line] = []
    if text:
        lines.append(Line("formula", with_symbols(text, worked.symbol, worked.gradient_symbol)))
    if local.output.numel() == 1:
        lines += _of_number(worked, text)
    else:
        lines += _of_tensor(worked, text)
    return Section("forward", _title(worked), tuple(lines))


def _title(worked: Worked) -> str:
    if worked.sample is None or not worked.local.batched:
        return _("Forward")
    return _("Forward, sample {sample} of {samples}").format(sample=worked.sample + 1, samples=worked.local.samples)


def _of_number(worked: Worked, text: str) -> list[Line]:
    left = Tex(worked.scene.symbols.value(worked.key), role="value", place=worked.scene.value_place(worked.key))
    value = worked.scene.number(worked.local.output, (0,) * worked.local.output.dim(), "value", worked.scene.value_place(worked.key))
    lines: list[Line] = []
    if isinstance(worked.type, Linear):
        lines += linear_forward(worked)
    elif numbers := worked_right_side(worked, text):
        lines.append(equation("numbers", left, EQUALS, *numbers))
    elif isinstance(worked.type, MatrixProduct):
        lines += _of_product(worked, left, text)
    elif arrays := _arrays(worked, text):
        lines.append(equation("numbers", left, EQUALS, *arrays))
    return [*lines, equation("result", left, EQUALS, value)]


def _of_tensor(worked: Worked, text: str) -> list[Line]:
    scene, output = worked.scene, worked.local.output
    left = Tex(scene.symbols.value(worked.key), role="value", place=scene.value_place(worked.key))
    shown = output[worked.sample] if worked.local.batched and worked.sample is not None else output
    place = Address("output", *worked.key, index=worked.index[:1] if worked.local.batched else None)
    result = scene.quantity(shown, left.text, "value", place)
    if isinstance(result, Array):
        result = replace(result, chosen=worked.entry)
    lines: list[Line] = []
    if isinstance(worked.type, Linear):
        return [*linear_forward(worked), equation("result", left, EQUALS, result)]
    if isinstance(worked.type, MatrixProduct):
        return [*_of_product(worked, left, text), equation("result", left, EQUALS, result)]
    single = isinstance(result, Number)
    numbers = worked_right_side(worked, text)
    if numbers and single:
        return [equation("numbers", left, EQUALS, *numbers), equation("result", left, EQUALS, result)]
    if arrays := _arrays(worked, text):
        lines.append(equation("numbers", left, EQUALS, *arrays))
    else:
        lines += _arriving(worked)
    lines.append(equation("result", left, EQUALS, result))
    if numbers:
        there = scene.value_place(worked.key).at(worked.index or None)
        entry = Tex(f"{{{left.text}}}_{{{entry_text(worked.entry)}}}", role="value", place=there)
        value = scene.number(output, worked.index, "value", scene.value_place(worked.key))
        lines.append(equation("step", entry, EQUALS, *numbers, EQUALS, value))
    return lines


def _of_product(worked: Worked, left: Tex, text: str) -> list[Line]:
    arrays, entry = _arrays(worked, text), inner_product(worked)
    return [*([equation("numbers", left, EQUALS, *arrays)] if arrays else []), *([entry] if entry else [])]


def worked_right_side(worked: Worked, text: str) -> tuple[Piece, ...] | None:
    """The right side with the numbers of the chosen entry, where it can be worked out."""
    if not text or not worked.by_entry():
        return None
    index = worked.index
    try:
        right = sides(text)[1].replace(r"^\top", "")
        return with_values(right, worked.lookup(), index, worked.terms(index), worked.letters())
    except Unknown:
        return None


def _arrays(worked: Worked, text: str) -> tuple[Piece, ...] | None:
    if not text or not worked.as_declared:
        return None
    try:
        right = sides(main_part(text))[1]
        written = with_arrays(right, worked.arrays(batch=not worked.local.batched))
    except Unknown:
        return None
    return written if any(not isinstance(piece, Tex) or piece.parts for piece in written) else None


def _arriving(worked: Worked) -> list[Line]:
    """What came in, one line each, where the formula itself cannot hold it."""
    lines = []
    for a, leaf in enumerate(worked.operation.leaves):
        tensor: Tensor = worked.local.leaf(a)
        place = worked.scene.leaf_place(leaf)
        if worked.local.leaf_batched(leaf) and worked.sample is not None:
            tensor, place = tensor[worked.sample], place.value.at((worked.sample,))
        symbol = worked.scene.leaf_symbol(leaf, worked.node)
        name = Tex(symbol, role="value", place=place)
        lines.append(equation("step", name, EQUALS, worked.scene.quantity(tensor, symbol, "value", place)))
    return lines


def problem_section(scene: Scene, node: str) -> Section:
    """Why a node has no value."""
    errors = [p for p in scene.trace.problems if p.severity == "error"]
    said = [p.text for p in errors if node in p.nodes] or [p.text for p in errors]
    text = "; ".join(said) or _("a node before it could not be computed")
    return Section(
        "absent", _("Not computed"), (words(_("There is no number here: {reason}.").format(reason=text)),), first_output(scene.graph, node)
    )
