"""Everything a person can do by menu, key or command palette: one table, from which all of those are made.

`scope` is where a shortcut is heard: `window` anywhere in the window, `canvas` only while the canvas has the focus, so
that no single-letter key fires while someone types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

Scope = Literal["window", "canvas"]
LADDER = (0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""The type sizes that View offers."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether an action can be used now."""

    nodes: int = 0
    selected_nodes: int = 0
    selected: int = 0
    movable: int = 0
    """Selected nodes, groups, frames and notes: what has a place of its own."""
    groups: int = 0
    """Selected groups."""
    inside: bool = False
    """Whether one has gone into a group."""
    undo: str = ""
    redo: str = ""
    events: int = 0
    training: bool = False
    trained: bool = False
    trainable: bool = False
    kernel: bool = False
    read_only: bool = False
    type_size: float = 1.0


Rule = Callable[[Situation], bool]


def _always(_: Situation) -> bool:
    return True


def _editable(s: Situation) -> bool:
    return not s.read_only


def _selection(s: Situation) -> bool:
    return s.selected > 0 and not s.read_only


def _node_selection(s: Situation) -> bool:
    return s.selected_nodes > 0 and not s.read_only


def _movable(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) > 0 and not s.read_only


def _one_movable(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) == 1 and not s.read_only


def _several(s: Situation) -> bool:
    return s.movable > 1 and not s.read_only


def _one_node(s: Situation) -> bool:
    return s.selected_nodes == 1 and not s.read_only


def _copyable(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) > 0


def _wires(s: Situation) -> bool:
    return s.selected > s.selected_nodes and not s.read_only


def _nodes(s: Situation) -> bool:
    return s.nodes > 0


def _chosen(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) == 1


def _groupable(s: Situation) -> bool:
    return s.selected_nodes + s.groups > 0 and not s.read_only


def _grouped(s: Situation) -> bool:
    return s.groups > 0 and not s.read_only


def _inside(s: Situation) -> bool:
    return s.inside


def _larger(s: Situation) -> bool:
    return s.type_size < LADDER[-1]


def _smaller(s: Situation) -> bool:
    return s.type_size > LADDER[0]


def _undoable(s: Situation) -> bool:
    return bool(s.undo) and not s.read_only


def _redoable(s: Situation) -> bool:
    return bool(s.redo) and not s.read_only


def _playable(s: Situation) -> bool:
    return s.events > 0 and not s.training


def _trainable(s: Situation) -> bool:
    return s.kernel and (s.training or s.trainable)


def _resettable(s: Situation) -> bool:
    return s.kernel and (s.training or s.trained)


