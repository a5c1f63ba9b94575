"""What a window that has just opened has not paid for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ui.shell.registry import feature_specs

CODE = """
import json, sys
from cli.guard import complaint_about_installation
assert complaint_about_installation() is None
import cli.window
from ui.shell.app import application
app = application([])
from ui.shell.workspace.settings import UserSettings
from ui.shell.window import Window
window = Window(None, UserSettings())
window.show()
app.processEvents()
print(json.dumps(sorted(sys.modules)))
from engine.nodes.catalog import CATALOG
from ui.shell.files import example_document
import threading
from ui.canvas.model.scene import CanvasScene
from ui.shell import status
status.HUGE, makers, rebuild = 3, [], CanvasScene.rebuild
CanvasScene.rebuild = lambda scene: makers.append(threading.current_thread().name) or rebuild(scene)
window.furnish(example_document("xor", CATALOG))
app.processEvents()
print(json.dumps(sorted(sys.modules)))
print(json.dumps([makers, len(window.canvas.scene.ids)]))
window.close()
"""
FOR_THE_FRAME = {
    "cli", "graph", "ui", "cli.guard", "cli.window", "cli.built_in", "graph.text", "graph.text.messages", "graph.text.listing",
    "graph.text.quoting", "graph.storage", "graph.storage.paths", "ui.look", "ui.look.theme", "ui.look.type_size", "ui.look.frame",
    "ui.shell", "ui.shell.app", "ui.shell.window", "ui.shell.type_sizes", "ui.shell.workspace", "ui.shell.workspace.settings",
}  # fmt: skip
"""All of our modules that are loaded when the empty frame is on the screen."""
OWN = {spec.make.split(".")[1] for spec in feature_specs().values()} - {"training", "data"}
"""Tools; the pages about training and data are in the window from the beginning."""
AT_START = {"feature", "rows", "side", "meaning", "position", "stops", "choice", "state", "edits", "run_rows"}
"""Of the tools: what is in the window from the beginning."""


def test_the_frame_waits_for_nothing_and_tools_are_loaded_when_they_are_first_used(tmp_path: Path) -> None:
    """Asked of a fresh process."""
    surroundings = {**os.environ, "GRADWIRE_SETTINGS": str(tmp_path / "g.ini"), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, check=True, env=surroundings)
    framed, loaded, (makers, shown) = map(json.loads, done.stdout.splitlines()[-3:])
    assert makers == ["aside"] and shown > 3  # the scene of a huge document is made beside the frame

    assert {name for name in framed if name.partition(".")[0] in ("cli", "engine", "graph", "ui")} <= FOR_THE_FRAME
    assert not {"numpy", "multiprocessing", "importlib.metadata", "pyqtgraph", "ziamath", "torch"} & set(framed)

    parts = [name.split(".") for name in loaded]
    tools = [".".join(path) for path in parts if path[0] == "ui" and len(path) > 2 and path[1] in OWN and path[2] not in AT_START]
    assert tools == []
    assert not {"graph.lessons.lesson", "graph.unfold", "engine.unfold", "ui.shell.shortcut_dialog", "pyqtgraph", "torch"} & set(loaded)
