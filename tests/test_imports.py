"""Rooms and the arrows between them: who may import whom. Nothing heavy comes along: `graph` needs the standard library, the engine's
declarations no torch. Imports for type checking count like all others."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("graph", "engine", "ui", "cli")

GRAPH = {"graph.text", "graph.model", "graph.storage", "graph.grouping", "graph.formula", "graph.lessons"}
BELOW_TRAINING = GRAPH | {"engine.numerics", "engine.nodes", "engine.data", "engine.compile", "engine.meaning", "engine.unfold"}
LOOK = GRAPH | {"engine.compile", "ui.look", "ui.maths"}
CANVAS = LOOK | {"ui.canvas.model"}
PANEL = {
    *CANVAS, "engine.compile", "engine.data", "engine.numerics", "engine.explain", "engine.unfold", "engine.training",
    "engine.training.optimizers", "engine.training.schedules", "engine.learned", "engine.learned.readouts", "engine.learned.instruments",
    "engine.curvature", "engine.sweep",
    "ui.forms", "ui.canvas", "ui.canvas.paint", "ui.canvas.input", "ui.engine_link", "ui.shell.workspace",
}  # fmt: skip
OF_THE_WINDOW = ("canvas", "engine_link", "forms", "look", "maths", "shell")
DECLARED = sorted(path.parent.name for path in (ROOT / "ui").glob("*/__init__.py") if path.parent.name not in OF_THE_WINDOW)
"""Packages of panels and features: whatever else lies in `ui`."""

ARROWS: dict[str, set[str]] = {
    "graph": set(),
    "graph.text": set(),
    "graph.model": {"graph.text"},
    "graph.storage": {"graph.model", "graph.text"},
    "graph.grouping": {"graph.model", "graph.text"},
    "graph.formula": {"graph.grouping", "graph.model", "graph.text"},
    "graph.lessons": {"graph.storage", "graph.model", "graph.text"},
    "engine": set(),
    "engine.numerics": GRAPH,
    "engine.nodes": GRAPH | {"engine.numerics"},
    "engine.data": GRAPH | {"engine.numerics", "engine.nodes"},
    "engine.compile": GRAPH | {"engine.numerics", "engine.nodes", "engine.data"},
    "engine.meaning": GRAPH | {"engine.numerics", "engine.nodes", "engine.data", "engine.compile"},
    "engine.unfold": GRAPH,
    "engine.training.optimizers": GRAPH | {"engine.numerics", "engine.nodes"},
    "engine.training.schedules": GRAPH,
    "engine.training": BELOW_TRAINING | {"engine.training.optimizers", "engine.training.schedules"},
    "engine.check": BELOW_TRAINING | {"engine.training"},
    "engine.explain": BELOW_TRAINING | {"engine.training", "engine.training.optimizers", "engine.check"},
    "engine.export": BELOW_TRAINING | {"engine.training", "engine.training.optimizers", "engine.training.schedules"},
    "engine.learned": BELOW_TRAINING
    | {"engine.training", "engine.training.optimizers", "engine.training.schedules", "engine.explain"}
    | {"engine.curvature", "engine.learned.readouts"},
    "engine.curvature": BELOW_TRAINING | {"engine.training", "engine.training.optimizers", "engine.explain"},
    "engine.learned.readouts": GRAPH,
    "engine.learned.instruments": BELOW_TRAINING | {"engine.training", "engine.explain", "engine.curvature"},
    "engine.sweep": BELOW_TRAINING
    | {"engine.training", "engine.training.optimizers", "engine.training.schedules", "engine.explain"}
    | {"engine.curvature", "engine.learned"},
    "engine.kernel": BELOW_TRAINING
    | {"engine.training", "engine.training.optimizers", "engine.check", "engine.explain", "engine.curvature", "engine.export"},
    "ui": set(),
    "ui.look": GRAPH,
    "ui.maths": LOOK | {"engine.explain"},
    "ui.forms": LOOK,
    "ui.engine_link": GRAPH | {"engine.numerics", "engine.compile", "engine.explain", "engine.training", "engine.kernel", "ui.look"},
    "ui.canvas.model": LOOK,
    "ui.canvas.paint": CANVAS,
    "ui.canvas.input": CANVAS | {"ui.canvas.paint"},
    "ui.canvas": CANVAS | {"ui.canvas.paint", "ui.canvas.input"},
    "ui.shell.workspace": PANEL - {"ui.shell.workspace"},
    **{f"ui.{name}": PANEL for name in DECLARED},
    "ui.shell": PANEL | {"engine.nodes", "engine.export", *(f"ui.{name}" for name in DECLARED)},
    "cli": BELOW_TRAINING
    | {"engine.training", "engine.training.optimizers", "engine.training.schedules", "engine.check", "engine.export", "engine.sweep",
       "ui.shell", "ui.sweep"},
}
"""Room: the rooms it may import. A room inside another is a room of its own."""

OF_QT = {"PySide6", "shiboken6", "pyqtgraph", "ziamath", "ziafont"}
"""Libraries of requirements.txt that requirements-engine.txt does without: only `ui` imports them."""
PAINTING = {"cli.render", "cli.sweep", "cli.window"}
"""Modules of `cli` that need `ui` or Qt for what they paint, and import them where they paint."""

SPECS = ["engine.nodes.catalog", "engine.nodes", "engine.compile.views"]


def _modules(room: str) -> list[str]:
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / room).rglob("*.py"))


EVERY = {name.removesuffix(".__init__") for floor in FLOORS for name in _modules(floor)}


def _room(module: str) -> str:
    """The innermost room a module lies in."""
    parts = module.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in ARROWS), parts[0])


@functools.cache
def _imported(path: Path) -> tuple[str, ...]:
    """Modules that a file imports, wherever in it; of this project the modules that exist."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in EVERY else node.module


