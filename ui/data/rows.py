"""The rows of the action table about data."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, Rule, has

MENU = "Edit/Data"


def _editable_with(fact: str) -> Rule:
    known = has(fact)
    return lambda context: not context.read_only and known(context)


ROWS = (
    ActionSpec("paint_points", _("Paint points"), MENU, ("Ctrl+Shift+F",), enabled=_editable_with("painted points"),
               tip=_("Move the focus to the plane of painted points; a Data node with the data set of painted points has one"),
               search=("brush", "draw", "data", "classes"), run="data_files.paint"),
    ActionSpec("reload_data", _("Reload changed data"), MENU, ("Ctrl+Shift+F5",), enabled=has("data changed"),
               tip=_("Read the data's files again, which have changed on the disk since"), search=("refresh", "csv", "file", "update"),
               run="data_files.reload"),
    ActionSpec("filter_samples", _("Filter the samples"), MENU, ("Ctrl+Shift+W",), enabled=has("data there"), before=True,
               tip=_("Move the focus to the filter of the table of samples"), search=("table", "search", "wrong", "rows"),
               run="data_files.filter"),
    ActionSpec("go_to_sample", _("Go to a row of the data"), MENU, ("Ctrl+Shift+Q",), enabled=has("data there"),
               tip=_("Type the number of a row: its sample is shown on the canvas"), search=("table", "jump", "sample"),
               run="data_files.go_to"),
    ActionSpec("embed_data", _("Embed the data"), MENU, enabled=_editable_with("data outside"),
               tip=_("Put the files of the Data node into the document's own file"), search=("csv", "pictures", "include", "attach"),
               run="data_files.embed", asks=True),
    ActionSpec("extract_data", _("Save the embedded data as a file …"), MENU, enabled=_editable_with("data inside"),
               tip=_("Write data that are inside the document to a file of their own, and read them from there"),
               search=("csv", "pictures", "export"), run="data_files.extract", asks=True),
)  # fmt: skip
