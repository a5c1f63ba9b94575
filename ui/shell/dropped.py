"""Files dropped on the window: a graph opens, a table or a folder of pictures becomes a Data node."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF
from PySide6.QtGui import QDropEvent

from engine.data.files import are_pictures
from graph.model.edits import Compound, Edit, Rename, SetParam
from graph.model.graph import GraphError
from graph.storage.paths import cleaned
from graph.text.messages import _
from ui.library.library import MIME
from ui.shell.workspace.services import TABLE_IMPORT

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

TABLES = (".csv", ".tsv", ".txt", ".dat", ".xlsx")
APART = 48.0


class DropTarget(QObject):
    """Hears what is dropped anywhere on a window; the canvas lets files pass."""

    def __init__(self, window: Workspace, open_graph: Callable[[Path], object]) -> None:
        super().__init__(window.widget)
        self._window, self._open_graph = window, open_graph
        window.widget.setAcceptDrops(True)
        window.widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop) or not isinstance(event, QDropEvent):
            return False
        paths = paths_in(event.mimeData())
        if not paths:
            return False
        event.acceptProposedAction()
        if kind == QEvent.Type.Drop:
            canvas = self._window.canvas
            at = canvas.mapFrom(self._window.widget, event.position().toPoint())
            place = canvas.camera.to_scene(at.toPointF()) if canvas.rect().contains(at) else None
            self._window.later(lambda: self._accept(paths, place))
        return True

    def _accept(self, paths: Sequence[Path], at: QPointF | None) -> None:
        """Data become nodes at `at` (a scene position), one below the other; of graphs the first is opened, and nothing else happens."""
        window = self._window
        graphs = [path for path in paths if path.suffix.lower() not in TABLES and not are_pictures(str(path))]
        if graphs:
            self._open_graph(graphs[0])
            return
        if window.document.read_only:
            window.say(window.document.read_only)
            return
        for number, path in enumerate(paths):
            place = QPointF(at.x(), at.y() + number * APART) if at is not None else None
            if are_pictures(str(path)):
                add_pictures(window, path, place)
                window.pages.show("data")
            else:
                window.services.get(TABLE_IMPORT).from_file(path, place)


def paths_in(data: QMimeData | None) -> list[Path]:
    """The files that are dropped: as addresses, or as a text of paths, which is what terminals and editors give.

    A clipboard whose owner is gone has nothing at all.
    """
    if data is None:
        return []
    if urls := data.urls():
        return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    lines = data.text().splitlines() if data.hasText() and not data.hasFormat(MIME) else []
    paths = [cleaned(line) for line in lines if line.strip()]
    return [Path(path) for path in paths] if all(os.path.isabs(path) for path in paths) else []


def add_pictures(window: Workspace, path: Path, at: QPointF | None) -> None:
    """A Data node that reads pictures. One step to undo."""
    _add(window, path, at, lambda node: [SetParam(node, "dataset", "pictures"), SetParam(node, "pictures_path", str(path))])


def _add(window: Workspace, path: Path, at: QPointF | None, settings: Callable[[str], list[Edit]]) -> None:
    """A Data node with these settings, named after the file."""
    document = window.document
    try:
        with document.gesture(_("Add {name}").format(name=path.name)):
            node = window.canvas.add_node("source.data", at)
            if node is not None:
                document.do(Compound((*settings(node), *_named(window, node, path))))
    except GraphError as refused:
        window.say(str(refused))


def _named(window: Workspace, node: str, path: Path) -> list[Edit]:
    stem = "".join(c if c.isalnum() else "_" for c in path.stem).strip("_")
    return [Rename(node, window.document.graph.fresh_name(stem.lower()))] if stem and not stem[0].isdigit() else []
