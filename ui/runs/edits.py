"""Edits of the document about runs: what it says of them, and the way back to what one of them trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graph.model.computation import computation_key
from graph.model.difference import difference
from graph.model.document_settings import RUNS, effect_of
from graph.model.edits import MISSING, Compound, Edit, SetGraphSetting, SetTraining
from graph.model.graph import Graph
from graph.model.run_record import RunRecord
from graph.storage import files
from graph.storage.run_history import said_of


def saying(graph: Graph, runs: Iterable[int], **values: Any) -> SetGraphSetting:
    """An edit after which the document says this of these runs; what is empty or false is said no longer."""
    rows = dict(graph.settings.get(RUNS) or {})
    for run in runs:
        said = {**said_of(graph.settings, run), **values}
        kept = {key: value for key, value in said.items() if value not in ("", False, None)}
        rows.pop(str(run), None)
        if kept:
            rows[str(run)] = kept
    return SetGraphSetting(RUNS, rows or MISSING)


def training_edits(graph: Graph, training: Mapping[str, Any]) -> list[Edit]:
    """What makes these the document's training settings."""
    now = graph.training
    return [
        SetTraining(name, training.get(name, MISSING))
        for name in dict.fromkeys((*training, *now))
        if (name in training) != (name in now) or training.get(name) != now.get(name)
    ]


def restoring(graph: Graph, record: RunRecord, training: Mapping[str, Any], text: str) -> Compound | None:
    """The edit that brings back the graph a run trained, with these training settings; None where that graph is not known.

    `text` is the graph as a document, empty where nothing but the present one is known. Title, probes and what is said of runs stay.
    """
    edits: list[Edit] = []
    if record.graph and record.graph != computation_key(graph):
        if not text:
            return None
        old = files.loads(text, graph.catalog, own=True, folder=graph.folder)
        if computation_key(old) != record.graph:
            return None
        old.extra, old.attachments = graph.extra, graph.attachments
        edits += [edit for edit in difference(graph, old).edits if not _stays(edit)]
    return Compound((*edits, *training_edits(graph, training)))


def _stays(edit: Edit) -> bool:
    """Whether an edit would change what the document says beside its graph."""
    return isinstance(edit, SetTraining) or (isinstance(edit, SetGraphSetting) and effect_of(edit.name) != "structure")
