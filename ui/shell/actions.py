"""Everything a person can do by menu, key or command palette: one table, from which all of those are made.

`scope` is where a shortcut is heard: `window` anywhere in the window, `canvas` only while the canvas has the focus, so
that no single-letter key fires while someone types.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QWidget

from ui.look.typing import commit_typing
from ui.shell import registry
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
)

if TYPE_CHECKING:
    from ui.shell.window import Window

A = ActionSpec
WINDOW: tuple[ActionSpec, ...] = (
    A("new", "New", "File", ("Ctrl+N",), tip="Start an empty graph", asks=True),
    A("open", "Open …", "File", ("Ctrl+O",), tip="Open a graph from a file", asks=True),
    A("examples", "Examples …", "File", ("Ctrl+Shift+O",), tip="Open one of the graphs that come with Gradwire", asks=True),
    A("save", "Save", "File", ("Ctrl+S",), enabled=editable, tip="Save the graph to its file", before=True, asks=True),
    A("save_as", "Save as …", "File", ("Ctrl+Shift+S",), tip="Save the graph to another file", asks=True),
    A("save_trained", "Save trained values", "File", enabled=editable, check="toggle",
      tip="Whether this graph's file also holds what training made of its values; Reset returns to the graph's own values either way",
      search=("weights", "state", "checkpoint")),
    A("export_code", "Export PyTorch code …", "File", ("Ctrl+E",), enabled=nodes, tip="Write the graph as readable PyTorch", before=True,
      asks=True),
    A("export_picture", "Export picture …", "File", ("Ctrl+Shift+E",), enabled=nodes, tip="Write the graph as a PNG, SVG or PDF picture",
      asks=True),
    A("copy_picture", "Copy picture", "File", enabled=nodes, tip="Put a picture of the graph on the clipboard"),
    A("quit", "Quit", "File", ("Ctrl+Q",), tip="Close the window", before=True, asks=True),
    A("undo", "Undo", "Edit", ("Ctrl+Z",), enabled=undoable, tip="Take back the last change"),
    A("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), enabled=redoable, tip="Do again what was taken back"),
    A("cut", "Cut", "Edit", ("Ctrl+X",), "canvas", movable, "Move the selection to the clipboard", before=True, context=200),
    A("copy", "Copy", "Edit", ("Ctrl+C",), "canvas", copyable, "Copy the selection as text", context=210),
    A("copy_formula", "Copy as formula", "Edit", ("Ctrl+Shift+C",), "canvas", nodes, "Copy the selection as a formula to type again",
      context=220),
    A("copy_whole_formula", "Copy the whole formula", "Edit", (), "canvas", node_chosen,
      "Copy the selected node, with everything it is computed from, as a formula", search=("inputs", "upstream", "expression")),
    A("copy_latex", "Copy as LaTeX", "Edit", (), "canvas", nodes, "Copy the selection as LaTeX"),
    A("paste", "Paste", "Edit", ("Ctrl+V",), "canvas", editable, "Paste nodes at the cursor", context=230),
    A("duplicate", "Duplicate", "Edit", ("Ctrl+D",), "canvas", movable, "Copy the selection next to itself", context=240),
    A("delete", "Delete", "Edit", ("Delete", "Backspace"), "canvas", selection, "Delete the selection", context=250),
    A("dissolve", "Dissolve", "Edit", ("Ctrl+Delete",), "canvas", node_selection, "Delete a node and join its wires", context=260),
    A("select_all", "Select all", "Edit", ("Ctrl+A",), "canvas", nodes, "Select every node"),
    A("add_node", "Add node …", "Edit", ("Tab",), "canvas", editable, "Search the node library at the cursor", before=True),
    A("type_formula", "Type a formula …", "Edit", ("=",), "canvas", editable, "Build the graph of a formula at the cursor"),
    A("rename", "Rename", "Edit", ("F2",), "canvas", one_movable, "Give a node another name, a frame a title, a note a text", context=350),
    A("retitle", "Edit title", "Edit", ("Shift+F2",), "canvas", one_node, "Change the words in the title bar of a node",
      search=("label", "caption", "title")),
    A("mark_objective", "Differentiate this node", "Edit", (), "canvas", one_node, "Take all gradients of the selected node's value",
      context=360),
    A("connect", "Connect by keys", "Edit", ("P",), "canvas", one_movable, "Draw a wire: arrows choose the input, Enter connects"),
    A("activate", "Edit the selection", "Edit", ("Return", "Enter"), "canvas", chosen, "To the node in the inspector, or into the group"),
    A("group", "Group", "Edit", ("Ctrl+G",), "canvas", groupable, "Put the selection behind one card", before=True, context=300),
    A("ungroup", "Ungroup", "Edit", ("Ctrl+Shift+G",), "canvas", grouped, "Dissolve the selected groups", context=310),
    A("leave_group", "Go out of the group", "Edit", ("Alt+Up",), "canvas", inside, "Show what lies around this group; Esc does it too"),
    A("layout", "Arrange", "Edit", ("L",), "canvas", nodes, "Lay out the selection, or everything, from left to right", context=400),
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
    A("fit", "Fit selection", "View", ("F",), "canvas", nodes, "Show the selection, or everything", before=True, context=410),
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
    A("node_help", "About this node", "Help", ("F1",), enabled=copyable, tip="What the selected node does, and its gradients"),
    A("shortcuts", "Keyboard shortcuts …", "Help", ("Ctrl+/",), tip="Look up all keys, and choose others", search=("keys", "rebind")),
    A("about", "About Gradwire", "Help", tip="Version and licences"),
)  # fmt: skip
MENUS = ("File", "Edit", "View", "Run", "Learn", "Help")


def _panel_rows() -> tuple[ActionSpec, ...]:
    """Every dock can be shown and hidden."""
    docks = [spec for spec in registry.panel_specs().values() if spec.place in ("left", "right", "below")]
    return tuple(
        A(f"panel_{spec.key}", spec.title, "View", spec.shortcuts, check="toggle", tip=spec.tip, search=spec.search,
          before=spec is docks[0], run=f"{spec.key}.toggle")  # fmt: skip
        for spec in docks
    )


def _table() -> tuple[ActionSpec, ...]:
    """The window's rows, and among them what panels and features declare."""
    at = {spec.id: place for place, spec in enumerate(WINDOW)}
    panels, learn = at["next_panel"], at["node_help"]
    return (*WINDOW[:panels], *_panel_rows(), *WINDOW[panels:learn], *registry.rows(), *WINDOW[learn:])


