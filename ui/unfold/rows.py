"""The action table's rows of `ui.unfold`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
ROWS: tuple[ActionSpec, ...] = (
    A("open_box", _("Open the box"), "Learn", ("U",), "canvas", has("openable"),
      _("Look into the selected node: the elementary nodes it is made of"),
      before=True, search=("unfold", "expand", "inside", "elementary"), run="unfold.open_box", context=320),
    A("open_neurons", _("Open into neurons"), "Learn", ("Shift+U",), "canvas", has("neural"),
      _("Look into the selected layer: its single neurons and weights"), search=("unfold", "scalar", "unit", "weights"),
      run="unfold.open_neurons", context=330),
    A("fold_back", _("Fold back"), "Learn", ("Ctrl+U",), "canvas", has("foldable"), _("Make one node of an opened one again"),
      search=("close", "collapse", "box"), run="unfold.fold_back", context=340),
)  # fmt: skip
