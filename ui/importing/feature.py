"""Opens the import dialog, and makes one undoable step of what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF

from engine.data.how_read import SETTINGS
from graph.model.edits import AddNode, Compound, Edit, SetParam
from graph.model.elements import Node
from graph.model.graph import MISSING, Graph, GraphError
from graph.storage.document import Document
from graph.text.messages import _
from ui.canvas.input.arranging import arrangement
from ui.canvas.input.commands import new_node
from ui.canvas.model.levels import placed
from ui.forms.forms import CHOOSING
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import TABLE_IMPORT

if TYPE_CHECKING:
    from ui.importing.dialog import ImportDialog
    from ui.shell.workspace.workspace import Workspace

READ_AS_TABLE = ("csv", "pasted")


class Importing(Feature):
    """`table` among the facts: the selected Data node, else the first, reads a table."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(TABLE_IMPORT, self)

    def facts(self) -> Iterable[str]:
        node = self._node()
        return ("table",) if node is not None and self._settings(node)["dataset"] in READ_AS_TABLE else ()

    def _node(self) -> str | None:
        graph = self.workspace.document.graph
        nodes = graph.having(lambda spec: spec.role == "data")
        chosen = [node for node in self.workspace.canvas.selected_nodes() if node in nodes] if nodes else []
        return chosen[0] if len(chosen) == 1 else nodes[0] if nodes else None

    def _settings(self, node: str) -> dict[str, Any]:
        return self.workspace.document.graph.settings_of(node)

    # the ways into the dialog

    def choose(self) -> None:
        """Ask for a file, then how it is read."""
        self.workspace.files.choose(*CHOOSING["table"], lambda path: self.from_file(path))

    def from_file(self, path: Path, at: QPointF | None = None) -> None:
        """Ask how a file is read; a Data node at `at` (a scene position) reads it. Waits: call it from `Workspace.later`."""
        self._import({"dataset": "csv", "path": str(path)}, at)

    def from_text(self, text: str, at: QPointF | None = None) -> bool:
        """The same for a text, where it looks like a table; whether it does. Does not wait."""
        if not looks_like_table(text):
            return False
        self.workspace.later(lambda: self._import({"dataset": "pasted", "pasted": text}, at))
        return True

    def change(self) -> None:
        """How the table of the Data node at hand is read."""
        node = self._node()
        if node is None or self._settings(node)["dataset"] not in READ_AS_TABLE:
            return
        from ui.importing.choices import table_settings

        dialog = self._dialog(table_settings(self._settings(node)), fresh=False)
        if self.workspace.dialogs.wait_for(dialog) and node in self.workspace.document.graph.nodes:
            self._store(node, dialog.choices.stored())
        dialog.deleteLater()

    def _dialog(self, settings: Mapping[str, Any], fresh: bool, offer: str = "") -> ImportDialog:
        from ui.importing.choices import Choices
        from ui.importing.dialog import ImportDialog

        window, files = self.workspace, str(self.workspace.files.suggested(""))
        choices = Choices(settings, fresh=fresh)
        return ImportDialog(window.work, choices, window.document.folder, window.theme, window.widget, offer, files)

    def _import(self, settings: Mapping[str, Any], at: QPointF | None) -> None:
        document = self.workspace.document
        if document.read_only:
            return self.workspace.say(document.read_only)
        own = bool(document.graph.nodes)
        offer = _("in a new document, with a &network that is ready to train") if own else _("with a &network that is ready to train")
        dialog = self._dialog(settings, True, offer)
        dialog.network.setChecked(not own or (document.path is None and not document.modified))
        while self.workspace.dialogs.wait_for(dialog):
            if not own or not dialog.network.isChecked() or self._new_document(dialog):
                self._add(dialog, at if not own or not dialog.network.isChecked() else None)
                break
        dialog.deleteLater()

    def _new_document(self, dialog: ImportDialog) -> bool:
        """Show another document, with the training settings that the network begins with. Whether the present one could be left."""
        from ui.importing.network import training

        files = self.workspace.files
        if not files.may_close():
            return False
        graph = Graph(self.workspace.document.graph.catalog)
        for edit in training(graph, dialog.choices.reading.usable if dialog.choices.reading is not None else 0):
            edit.apply(graph)
        files.show(Document(graph))
        return True

    # what it makes

    def _add(self, dialog: ImportDialog, at: QPointF | None) -> None:
        from ui.importing.network import network, training

        window, reading = self.workspace, dialog.choices.reading
        document, canvas = window.document, window.canvas
        assert reading is not None
        settings = dialog.choices.stored()
        place = at if at is not None else canvas.camera.to_scene(canvas.viewport.middle())
        name = name_of(settings)
        whole = bool(dialog.network.isChecked())
        title = _("Import {name}").format(name=name)
        graph = document.graph
        node = new_node(graph, "source.data", place)
        node = Node(node.id, node.type, graph.fresh_name(name), params=settings, x=node.x, y=node.y)
        rest, heights = network(graph, node, reading) if whole else ([], {})
        window.pages.show("training" if whole else "data")  # first, because the network is laid out for the canvas that is left
        try:
            with document.gesture(title):
                document.do(placed(Compound((AddNode(node), *rest), title), canvas.navigation.inside), title)
                for edit in training(document.graph, reading.usable) if whole else ():
                    document.do(edit)
                for edit in arrangement(canvas.scene, canvas.viewport.size(), heights=heights) if whole else ():
                    document.do(edit)
        except GraphError as refused:
            return window.say(str(refused))
        canvas.select([node.id])
        if whole:
            canvas.fit_all()

    def _store(self, node: str, settings: Mapping[str, Any]) -> None:
        document = self.workspace.document
        before = document.graph.nodes[node].params
        edits: list[Edit] = [SetParam(node, name, value) for name, value in settings.items() if before.get(name) != value]
        edits += [SetParam(node, name, MISSING) for name in SETTINGS if name in before and name not in settings]
        text = _("Change how the table is read")
        try:
            if edits:
                document.do(Compound(tuple(edits), text), text)
        except GraphError as refused:
            self.workspace.say(str(refused))


def name_of(settings: Mapping[str, Any]) -> str:
    """A node's name: that of the file, as far as it can be one."""
    stem = Path(str(settings.get("path") or "")).stem
    name = "".join(c if c.isalnum() else "_" for c in stem).strip("_").lower()
    return name if name and not name[0].isdigit() else "table"


def looks_like_table(text: str) -> bool:
    """Whether a text has at least two lines with equally many cells; a formula on each line has not."""
    lines = [line for line in text.splitlines() if line.strip()]
    for sign in ("\t", ";", "|", ","):
        counts = {line.count(sign) for line in lines[:20]}
        if len(lines) > 1 and len(counts) == 1 and 0 not in counts:
            return True
    return False
