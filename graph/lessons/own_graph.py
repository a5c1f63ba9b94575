"""A lesson's graph: inside the lesson's own file, beside it, or an example."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from graph.lessons.lesson import Lesson, LessonError, graph_path
from graph.model.graph import Graph
from graph.model.spec import Catalog
from graph.storage import files
from graph.storage.large_values import is_too_large
from graph.storage.paths import folder_names
from graph.text.messages import _


def graph_of(lesson: Lesson, path: Path | str, examples: Path, catalog: Catalog) -> Graph:
    """The graph of the lesson in the file `path`. Raises LessonError."""
    place = Path(path)
    try:
        if not lesson.inside:
            return files.load(graph_path(lesson, place, examples), catalog)
        folder = str(place.resolve().parent)
        graph = files.loads(lesson.inside, catalog, _("its graph"), folder=folder)
        graph.folder = folder
        return graph
    except files.FileError as wrong:
        raise LessonError(_("{name}: its graph cannot be opened. {wrong}").format(name=place.name, wrong=wrong)) from None


def with_graph(lesson: Lesson, graph: Graph, path: Path | str) -> Lesson | None:
    """The lesson with its graph inside, for the file `path`; None where the graph has large tensors, which need a file of its own."""
    text = files.dumps(graph, None, *folder_names(path))
    return None if graph.attachments or is_too_large(text) else replace(lesson, graph="", inside=text)
