"""The action table's rows of `ui.presenter`."""

from __future__ import annotations

from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
OPTIONS = ("present_hide", "present_lock", "present_sliders")
ROWS: tuple[ActionSpec, ...] = (
    A("present", "Presenter mode", "Learn", ("Ctrl+F5",), check="toggle", before=True, search=("full screen", "beamer", "slides"),
      tip="Fill the screen, for a class: Page Down goes on, B is black, Esc ends it", run="presenter.toggle"),
    A("present_hide", "Hide the panels", "Learn/While presenting", check="toggle",
      tip="Show only the graph, and the lesson, while presenting", run="presenter.toggle_hide"),
    A("present_lock", "Lock the graph", "Learn/While presenting", check="toggle", tip="Nothing can be edited by accident while presenting",
      run="presenter.toggle_lock"),
    A("present_sliders", "Sliders stay free", "Learn/While presenting", check="toggle", tip="Values can be set in a locked graph",
      run="presenter.toggle_sliders"),
    A("pen", "Pen", "Learn", ("Ctrl+Shift+K",), check="toggle", tip="Draw on the canvas; the right button wipes, Esc puts the pen down",
      search=("draw", "annotate"), run="presenter.toggle_pen"),
    A("eraser", "Eraser", "Learn", ("Ctrl+Shift+J",), check="toggle", tip="Wipe strokes off the canvas", run="presenter.toggle_eraser"),
    A("pen_undo", "Take back the last stroke", "Learn", ("Ctrl+Shift+Backspace",), enabled=has("strokes to undo"),
      tip="Take back what was drawn last", run="presenter.undo_stroke"),
    A("pen_clear", "Wipe the canvas clean", "Learn", ("Ctrl+Shift+Delete",), enabled=has("strokes"),
      tip="Take away everything that was drawn here", run="presenter.clear"),
    A("spotlight", "Spotlight", "Learn", ("Ctrl+Shift+B",), check="toggle",
      tip="Light only what is around the pointer; the wheel sets the size", run="presenter.toggle_spotlight"),
    A("black", "Black screen", "Learn", enabled=has("presenting"), tip="Everybody looks at you: any key ends it", run="presenter.black"),
)  # fmt: skip
