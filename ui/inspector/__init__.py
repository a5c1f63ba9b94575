"""The inspector: one tab for each way to look at what is selected."""

from graph.text.messages import _
from ui.look.frame import INSPECTOR_WIDTH
from ui.shell.workspace.panel import PanelSpec

PANELS = (
    PanelSpec("inspector", _("Inspector"), "right", "ui.inspector.inspector:Inspector", 30, size=INSPECTOR_WIDTH, least=(248, 0.3),
              modes=("build",), tip=_("Show or hide the inspector")),
    PanelSpec("node", _("Node"), "inspector", "ui.inspector.selection_page:SelectionPage", 31),
    PanelSpec("values", _("Values"), "inspector", "ui.inspector.pages:ValuesPage", 33),
    PanelSpec("help", _("Help"), "inspector", "ui.inspector.pages:HelpPage", 34),
)  # fmt: skip
