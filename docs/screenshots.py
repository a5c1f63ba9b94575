"""Regenerate the pictures in this folder: `python docs/screenshots.py`. Opens the real window offscreen, engine and all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.engine_link.link import Kernel
    from ui.shell.window import Window

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1440, 900)
MORE_SIZES = dict.fromkeys(
    ("runs", "compare", "sweep", "race", "paths", "timeline", "inside", "velocity", "saddle", "uniform-frame", "surface", "hessian",
     "jacobian", "gauge", "rates", "convex", "noise"), (1280, 720)
)
"""Pictures of a projector's size."""
THEMES = ("light", "dark", "projector")


def scalar(window: Window) -> None:
    """The backward pass at the product: upstream × local = downstream on both wires."""
    window.playhead.play_backward()
    window.playhead.advance(7_200)
    window.playhead.pause()


def teach(window: Window) -> None:
    """Teach mode with one sample, where the backward pass has come to the output layer."""
    from PySide6.QtCore import QTimer

    window.modes.choose("teach")
    window.playhead.play_backward()
    window.playhead.pause()
    for wait in (400, 900, 1400):
        QTimer.singleShot(wait, window.playhead.step)


def training(window: Window) -> None:
    window.commands.run("train")


def responses(window: Window) -> None:
    """Every hidden unit's map, and one of them enlarged."""
    from PySide6.QtCore import QTimer

    window.actions_by_id["cards_responses"].trigger()
    window.commands.run("train")
    QTimer.singleShot(7_000, window.actions_by_id["cards_enlarge"].trigger)


def stage(window: Window) -> None:
    """The learned function fills the window."""
    from PySide6.QtCore import QTimer

    window.commands.run("train")
    QTimer.singleShot(6_000, window.actions_by_id["plane_stage"].trigger)


def results(window: Window) -> None:
    """The confusion matrix of a convolutional network, once it has trained a while."""
    from PySide6.QtCore import QTimer

    window.modes.choose("analyse")
    window.commands.run("train")
    QTimer.singleShot(6_000, lambda: window.pages.show("readouts"))


def card(window: Window) -> None:
    """Why the output layer's weights have the gradient they have."""
    output = window.document.graph.named("output")
    assert output is not None
    window.canvas.select([output.id])
    window.actions_by_id["why"].trigger()


def debugger(window: Window) -> None:
    """The third iteration, when its weights take their step."""
    from PySide6.QtCore import QTimer

    window.actions_by_id["debugger"].trigger()
    control = window.debugger.control
    for milliseconds in (1_200, 1_800):
        QTimer.singleShot(milliseconds, lambda: control.step("iteration", 1))
    QTimer.singleShot(2_600, lambda: control.to_phase("update"))


def lesson(window: Window) -> None:
    """The second step of the first lesson, which asks for a prediction."""
    from PySide6.QtCore import QTimer

    window.lessons.open(ROOT / "resources" / "lessons" / "xy-plus-z.gwlesson")
    QTimer.singleShot(1_500, window.lessons.next)


def problems(window: Window) -> None:
    """A batch of images wired into a Linear layer, and a loss without its target."""
    from graph.model.edits import Disconnect, SetParam

    graph = window.document.graph
    data, loss = graph.named("data"), graph.named("loss")
    assert data is not None and loss is not None
    window.document.do(SetParam(data.id, "image", True), "Show as images")
    edge = graph.edge_into(loss.id, "target")
    assert edge is not None
    window.document.do(Disconnect(edge.id), "Remove the target")
    window.panels.show("problems")


def gallery(window: Window) -> None:
    window.commands.run("examples")


def palette(window: Window) -> None:
    window.commands.run("commands")


def runs(window: Window) -> None:
    """SGD, momentum and Adam from the same initial values, in one plot."""
    from graph.model.document_settings import RUNS
    from graph.model.edits import Compound, SetGraphSetting, SetTraining

    def train(optimizer: str, rate: float) -> Callable[[], None]:
        def act() -> None:
            edits = SetTraining("optimizer", optimizer), SetTraining("hyper", {"lr": rate})
            window.document.do(Compound(edits), "Choose the optimizer")
            window.commands.run("train")

        return act

    def show() -> None:
        window.document.do(SetGraphSetting(RUNS, {str(run): {"shown": True} for run in _kernel(window).runs}), "Show the runs")
        window.pages.show("runs", room=330)

    reset = window.actions_by_id["train_reset"].trigger
    after = (train("sgd", 0.1), reset, train("momentum", 0.1), reset, train("adam", 0.01), show)
    _one_after_another(window, after)


