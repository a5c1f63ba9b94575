"""The data of the Data node."""

from graph.text.messages import _
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("data", _("Data"), "bottom", "ui.data.data_page:DataPage", 42),)
