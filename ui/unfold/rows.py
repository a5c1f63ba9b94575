"""The action table's rows of `ui.unfold`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
ROWS: tuple[ActionSpec, ...] = (
    A("open_box", _("Open the box"), "Learn/Inside a node", ("U",), "canvas", has("openable"),
      _("Open the selected node into the elementary nodes it consists of"),
      before=True, search=("unfold", "expand", "inside", "elementary"), run="unfold.open_box", context=320),
    A("open_neurons", _("Open into neurons"), "Learn/Inside a node", ("Shift+U",), "canvas", has("neural"),
      _("Open the selected layer into its neurons and weights"), search=("unfold", "scalar", "unit", "weights"),
      run="unfold.open_neurons", context=330),
    A("fold_back", _("Fold back"), "Learn/Inside a node", ("Ctrl+U",), "canvas", has("foldable"),
      _("Turn an opened node back into one node"),
      search=("close", "collapse", "box"), run="unfold.fold_back", context=340),
)  # fmt: skip
