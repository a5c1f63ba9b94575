"""A graph painted into a file: its ending says which kind of picture."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.compile.views import TraceView
from engine.export.registry import Format, format_of, formats_in, refuse_ending
from graph.model.graph import Graph
from graph.storage.writing import replace_file
from graph.text.messages import _
from ui.canvas.model.gradient_size import Look
from ui.canvas.model.samples import Choice
from ui.look.theme import THEMES
from ui.shell.picture_formats import Drawing

PICTURES: Final[tuple[Format[Drawing], ...]] = formats_in("ui.shell.picture_formats")


def write_picture(
    path: Path, graph: Graph, trace: TraceView | None, theme: str, scale: float = 1.0, sample: Choice = None, look: Look = ""
) -> str:  # fmt: skip
    """Write the whole graph, with the numbers of `trace` where given, of one `sample` of its batch where that is chosen.

    Returns what there is to say about the picture, often nothing. Raises OSError, and ValueError for an ending that no picture has.
    """
    refuse_unknown_ending(path)
    form = format_of(path, PICTURES)
    assert form is not None
    written = form.write(Drawing(graph, trace, THEMES[theme], scale, sample, look))
    replace_file(path, written.data)
    return written.remark


def refuse_unknown_ending(path: Path) -> None:
    """Raise ValueError where the name does not say which kind of picture is meant."""
    refuse_ending(path, PICTURES, _("a picture"))
