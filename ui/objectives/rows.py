"""The rows of the action table about several objectives."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has, one_node

WORDS = ("gan", "adversarial", "min-max", "saddle", "maximise", "generator", "discriminator", "alternating")

ROWS = (
    ActionSpec("add_objective", _("Add as objective"), "Edit/Node", (), "canvas", one_node,
               _("Train several objectives: add the selected node's value to the list"), search=WORDS, run="objectives.add", context=361),
    ActionSpec("objectives", _("Objectives"), "Edit/Node", ("Ctrl+Shift+F3",),
               tip=_("Show the list of objectives: which parameters each moves, and in which direction"), search=WORDS,
               run="objectives.show"),
    ActionSpec("next_objective", _("Gradients of the next objective"), "View/Gradient size", ("Shift+J",), "canvas",
               has("several objectives"), _("Show the backward pass of the next objective"), search=WORDS, run="objectives.look_at_next"),
)  # fmt: skip