ACTIONS: tuple[ActionSpec, ...] = _table()
BY_ID: dict[str, ActionSpec] = {spec.id: spec for spec in ACTIONS}


def build(window: Window, canvas: QWidget) -> dict[str, QAction]:
    """One `QAction` for every row. Keys come later, from `ui.shell.shortcuts`."""
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
        act = functools.partial(_run, window, spec)
        action.triggered.connect(functools.partial(_later, window, act) if spec.asks else act)
        made[spec.id] = action
    return made


def _begin(window: Window, *_: object) -> None:
    """Another action begins: what the status line says about the last one is over."""
    window.status.clear()


def _later(window: Window, act: Callable[[], None], *_: object) -> None:
    window.later(act)


def _run(window: Window, spec: ActionSpec, *_: object) -> None:
    """What a row does. Features and panels are looked up when it is needed: the tools behind them load then."""
    owner, name = spec.run.split(".") if spec.run else ("", "")
    if not owner:
        window.commands.run(spec.id)
    elif owner in window.features:
        getattr(window.features[owner], name)()
    else:
        getattr(window.panels.panel(owner), name)()


def refresh(actions: dict[str, QAction], situation: ActionContext) -> None:
    """Enable what can be used now; undo and redo say what they would do."""
    for spec in ACTIONS:
        actions[spec.id].setEnabled(spec.enabled(situation))
    actions["undo"].setText(f"Undo {situation.undo}".strip())
    actions["redo"].setText(f"Redo {situation.redo}".strip())
    actions["train"].setText("Pause training" if situation.training else "Train")
