"""Everything a person can do by menu, key or command palette: one table, from which all of those are made.

`scope` is where a shortcut is heard: `window` anywhere in the window, `canvas` only while the canvas has the focus, so
that no single-letter key fires while someone types.
"""

from __future__ import annotations

from graph.text.messages import _
from ui.shell import registry
from ui.shell.workspace.action_spec import (
    ActionSpec,
    batched,
    chosen,
    copyable,
    editable,
    groupable,
    grouped,
    inside,
    keepable,
    larger,
    learns,
    learns_editable,
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
from ui.shell.workspace.modes import MODES

A = ActionSpec
WINDOW: tuple[ActionSpec, ...] = (
    A("new", _("New"), "File", ("Ctrl+N",), tip=_("Start an empty graph"), asks=True),
    A("open", _("Open …"), "File", ("Ctrl+O",), tip=_("Open a graph from a file"), asks=True),
    A("examples", _("Examples …"), "File", ("Ctrl+Shift+O",), tip=_("Open one of the graphs that come with Gradwire"), asks=True),
    A("import_table", _("Import a table …"), "File", ("Ctrl+I",), enabled=editable, run="importing.choose",
      tip=_("Choose a .csv, .tsv, .txt, .dat or .xlsx file, see how it is read, and make a Data node of it"),
      search=("csv", "excel", "spreadsheet", "data", "load")),
    A("save", _("Save"), "File", ("Ctrl+S",), enabled=editable, tip=_("Save the graph to its file"), before=True, asks=True),
    A("save_as", _("Save as …"), "File", ("Ctrl+Shift+S",), tip=_("Save the graph to another file"), asks=True),
    A("save_trained", _("Save trained values"), "File", enabled=editable, check="toggle",
      tip=_("Also save the trained values and runs in this graph's file; Reset always returns to the initial values"),
      search=("weights", "state", "checkpoint")),
    A("save_runs_file", _("In the graph's file"), "File/Save runs", enabled=editable, check="save_runs",
      tip=_("Save all runs, with their curves and values, in the graph's own file"), search=("history", "branches", "experiments")),
    A("save_runs_beside", _("In a file beside it"), "File/Save runs", enabled=editable, check="save_runs",
      tip=_("Save all runs in a file of the same name that ends in .runs; keep both files in one folder"),
      search=("history", "branches", "experiments")),
    A("save_runs_no", _("Not at all"), "File/Save runs", enabled=editable, check="save_runs",
      tip=_("Leave runs out; trained values are saved all the same"), search=("history", "branches", "experiments")),
    A("save_weights", _("Save weights …"), "File/Weights", enabled=learns,
      tip=_("Write the weights alone as a .safetensors file, by names such as hidden.W"), asks=True, search=("safetensors", "parameters")),
    A("load_weights", _("Load weights …"), "File/Weights", enabled=learns_editable,
      tip=_("Take the weights from a .safetensors file; undo returns to those there are now"), asks=True,
      search=("safetensors", "parameters", "import")),
    A("export_code", _("Export PyTorch code …"), "File", ("Ctrl+E",), enabled=nodes, tip=_("Write the graph as readable PyTorch code"),
      before=True,
      asks=True),
    A("export_picture", _("Export picture …"), "File", ("Ctrl+Shift+E",), enabled=nodes,
      tip=_("Write the graph as a PNG, SVG or PDF picture"),
      asks=True),
    A("copy_picture", _("Copy picture"), "File", enabled=nodes, tip=_("Copy a picture of the graph to the clipboard")),
    A("quit", _("Quit"), "File", ("Ctrl+Q",), tip=_("Close the window"), before=True, asks=True),
    A("undo", _("Undo"), "Edit", ("Ctrl+Z",), enabled=undoable, tip=_("Undo the last change")),
    A("redo", _("Redo"), "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), enabled=redoable, tip=_("Redo the last undone change")),
    A("cut", _("Cut"), "Edit", ("Ctrl+X",), "canvas", movable, _("Move the selection to the clipboard"), before=True, context=200),
    A("copy", _("Copy"), "Edit", ("Ctrl+C",), "canvas", copyable, _("Copy the selection as text"), context=210),
    A("copy_formula", _("Copy as formula"), "Edit/Copy as", ("Ctrl+Shift+C",), "canvas", nodes,
      _("Copy the selection as a formula that you can type"),
      context=220),
    A("copy_whole_formula", _("Copy the whole formula"), "Edit/Copy as", (), "canvas", node_chosen,
      _("Copy the selected node, with everything it is computed from, as a formula"), search=("inputs", "upstream", "expression")),
    A("copy_latex", _("Copy as LaTeX"), "Edit/Copy as", (), "canvas", nodes, _("Copy the selection as LaTeX")),
    A("paste", _("Paste"), "Edit", ("Ctrl+V",), "canvas", editable, _("Paste nodes, or a formula as text, at the cursor"), context=230),
    A("duplicate", _("Duplicate"), "Edit", ("Ctrl+D",), "canvas", movable, _("Copy the selection next to itself"), context=240),
    A("repeat", _("Repeat in series …"), "Edit", ("Ctrl+R",), "canvas", groupable,
      _("Add copies of the selected block behind it, each with parameters of its own"), asks=True, context=245,
      search=("stack", "deep", "layers", "copies", "times")),
    A("delete", _("Delete"), "Edit", ("Delete", "Backspace"), "canvas", selection, _("Delete the selection"), context=250),
    A("dissolve", _("Dissolve"), "Edit", ("Ctrl+Delete",), "canvas", node_selection, _("Delete a node and join its wires"), context=260),
    A("select_all", _("Select all"), "Edit", ("Ctrl+A",), "canvas", nodes, _("Select every node")),
    A("add_node", _("Add node …"), "Edit", ("Tab",), "canvas", editable,
      _("Add a node beside the selected one, wired to it; without a selection, at the cursor"), before=True),
    A("type_formula", _("Type a formula …"), "Edit", ("=",), "canvas", editable, _("Build the graph of a formula at the cursor")),
    A("rename", _("Rename"), "Edit/Node", ("F2",), "canvas", one_movable, _("Rename a node, or edit a frame's title or a note's text"),
      context=350),
    A("retitle", _("Edit label"), "Edit/Node", ("Shift+F2",), "canvas", one_node, _("Edit the words shown below the name of the node"),
      search=("label", "caption", "title")),
    A("mark_objective", _("Set as objective"), "Edit/Node", (), "canvas", one_node,
      _("Compute gradients of the selected node's value"),
      context=360),
    A("connect", _("Connect with "
                   "the keyboard"), "Edit/Node", ("P",), "canvas", one_movable, _("Draw a wire: choose the input with the arrow keys, "
                                                                                "connect with Enter")),
    A("activate", _("Edit the selection"), "Edit/Node", ("Return", "Enter"), "canvas", chosen,
      _("Edit the selected node in the inspector, or enter the selected group")),
    A("group", _("Group"), "Edit/Group", ("Ctrl+G",), "canvas", groupable, _("Collect the selected nodes in one "
                                                                       "card"), before=True, context=300),
    A("ungroup", _("Ungroup"), "Edit/Group", ("Ctrl+Shift+G",), "canvas", grouped, _("Dissolve the selected groups"), context=310),
    A("leave_group", _("Leave the group"), "Edit/Group", ("Alt+Up",), "canvas", inside,
      _("Show the graph around this group (also Esc)")),
    A("layout", _("Arrange"), "Edit", ("L",), "canvas", nodes, _("Lay out the selection, or everything, from left to right"),
      context=400),
    A("align_top", _("Align tops"), "Edit/Align", ("Shift+W",), "canvas", several, _("Align the top edges of the selection")),
    A("align_left", _("Align left sides"), "Edit/Align", ("Shift+A",), "canvas", several, _("Align the left edges of the selection")),
    A("align_bottom", _("Align bottoms"), "Edit/Align", ("Shift+S",), "canvas", several, _("Align the bottom edges of the selection")),
    A("align_right", _("Align right sides"), "Edit/Align", ("Shift+D",), "canvas", several, _("Align the right edges of the selection")),
    A("align_center", _("Align horizontal centres"), "Edit/Align", (), "canvas", several, _("Align the centres along a vertical line"),
      search=("centre", "center", "middle")),
    A("align_middle", _("Align vertical centres"), "Edit/Align", (), "canvas", several, _("Align the centres along a horizontal line"),
      search=("centre", "center", "middle")),
    A("distribute_x", _("Distribute horizontally"), "Edit/Align", (), "canvas", three,
      _("Make the horizontal gaps equal; the two outer cards stay in place"),
      before=True, search=("space", "spread", "evenly")),
    A("distribute_y", _("Distribute vertically"), "Edit/Align", (), "canvas", three,
      _("Make the vertical gaps equal; the two outer cards stay in place"),
      search=("space", "spread", "evenly")),
    A("frame", _("Frame the selection"), "Edit/Frames and notes", ("C",), "canvas", editable,
      _("Put a titled frame behind the selection"), before=True),
    A("recolour", _("Next frame colour"), "Edit/Frames and notes", (), "canvas", movable, _("Change the colour of the selected frames")),
    A("note", _("Add note"), "Edit/Frames and notes", ("N",), "canvas", editable, _("Add a note with Markdown and formulas")),
    A("collapse", _("Collapse card"), "Edit/Node", ("H",), "canvas", node_selection,
      _("Collapse the selected cards to their titles, or expand them again")),
    A("bypass", _("Bypass"), "Edit/Node", ("M",), "canvas", node_selection,
      _("Bypass the selected nodes: pass their input through unchanged")),
    A("freeze", _("Freeze parameters"), "Edit/Node", (), "canvas", node_selection,
      _("Exclude the selected nodes from training, or include them again")),
    A("find", _("Find …"), "Edit", ("Ctrl+F",), enabled=nodes, tip=_("Highlight matching items on the canvas and go to "
                                                                     "them"), before=True),
    A("commands", _("All commands …"), "Edit", ("Ctrl+Shift+P",), tip=_("Find any command by its name")),
    A("theme_light", _("Light"), "View/Theme", check="theme", tip=_("Use the light theme")),
    A("theme_dark", _("Dark"), "View/Theme", check="theme", tip=_("Use the dark theme")),
    A("theme_projector", _("Projector"), "View/Theme", check="theme", tip=_("Use large type and thick wires, readable from the last "
                                                                            "row")),
    *(A(f"mode_{mode.key}", mode.title, "View/Mode", (mode.shortcut,), check="mode", tip=mode.tip, search=("mode", "panels", "layout"))
      for mode in MODES),
    A("fit", _("Fit selection"), "View", ("F",), "canvas", nodes, _("Zoom to the selection, or to the "
                                                                    "whole graph"), before=True, context=410),
    A("fit_all", _("Fit all"), "View", ("Home",), "canvas", nodes, _("Zoom to the whole graph")),
    A("zoom_100", _("Actual size"), "View", ("Ctrl+0",), tip=_("Zoom to 100 %")),
    A("zoom_in", _("Zoom in"), "View", ("Ctrl++", "Ctrl+=", "+"), "canvas", tip=_("Make everything larger")),
    A("zoom_out", _("Zoom out"), "View", ("Ctrl+-", "-"), "canvas", tip=_("Make everything smaller")),
    A("sample_next", _("Next sample"), "View/Sample shown", ("]",), "canvas", batched, _("Show the next sample of the batch on the canvas"),
      search=("batch", "row")),
    A("sample_previous", _("Previous sample"), "View/Sample shown", ("[",), "canvas", batched,
      _("Show the previous sample of the batch on the canvas"), search=("batch", "row")),
    A("sample_mean", _("Mean of the batch"), "View/Sample shown", (), "window", batched,
      _("Show the mean over all samples of the batch on the canvas"), search=("average", "sample")),
    A("sample_all", _("All samples"), "View/Sample shown", (), "window", batched, _("Show the whole batch on the canvas"),
      search=("batch",)),
    A("type_larger", _("Larger type"), "View/Type size", ("Ctrl+Shift+PgUp",), enabled=larger,
      tip=_("Make all type larger, up to 300 %"), search=("font", "scale", "zoom")),
    A("type_smaller", _("Smaller type"), "View/Type size", ("Ctrl+Shift+PgDown",), enabled=smaller,
      tip=_("Make all type smaller, down to 75 %"), search=("font", "scale", "zoom")),
    A("type_normal", _("Normal type size"), "View/Type size", ("Ctrl+Shift+Home",), tip=_("Reset all type to 100 %, in every panel"),
      search=("font", "reset")),
    A("next_panel", _("Next panel"), "View", ("F6",), tip=_("Move the focus to the next panel")),
    A("previous_panel", _("Previous panel"), "View", ("Shift+F6",), tip=_("Move the focus to the previous panel")),
    A("reduced_motion", _("Reduced motion"), "View", check="toggle", tip=_("Show numbers in order, without moving "
                                                                           "animations"), before=True),
    A("full_screen", _("Full screen"), "View", ("F11",), check="toggle", tip=_("Fill the screen")),
    A("play_forward", _("Play forward"), "Run", (), enabled=playable, tip=_("Play the values from the inputs to the result")),
    A("play_backward", _("Play backward"), "Run", (), enabled=playable, tip=_("Play the gradients from the result back to the inputs")),
    A("next_step", _("Next node"), "Run", (".", "PgDown"), "canvas", playable, _("Play one node")),
    A("previous_step", _("Back one node"), "Run", (",", "PgUp"), "canvas", playable, _("Step back one node")),
    A("show_all", _("Show all numbers"), "Run", (), enabled=playable, tip=_("End playback and show every value and gradient")),
    A("slower", _("Slower"), "Run/Steps", ("Alt+PgDown",), tip=_("Play more slowly; at a low speed, train step by step")),
    A("faster", _("Faster"), "Run/Steps", ("Alt+PgUp",), tip=_("Play and train faster")),
    A("train", _("Train"), "Run", ("F5",), enabled=trainable, tip=_("Start or pause training"), before=True),
    A("train_step", _("One training step"), "Run", ("F9",), enabled=trainable, tip=_("Run one training step: forward, backward and "
                                                                                     "update")),
    A("train_reset", _("Reset training"), "Run", ("Shift+F5",), enabled=resettable,
      tip=_("Stop training and return to the initial values")),
    A("train_unreset", _("Undo Reset"), "Run", (), enabled=was_reset,
      tip=_("Restore the trained values from before the last Reset")),
    A("keep_values", _("Keep trained values"), "Run", (), enabled=keepable, tip=_("Make the trained values the graph's initial values")),
    A("node_help", _("About this node"), "Help", ("F1",), enabled=copyable, tip=_("Show what the selected node does and how its "
                                                                                  "gradients are computed")),
    A("shortcuts", _("Keyboard shortcuts …"), "Help", ("Ctrl+/",), tip=_("Show and change all keyboard shortcuts"),
      search=("keys", "rebind")),
    A("about", _("About Gradwire"), "Help", tip=_("Version and licences")),
)  # fmt: skip
MENUS = ("File", "Edit", "View", "Run", "Learn", "Help")
MENU_TITLES = {
    "File": _("File"), "File/Save runs": _("Save runs"), "File/Weights": _("Weights"), "File/Landscape": _("Landscape"),
    "Edit": _("Edit"), "Edit/Copy as": _("Copy as"), "Edit/Node": _("Node"), "Edit/Group": _("Group"),
    "Edit/Frames and notes": _("Frames and notes"), "Edit/Align": _("Align"), "Edit/Data": _("Data"),
    "View": _("View"), "View/Theme": _("Theme"), "View/Mode": _("Mode"), "View/Gradient size": _("Gradient size"),
    "View/Sample shown": _("Sample shown"), "View/Learned function": _("Learned function"), "View/Cards show": _("Cards show"),
    "View/Type size": _("Type size"), "Run": _("Run"), "Run/Curves": _("Curves"), "Run/Sweep": _("Experiments"),
    "Run/Compare": _("Compare"), "Run/Steps": _("Steps"), "Run/Runs": _("Runs"), "Run/Breakpoints": _("Breakpoints"),
    "Run/Probes": _("Probes"), "Learn": _("Learn"),
    "Learn/Inside a node": _("Inside a node or the optimizer"), "Learn/Analyse": _("Analyse"), "Learn/Predict": _("Predict"),
    "Learn/Find the fault": _("Find the fault"), "Learn/Lesson": _("Lesson"), "Learn/While presenting": _("While presenting"),
    "Help": _("Help"),
}  # fmt: skip
"""Titles of the menus that rows name; a slash separates a submenu from its menu."""


def menu_path(spec: ActionSpec) -> tuple[str, ...]:
    """The titles of the menus that contain a row, the outer one first."""
    top, _slash, inner = spec.menu.partition("/")
    return (MENU_TITLES[top], MENU_TITLES[spec.menu]) if inner else (MENU_TITLES[top],)


def _panel_rows() -> tuple[ActionSpec, ...]:
    """Every dock can be shown and hidden."""
    docks = [spec for spec in registry.panel_specs().values() if spec.place in ("left", "right", "below")]
    return tuple(
        A(
            f"panel_{spec.key}",
            spec.title,
            "View",
            spec.shortcuts,
            check="toggle",
            tip=spec.tip,
            search=spec.search,
            before=spec is docks[0],
            run=f"{spec.key}.toggle",
        )  # fmt: skip
        for spec in docks
    )


def _table() -> tuple[ActionSpec, ...]:
    """The window's rows, and among them what panels and features declare."""
    at = {spec.id: place for place, spec in enumerate(WINDOW)}
    panels, learn = at["next_panel"], at["node_help"]
    return (*WINDOW[:panels], *_panel_rows(), *WINDOW[panels:learn], *registry.rows(), *WINDOW[learn:])


ACTIONS: tuple[ActionSpec, ...] = _table()
BY_ID: dict[str, ActionSpec] = {spec.id: spec for spec in ACTIONS}
