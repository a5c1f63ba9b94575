"""The data of the Data node."""

from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("data", "Data", "bottom", "ui.data.data_page:DataPage", 42),)
