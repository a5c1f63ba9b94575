"""Imports point one way, and nothing heavy comes along: `graph` needs the standard library, the engine's declarations no torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {"graph": {"graph"}, "engine": {"graph", "engine"}, "ui": {"graph", "engine", "ui"}}
ROOMS = {"graph", "engine", "ui", "cli", "main"}
SPECS = ["engine.nodes.catalog", "engine.nodes", "engine.compile.views"]


def _modules(room: str) -> list[str]:
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / room).rglob("*.py"))


def _run(blocked: list[str], modules: list[str], unwanted: list[str]) -> None:
    """Import modules in a fresh process where `blocked` cannot be imported, and look for `unwanted` afterwards."""
    program = f"""
import importlib, sys
for name in {blocked!r}:
    sys.modules[name] = None
for name in {modules!r}:
    importlib.import_module(name.removesuffix(".__init__"))
found = [name for name in {unwanted!r} if sys.modules.get(name) is not None]
assert not found, found
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert run.returncode == 0, run.stderr[-2000:]


def test_graph_imports_without_qt_torch_and_numpy() -> None:
    heavy = ["PySide6", "shiboken6", "torch", "numpy", "scipy", "pandas", "sklearn", "safetensors"]
    _run(heavy, _modules("graph"), [])


def test_node_declarations_import_without_qt_and_leave_torch_out() -> None:
    _run(["PySide6", "shiboken6"], SPECS, ["torch", "scipy", "pandas", "sklearn"])


def test_what_the_window_takes_from_the_engine_leaves_torch_out() -> None:
    wanted = ["engine.training.optimizers.specs", "engine.objective", "engine.kernel.client", "engine.data.specs"]
    there = [name for name in wanted if name in _modules("engine")]
    _run(["torch"], [*SPECS, *there], [])


@pytest.mark.parametrize("room", ALLOWED)
def test_no_file_of_a_room_imports_from_a_room_above(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for name in _imported(path):
            assert name not in ROOMS or name in ALLOWED[room], f"{path.relative_to(ROOT)} imports {name}"
            assert not (room in ("graph", "engine") and name == "PySide6"), f"{path.relative_to(ROOT)} imports Qt"
            assert not (room == "ui" and name == "torch"), f"{path.relative_to(ROOT)} imports torch"


def test_graph_files_import_the_standard_library_only() -> None:
    for path in (ROOT / "graph").rglob("*.py"):
        for name in _imported(path):
            assert name == "graph" or name in sys.stdlib_module_names, f"{path.relative_to(ROOT)} imports {name}"


def _imported(path: Path) -> set[str]:
    """First parts of everything a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
