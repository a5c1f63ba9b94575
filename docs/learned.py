"""Regenerate the pictures in docs/learned: `python docs/learned.py`. Windows that train, in three themes and two sizes, the import of a
table, and ten frames of decision regions that form. Opens the real window offscreen, engine and all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.shell.window import Window

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "learned"
SIZES, THEMES = ((1280, 720), (1920, 1080)), ("light", "dark", "projector")
SCENES = {"spiral": "spiral", "moons": "moons", "sine": "sine-regression", "digits-cnn": "digits-cnn", "csv": "xor"}
"""Name of the picture, and the example that is opened first."""
QUALITY = 72
EARLY_MS, THEME_MS = 1500, 2200
"""How long is trained before the first picture, and with each theme."""
TRAINED = 80
"""The least step of a picture."""
Then = Callable[[], None]


def shoot(scene: str, size: tuple[int, int], folder: Path) -> None:
    """Open the window in this process, train, and save a picture in each theme."""
    from PySide6.QtCore import QTimer

    import ui.shell.app

    def opened(window: Window) -> None:
        timer = QTimer(window)

        def prepare() -> None:
            if not window.furnished or window.trace is None or not window.trace.values:
                return
            timer.stop()
            window.resize(*size)
            QTimer.singleShot(700, begin)

        def begin() -> None:
            if scene == "csv":
                _import(window, size, folder, train)
            else:
                train()

        def train() -> None:
            from graph.model.edits import SetTraining

            window.document.do(SetTraining("epochs", 10**6))
            _show(window, scene)
            window.commands.run("train")
            QTimer.singleShot(EARLY_MS, lambda: _in_themes(window, scene, size, folder))

        timer.timeout.connect(prepare)
        timer.start(50)

    ui.shell.app.run(ROOT / "resources" / "examples" / f"{SCENES[scene]}.gradwire", opened)


def _show(window: Window, scene: str) -> None:
    if scene == "digits-cnn":
        window.modes.choose("analyse")
        window.actions_by_id["readouts"].trigger()
    else:
        window.modes.choose("build")
        window.panels.show("training")


def _in_themes(window: Window, scene: str, size: tuple[int, int], folder: Path) -> None:
    """A picture in each theme, all of them while it trains."""
    from PySide6.QtCore import QTimer

    from ui.look.theme import THEMES as themes

    left = list(THEMES)

    def dress() -> None:
        if not left:
            os._exit(0)
        window.set_theme(themes[left[0]])
        _show(window, scene)  # on a projector the window has another arrangement
        QTimer.singleShot(THEME_MS, take)

    def take() -> None:
        if waiting := _waiting(window, scene):
            QTimer.singleShot(waiting, take)
            return
        if window.kernel is None or not window.kernel.training or window.trace is None:
            raise SystemExit(f"{scene}: nothing trains")
        _save(window, folder / f"{scene}-{size[0]}-{left.pop(0)}.jpg")
        dress()

    dress()


def _waiting(window: Window, scene: str) -> int:
    """Milliseconds to wait for the first pictures of a trained network, and for those of the samples that are listed; 0: all are there."""
    panel: Any = window.panels.panel("readouts" if scene == "digits-cnn" else "regions")
    if scene == "digits-cnn":
        late = any(panel.cell.picture(index) is None for index in panel.cell.grid.in_view())
    else:
        training: Any = window.panels.panel("training")
        plots = training.curves.plots
        drawn = bool(plots) and plots["loss"].lines["loss"].getData()[0] is not None and len(plots["loss"].lines["loss"].getData()[0]) > 1
        late = panel.seen is None or panel.seen.stamp.step < TRAINED or not drawn
    return 100 if late else 0


def _import(window: Window, size: tuple[int, int], folder: Path, then: Then) -> None:
    """The dialog that imports a table, once in each theme; the last one is accepted."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from ui.look.theme import THEMES as themes
    from ui.shell.workspace.services import TABLE_IMPORT

    table = Path(tempfile.mkdtemp()) / "penguins.csv"
    table.write_bytes(files("palmerpenguins").joinpath("data/penguins.csv").read_bytes())
    service = window.services.find(TABLE_IMPORT)
    assert service is not None
    left = list(THEMES)

    def ask() -> None:
        window.set_theme(themes[left[0]])
        QTimer.singleShot(THEME_MS, take)
        window.later(lambda: service.from_file(table))

    def take() -> None:
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        _save(dialog, folder / f"import-{size[0]}-{left.pop(0)}.jpg")
        if left:
            dialog.close()
            QTimer.singleShot(300, ask)
        else:
            dialog.accept()  # type: ignore[attr-defined]
            QTimer.singleShot(2500, then)

    ask()


def _save(widget: QWidget, path: Path) -> None:
    widget.grab().save(str(path), quality=QUALITY)


def forming(folder: Path) -> None:
    """Ten frames on one sheet, as `docs/motion.py` takes them."""
    from PySide6.QtGui import QImage

    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, str(ROOT / "docs" / "motion.py"), place, "--theme", "light", "--one", "regions"]
        _run(command)
        QImage(str(Path(place) / "motion-regions-light.png")).save(str(folder / "forming-light.jpg"), quality=QUALITY)


def _run(command: list[str]) -> None:
    with tempfile.TemporaryDirectory() as home:
        more = {"QT_QPA_PLATFORM": "offscreen", "GRADWIRE_SETTINGS": str(Path(home) / "settings.ini"), "PYTHONPATH": str(ROOT),
                "HOME": home, "XDG_DATA_HOME": home}  # fmt: skip
        subprocess.run(command, env={**os.environ, **more}, check=True, timeout=240)


def main() -> None:
    if len(sys.argv) == 3:
        wide, high = (int(side) for side in sys.argv[2].split("x"))
        shoot(sys.argv[1], (wide, high), FOLDER)
        return
    for scene in SCENES:
        for wide, high in SIZES:
            _run([sys.executable, __file__, scene, f"{wide}x{high}"])
            print(f"docs/learned/{scene}-{wide}-….jpg")
    forming(FOLDER)


if __name__ == "__main__":
    main()