def _own(path: Path) -> set[str]:
    return {name for name in _imported(path) if name.partition(".")[0] in FLOORS}


def test_every_room_that_is_named_exists() -> None:
    named = {*ARROWS, *(name for allowed in ARROWS.values() for name in allowed)}
    missing = {name for name in named if not (ROOT / name.replace(".", "/")).is_dir()}
    assert not missing


def test_every_file_lies_in_a_room() -> None:
    """Floors themselves hold no files but `__init__`; `cli` is a room."""
    stray = {name for name in EVERY if _room(name) in ("graph", "engine", "ui") and "." in name}
    assert not stray


@pytest.mark.parametrize("floor", FLOORS)
def test_rooms_import_along_the_arrows_only(floor: str) -> None:
    wrong = []
    for path in sorted((ROOT / floor).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for name in sorted(_own(path)):
            here, there = _room(module), _room(name)
            if here != there and there not in ARROWS[here]:
                wrong.append(f"{module} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_arrows_make_no_circle() -> None:
    order: list[str] = []
    left = {room: set(allowed) for room, allowed in ARROWS.items()}
    while left:
        free = [room for room, allowed in left.items() if not allowed - {room} & left.keys()]
        assert free, f"circle among {sorted(left)}"
        for room in free:
            order.append(room)
            del left[room]
    assert len(order) == len(ARROWS)


def test_no_module_imports_itself_through_others() -> None:
    """Imports inside functions and for type checking count."""
    imports = {name: set[str]() for name in EVERY}
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            imports[module] |= _own(path) & EVERY - {module}
    assert len(list(TopologicalSorter(imports).static_order())) == len(EVERY)  # else a CycleError says which


def test_qt_torch_and_other_libraries_stay_in_their_floors() -> None:
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            for name in {full.partition(".")[0] for full in _imported(path)}:
                where = f"{path.relative_to(ROOT)} imports {name}"
                assert floor == "ui" or name not in OF_QT or ".".join(path.relative_to(ROOT).with_suffix("").parts) in PAINTING, where
                assert floor != "ui" or name != "torch", where
                assert floor != "graph" or name == "graph" or name in sys.stdlib_module_names, where


def test_commands_that_paint_nothing_do_not_reach_qt() -> None:
    """The kinds of pictures are listed in the help of `render`: their names alone, without Qt (below)."""
    for path in sorted((ROOT / "cli").glob("*.py")):
        reached = {name for name in _imported(path) if name.partition(".")[0] in {"ui", *OF_QT}}
        assert not reached or f"cli.{path.stem}" in PAINTING, f"{path.name} imports {reached}"
        loaded = {name for statement in ast.parse(path.read_text(encoding="utf-8")).body for name in _names(statement)}
        assert not {name for name in loaded if name.partition(".")[0] in {"ui", *OF_QT}}, f"{path.name} imports Qt when it is loaded"


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []


def test_what_the_engine_needs_is_installed_from_its_own_file() -> None:
    """requirements.txt adds the window's libraries to requirements-engine.txt and repeats none but torch, which it narrows."""
    app, engine = (set(re.findall(r"^([A-Za-z][\w-]*)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
                   for name in ("requirements.txt", "requirements-engine.txt"))  # fmt: skip
    assert "-r requirements-engine.txt" in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert app == {"torch", "PySide6-Essentials", "pyqtgraph", "ziamath"}
    installed_as = {"scikit-learn": "sklearn", "pillow": "PIL"}
    files = [path for floor in ("graph", "engine", "cli") for path in (ROOT / floor).rglob("*.py")]
    imported = {name.partition(".")[0] for path in files for name in _imported(path)}
    assert {installed_as.get(name, name) for name in engine} == imported - OF_QT - set(FLOORS) - sys.stdlib_module_names


def _run(blocked: list[str], modules: list[str], unwanted: list[str]) -> None:
    """Import modules in a fresh process where `blocked` cannot be imported, and look for `unwanted` afterwards."""
    program = f"""
import importlib, sys
for name in {blocked!r}:
    sys.modules[name] = None
for name in {modules!r}:
    importlib.import_module(name.removesuffix(".__init__"))
loaded = [name for name in {unwanted!r} if sys.modules.get(name) is not None]
assert not loaded, loaded
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert run.returncode == 0, run.stderr[-2000:]


def test_graph_imports_without_qt_torch_and_numpy() -> None:
    heavy = ["PySide6", "shiboken6", "torch", "numpy", "scipy", "pandas", "sklearn", "safetensors"]
    _run(heavy, _modules("graph"), [])


def test_node_declarations_import_without_qt_and_leave_torch_out() -> None:
    _run(["PySide6", "shiboken6"], SPECS, ["torch", "scipy", "pandas", "sklearn"])


def test_formats_are_listed_without_qt_and_torch() -> None:
    _run(["PySide6", "shiboken6", "torch"], [*_modules("engine/export/formats"), *_modules("ui/shell/picture_formats")], [])


def test_what_the_window_takes_from_the_engine_leaves_torch_out() -> None:
    needed = [*SPECS, "engine.training.optimizers", "engine.training.curve", "engine.kernel.client", "engine.data.specs"]
    needed += ["engine.export.registry", *(name.removesuffix(".__init__") for name in _modules("engine/export/formats"))]
    assert set(needed) <= EVERY
    _run(["torch"], needed, [])
