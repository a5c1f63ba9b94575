"""The rule as it is wired now, written as a class for PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.explain.inside import CodeOf
from engine.explain.question import Question, Refusal
from graph.storage.files import dumps
from graph.storage.paths import file_name, reason
from graph.storage.writing import replace_file
from graph.text.messages import _
from graph.text.quoting import quoted_name

if TYPE_CHECKING:
    from ui.inside.guest import InsideGuest
    from ui.shell.workspace.workspace import Workspace

ENDING = ".py"
FAILED = _("The rule could not be written")
Ask = Callable[[Question, Callable[[Any], None]], None]


def export_rule(workspace: Workspace, guest: InsideGuest, title: str, ask: Ask) -> None:
    """Ask for a place, and write the file there once the engine has its text. Waits for the dialog."""
    if guest.standing.problems:
        return workspace.dialogs.tell(FAILED, guest.standing.problems[0].text)
    suggested = str(workspace.files.suggested(file_name(title, ENDING, "_")))
    path = workspace.dialogs.save_path(suggested, _("Export PyTorch code"), _("Python files (*.py)"), ENDING)
    if path is not None:
        ask(CodeOf(dumps(guest.document.graph), title, guest.key), lambda answer: _write(workspace, path, answer))


def _write(workspace: Workspace, path: Path, answer: str | Refusal) -> None:
    problem = answer.text if isinstance(answer, Refusal) else ""
    if isinstance(answer, str):
        try:
            replace_file(path, answer.encode())
        except OSError as error:
            problem = f"{quoted_name(path)}: {reason(error)}."
        else:
            return workspace.say(_("Wrote {name}").format(name=path.name))
    workspace.later(lambda: workspace.dialogs.tell(FAILED, problem))
