"""What a training step does to each parameter, in a line or two above its card: of a tensor, one number is worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.explain.cards import Number, Tex
from engine.explain.symbols import entry_lowered
from engine.explain.update import ParameterUpdate, UpdateTable
from graph.model.covered import Covered
from ui.canvas.model.arithmetic import written
from ui.look.numerals import apart, number
from ui.maths.formula_text import plain

Texts = Mapping[str, tuple[str, ...]]
LONGEST = 44
"""Letters of a worked line that there is room for; a longer one gives way to the step alone."""
MOST_LINES = 2


def coming(update: UpdateTable) -> Texts:
    """By node, while the step is still to come: 1.5 − 0.07 × 37.5."""
    return _texts(update, _coming)


def made(update: UpdateTable) -> Texts:
    """By node, once it is made: 1.5 → −1.125, Δ −2.625."""
    return _texts(update, _made)


def _texts(update: UpdateTable, text: Callable[[ParameterUpdate], str]) -> Texts:
    lines: dict[str, tuple[str, ...]] = {}
    for row in update.parameters:
        known = lines.get(row.node, ())
        if len(known) < MOST_LINES and not row.new.covered and not any(isinstance(value, Covered) for value in row.numbers):
            lines[row.node] = (*known, text(row))
    return lines


def _name(row: ParameterUpdate) -> str:
    """A layer has several tensors, and a tensor several numbers: which one. A Parameter's card says its name itself."""
    name = row.name if "." in row.label or row.old.scalar is not None else row.label
    return f"{name}{entry_lowered(row.entry)}: " if row.old.scalar is None else f"{name}: " if "." in row.label else ""


def _made(row: ParameterUpdate) -> str:
    old, _gradient, step, new = row.numbers
    before, after = apart(old, new)
    if row.old.scalar is not None:
        return f"{_name(row)}{before} → {after}, Δ {number(step)}"
    return f"{_name(row)}{before} → {after}, |Δ{row.name if '.' in row.label else row.label}| {number(row.step.norm)}"


def _coming(row: ParameterUpdate) -> str:
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
