"""What an export answered with becomes a file, or a dialog says why not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.export.job import WrittenProgram
from engine.numerics.job import JobEnd
from graph.storage.paths import reason
from graph.storage.saved import steps_text
from graph.storage.writing import replace_file
from graph.text.quoting import quoted_name

if TYPE_CHECKING:
    from ui.shell.dialogs import Asking


def write_program(window: Asking, path: Path, end: JobEnd, wrote: str, failed: str) -> None:
    """Write it and say `wrote`, with {name} and {steps}; else tell the problem under the heading `failed`."""
    problem = end.text
    if isinstance(end.answer, WrittenProgram):
        try:
            replace_file(path, end.answer.data)
        except OSError as error:
            problem = f"{quoted_name(path)}: {reason(error)}."
        else:
            return window.say(wrote.format(name=path.name, steps=steps_text(end.answer.step)))
    window.later(lambda: window.dialogs.tell(failed, problem))
