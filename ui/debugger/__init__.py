"""Stepping through passes and training steps."""

from graph.text.messages import _
from ui.debugger.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

FEATURE = FeatureSpec("debugger", "ui.debugger.feature:Debugger", 10, ROWS)
PANELS = (PanelSpec("debugger", _("Debugger"), "bottom", "ui.debugger.page:DebuggerPage", 48, made="when asked for", modes=("debug",)),)
