"""What the action table does with data: puts files into the document and takes them out, and leads to the plane of painted points."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.embedding import EmbedFiles
from engine.data.files import absolute_path
from engine.numerics.job import JobEnd
from graph.model.edits import Compound, SetParam
from graph.model.graph import GraphError
from graph.storage.embedded import is_embedded, located, name_of, size_of
from graph.storage.paths import reason
from graph.storage.writing import replace_file
from graph.text.messages import _
from ui.data.changed_files import DataWatch
from ui.data.file_box import files_of
from ui.look.numbers import bytes_text
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.data.data_page import DataPage
    from ui.shell.workspace.workspace import Workspace

ASKED = 10 * 2**20
"""Bytes from which embedding asks first; for a folder it always does, because its size is not shown before."""


class DataFiles(Feature):
    """`data outside`, `data inside`: the Data node at hand has files beside the document, or in it. `painted points`: there is a plane.
    `data there`: there is a Data node. `data changed`: a file is another on the disk than the one in use."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._nodes: list[str] = []
        self._of: tuple[str, int] = ("", -1)
        self.watch = DataWatch(workspace, self)
        self.watch.changed.connect(workspace.refresh_actions)

    def install(self) -> None:
        self.workspace.pages.add_bar(self.watch.bar)

    def facts(self) -> Iterable[str]:
        node = self._node()
        if node is None:
            return ()
        changed = ("data there", "data changed") if self.watch.outdated else ("data there",)
        paths = files_of(self._settings(node)).values()
        facts = {"data inside" if is_embedded(path) else "data outside" for path in paths}
        return (*facts, *changed, *(("painted points",) if self._painted() is not None else ()))

    def filter(self) -> None:
        """To the filter of the table of samples."""
        self.workspace.pages.show("data", "filter")

    def go_to(self) -> None:
        """To the field that leads to a row of the data."""
        self.workspace.pages.show("data", "row")

    def reload(self) -> None:
        """Read changed files again."""
        self.watch.reload()

    def set_document(self, document: Document) -> None:
        self.watch.forget()
        self.watch.follow(self._data_nodes())

    def document_changed(self) -> None:
        self.watch.follow(self._data_nodes())
        self.workspace.refresh_actions()

    # which node is meant

    def _data_nodes(self) -> list[str]:
        document = self.workspace.document
        if self._of != (document.origin, document.structure):
            self._of = document.origin, document.structure
            self._nodes = list(document.graph.having(lambda spec: spec.role == "data"))
        return self._nodes

    def _node(self) -> str | None:
        """The selected Data node, else the first, which the data panel shows too."""
        nodes = self._data_nodes()
        chosen = [node for node in self.workspace.canvas.selected_nodes() if node in nodes] if nodes else []
        return chosen[0] if len(chosen) == 1 else nodes[0] if nodes else None

    def _painted(self) -> str | None:
        first = self._node()
        nodes = [first, *self._data_nodes()] if first is not None else []
        return next((node for node in nodes if self._settings(node)["dataset"] == "points"), None)

    def _settings(self, node: str) -> dict[str, Any]:
        return self.workspace.document.graph.settings_of(node)

    # what the rows do

    def paint(self) -> None:
        """Lead to the plane on which points are painted."""
        node = self._painted()
        if node is None:
            return
        if node != self._node():
            self.workspace.canvas.select([node])
        self.workspace.pages.show("data")
        page: DataPage = self.workspace.pages.panel("data")  # type: ignore[assignment]
        page.show_document(self.workspace.document, node)
        page.painting.focus()

    def embed(self) -> None:
        """Put the files of the Data node into the document, after a question where they are large."""
        node = self._node()
        paths = {name: path for name, path in files_of(self._settings(node)).items() if not is_embedded(path)} if node is not None else {}
        if node is None or not paths:
            return
        folder, place = self.workspace.document.folder, tuple(paths.items())
        is_folder = any(os.path.isdir(absolute_path(path, folder)) for path in paths.values())
        self.workspace.work.job(
            EmbedFiles(place, folder, measure=True), lambda *_progress: None, lambda end: self._measured(end, node, paths, is_folder)
        )

    def _measured(self, end: JobEnd, node: str, paths: Mapping[str, str], is_folder: bool) -> None:
        if end.how != "done":
            self._refused(end)
        elif is_folder or end.answer > ASKED:
            self.workspace.later(lambda: self._ask(end.answer, node, paths))
        else:
            self._embed(node, paths)

    def _ask(self, size: int, node: str, paths: Mapping[str, str]) -> None:
        title = _("Embed {size} in the document?").format(size=bytes_text(size))
        if self.workspace.dialogs.sure(title, _("The document's file grows by as much. The original stays where it is."), _("Embed")):
            self._embed(node, paths)

    def _embed(self, node: str, paths: Mapping[str, str]) -> None:
        job = EmbedFiles(tuple(paths.items()), self.workspace.document.folder)
        self.workspace.work.job(job, lambda *_progress: None, lambda end: self._embedded(end, node, paths))

    def _embedded(self, end: JobEnd, node: str, before: Mapping[str, str]) -> None:
        document = self.workspace.document
        if end.how != "done":
            self._refused(end)
        elif node in document.graph.nodes and all(self._settings(node).get(name) == path for name, path in before.items()):
            self._set(node, end.answer, _("Embed the data"))
            size = sum(size_of(path) or 0 for path in end.answer.values())
            self.workspace.say(_("The data are inside the document now: {size}.").format(size=bytes_text(size)))

    def _refused(self, end: JobEnd) -> None:
        if end.how == "failed":
            self.workspace.dialogs.tell(_("The data cannot be embedded"), end.text)

    def extract(self) -> None:
        """Write the embedded files to a place that is asked for, further ones beside the first, and read them from there."""
        node = self._node()
        paths = {name: path for name, path in files_of(self._settings(node)).items() if is_embedded(path)} if node is not None else {}
        if node is None or not paths:
            return
        first = next(iter(paths.values()))
        suggested = str(self.workspace.files.suggested(name_of(first)))
        place = self.workspace.dialogs.save_path(suggested, _("Save the embedded data"), _("All files (*)"), Path(first).suffix or ".dat")
        if place is None:
            return
        written: dict[str, str] = {}
        try:
            for name, path in paths.items():
                target = place if path == first else _free(place.parent / name_of(path))
                replace_file(target, Path(located(path)).read_bytes())
                written[name] = str(target)
        except OSError as problem:
            self.workspace.dialogs.tell(_("The data cannot be written"), f"{place.name}: {reason(problem)}.")
            return
        self._set(node, written, _("Save the embedded data as a file"))

    def _set(self, node: str, values: Mapping[str, str], text: str) -> None:
        try:
            self.workspace.document.do(Compound(tuple(SetParam(node, name, value) for name, value in values.items()), text), text)
        except GraphError as refused:
            self.workspace.say(str(refused))


def _free(path: Path) -> Path:
    """This path, or one with a number where another file is there already."""
    names = (path, *(path.with_stem(f"{path.stem}-{number}") for number in range(2, 1000)))
    return next((name for name in names if not name.exists()), path)
