"""The tag above a parameter's card once its update is applied."""

from __future__ import annotations

from engine.explain.update import ParameterUpdate, UpdateTable
from ui.canvas.model.overlay import Tag
from ui.look.numbers import apart, number


def update_tags(update: UpdateTable) -> dict[str, Tag]:
    """By node: old and new of a number; of tensors, how long the step is. None where the step may not be shown."""
    rows: dict[str, list[ParameterUpdate]] = {}
    for row in (parameter for parameter in update.parameters if not parameter.new.covered):
        rows.setdefault(row.node, []).append(row)
    return {node: Tag(" · ".join(_text(row, len(changes) > 1 or "." in row.label) for row in changes)) for node, changes in rows.items()}


def _text(row: ParameterUpdate, named: bool) -> str:
    old, new = row.old.scalar, row.new.scalar
    name = row.name if named else ""
    if old is not None and new is not None:
        return f"{name} {' → '.join(apart(old, new))}".strip()
    return f"|Δ{name}| {number(row.step.norm)}"
