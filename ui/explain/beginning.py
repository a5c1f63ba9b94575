"""How each tool begins when somebody else, such as a lesson, shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.explain.feature import Explain

Settings = Mapping[str, Any]


def _explain(explain: Explain, parameter: str, settings: Settings) -> None:
    """The card of the selection; of a learned tensor, where it is one."""
    explain.why()
    if parameter:
        explain.card.choose_parameter(parameter)


def _picture(explain: Explain, parameter: str, settings: Settings) -> None:
    from ui.explain.picture_tool import PictureTool

    explain.show_picture()
    tool = explain.tools.tool("picture")
    assert isinstance(tool, PictureTool)
    tool.begin(settings.get("epsilon"))


def _sweep(explain: Explain, parameter: str, settings: Settings) -> None:
    from ui.explain.cost_tool import CostTool

    explain.show_cost()
    tool = explain.tools.tool("cost")
    assert isinstance(tool, CostTool)
    tool.start()


def _forward_mode(explain: Explain, parameter: str, settings: Settings) -> None:
    from ui.explain.modes_tool import ModesTool

    explain.show_modes()
    tool = explain.tools.tool("modes")
    assert isinstance(tool, ModesTool)
    tool.choose_mode(0)


BEGIN: Mapping[str, Callable[[Explain, str, Settings], object]] = {
    "explain": _explain,
    "audit": lambda explain, parameter, settings: explain.turn_audit(settings.get("on", True)),
    "paths": lambda explain, parameter, settings: explain.show_paths(),
    "picture": _picture,
    "forward_mode": _forward_mode,
    "sweep": _sweep,
    "symbolic": lambda explain, parameter, settings: explain.show_symbolic(),
}
