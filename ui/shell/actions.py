"""Everything a person can do by menu, key or command palette: one table, from which all of those are made.

`scope` is where a shortcut is heard: `window` anywhere in the window, `canvas` only while the canvas has the focus, so
that no single-letter key fires while someone types.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from ui.debugger.rows import ROWS as DEBUGGER
from ui.explain.rows import ROWS as EXPLAIN
from ui.lessons.rows import ROWS as LESSONS
from ui.look.typing import commit_typing
from ui.predict.rows import ROWS as PREDICT
from ui.presenter.rows import ROWS as PRESENTER
from ui.shell.workspace.action_spec import (
    ActionContext,
    ActionSpec,
    chosen,
    copyable,
    editable,
    groupable,
    grouped,
    inside,
    keepable,
    larger,
    movable,
    node_chosen,
    node_selection,
    nodes,
    one_movable,
    one_node,
    playable,
    redoable,
    resettable,
    selection,
    several,
    smaller,
    three,
    trainable,
    undoable,
    was_reset,
    wires,
)
from ui.unfold.rows import ROWS as UNFOLD

if TYPE_CHECKING:
    from ui.shell.window import Window

A = ActionSpec
WINDOW: tuple[ActionSpec, ...] = (
    A("new", "New", "File", ("Ctrl+N",), tip="Start an empty graph"),
    A("open", "Open …", "File", ("Ctrl+O",), tip="Open a graph from a file"),
    A("examples", "Examples …", "File", ("Ctrl+Shift+O",), tip="Open one of the graphs that come with Gradwire"),
    A("save", "Save", "File", ("Ctrl+S",), enabled=editable, tip="Save the graph to its file", before=True),
    A("save_as", "Save as …", "File", ("Ctrl+Shift+S",), tip="Save the graph to another file"),
    A("save_trained", "Save trained values", "File", enabled=editable, check="toggle",
      tip="Whether this graph's file also holds what training made of its values; Reset returns to the graph's own values either way",
      search=("weights", "state", "checkpoint")),
    A("export_code", "Export PyTorch code …", "File", ("Ctrl+E",), enabled=nodes, tip="Write the graph as readable PyTorch", before=True),
    A("export_picture", "Export picture …", "File", ("Ctrl+Shift+E",), enabled=nodes, tip="Write the graph as a PNG, SVG or PDF picture"),
    A("copy_picture", "Copy picture", "File", enabled=nodes, tip="Put a picture of the graph on the clipboard"),
    A("quit", "Quit", "File", ("Ctrl+Q",), tip="Close the window", before=True),
    A("undo", "Undo", "Edit", ("Ctrl+Z",), enabled=undoable, tip="Take back the last change"),
    A("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), enabled=redoable, tip="Do again what was taken back"),
    A("cut", "Cut", "Edit", ("Ctrl+X",), "canvas", movable, "Move the selection to the clipboard", before=True),
    A("copy", "Copy", "Edit", ("Ctrl+C",), "canvas", copyable, "Copy the selection as text"),
    A("copy_formula", "Copy as formula", "Edit", ("Ctrl+Shift+C",), "canvas", nodes, "Copy the selection as a formula to type again"),
    A("copy_whole_formula", "Copy the whole formula", "Edit", (), "canvas", node_chosen,
      "Copy the selected node, with everything it is computed from, as a formula", search=("inputs", "upstream", "expression")),
    A("copy_latex", "Copy as LaTeX", "Edit", (), "canvas", nodes, "Copy the selection as LaTeX"),
    A("paste", "Paste", "Edit", ("Ctrl+V",), "canvas", editable, "Paste nodes at the cursor"),
    A("duplicate", "Duplicate", "Edit", ("Ctrl+D",), "canvas", movable, "Copy the selection next to itself"),
    A("delete", "Delete", "Edit", ("Delete", "Backspace"), "canvas", selection, "Delete the selection"),
    A("dissolve", "Dissolve", "Edit", ("Ctrl+Delete",), "canvas", node_selection, "Delete a node and join its wires"),
    A("select_all", "Select all", "Edit", ("Ctrl+A",), "canvas", nodes, "Select every node"),
    A("add_node", "Add node …", "Edit", ("Tab",), "canvas", editable, "Search the node library at the cursor", before=True),
    A("type_formula", "Type a formula …", "Edit", ("=",), "canvas", editable, "Build the graph of a formula at the cursor"),
    A("rename", "Rename", "Edit", ("F2",), "canvas", one_movable, "Give a node another name, a frame a title, a note a text"),
    A("retitle", "Edit title", "Edit", ("Shift+F2",), "canvas", one_node, "Change the words in the title bar of a node",
      search=("label", "caption", "title")),
    A("mark_objective", "Differentiate this node", "Edit", (), "canvas", one_node, "Take all gradients of the selected node's value"),
    A("connect", "Connect by keys", "Edit", ("P",), "canvas", one_movable, "Draw a wire: arrows choose the input, Enter connects"),
    A("activate", "Edit the selection", "Edit", ("Return", "Enter"), "canvas", chosen, "To the node in the inspector, or into the group"),
    A("group", "Group", "Edit", ("Ctrl+G",), "canvas", groupable, "Put the selection behind one card", before=True),
    A("ungroup", "Ungroup", "Edit", ("Ctrl+Shift+G",), "canvas", grouped, "Dissolve the selected groups"),
    A("leave_group", "Go out of the group", "Edit", ("Alt+Up",), "canvas", inside, "Show what lies around this group; Esc does it too"),
    A("layout", "Arrange", "Edit", ("L",), "canvas", nodes, "Lay out the selection, or everything, from left to right"),
    A("align_top", "Align tops", "Edit/Align", ("Shift+W",), "canvas", several, "Bring the upper edges onto one line"),
    A("align_left", "Align left sides", "Edit/Align", ("Shift+A",), "canvas", several, "Bring the left edges onto one line"),
    A("align_bottom", "Align bottoms", "Edit/Align", ("Shift+S",), "canvas", several, "Bring the lower edges onto one line"),
    A("align_right", "Align right sides", "Edit/Align", ("Shift+D",), "canvas", several, "Bring the right edges onto one line"),
    A("align_center", "Align horizontal centres", "Edit/Align", (), "canvas", several, "Put the centres above one another",
      search=("centre", "center", "middle")),
    A("align_middle", "Align vertical centres", "Edit/Align", (), "canvas", several, "Put the centres side by side on one line",
      search=("centre", "center", "middle")),
    A("distribute_x", "Distribute horizontally", "Edit/Align", (), "canvas", three, "Make the gaps from left to right equal; the ends stay",
      before=True, search=("space", "spread", "evenly")),
    A("distribute_y", "Distribute vertically", "Edit/Align", (), "canvas", three, "Make the gaps from top to bottom equal; the ends stay",
      search=("space", "spread", "evenly")),
    A("frame", "Frame the selection", "Edit", ("C",), "canvas", editable, "Put a titled frame behind the selection", before=True),
    A("recolour", "Next frame colour", "Edit", (), "canvas", movable, "Give the selected frames another colour"),
    A("note", "Add note", "Edit", ("N",), "canvas", editable, "Write on the canvas: Markdown and formulas"),
    A("collapse", "Fold card", "Edit", ("H",), "canvas", node_selection, "Show only the titles of the selected nodes, or all of them"),
    A("bypass", "Bypass", "Edit", ("M",), "canvas", node_selection, "Pass the selected nodes over: what comes in goes out unchanged"),
    A("freeze", "Freeze parameters", "Edit", (), "canvas", node_selection, "Training leaves the selected nodes alone, or no longer"),
    A("find", "Find …", "Edit", ("Ctrl+F",), enabled=nodes, tip="Ring what matches on the canvas, and go there", before=True),
    A("commands", "All commands …", "Edit", ("Ctrl+Shift+P",), tip="Find any command by its name"),
    A("theme_light", "Light", "View/Theme", check="theme", tip="The paper theme"),
    A("theme_dark", "Dark", "View/Theme", check="theme", tip="The dark theme"),
    A("theme_projector", "Projector", "View/Theme", check="theme", tip="Large type and thick wires, for the last row"),
    A("fit", "Fit selection", "View", ("F",), "canvas", nodes, "Show the selection, or everything", before=True),
    A("fit_all", "Fit all", "View", ("Home",), "canvas", nodes, "Show the whole graph"),
    A("zoom_100", "Actual size", "View", ("Ctrl+0",), tip="Zoom to 100 %"),
    A("zoom_in", "Zoom in", "View", ("Ctrl++", "Ctrl+=", "+"), "canvas", tip="Make everything larger"),
    A("zoom_out", "Zoom out", "View", ("Ctrl+-", "-"), "canvas", tip="Make everything smaller"),
    A("type_larger", "Larger type", "View/Type size", ("Ctrl+Shift+PgUp",), enabled=larger,
      tip="Larger type everywhere, up to 300 %", search=("font", "scale", "zoom")),
    A("type_smaller", "Smaller type", "View/Type size", ("Ctrl+Shift+PgDown",), enabled=smaller,
      tip="Smaller type everywhere, down to 75 %", search=("font", "scale", "zoom")),
    A("type_normal", "Normal type size", "View/Type size", ("Ctrl+Shift+Home",), tip="All type at 100 %, in every panel",
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
    A("play_forward", "Play forward", "Run", (), enabled=playable, tip="Watch the values run from the inputs to the result"),
    A("play_backward", "Play backward", "Run", (), enabled=playable, tip="Watch the gradients run from the result to the inputs"),
    A("next_step", "Next node", "Run", (".", "PgDown"), "canvas", playable, "Play one node"),
    A("previous_step", "Back one node", "Run", (",", "PgUp"), "canvas", playable, "Step back one node"),
    A("show_all", "Show all numbers", "Run", (), enabled=playable, tip="End playback and show every value and gradient"),
    A("train", "Train", "Run", ("F5",), enabled=trainable, tip="Start or pause training", before=True),
    A("train_step", "One training step", "Run", ("F9",), enabled=trainable, tip="Forward, backward and one update of the weights"),
    A("train_reset", "Reset training", "Run", ("Shift+F5",), enabled=resettable, tip="Stop, and return to the weights of the document"),
    A("train_unreset", "Take back Reset", "Run", (), enabled=was_reset, tip="Return to the trained values from before the last Reset"),
    A("keep_values", "Keep trained values", "Run", (), enabled=keepable, tip="Write the trained weights into the document"),
    A("probe_value", "Probe value", "Run", ("F8",), enabled=wires, tip="Follow the selected wire's value over training", before=True),
    A("probe_gradient", "Probe gradient", "Run", ("Shift+F8",), enabled=wires, tip="Follow the selected wire's gradient"),
    A("node_help", "About this node", "Help", ("F1",), enabled=copyable, tip="What the selected node does, and its gradients"),
    A("shortcuts", "Keyboard shortcuts …", "Help", ("Ctrl+/",), tip="Look up all keys, and choose others", search=("keys", "rebind")),
    A("about", "About Gradwire", "Help", tip="Version and licences"),
)  # fmt: skip
_RUN = next(i for i, spec in enumerate(WINDOW) if spec.menu == "Help")
ACTIONS: tuple[ActionSpec, ...] = (
    *WINDOW[:_RUN], *DEBUGGER, *UNFOLD, *EXPLAIN, *PREDICT, *LESSONS, *PRESENTER, *WINDOW[_RUN:],
)  # fmt: skip
MENUS = ("File", "Edit", "View", "Run", "Learn", "Help")
ASKING = frozenset((
    "new", "open", "examples", "save", "save_as", "export_code", "export_picture", "quit", "lessons", "export_score",
))  # fmt: skip
"""Rows that may open a dialog and wait for it: they run when the event that asked for them is over (`ui.shell.workspace.later`)."""
BY_ID: dict[str, ActionSpec] = {spec.id: spec for spec in ACTIONS}


def build(window: Window, canvas: QWidget, commands: object) -> dict[str, QAction]:
    """One `QAction` for every row, calling the method of `commands` that bears its id. Keys come later, from `ui.shell.shortcuts`."""
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
        action.triggered.connect(functools.partial(_begin, window))
        action.triggered.connect(commit_typing)
        act = functools.partial(_run, window, spec.run) if spec.run else getattr(commands, spec.id)
        action.triggered.connect((lambda _=False, act=act: window.later(act)) if spec.id in ASKING else act)
        made[spec.id] = action
    return made


def _begin(window: Window, *_: object) -> None:
    """Another action begins: what the status line says about the last one is over."""
    window.status.clear()


def _run(window: QWidget, path: str, *_: object) -> None:
    """What a row's `run` names, looked up when it is needed: the tools behind it load then."""
    found: Any = window
    for name in path.split("."):
        found = getattr(found, name)
    found()


def refresh(actions: dict[str, QAction], situation: ActionContext) -> None:
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
