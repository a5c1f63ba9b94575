"""A real window that somebody edits at random, until it is killed.

`python -m tests.ui.editing_window SETTINGS FILE SEED` writes a line for every edit: how many there are, and when (monotonic seconds).
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode, Edit, Move, SetParam, connect, remove_nodes
from graph.model.elements import Node
from graph.model.graph import GraphError
from graph.storage.document import Document


def steps(document: Document, seed: int) -> Iterator[None]:
    """Edits, undos, redos and gestures without end, the same for a seed; yields after each."""
    draw = random.Random(seed)
    while True:
        choice = draw.random()
        with suppress(GraphError):
            if choice < 0.1:
                document.undo()
            elif choice < 0.15:
                document.redo()
            elif choice < 0.25:
                with document.gesture("Gesture"):
                    document.do(_edit(document, draw))
                    document.do(_edit(document, draw))
            else:
                document.do(_edit(document, draw), merge="drag" if choice < 0.5 else None)
        yield


def _edit(document: Document, draw: random.Random) -> Edit:
    graph = document.graph
    choice, nodes = draw.random(), [*graph.nodes]
    if len(nodes) < 2 or choice < 0.25:
        key = draw.choice(["source.input", "math.add", "math.exp", "layer.linear", "activation.tanh"])
        name = graph.fresh_name(graph.catalog[key].default_name)
        return AddNode(Node(graph.fresh_id("n"), key, name, x=float(draw.randrange(1500)), y=float(draw.randrange(900))))
    node = draw.choice(nodes)
    if choice < 0.5:
        return Move(((node, float(draw.randrange(1500)), float(draw.randrange(900))),))
    if choice < 0.6:
        return remove_nodes(graph, [node])
    if choice < 0.8:
        source, target = draw.sample(nodes, 2)
        inputs = [port.name for port in graph.spec(target).inputs] or ["x"]
        return connect(graph, (source, "y"), (target, draw.choice(inputs)))
    inputs = [n for n in nodes if graph.nodes[n].type == "source.input"]
    return SetParam(draw.choice(inputs), "value", draw.uniform(-5, 5)) if inputs else remove_nodes(graph, [node])


def main(settings: str, file: str, seed: int) -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QTimer

    from ui.shell.app import application
    from ui.shell.window import Window
    from ui.shell.workspace.settings import UserSettings

    app = application(["gradwire"])
    document = Document.load(file, CATALOG) if file != "-" else Document.new(CATALOG)
    window = Window(document, UserSettings(Path(settings)), None)
    window.show()
    edits, pause = steps(document, seed), random.Random(seed + 1)
    done = 0
    timer = QTimer()
    timer.setSingleShot(True)

    def edit() -> None:
        nonlocal done
        next(edits)
        done += 1
        os.write(1, b"%d %f\n" % (done, time.monotonic()))
        timer.start(pause.choice([0, 5, 20, 100, 400]))

    timer.timeout.connect(edit)
    timer.start(0)
    app.exec()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
