"""The rows of the action table about tables."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, editable


def _table_at_hand(context: ActionContext) -> bool:
    return not context.read_only and "table" in context.facts


ROWS = (
    ActionSpec("import_table", _("Import a table …"), "File", ("Ctrl+I",), enabled=editable,
               tip=_("Choose a .csv, .tsv, .txt, .dat or .xlsx file, see how it is read, and make a Data node of it"),
               search=("csv", "excel", "spreadsheet", "data", "load", "open"), run="importing.choose"),
    ActionSpec("change_reading", _("Change how it is read …"), "Edit/Data", ("Ctrl+T",), enabled=_table_at_hand,
               tip=_("See and change how the table of the Data node is read: separator, columns, missing values"),
               search=("csv", "separator", "columns", "role", "missing", "target"), run="importing.change", asks=True),
)  # fmt: skip