def _keepable(s: Situation) -> bool:
    return s.kernel and s.trained and not s.read_only


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table. `menu` is a path such as `View/Theme`; `before` draws a separator above it.

    `check` names a group of exclusive choices, or is `toggle` for one that stands alone. `search` are other words for it.
    """

    id: str
    text: str
    menu: str
    shortcuts: tuple[str, ...] = ()
    scope: Scope = "window"
    enabled: Rule = _always
    tip: str = ""
    check: str = ""
    before: bool = False
    search: tuple[str, ...] = ()


A = ActionSpec
ACTIONS: tuple[ActionSpec, ...] = (
    A("new", "New", "File", ("Ctrl+N",), tip="Start an empty graph"),
    A("open", "Open …", "File", ("Ctrl+O",), tip="Open a graph from a file"),
    A("examples", "Examples …", "File", ("Ctrl+Shift+O",), tip="Open one of the graphs that come with Gradwire"),
    A("save", "Save", "File", ("Ctrl+S",), enabled=_editable, tip="Save the graph to its file", before=True),
    A("save_as", "Save as …", "File", ("Ctrl+Shift+S",), tip="Save the graph to another file"),
    A("export_code", "Export PyTorch code …", "File", ("Ctrl+E",), enabled=_nodes, tip="Write the graph as readable PyTorch", before=True),
    A("export_picture", "Export picture …", "File", ("Ctrl+Shift+E",), enabled=_nodes, tip="Write the graph as a PNG or SVG picture"),
    A("copy_picture", "Copy picture", "File", enabled=_nodes, tip="Put a picture of the graph on the clipboard"),
    A("quit", "Quit", "File", ("Ctrl+Q",), tip="Close the window", before=True),
    A("undo", "Undo", "Edit", ("Ctrl+Z",), enabled=_undoable, tip="Take back the last change"),
    A("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), enabled=_redoable, tip="Do again what was taken back"),
    A("cut", "Cut", "Edit", ("Ctrl+X",), "canvas", _movable, "Move the selection to the clipboard", before=True),
    A("copy", "Copy", "Edit", ("Ctrl+C",), "canvas", _copyable, "Copy the selection as text"),
    A("copy_formula", "Copy as formula", "Edit", ("Ctrl+Alt+C",), "canvas", _nodes, "Copy the selection as a formula to type again"),
    A("copy_latex", "Copy as LaTeX", "Edit", (), "canvas", _nodes, "Copy the selection as LaTeX"),
    A("paste", "Paste", "Edit", ("Ctrl+V",), "canvas", _editable, "Paste nodes at the cursor"),
    A("duplicate", "Duplicate", "Edit", ("Ctrl+D",), "canvas", _movable, "Copy the selection next to itself"),
    A("delete", "Delete", "Edit", ("Delete", "Backspace"), "canvas", _selection, "Delete the selection"),
    A("dissolve", "Dissolve", "Edit", ("Ctrl+Delete",), "canvas", _node_selection, "Delete a node and join its wires"),
    A("select_all", "Select all", "Edit", ("Ctrl+A",), "canvas", _nodes, "Select every node"),
    A("add_node", "Add node …", "Edit", ("Tab",), "canvas", _editable, "Search the node library at the cursor", before=True),
    A("type_formula", "Type a formula …", "Edit", ("=",), "canvas", _editable, "Build the graph of a formula at the cursor"),
    A("rename", "Rename", "Edit", ("F2",), "canvas", _one_movable, "Give a node another name, a frame a title, a note a text"),
    A("mark_objective", "Differentiate this node", "Edit", (), "canvas", _one_node, "Take all gradients of the selected node's value"),
    A("connect", "Connect by keys", "Edit", ("P",), "canvas", _one_movable, "Draw a wire: arrows choose the input, Enter connects"),
    A("activate", "Edit the selection", "Edit", ("Return", "Enter"), "canvas", _chosen, "To the node in the inspector, or into the group"),
    A("group", "Group", "Edit", ("Ctrl+G",), "canvas", _groupable, "Put the selection behind one card", before=True),
    A("ungroup", "Ungroup", "Edit", ("Ctrl+Shift+G",), "canvas", _grouped, "Dissolve the selected groups"),
    A("leave_group", "Go out of the group", "Edit", ("Alt+Up",), "canvas", _inside, "Show what lies around this group; Esc does it too"),
    A("layout", "Arrange", "Edit", ("L",), "canvas", _nodes, "Lay out the selection, or everything, from left to right"),
    A("align_top", "Align tops", "Edit/Align", ("Shift+W",), "canvas", _several, "Bring the upper edges onto one line"),
    A("align_left", "Align left sides", "Edit/Align", ("Shift+A",), "canvas", _several, "Bring the left edges onto one line"),
    A("align_bottom", "Align bottoms", "Edit/Align", ("Shift+S",), "canvas", _several, "Bring the lower edges onto one line"),
    A("align_right", "Align right sides", "Edit/Align", ("Shift+D",), "canvas", _several, "Bring the right edges onto one line"),
    A("frame", "Frame the selection", "Edit", ("C",), "canvas", _editable, "Put a titled frame behind the selection", before=True),
    A("note", "Add note", "Edit", ("N",), "canvas", _editable, "Write on the canvas: Markdown and formulas"),
    A("collapse", "Fold card", "Edit", ("H",), "canvas", _node_selection, "Show only the titles of the selected nodes, or all of them"),
    A("bypass", "Bypass", "Edit", ("M",), "canvas", _node_selection, "Pass the selected nodes over: what comes in goes out unchanged"),
    A("freeze", "Freeze parameters", "Edit", (), "canvas", _node_selection, "Training leaves the selected nodes alone, or no longer"),
    A("find", "Find …", "Edit", ("Ctrl+F",), enabled=_nodes, tip="Ring what matches on the canvas, and go there", before=True),
    A("commands", "All commands …", "Edit", ("Ctrl+Shift+P",), tip="Find any command by its name"),
    A("theme_light", "Light", "View/Theme", check="theme", tip="The paper theme"),
    A("theme_dark", "Dark", "View/Theme", check="theme", tip="The dark theme"),
    A("theme_projector", "Projector", "View/Theme", check="theme", tip="Large type and thick wires, for the last row"),
    A("fit", "Fit selection", "View", ("F",), "canvas", _nodes, "Show the selection, or everything", before=True),
    A("fit_all", "Fit all", "View", ("Home",), "canvas", _nodes, "Show the whole graph"),
    A("zoom_100", "Actual size", "View", ("Ctrl+0",), tip="Zoom to 100 %"),
    A("zoom_in", "Zoom in", "View", ("Ctrl++", "Ctrl+=", "+"), "canvas", tip="Make everything larger"),
    A("zoom_out", "Zoom out", "View", ("Ctrl+-", "-"), "canvas", tip="Make everything smaller"),
    A("type_larger", "Larger type", "View/Type size", ("Ctrl+Alt+=", "Ctrl+Alt++"), enabled=_larger,
      tip="Larger type everywhere, up to 300 %", search=("font", "scale", "zoom")),
    A("type_smaller", "Smaller type", "View/Type size", ("Ctrl+Alt+-",), enabled=_smaller, tip="Smaller type everywhere, down to 75 %",
      search=("font", "scale", "zoom")),
    A("type_normal", "Normal type size", "View/Type size", ("Ctrl+Alt+0",), tip="All type at 100 %, in every panel",
      search=("font", "reset")),
    A("panel_library", "Node library", "View", check="toggle", tip="Show or hide the node library", before=True),
    A("panel_outline", "Outline", "View", ("Ctrl+Shift+L",), check="toggle", tip="Show or hide the graph as a list of nodes and wires",
      search=("tree", "list")),
    A("panel_inspector", "Inspector", "View", check="toggle", tip="Show or hide the inspector"),
    A("panel_bottom", "Training, data and problems", "View", check="toggle", tip="Show or hide the bottom panel"),
    A("next_panel", "Next panel", "View", ("F6",), tip="Move the focus to the next panel"),
    A("previous_panel", "Previous panel", "View", ("Shift+F6",), tip="Move the focus to the previous panel"),
    A("reduced_motion", "Reduced motion", "View", check="toggle", tip="Numbers appear in order, but nothing travels", before=True),
    A("full_screen", "Full screen", "View", ("F11",), check="toggle", tip="Fill the screen"),
    A("play_forward", "Play forward", "Run", (), enabled=_playable, tip="Watch the values run from the inputs to the result"),
    A("play_backward", "Play backward", "Run", (), enabled=_playable, tip="Watch the gradients run from the result to the inputs"),
    A("next_step", "Next step", "Run", (".", "PgDown"), "canvas", _playable, "Play one node"),
    A("previous_step", "Step back", "Run", (",", "PgUp"), "canvas", _playable, "Take back one node"),
    A("show_all", "Show all numbers", "Run", (), enabled=_playable, tip="End playback and show every value and gradient"),
    A("train", "Train", "Run", ("F5",), enabled=_trainable, tip="Start or pause training", before=True),
    A("train_step", "One training step", "Run", ("F9",), enabled=_trainable, tip="Forward, backward and one update of the weights"),
    A("train_reset", "Reset training", "Run", ("Shift+F5",), enabled=_resettable, tip="Stop, and return to the weights of the document"),
    A("keep_values", "Keep trained values", "Run", (), enabled=_keepable, tip="Write the trained weights into the document"),
    A("probe_value", "Probe value", "Run", ("F8",), enabled=_wires, tip="Follow the selected wire's value over training", before=True),
    A("probe_gradient", "Probe gradient", "Run", ("Shift+F8",), enabled=_wires, tip="Follow the selected wire's gradient"),
    A("node_help", "About this node", "Help", ("F1",), enabled=_copyable, tip="What the selected node does, and its gradients"),
    A("shortcuts", "Keyboard shortcuts …", "Help", ("Ctrl+/",), tip="Look up all keys, and choose others", search=("keys", "rebind")),
    A("about", "About Gradwire", "Help", tip="Version and licences"),
)  # fmt: skip
MENUS = ("File", "Edit", "View", "Run", "Help")
BY_ID: dict[str, ActionSpec] = {spec.id: spec for spec in ACTIONS}


def build(window: QWidget, canvas: QWidget, commands: object) -> dict[str, QAction]:
    """One `QAction` for every row, calling the method of `commands` that bears its id. Keys come later, from `ui.shortcuts`."""
    groups: dict[str, QActionGroup] = {}
    made: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setObjectName(spec.id)
        action.setToolTip(spec.tip)
        action.setStatusTip("")
        if spec.check:
            action.setCheckable(True)
            if spec.check != "toggle":
                group = groups.setdefault(spec.check, QActionGroup(window))
                group.addAction(action)
        if spec.scope == "canvas":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            canvas.addAction(action)
        else:
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            window.addAction(action)
        action.triggered.connect(getattr(commands, spec.id))
        made[spec.id] = action
    return made


def refresh(actions: dict[str, QAction], situation: Situation) -> None:
    """Enable what can be used now; undo and redo say what they would do."""
    for spec in ACTIONS:
        actions[spec.id].setEnabled(spec.enabled(situation))
    actions["undo"].setText(f"Undo {situation.undo}".strip())
    actions["redo"].setText(f"Redo {situation.redo}".strip())
    actions["train"].setText("Pause training" if situation.training else "Train")


def hint(text: str, action: QAction) -> str:
    """A tool tip that ends with the key that does the same."""
    key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text}  ({key})" if key else text