def timeline(window: Window) -> None:
    """Back at an early step: made again and found identical."""
    window.pages.show("training", room=300)
    _one_after_another(window, (lambda: window.commands.run("train"), lambda: _kernel(window).to_iteration(137)))


def compare(window: Window) -> None:
    """A branch with another rate against its parent: the difference on every wire."""
    from graph.model.edits import SetTraining

    def branch() -> None:
        window.document.do(SetTraining("hyper", {**window.document.graph.training["hyper"], "lr": 0.05}), "Another rate")
        window.commands.run("train")

    steps = (lambda: window.commands.run("train"), lambda: _kernel(window).to_iteration(60), branch,
             window.actions_by_id["compare_runs"].trigger)  # fmt: skip
    _one_after_another(window, steps)


def sweep(window: Window) -> None:
    """The loss after training against the rate, over five seeds."""

    def start() -> bool:
        ready = window.actions_by_id["sweep_start"].isEnabled()
        window.actions_by_id["sweep_start"].trigger()
        return ready

    _one_after_another(window, (window.actions_by_id["sweep"].trigger, start))


def race(window: Window) -> None:
    """Four optimizers at four rates on the spiral, three seeds each."""
    from graph.model.edits import Compound, SetTraining

    def choose() -> None:
        window.document.do(Compound((SetTraining("epochs", None), SetTraining("steps", 400))), "Shorter")
        window.actions_by_id["race"].trigger()
        page = window.sweep.race
        assert page is not None
        page.form.choose(dict.fromkeys(("sgd", "momentum", "rmsprop", "adam")), "0.001 … 1 log, 4 values", "0 … 2")

    def start() -> bool:
        ready = window.actions_by_id["sweep_start"].isEnabled()
        window.actions_by_id["sweep_start"].trigger()
        return ready

    _one_after_another(window, (choose, start))


def velocity(window: Window) -> None:
    """The velocity of every weight of two layers, of Adam after 40 steps."""
    from graph.model.edits import Compound, SetTraining

    window.modes.choose("teach")
    edits = (SetTraining("optimizer", "adam"), SetTraining("hyper", {"lr": 0.02}), SetTraining("epochs", None), SetTraining("steps", 40))
    window.document.do(Compound(edits), "Choose the optimizer")
    actions = window.actions_by_id
    steps = ("cards_heat", "weights_velocity", "train", "fit_all", "zoom_out")
    _one_after_another(window, [actions[name].trigger for name in steps])


def saddle_start(window: Window) -> None:
    """Heavy ball begins beside the saddle of (1 − w₂w₁)²."""
    from graph.model.edits import Compound, Edit, SetParam, SetTraining

    graph = window.document.graph
    starts = [(node, value) for name, value in (("w1", 1.0), ("w2", -0.97)) if (node := graph.named(name)) is not None]
    edits: list[Edit] = [SetParam(node.id, "value", value) for node, value in starts]
    edits += [SetTraining("optimizer", "momentum"), SetTraining("hyper", {"lr": 0.02, "momentum": 0.8}), SetTraining("steps", 60)]
    window.document.do(Compound(tuple(edits)), "Start beside the saddle")


def saddle(window: Window) -> None:
    """The path of heavy ball past the saddle of (1 − w₂w₁)², and one of its steps as a sum."""
    saddle_start(window)

    def choose() -> bool:
        page: Any = window.weights.page("steps")
        ready = page is not None and page.track is not None and page.surface is not None
        if ready:
            page.slider.setValue(6)
        return ready

    _one_after_another(window, (lambda: window.commands.run("train"), lambda: window.weights.fill("steps"), choose, lambda: None))


def surface(window: Window) -> None:
    """(1 − w₂w₁)² as a surface, with the path past its saddle."""
    saddle_start(window)
    rows = window.actions_by_id
    shown = rows["landscape"].trigger, rows["landscape_solid"].trigger
    _one_after_another(window, (lambda: window.commands.run("train"), *shown, lambda: None))


