"""What a file takes in memory above the empty window: `python -m benchmarks.canvas_memory COUNT`. One JSON object.

The whole window counts, with outline and panels, values on every wire, and a pass of playback under way; its engine, which is another
process, does not run.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def resident() -> float:
    """Megabytes of this process in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(count: int) -> dict[str, float]:
    from PySide6.QtWidgets import QApplication

    from benchmarks.canvas_graph import layered
    from benchmarks.canvas_size import HEIGHT, WIDTH, graph_of, trace_of
    from engine.nodes.catalog import CATALOG
    from graph.storage.document import Document
    from graph.storage.files import dumps
    from ui.shell.app import application
    from ui.shell.window import Window
    from ui.shell.workspace.settings import UserSettings

    application()
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "graph.gradwire"
        path.write_text(dumps(graph_of(layered(count))), encoding="utf-8")
        window = Window(Document.new(CATALOG), UserSettings(Path(home) / "settings.ini"))
        window.resize(WIDTH + 524, HEIGHT + 290)
        window.show()
        QApplication.processEvents()
        window.canvas.grab()
        gc.collect()
        before = resident()
        document = Document.load(path, CATALOG)
        window.set_document(document)
        QApplication.processEvents()
        opened = resident()
        trace = trace_of(document.graph, document.revision, document.structure)
        window.canvas.set_trace(trace)
        window.playhead.set_trace(trace)
        for step in range(10):
            window.playhead.seek(1)
            window.playhead.playing, window.playhead._share = "backward", step / 10
            window.canvas.repaint()
        window.playhead.reset()
        window.canvas.repaint()
        return {"mb": resident() - before, "opened_mb": opened - before, "empty_window_mb": before}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))), flush=True)
    os._exit(0)  # the numbers are there; taking the window down is not what is measured
