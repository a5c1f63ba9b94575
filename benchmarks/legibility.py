"""Whether the numbers on wires can be read: labels on what they should not lie on, the smallest text, the canvas's share of the window.

Every built-in example and every graph of a lesson is shown whole in the window at three sizes. `python -m benchmarks.legibility -v`
prints every fault.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything below imports Qt, hence the imports here

import numpy as np  # noqa: E402
from PySide6.QtCore import QRectF, Qt  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from benchmarks.sight import Faults, Sight, measure  # noqa: E402
from engine.nodes.catalog import CATALOG  # noqa: E402
from graph.lessons.lesson import ENDING, load  # noqa: E402
from graph.lessons.lesson_graph import graph_at  # noqa: E402
from graph.lessons.own_graph import graph_of  # noqa: E402
from graph.storage.document import Document  # noqa: E402
from graph.storage.files import dumps  # noqa: E402
from graph.storage.files import load as load_graph  # noqa: E402
from ui.lessons.unfolding import unfold  # noqa: E402
from ui.look.theme import THEMES as ALL_THEMES  # noqa: E402
from ui.shell.app import application  # noqa: E402
from ui.shell.window import Window  # noqa: E402
from ui.shell.workspace.settings import UserSettings  # noqa: E402

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.model.graph import Graph

SIZES = ((1280, 720), (1366, 768), (1920, 1080))
THEMES = ("projector", "light")
SMALL = 12
"""Graphs of up to so many nodes are small enough for every label to have a place of its own."""


def graphs() -> Iterator[tuple[str, Graph]]:
    """Every example, and every different graph of every lesson."""
    resources = Path(__file__).parents[1] / "resources"
    for path in sorted((resources / "examples").glob("*.gradwire")):
        yield path.stem, load_graph(path, CATALOG)
    for path in sorted((resources / "lessons").glob(f"*{ENDING}")):
        lesson, seen = load(path), set()
        for step in range(len(lesson.steps)):
            graph = graph_at(graph_of(lesson, path, resources / "examples", CATALOG), lesson, step, unfold)
            text = dumps(graph)
            if text not in seen:
                seen.add(text)
                yield f"{path.name.removesuffix(ENDING)} {step + 1}", graph


def trace_of(graph: Graph) -> TraceView:
    from engine.training.model import Model

    return Model(graph).trace_view()


def covers(window: Window) -> list[QRectF]:
    """Where widgets lie over the canvas, in its coordinates."""
    canvas, found = window.canvas, []
    area = canvas.rect()
    widgets: list[QWidget] = canvas.findChildren(QWidget)
    for widget in widgets:
        if widget.isVisible() and not widget.isWindow() and widget.parentWidget() is canvas:
            found.append(QRectF(widget.geometry().intersected(area)))
    return found


def sights(size: tuple[int, int], theme: str, shown: Iterable[tuple[str, Graph, TraceView]]) -> Iterator[Sight]:
    """Each graph whole in a window of this size."""
    application()
    with tempfile.TemporaryDirectory() as home:
        window = Window(Document.new(CATALOG), UserSettings(Path(home) / "settings.ini"))
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(*size)
        window.show()
        window.set_theme(ALL_THEMES[theme])
        for name, graph, trace in shown:
            document = Document(graph.copy())
            window.set_document(document)
            window.showing.show_trace(replace(trace, revision=document.revision, structure=document.structure))
            for _ in range(3):
                QApplication.processEvents()
            window.canvas.fit_all()
            yield measure(window.canvas.model, name, (float(window.width()), float(window.height())), covers(window))
        window.hide()
        window.deleteLater()
        QApplication.processEvents()


COLUMNS = ("on_wire", "on_card", "on_title", "on_label", "under_overlay", "outside", "nearer_other", "far", "led", "repeated", "hidden")


def summary(rows: Sequence[Sight]) -> dict[str, Any]:
    """Counts over many pictures: of small graphs, and of all."""
    result: dict[str, Any] = {}
    for title, some in (("up to 12 nodes", [r for r in rows if r.nodes <= SMALL]), ("all", rows)):
        total = Faults()
        for row in some:
            total.add(row.faults)
        worst = min(some, key=lambda r: r.smallest)
        away = np.array(total.distances) if total.distances else np.zeros(1)
        result[title] = {
            "graphs": len(some), "labels": total.labels, **{name: getattr(total, name) for name in COLUMNS},
            "distance_median_px": float(np.median(away)), "distance_95_percent_px": float(np.quantile(away, 0.95)),
            "distance_most_px": float(away.max()),
            "smallest_number_px": min((r.number for r in some if r.number), default=0.0),
            "smallest_text_px": worst.smallest, "smallest_text": f"{worst.smallest_text!r} in {worst.name}",
            "graphs_with_text_below_1/45": total.small_texts, "canvas_share": float(np.mean([r.share for r in some])),
        }  # fmt: skip
    return result


def run() -> dict[str, Any]:
    """The summary at each size in each theme."""
    shown = [(name, graph, trace_of(graph)) for name, graph in graphs()]
    return {
        theme: {f"{wide}×{high}": summary(list(sights((wide, high), theme, shown))) for wide, high in SIZES} for theme in THEMES
    }


def main(arguments: Sequence[str]) -> None:
    """One line per picture, with every fault in it where `-v`, and the summaries. Other arguments are names of themes."""
    shown = [(name, graph, trace_of(graph)) for name, graph in graphs()]
    for theme in [name for name in arguments if name != "-v"] or THEMES:
        for size in SIZES:
            rows = list(sights(size, theme, shown))
            print(f"\n{theme} {size[0]}×{size[1]}")
            print(f"{'graph':24s} nodes scale  text number labels " + " ".join(f"{name:>13s}" for name in COLUMNS))
            for row in rows:
                counts = " ".join(f"{getattr(row.faults, name):13d}" for name in COLUMNS)
                sizes = f"{row.scale:5.2f} {row.smallest:5.1f} {row.number:6.1f}"
                print(f"{row.name:24s} {row.nodes:5d} {sizes} {row.faults.labels:6d} {counts}")
                for line in row.details if "-v" in arguments else ():
                    print("     ", line)
            for title, values in summary(rows).items():
                print(title)
                for key, value in values.items():
                    print(f"    {key} {value:.3g}" if isinstance(value, float) else f"    {key} {value}")


if __name__ == "__main__":
    main(sys.argv[1:])
