"""The data of the Data node."""

from graph.text.messages import _
from ui.data.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("data", _("Data"), "bottom", "ui.data.data_page:DataPage", 42, made="when seen"),)
FEATURE = FeatureSpec("data_files", "ui.data.feature:DataFiles", 16, ROWS)
