"""What every row of the action table does. One method a row, named like it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from graph.model.edits import MISSING, SetGraphSetting
from graph.model.search import search, signature
from graph.storage.document import SAVE_TRAINED
from ui.inspector.inspector import HELP
from ui.look.theme import THEMES
from ui.shell import formula_commands, palette
from ui.shell.canvas_commands import CanvasCommands
from ui.shell.gallery import Gallery
from ui.shell.search_box import Row
from ui.shell.workspace.action_spec import ActionContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.canvas.model.scene import PortHit
    from ui.shell.window import Window

ZOOM = 1.25
FORMULA = re.compile(r"[\w)\]}|]\s*[-+−*/^=(@·×⋅÷]\s*[\w({.√|-]|[|‖\\√½¼¾⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ]|^\s*\d[\d.,]*\s*[^\W\d]")
"""What makes a text in the search box look like a formula rather than a name."""
ABOUT = """Wire computational graphs, watch values run forward and gradients run backward, and train what you wired.

Numbers are computed by PyTorch. Type is set in Inter and STIX Two, both under the SIL Open Font License."""


class Commands(CanvasCommands):
    """Acts on a window; knows which of the actions make sense now."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._known: tuple[object, int, bool] = (None, 0, False)

    def situation(self) -> ActionContext:
        window, graph = self._window, self._window.document.graph
        history, kernel, canvas = window.document.history, window.kernel, window.canvas
        return ActionContext(
            nodes=len(graph.nodes),
            selected_nodes=len(canvas.selected_nodes()),
            selected=len(canvas.selection),
            movable=len(canvas.movable()),
            groups=sum(item in graph.groups for item in canvas.movable()) if graph.groups else 0,
            inside=canvas.navigation.inside is not None,
            undo=(history.undo_text or "last change") if history.can_undo else "",
            redo=(history.redo_text or "last change") if history.can_redo else "",
            events=len(window.playhead.events),
            training=kernel is not None and kernel.training,
            trained=kernel is not None and kernel.progress.step > 0,
            was_reset=kernel is not None and kernel.progress.before_reset > 0,
            trainable=self._learns() and window.trace is not None and window.trace.objective is not None,
            kernel=kernel is not None,
            read_only=bool(window.document.read_only),
            type_size=window.panels.sizes.of(),
            facts=frozenset(fact for feature in window.features.values() for fact in feature.facts()),
        )

    def _learns(self) -> bool:
        """Whether anything here has weights; asked at every tick of a slider, so looked up once a structure."""
        document = self._window.document
        if self._known[:2] != (document, document.structure):
            specs = (document.graph.spec(node) for node in document.graph.nodes.values())
            self._known = (document, document.structure, any(spec.parameters or spec.role == "parameter" for spec in specs))
        return self._known[2]

    def why_not_train(self) -> str:
        """Why the training button is off, in words."""
        window = self._window
        if window.kernel is None or window.trace is None:
            return "The engine is starting"
        if not self._learns():
            return "Nothing here can be trained: there is no Parameter and no layer with weights"
        return window.trace.objective_note or "Solve the problems first"

    # File

    def new(self) -> None:
        self._window.files.new()

    def open(self) -> None:
        self._window.files.ask_open()

    def examples(self) -> None:
        window = self._window
        gallery = Gallery(window.document.graph.catalog, window.theme, window)
        window.dialogs.wait_for(gallery)
        if gallery.chosen is not None:
            window.files.open_example(gallery.chosen.stem)
        gallery.deleteLater()

    def save(self) -> None:
        self._window.files.save()

    def save_as(self) -> None:
        self._window.files.save_as()

    def save_trained(self) -> None:
        """Let the document's file hold trained values, or no longer: a setting of the document, and undone like one."""
        document = self._window.document
        off = document.saves_training
        document.do(SetGraphSetting(SAVE_TRAINED, False if off else MISSING), "Leave out trained values" if off else "Save trained values")

    def export_code(self) -> None:
        self._window.files.export_code()

    def export_picture(self) -> None:
        self._window.files.export_picture()

    def copy_picture(self) -> None:
        self._window.files.copy_picture()

    def quit(self) -> None:
        self._window.close()

    # Edit

    def undo(self) -> None:
        if self._hands_free and self._window.document.history.can_undo:
            self._window.document.undo()

    def redo(self) -> None:
        if self._hands_free and self._window.document.history.can_redo:
            self._window.document.redo()

    def cut(self) -> None:
        if self._hands_free:
            self._window.canvas.cut()

    def copy(self) -> None:
        self._window.canvas.copy()

    def paste(self) -> None:
        if self._hands_free:
            self._window.canvas.paste()

    def duplicate(self) -> None:
        if self._hands_free:
            self._window.canvas.duplicate()

    def delete(self) -> None:
        if self._hands_free:
            self._window.canvas.delete_selection()

    def dissolve(self) -> None:
        if self._hands_free:
            self._window.canvas.dissolve_selection()

    def select_all(self) -> None:
        self._window.canvas.select_all()

    def add_node(self) -> None:
        if self._hands_free:
            self._window.canvas.request_add()

    def mark_objective(self) -> None:
        window = self._window
        node = window.canvas.selected_nodes()[0]
        outputs = window.document.graph.spec(node).outputs
        if outputs:
            name = window.document.graph.nodes[node].name
            window.canvas.do(SetGraphSetting("objective", {"node": node, "port": outputs[0].name}), f"Differentiate {name}")

    def commands(self) -> None:
        palette.ask(self._window)

    def connect(self) -> None:
        if self._hands_free:
            self._window.canvas.connect_by_keys()

    def activate(self) -> None:
        if self._hands_free:
            self._window.canvas.activate()

    # adding nodes

    def place(self, key: str) -> None:
        """A node in the middle of the canvas, from the library."""
        self._window.canvas.add_node(key, self._free_place())
        self._window.settings.used(key)
        self._window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _free_place(self) -> QPointF:
        """Near the middle of the view, below and to the right of what is there already."""
        canvas = self._window.canvas
        at = canvas.seen().center()
        cards = [canvas.scene.rect(item) for item in canvas.scene.ids]
        for _ in range(40):
            wanted = QRectF(at.x() - 64, at.y() - 14, 176, 112)
            if not any(card.intersects(wanted) for card in cards):
                break
            at += QPointF(32, 48)
        return at

    def ask_for_node(self, scene: QPointF, at: QPoint, port: PortHit | None) -> None:
        """The search box at the cursor; with a wire in hand, only what it can join."""
        window = self._window
        catalog, session = window.document.graph.catalog, window.settings

        def offer(text: str) -> Sequence[Row]:
            hits = search(catalog.values(), text, session.recent_types)
            rows: list[Row] = []
            for hit in hits[:60]:
                ports = _fitting(window, hit.spec.key, port) if port is not None else [""]
                for name in ports:
                    title = f"{hit.spec.title} · {name}" if name and len(ports) > 1 else hit.spec.title
                    act = self._adder(hit.spec.key, scene, port, name)
                    rows.append(Row(act, title, signature(hit.spec), hit.spec.category, formula=hit.spec.formula))
            if port is None and FORMULA.search(text):
                rows.append(Row(lambda: formula_commands.ask(window, scene, text), f"Formula  {text}", "lays out its graph", "math"))
            return rows

        window.search_box.ask(at, "Add a node, or type a formula", offer)

    def _adder(self, key: str, scene: QPointF, port: PortHit | None, name: str) -> Callable[[], None]:
        def add() -> None:
            self._window.canvas.add_node(key, scene, port, name or None)
            self._window.settings.used(key)

        return add

    def type_formula(self) -> None:
        formula_commands.ask(self._window, self._window.canvas.cursor_place())

    def ask_for_formula(self) -> None:
        """From the empty canvas: in the middle."""
        formula_commands.ask(self._window)

    def copy_formula(self) -> None:
        formula_commands.copy(self._window)

    def copy_whole_formula(self) -> None:
        formula_commands.copy_whole(self._window)

    def copy_latex(self) -> None:
        formula_commands.copy(self._window, as_latex=True)

    # View

    def theme_light(self) -> None:
        self._window.set_theme(THEMES["light"])

    def theme_dark(self) -> None:
        self._window.set_theme(THEMES["dark"])

    def theme_projector(self) -> None:
        self._window.set_theme(THEMES["projector"])

    def fit(self) -> None:
        self._window.canvas.fit_selection()

    def fit_all(self) -> None:
        self._window.canvas.fit_all()

    def zoom_100(self) -> None:
        self._window.canvas.zoom_100()

    def zoom_in(self) -> None:
        self._window.canvas.zoom_by(ZOOM)

    def zoom_out(self) -> None:
        self._window.canvas.zoom_by(1 / ZOOM)

    def type_larger(self) -> None:
        self._size_type(1)

    def type_smaller(self) -> None:
        self._size_type(-1)

    def type_normal(self) -> None:
        self._size_type(0)

    def _size_type(self, way: int) -> None:
        """A rung up or down; 0: everything back to normal."""
        window = self._window
        if way:
            window.panels.sizes.step(way)
        else:
            window.panels.reset_type()
        window.set_theme(window.theme)
        window.refresh_actions()
        window.say(f"Type at {window.panels.sizes.of():.0%}")

    def panel_library(self) -> None:
        self._window.panels.toggle("library")

    def panel_outline(self) -> None:
        self._window.panels.toggle("outline")

    def panel_inspector(self) -> None:
        self._window.panels.toggle("inspector")

    def panel_bottom(self) -> None:
        self._window.panels.toggle("bottom")

    def next_panel(self) -> None:
        self._window.panels.turn(1)

    def previous_panel(self) -> None:
        self._window.panels.turn(-1)

    def reduced_motion(self) -> None:
        window = self._window
        window.playhead.reduced_motion = not window.playhead.reduced_motion
        window.settings.set("reduced_motion", window.playhead.reduced_motion)

    def full_screen(self) -> None:
        """Turn it on or off; a window that was maximized is maximized again."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    # Run

    def play_forward(self) -> None:
        self._window.playhead.play_forward()

    def play_backward(self) -> None:
        self._window.playhead.play_backward()

    def next_step(self) -> None:
        self._window.playhead.step()

    def previous_step(self) -> None:
        self._window.playhead.step_back()

    def show_all(self) -> None:
        self._window.playhead.reset()

    def train(self) -> None:
        kernel = self._window.kernel
        if kernel is None:
            return
        if kernel.training:
            kernel.pause()
        else:
            self._window.playhead.reset()
            kernel.start()
        self._window.refresh_actions()

    def train_step(self) -> None:
        if self._window.kernel is not None:
            self._window.playhead.reset()
            self._window.kernel.step_once()

    def train_reset(self) -> None:
        if self._window.kernel is not None:
            self._window.kernel.reset()

    def train_unreset(self) -> None:
        if self._window.kernel is not None:
            self._window.kernel.take_back_reset()

    def keep_values(self) -> None:
        if self._window.kernel is not None:
            self._window.kernel.keep_values(self._keep)

    def _keep(self, refusal: str) -> None:
        self._window.say(refusal or "The trained values are part of the graph now.")

    def probe_value(self) -> None:
        self._window.pin_probe("value")

    def probe_gradient(self) -> None:
        self._window.pin_probe("gradient")

    # Help

    def node_help(self) -> None:
        self._window.inspector_dock.show()
        self._window.inspector.tabs.setCurrentIndex(HELP)

    def shortcuts(self) -> None:
        window = self._window
        window.dialogs.shortcuts(window.keys, window.keys_changed)

    def about(self) -> None:
        self._window.dialogs.about(ABOUT)


def _fitting(window: Window, key: str, port: PortHit) -> list[str]:
    from ui.canvas.input.commands import fits

    return fits(window.document.graph, key, port)
