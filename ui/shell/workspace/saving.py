"""Something that is shown is saved as a file under a name that the person is asked for."""

from __future__ import annotations

from graph.storage.paths import reason
from graph.storage.writing import replace_file
from graph.text.messages import _
from ui.shell.workspace.workspace import Workspace


def save_as(workspace: Workspace, data: bytes, name: str, title: str, kind: str, saved: str) -> None:
    """Ask where to save the `data`, which are of now: training goes on while the dialog is open.

    `name` is suggested, with its ending; `saved` is said afterwards, with {name} for the name that was chosen.
    """
    ending = "." + name.rpartition(".")[2]
    path = workspace.dialogs.save_path(str(workspace.files.suggested(name)), title, kind, ending)
    if path is None:
        return
    try:
        replace_file(path, data)
    except OSError as error:
        workspace.say(_("{name} could not be written: {error}.").format(name=path.name, error=reason(error)))
    else:
        workspace.say(saved.format(name=path.name))
