"""What a training step does to each parameter, short enough for a tag above its card."""

from __future__ import annotations

from collections.abc import Callable

from engine.explain.cards import Number, Tex
from engine.explain.update import ParameterUpdate, UpdateTable
from graph.model.covered import Covered
from ui.canvas.model.arithmetic import written
from ui.canvas.model.overlay import Tag
from ui.look.numerals import apart, number
from ui.maths.formula_text import plain

LONGEST = 44
"""Letters of a worked line that a tag has room for; a longer one gives way to the step alone."""


def coming_tags(update: UpdateTable) -> dict[str, Tag]:
    """By node, while the step is still to come: 1.5 − 0.07 × 37.5."""
    return _tags(update, _coming)


def made_tags(update: UpdateTable) -> dict[str, Tag]:
    """By node, once it is made: 1.5 → −1.125, Δ −2.625."""
    return _tags(update, _made)


def _tags(update: UpdateTable, text: Callable[[ParameterUpdate], str]) -> dict[str, Tag]:
    texts: dict[str, list[str]] = {}
    for row in update.parameters:
        if not row.new.covered and not any(isinstance(value, Covered) for value in row.numbers):
            texts.setdefault(row.node, []).append(text(row))
    return {node: Tag(" · ".join(parts)) for node, parts in texts.items()}


def _single(row: ParameterUpdate) -> bool:
    return row.old.scalar is not None


def _name(row: ParameterUpdate) -> str:
    """A layer has several tensors: which one. A Parameter's card says its name itself."""
    return f"{row.name} " if "." in row.label else ""


def _made(row: ParameterUpdate) -> str:
    if not _single(row):
        return f"|Δ{row.name}| {number(row.step.norm)}"
    old, _gradient, step, new = row.numbers
    before, after = apart(old, new)
    return f"{_name(row)}{before} → {after}, Δ {number(step)}"


def _coming(row: ParameterUpdate) -> str:
    """Of a tensor the size of what is coming: the gradient's."""
    if not _single(row):
        return f"|∇{row.name}| {number(row.gradient.norm)}"
    worked = _worked(row)
    return f"{_name(row)}{worked if worked and len(worked) <= LONGEST else 'Δ ' + number(row.numbers[2])}"


def _worked(row: ParameterUpdate) -> str:
    """The right side of the optimizer's last equation with numbers, where the parameter itself changes."""
    lines = [line for line in row.lines if line.kind == "numbers"]
    texts: list[str] = []
    for piece in lines[-1].pieces[1:] if lines else ():
        if isinstance(piece, Number):
            texts.append(written(piece.value, piece.bracket))
        elif isinstance(piece, Tex):
            if piece.text == "=":
                break
            texts.append(_plain(piece))
        else:
            return ""
    return "".join(texts).strip()


def _plain(piece: Tex) -> str:
    names, latex = [], piece.text.replace(r"\cdot", r"\times")
    for index in reversed(range(len(piece.parts))):
        part = piece.parts[index]
        if not isinstance(part, Number):
            return ""
        names.append((f"p{index}", written(part.value, part.bracket)))
        latex = latex.replace(f"@{index}", f"{{@p{index}}}")
    return plain(latex, tuple(names))
