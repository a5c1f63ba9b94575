"""How other features, such as lessons, open the explanation tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ui.explain.card_page import CardPage
    from ui.explain.tools_page import ToolsPage

Settings = Mapping[str, Any]


class Explaining(Protocol):
    """What explains numbers: the card of the selection, the audit on the wires, and the tools at the bottom."""

    @property
    def card(self) -> CardPage: ...

    @property
    def tools(self) -> ToolsPage: ...

    def why(self) -> None:
        """Explain what is selected; with nothing selected, the objective."""

    def show_tool(self, key: str) -> None:
        """One of the tools at the bottom."""

    def turn_audit(self, on: bool) -> None:
        """Show or hide the audit on the wires."""


def _explain(explain: Explaining, parameter: str, settings: Settings) -> None:
    """The card of the selection; of a learned tensor, where it is one."""
    explain.why()
    if parameter:
        explain.card.choose_parameter(parameter)


def _picture(explain: Explaining, parameter: str, settings: Settings) -> None:
    from ui.explain.picture_tool import PictureTool

    explain.show_tool("picture")
    tool = explain.tools.tool("picture")
    assert isinstance(tool, PictureTool)
    tool.begin(settings.get("epsilon"))


def _sweep(explain: Explaining, parameter: str, settings: Settings) -> None:
    from ui.explain.cost_tool import CostTool

    explain.show_tool("cost")
    tool = explain.tools.tool("cost")
    assert isinstance(tool, CostTool)
    tool.start()


def _forward_mode(explain: Explaining, parameter: str, settings: Settings) -> None:
    from ui.explain.modes_tool import ModesTool

    explain.show_tool("modes")
    tool = explain.tools.tool("modes")
    assert isinstance(tool, ModesTool)
    tool.choose_mode(0)


BEGIN: Mapping[str, Callable[[Explaining, str, Settings], object]] = {
    "explain": _explain,
    "audit": lambda explain, parameter, settings: explain.turn_audit(settings.get("on", True)),
    "paths": lambda explain, parameter, settings: explain.show_tool("paths"),
    "picture": _picture,
    "forward_mode": _forward_mode,
    "sweep": _sweep,
    "symbolic": lambda explain, parameter, settings: explain.show_tool("symbolic"),
}
