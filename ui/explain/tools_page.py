"""The Analysis panel at the bottom: what takes more room than a card. One tool is seen at a time, and only that one asks."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.explain.tool import Tool
from ui.look.theme import Theme
from ui.look.widgets import button
from ui.shell.workspace.panel import Panel

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

TOOLS: tuple[tuple[str, str, str, str], ...] = (
    ("paths", _("Paths"), "PathsTool", _("Show all paths from the selected value to the objective and their sum")),
    ("audit", _("Audit"), "AuditTool", _("Compare numerical and analytical gradients on every wire")),
    ("picture", _("Slice"), "PictureTool", _("Plot the objective against the selected number, with tangent, parabola and secant")),
    ("symbolic", _("Formula"), "SymbolicTool", _("Show the objective and its derivatives as formulas")),
    ("exact", _("Fractions"), "ExactTool", _("List every number as a fraction, beside the computed number and its rounding error")),
    ("modes", _("Forward mode"), "ModesTool", _("Show tangents from any seed and adjoints of any target")),
    ("cost", _("Cost"), "CostTool", _("Why reverse mode: counted and timed over depth and width")),
)
"""Module, title, class, tip."""


class ToolsPage(Panel):
    """Makes each tool when it is first seen."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._made: dict[str, Tool] = {}
        self.choices = QButtonGroup(self)
        self.pages = QStackedWidget()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 4)
        row.setSpacing(16)
        row.addWidget(self._side())
        row.addWidget(self.pages, 1)
        self.choices.idClicked.connect(lambda number: self.show_tool(TOOLS[number][0]))
        self.show_tool(workspace.settings.text("explain_tool", "paths"))

    def _side(self) -> QWidget:
        side = QWidget()
        down = QVBoxLayout(side)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        for number, (_key, title, _class, tip) in enumerate(TOOLS):
            choice = button(title, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.setStyleSheet("text-align: left;")
            self.choices.addButton(choice, number)
            down.addWidget(choice)
        down.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(side)
        self._side_area = area
        return area

    def tool(self, key: str) -> Tool:
        """One of the tools, created now if it has not been shown yet."""
        if key not in self._made:
            name = next(name for module, _, name, _ in TOOLS if module == key)
            tool: Tool = getattr(importlib.import_module(f"ui.explain.{key}_tool"), name)(self.workspace)
            tool.set_theme(self.theme)
            self._made[key] = tool
            self.pages.addWidget(tool)
        return self._made[key]

    def show_tool(self, key: str) -> Tool:
        """Turn to a tool, and come back to it at the next start; an unknown one is the first."""
        number = next((i for i, (module, *_) in enumerate(TOOLS) if module == key), 0)
        key = TOOLS[number][0]
        self.workspace.settings.set("explain_tool", key)
        self.choices.button(number).setChecked(True)
        tool = self.tool(key)
        self.pages.setCurrentWidget(tool)
        return tool

    @property
    def current(self) -> Tool | None:
        page = self.pages.currentWidget()
        return page if isinstance(page, Tool) else None

    def refresh(self, traced: bool = False) -> None:
        """Selection or document have changed, or only the numbers (`traced`)."""
        current = self.current
        if current is not None and current.isVisible():
            current.age()
            if current.follows_trace or not traced:
                current.refresh()

    def set_document(self, document: Document) -> None:
        self.forget()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        self.refresh(traced=True)

    def set_progress(self, progress: Progress) -> None:
        if self.current is not None and self.current.isVisible():
            self.current.age()

    def document_changed(self) -> None:
        self.refresh()

    def selection_changed(self) -> None:
        self.refresh()

    def forget(self) -> None:
        for tool in self._made.values():
            tool.forget()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for tool in self._made.values():
            tool.set_theme(theme)
        if self.isVisible():
            self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As wide as the longest title; only what is seen knows the size of its type."""
        widest = max(choice.sizeHint().width() for choice in self.choices.buttons())
        self._side_area.setFixedWidth(widest + 10)
