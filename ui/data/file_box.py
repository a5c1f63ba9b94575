"""Where the file of a Data node is: beside the document, elsewhere or inside it, how large it is, and commands to change that."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.data.files import absolute_path
from engine.data.specs import DATA_SETS, SOURCE_OF
from graph.storage.embedded import is_embedded, name_of, size_of
from graph.storage.paths import stored
from graph.text.messages import _
from ui.look.numbers import bytes_text
from ui.look.widgets import FlowLayout, button, label
from ui.shell.workspace.workspace import Workspace


def files_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """The settings of a Data node that name files of its data set, with their paths; empty ones are left out."""
    spec = DATA_SETS.get(str(settings.get("dataset")))
    source = SOURCE_OF[spec.key] if spec is not None else None
    names = (source.path, *source.beside) if source is not None and source.path else ()
    return {name: str(settings[name]) for name in names if str(settings.get(name) or "").strip()}


class FileBox(QWidget):
    """The commands are those of the action table, which knows when they can be used."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.text = label("", "small", wrap=True, selectable=True)
        self.embed = button(_("Embed"))
        self.extract = button(_("Save as a file …"))
        for made, action in ((self.embed, "embed_data"), (self.extract, "extract_data")):
            made.clicked.connect(lambda _on=False, key=action: self._workspace.actions_by_id[key].trigger())
        row = QWidget()
        flow = FlowLayout(4)
        row.setLayout(flow)
        flow.addWidget(self.embed)
        flow.addWidget(self.extract)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.text)
        column.addWidget(row)

    def show_settings(self, settings: Mapping[str, Any], folder: str) -> None:
        """The settings of the Data node that is shown; the box hides where it has no file."""
        paths = files_of(settings)
        self.setVisible(bool(paths))
        if not paths:
            return
        inside = [path for path in paths.values() if is_embedded(path)]
        outside = [path for path in paths.values() if not is_embedded(path)]
        self.text.setText("\n".join([_described(path, folder) for path in paths.values()]))
        self.embed.setVisible(bool(outside))
        self.extract.setVisible(bool(inside))
        size = sum(_size(absolute_path(path, folder)) for path in outside)
        folders = any(os.path.isdir(absolute_path(path, folder)) for path in outside)
        self.embed.setText(_("Embed") if folders or not size else _("Embed ({size})").format(size=bytes_text(size)))
        self.embed.setToolTip(_("Put the data into the document's own file, which grows by as much; undo takes them out again"))
        self.extract.setToolTip(_("Write the embedded data to a file of their own, and read them from there"))


def _described(path: str, folder: str) -> str:
    if is_embedded(path):
        size = size_of(path)
        name = name_of(path)
        if size is None:
            return _("{name}: its contents are missing in the document; choose the file again").format(name=name)
        return _("{name}, inside the document ({size})").format(name=name, size=bytes_text(size))
    place = absolute_path(path, folder)
    size_text = bytes_text(_size(place)) if os.path.isfile(place) else _("folder") if os.path.isdir(place) else _("not found")
    relative = stored(place, os.path.realpath(folder)) if folder else place
    name = os.path.basename(os.path.normpath(place))
    if folder and not os.path.isabs(relative):
        return _("{name} ({size}), stored relative to the document: {path}").format(name=name, size=size_text, path=relative)
    if not folder:
        return _("{name} ({size}); it becomes relative once the document is saved beside it or above").format(name=name, size=size_text)
    return _("{name} ({size}), elsewhere on this computer: {path}").format(name=name, size=size_text, path=place)


def _size(place: str) -> int:
    try:
        return os.stat(place).st_size if os.path.isfile(place) else 0
    except OSError:
        return 0
