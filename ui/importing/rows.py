"""The row of the action table about tables; to import one is in the File menu, with the other files."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec


def _table_at_hand(context: ActionContext) -> bool:
    return not context.read_only and "table" in context.facts


ROWS = (
    ActionSpec("change_reading", _("Change how it is read …"), "Edit/Data", ("Ctrl+T",), enabled=_table_at_hand,
               tip=_("See and change how the table of the Data node is read: separator, columns, missing values"),
               search=("csv", "separator", "columns", "role", "missing", "target"), run="importing.change", asks=True),
)  # fmt: skip
