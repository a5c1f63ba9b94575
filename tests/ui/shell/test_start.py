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
from ui.shell.app import application
app = application([])
from engine.nodes.catalog import CATALOG
from ui.shell.files import example_document
from ui.shell.workspace.settings import UserSettings
from ui.shell.window import Window
window = Window(example_document("xor", CATALOG), UserSettings())
window.show()
app.processEvents()
print(json.dumps(sorted(sys.modules)))
window.close()
"""
OWN = {spec.make.split(".")[1] for spec in feature_specs().values()} - {"training", "data"}
"""Tools; the pages about training and data are in the window from the beginning."""
AT_START = {"feature", "rows", "side", "meaning", "position", "stops", "choice", "state", "edits", "run_rows"}
"""Of the tools: what is in the window from the beginning."""


def test_tools_dialogs_and_lessons_are_loaded_when_they_are_first_used(tmp_path: Path) -> None:
    """Asked of a fresh process."""
    surroundings = {**os.environ, "GRADWIRE_SETTINGS": str(tmp_path / "g.ini"), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, check=True, env=surroundings)
    loaded = json.loads(done.stdout.splitlines()[-1])

    parts = [name.split(".") for name in loaded]
    tools = [".".join(path) for path in parts if path[0] == "ui" and len(path) > 2 and path[1] in OWN and path[2] not in AT_START]
    assert tools == []
    assert not {"graph.lessons.lesson", "graph.unfold", "engine.unfold", "ui.shell.shortcut_dialog", "pyqtgraph", "torch"} & set(loaded)
