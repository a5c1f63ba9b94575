"""What the rows of the Edit menu do that change the document or its selection."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF

from graph.model.edits import SetGraphSetting
from graph.model.graph import GraphError
from graph.model.search import offered, search, signature, words
from graph.text.messages import _, ngettext
from ui.shell import formula_commands, palette
from ui.shell.search_box import SearchRow

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from graph.model.spec import NodeSpec
    from ui.canvas.model.scene import PortHit
    from ui.shell.palette import Searchable
    from ui.shell.workspace.workspace import Workspace

FORMULA = re.compile(r"[\w)\]}|]\s*[-+−*/^=(@·×⋅÷]\s*[\w({.√|-]|[|‖\\√½¼¾⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ]|^\s*\d[\d.,]*\s*[^\W\d]")
"""What makes a text in the search box look like a formula rather than a name."""


class EditCommands:
    """One method for each row, named like it. Nothing happens while a gesture is under way."""

    def __init__(self, window: Searchable) -> None:
        self._window = window

    @property
    def _hands_free(self) -> bool:
        """Whether no gesture is under way."""
        return self._window.canvas.gesture is None

    def undo(self) -> None:
        if self._hands_free and self._window.document.history.can_undo:
            self._window.document.undo()

    def redo(self) -> None:
        if self._hands_free and self._window.document.history.can_redo:
            self._window.document.redo()

    def cut(self) -> None:
        if self._hands_free:
            self._window.canvas.cut()

    def copy(self) -> None:
        self._window.canvas.copy()

    def paste(self) -> None:
        if self._hands_free:
            self._window.canvas.paste()

    def duplicate(self) -> None:
        if self._hands_free:
            self._window.canvas.duplicate()

    def repeat(self) -> None:
        """Ask how many copies of the selected block are put in series behind it, and add them."""
        from graph.grouping.repeat import block_of
        from ui.canvas.input.repeating import repeat_selection
        from ui.shell.repeat_dialog import RepeatDialog

        window, graph = self._window, self._window.document.graph
        if not self._hands_free:
            return
        try:
            last = block_of(graph, [item for item in window.canvas.movable() if item in window.canvas.scene.row]).exit[0]
            dialog = RepeatDialog(lambda count: _names(graph, graph.nodes[last].name, count), window.widget)
            if window.dialogs.wait_for(dialog):
                fresh = repeat_selection(window.canvas.model, dialog.count.value())
                window.say(ngettext("{n} node added", "{n} nodes added", len(fresh)).format(n=len(fresh)))
            dialog.deleteLater()
        except GraphError as refused:
            window.say(str(refused))

    def delete(self) -> None:
        if self._hands_free:
            self._window.canvas.delete_selection()

    def dissolve(self) -> None:
        if self._hands_free:
            self._window.canvas.dissolve_selection()

    def select_all(self) -> None:
        self._window.canvas.select_all()

    def add_node(self) -> None:
        if self._hands_free:
            self._window.canvas.request_beside()

    def mark_objective(self) -> None:
        window = self._window
        node = window.canvas.selected_nodes()[0]
        outputs = window.document.graph.spec(node).outputs
        if outputs:
            name = window.document.graph.nodes[node].name
            window.canvas.do(
                SetGraphSetting("objective", {"node": node, "port": outputs[0].name}), _("Set {name} as objective").format(name=name)
            )

    def connect(self) -> None:
        if self._hands_free:
            self._window.canvas.connect_by_keys()

    def activate(self) -> None:
        if self._hands_free:
            self._window.canvas.activate()

    def commands(self) -> None:
        palette.ask(self._window)

    # adding nodes

    def ask_for_node_beside(self, cards: tuple[str, ...], at: QPoint) -> None:
        """The search box beside the selected cards: what is chosen is wired to them."""
        window = self._window

        def offer(text: str) -> Sequence[SearchRow]:
            hits = search(offered(window.document.graph), text, window.settings.recent_types)
            rows = [_row(hit.spec, hit.spec.title, self._beside(hit.spec.key, cards)) for hit in hits[:60]]
            return [*rows, *self._formula_rows(text, window.canvas.cursor_place())]

        window.search_box.ask(at, _("Add a node, wired to the selection"), offer, self._known_types)

    def _beside(self, key: str, cards: tuple[str, ...]) -> Callable[[], None]:
        def add() -> None:
            self._window.canvas.add_beside(key, cards)
            self._window.settings.used(key)

        return add

    def ask_for_node(self, scene: QPointF, at: QPoint, port: PortHit | None) -> None:
        """The search box at the cursor; with a wire in hand, only what it can join."""
        window = self._window
        session = window.settings

        def offer(text: str) -> Sequence[SearchRow]:
            hits = search(offered(window.document.graph), text, session.recent_types)
            rows: list[SearchRow] = []
            for hit in hits[:60]:
                ports = _fitting(window, hit.spec.key, port) if port is not None else [""]
                for name in ports:
                    title = f"{hit.spec.title} · {name}" if name and len(ports) > 1 else hit.spec.title
                    act = self._adder(hit.spec.key, scene, port, name)
                    rows.append(_row(hit.spec, title, act))
            return rows if port is not None else [*rows, *self._formula_rows(text, scene)]

        window.search_box.ask(at, _("Add a node, or type a formula"), offer, self._known_types)

    def _known_types(self) -> Sequence[str]:
        return words(offered(self._window.document.graph))

    def _formula_rows(self, text: str, scene: QPointF) -> list[SearchRow]:
        """The offer to build what is typed as a formula, where it looks like one."""
        if not FORMULA.search(text):
            return []
        title = _("Formula  {formula}").format(formula=text)
        return [SearchRow(lambda: formula_commands.ask(self._window, scene, text), title, _("lays out its graph"), "math")]

    def _adder(self, key: str, scene: QPointF, port: PortHit | None, name: str) -> Callable[[], None]:
        def add() -> None:
            self._window.canvas.add_node(key, scene, port, name or None)
            self._window.settings.used(key)

        return add

    def type_formula(self) -> None:
        formula_commands.ask(self._window, self._window.canvas.cursor_place())

    def ask_for_formula(self) -> None:
        """From the empty canvas: in the middle."""
        formula_commands.ask(self._window)

    def paste_formula(self, text: str, at: QPointF) -> None:
        """Text on the clipboard that is no copy of nodes."""
        formula_commands.paste(self._window, text, at)

    def copy_formula(self) -> None:
        formula_commands.copy(self._window)

    def copy_whole_formula(self) -> None:
        formula_commands.copy_whole(self._window)

    def copy_latex(self) -> None:
        formula_commands.copy(self._window, as_latex=True)


def _names(graph: Graph, name: str, count: int) -> list[str]:
    """A node's name, and those of its copies."""
    names = [name]
    for _number in range(count):
        names.append(graph.fresh_name(name, names))
    return names


def _row(spec: NodeSpec, title: str, act: Callable[[], None]) -> SearchRow:
    return SearchRow(act, title, signature(spec), spec.category, formula=spec.formula)


def _fitting(window: Workspace, key: str, port: PortHit) -> list[str]:
    from ui.canvas.input.commands import fits

    return fits(window.document.graph, key, port)
