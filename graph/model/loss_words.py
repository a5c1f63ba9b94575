"""What the number that training minimises is called: loss, or objective where it holds a penalty. Every label and column asks here."""

from __future__ import annotations

from dataclasses import dataclass

from graph.text.messages import _


@dataclass(frozen=True, slots=True)
class LossWords:
    """`name` is for tables and JSON; `of_step` of the newest step alone, `mini_batch` of its mini-batch, `training` of the training set."""

    name: str
    word: str
    title: str
    of_step: str
    mini_batch: str
    training: str
    last_step: str


LOSS = LossWords("loss", _("loss"), _("Loss"), _("Loss of the step"), _("mini-batch loss"), _("training loss"), _("loss of the last step"))
OBJECTIVE = LossWords(
    "objective", _("objective"), _("Objective"), _("Objective of the step"), _("mini-batch objective"), _("training objective"),
    _("objective of the last step"),
)


def loss_words(penalised: bool) -> LossWords:
    """`penalised`: the number includes a penalty. What is called a loss never does."""
    return OBJECTIVE if penalised else LOSS