def page(action: str) -> Callable[[Window], None]:
    """The page that this action shows, after a run of the example."""

    def act(window: Window) -> None:
        shown = window.actions_by_id[action]
        _one_after_another(window, (lambda: window.commands.run("train"), shown.trigger, lambda: None))

    return act


def rates(window: Window) -> None:
    """What gradient descent over the whole training part did, with the bounds of theory over it."""
    from graph.model.edits import Compound, SetTraining

    edits = SetTraining("optimizer", "gd"), SetTraining("hyper", {"lr": 0.2}), SetTraining("steps", 100)
    window.document.do(Compound(edits), "Gradient descent")
    _one_after_another(window, (lambda: window.commands.run("train"), window.rates.fill, lambda: None))


def gauge(window: Window) -> None:
    """The largest curvature on the scale of the learning rate, and over a run of gradient descent, where it stays near 2/η."""
    from graph.model.edits import Compound, SetTraining

    edits = SetTraining("optimizer", "gd"), SetTraining("hyper", {"lr": 0.5}), SetTraining("epochs", 9000)
    window.document.do(Compound(edits), "Gradient descent")
    window.modes.choose("analyse")
    shown = window.actions_by_id["show_gauge"]
    _one_after_another(window, (shown.trigger, lambda: window.commands.run("train"), lambda: None))


def uniform_frame(window: Window) -> None:
    """Five optimizers in one frame, with the numbers of a run of Adam on the saddle."""
    from graph.model.edits import Compound, SetTraining

    edits = SetTraining("optimizer", "adam"), SetTraining("hyper", {"lr": 0.02}), SetTraining("steps", 60)
    window.document.do(Compound(edits), "Choose Adam")

    def filled() -> bool:
        page: Any = window.weights.page("frame")
        return page is not None and page.table is not None

    _one_after_another(window, (lambda: window.commands.run("train"), lambda: window.weights.fill("frame"), filled, lambda: None))


def paths(window: Window) -> None:
    """The paths of four optimizers on (1 − w₂w₁)², from a start beside a sharp minimum."""
    from graph.model.edits import SetTraining

    def choose() -> None:
        window.document.do(SetTraining("steps", 200), "Shorter")
        window.actions_by_id["race"].trigger()
        assert window.sweep.race is not None
        window.sweep.race.form.choose({"sgd": 0.06, "momentum": 0.01, "rmsprop": 0.05, "adam": 0.2})

    def start() -> bool:
        ready = window.actions_by_id["sweep_start"].isEnabled()
        window.actions_by_id["sweep_start"].trigger()
        return ready

    def show() -> None:
        assert window.sweep.race is not None
        window.sweep.race.show_view("ways")

    _one_after_another(window, (choose, start, show))


def inside(window: Window) -> None:
    """Adam's inside for one weight of the spiral's network, after five training steps."""
    from graph.model.edits import Compound, SetTraining

    def begin() -> None:
        adam = Compound((SetTraining("optimizer", "adam"), SetTraining("hyper", {"lr": 0.01})))
        window.document.do(adam, "Adam")

    def show() -> None:
        window.actions_by_id["inside"].trigger()

    def step() -> None:
        window.actions_by_id["train_step"].trigger()

    _one_after_another(window, (begin, show, *[step] * 5))


def _kernel(window: Window) -> Kernel:
    assert window.kernel is not None
    return window.kernel


def _one_after_another(window: Window, acts: Sequence[Callable[[], object]]) -> None:
    """Each act when the engine rests after the one before it, again while it returns False; after the last one the picture is taken."""
    from PySide6.QtCore import QTimer

    waiting, timer, rested = [*acts], QTimer(window), 0

    def look() -> None:
        nonlocal rested
        busy = _kernel(window).training or window.actions_by_id["sweep_stop"].isEnabled()
        rested = 0 if busy else rested + 1
        if rested > 12 and waiting:
            if waiting[0]() is not False:
                waiting.pop(0)
            rested = 0
        elif rested > 25:
            timer.stop()
            window.setProperty("done", True)

    timer.timeout.connect(look)
    timer.start(100)


