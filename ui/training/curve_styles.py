"""Which curves there are, how each is drawn and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt

from engine.data.parts import Part, part_name, part_word
from engine.training.curve import CURVATURE
from graph.formula.latex import display_name
from graph.model.goal import circled
from graph.model.graph import Graph
from graph.model.several_objectives import goals_of
from graph.text.messages import _
from ui.look.theme import Theme

PARTS = {
    "mini-batch": _("mini-batch"), "whole": part_name("train"), "": _("each step"), "mini-batch + penalty": _("mini-batch + penalty"),
    "whole + penalty": _("training + penalty"), " + penalty": _("each step + penalty"),
}  # fmt: skip
"""What the loss of a step is computed over, as the legend says it; where it includes a penalty, the curve beside it does not."""
TITLES = {"loss": _("Loss"), "accuracy": _("Accuracy"), "curvature": _("Curvature")}
OBJECTIVES = ("objective_2", "objective_3", "objective_4")
"""The curves of further objectives; what they are called, the document says."""
PLOTS = {
    "loss": ("loss", *OBJECTIVES, "validation_loss", "test_loss"), "accuracy": ("accuracy", "validation_accuracy", "test_accuracy"),
    "curvature": CURVATURE,
}  # fmt: skip
"""The curves of each plot, by the names of their fields in a `Point`. Of the parts that are held out, one is measured while training."""
SETS: Mapping[str, Part] = {
    "accuracy": "train", "validation_loss": "validation", "validation_accuracy": "validation", "test_loss": "test", "test_accuracy": "test",
}  # fmt: skip
"""What the numbers of a curve are computed over; of the loss, `PARTS` says it."""

NAMED = {"sharpness": "λmax", "preconditioned_sharpness": "λmax(P⁻¹∇²f)", "stability_limit": _("stable up to")}
"""What the curves of the curvature are called."""
BRIEFLY = {**NAMED, "stability_limit": _("limit")}
"""The same in fewer letters."""

Hue = Literal["first", "second", "third"]


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How a curve is drawn: its colour by role, its dashes, and the sign that stands for it in a legend.

    `sparse`: between two of its numbers many steps may lie at which it was not measured; those are not joined.
    """

    hue: Hue = "first"
    dash: Qt.PenStyle = Qt.PenStyle.SolidLine
    sign: str = "━"
    sparse: bool = False

    def color(self, theme: Theme) -> str:
        return {"first": theme.forward, "second": theme.swatch["layers"], "third": theme.swatch["math"]}[self.hue]


_FIRST, _HELD_OUT = LineStyle(), LineStyle("second", Qt.PenStyle.DashLine, "┅")
STYLES: Mapping[str, LineStyle] = {
    "loss": _FIRST, "accuracy": _FIRST, "validation_loss": _HELD_OUT, "validation_accuracy": _HELD_OUT, "test_loss": _HELD_OUT,
    "test_accuracy": _HELD_OUT, "objective_2": LineStyle("second"), "objective_3": LineStyle("third"),
    "objective_4": LineStyle("third", Qt.PenStyle.DotLine, "┈"), "sharpness": LineStyle(sparse=True),
    "preconditioned_sharpness": LineStyle("third", sparse=True),
    "stability_limit": _HELD_OUT,
}  # fmt: skip


def goal_names(graph: Graph) -> dict[str, str]:
    """What the curves of several objectives are called, by their fields; nothing where there is one objective."""
    goals = goals_of(graph)
    fields = ("loss", *OBJECTIVES)
    names = [f"{circled(number)} {display_name(graph.nodes[goal.node].name)}" for number, goal in enumerate(goals, 1)]
    return dict(zip(fields, names, strict=False)) if len(goals) > 1 else {}


def step_loss(loss_of: str, penalised: bool) -> str:
    """The key of `PARTS` for the loss of a step (see `Progress`)."""
    return f"{loss_of} + penalty" if penalised else loss_of


def part_of(field: str, steps: str) -> str:
    """What the numbers of a curve are computed over; `steps`: what the loss of a step is (see `PARTS`)."""
    return NAMED.get(field) or (PARTS.get(steps, "") if field not in SETS else part_name(SETS[field]))


def part_word_of(field: str, steps: str) -> str:
    """The same in fewer letters."""
    return BRIEFLY.get(field) or (PARTS.get(steps, "") if field == "loss" and steps != "whole" else part_word(SETS.get(field, "train")))