SCENES: dict[str, tuple[str, Callable[[Window], None], int | None]] = {
    "window": ("xy-plus-z", scalar, 1_500),
    "regions": ("spiral", stage, 9_000),
    "responses": ("spiral", responses, 9_000),
    "results": ("digits-mlp", results, 10_000),
    "teach": ("tanh-mlp-2-4-2", teach, 9_000),
    "training": ("spiral", training, 3_500),
    "card": ("tanh-mlp-2-4-2", card, 4_000),
    "debugger": ("tanh-mlp-2-4-2", debugger, 4_500),
    "lesson": ("xy-plus-z", lesson, 4_000),
    "problems": ("digits-mlp", problems, 2_500),
    "gallery": ("xy-plus-z", gallery, 3_500),
    "palette": ("sigmoid-neuron", palette, 1_500),
    "runs": ("spiral", runs, None),
    "velocity": ("tanh-mlp-2-4-2", velocity, None),
    "saddle": ("saddle", saddle, None),
    "uniform-frame": ("saddle", uniform_frame, None),
    "surface": ("saddle", surface, None),
    "hessian": ("tanh-mlp-2-4-2", page("hessian"), None),
    "jacobian": ("tanh-mlp-2-4-2", page("jacobian"), None),
    "gauge": ("moons", gauge, None),
    "rates": ("least-squares", rates, None),
    "convex": ("least-squares", page("convex"), None),
    "noise": ("least-squares", page("show_noise"), None),
    "timeline": ("spiral", timeline, None),
    "compare": ("tanh-mlp-2-4-2", compare, None),
    "sweep": ("tanh-mlp-2-4-2", sweep, None),
    "race": ("spiral", race, None),
    "paths": ("saddle", paths, None),
    "inside": ("spiral", inside, None),
}
"""Name of the picture: the example, what is done, milliseconds until it is taken; None: when all is done."""


def shoot(scene: str, theme: str) -> None:
    """Open the window in this process and save one picture."""
    from PySide6.QtCore import QTimer

    import ui.shell.app
    from ui.look.theme import THEMES as themes

    example, act, wait = SCENES[scene]

    def opened(window: Window) -> None:
        timer, done = QTimer(window), QTimer(window)

        def prepare() -> None:
            if not window.furnished or window.trace is None or not window.trace.values:
                return
            timer.stop()
            window.resize(*MORE_SIZES.get(scene, SIZE))
            window.set_theme(themes[theme])
            QTimer.singleShot(700, begin)

        def begin() -> None:
            if wait is None:
                done.timeout.connect(lambda: take() if window.property("done") else None)
                done.start(100)
            else:
                QTimer.singleShot(wait, take)
            act(window)  # may open a dialog and return only when it closes

        def take() -> None:
            _save(window, ROOT / "docs" / f"{scene}-{theme}.png")
            os._exit(0)  # dialogs, unsaved changes and the engine all end here

        timer.timeout.connect(prepare)
        timer.start(50)

    ui.shell.app.run(ROOT / "resources" / "examples" / f"{example}.gradwire", opened)


def _save(window: Window, path: Path) -> None:
    """The window with any popup in front of it."""
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QApplication

    picture = window.grab()
    painter = QPainter(picture)
    for other in QApplication.topLevelWidgets():
        if other is not window and other.isVisible():
            painter.drawPixmap(other.mapToGlobal(QPoint(0, 0)) - window.mapToGlobal(QPoint(0, 0)), other.grab())
    painter.end()
    picture.save(str(path))


def main() -> None:
    if len(sys.argv) == 3:
        shoot(sys.argv[1], sys.argv[2])
        return
    for scene in SCENES:
        for theme in THEMES:
            with tempfile.TemporaryDirectory() as folder:
                more = {
                    "QT_QPA_PLATFORM": "offscreen", "XDG_DATA_HOME": folder, "PYTHONPATH": str(ROOT),
                    "GRADWIRE_SETTINGS": str(Path(folder) / "settings.ini"),
                }  # fmt: skip
                subprocess.run([sys.executable, __file__, scene, theme], env={**os.environ, **more}, check=True, timeout=120)
            print(f"docs/{scene}-{theme}.png")


if __name__ == "__main__":
    main()
