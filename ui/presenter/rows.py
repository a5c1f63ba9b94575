"""The action table's rows of `ui.presenter`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
OPTIONS = ("present_hide", "present_lock", "present_sliders")
ROWS: tuple[ActionSpec, ...] = (
    A("present", _("Presenter mode"), "Learn", ("Ctrl+F5",), check="toggle", before=True, search=(_("full screen"), "beamer", "slides"),
      tip=_("Fill the screen, for a class: Page Down goes on, B is black, Esc ends it"), run="presenter.toggle"),
    A("present_hide", _("Hide the panels"), "Learn/While presenting", check="toggle",
      tip=_("Show only the graph, and the lesson, while presenting"), run="presenter.toggle_hide"),
    A("present_lock", _("Lock the graph"), "Learn/While presenting", check="toggle",
      tip=_("Nothing can be edited by accident while presenting"),
      run="presenter.toggle_lock"),
    A("present_sliders", _("Sliders stay free"), "Learn/While presenting", check="toggle", tip=_("Values can be set in a locked graph"),
      run="presenter.toggle_sliders"),
    A("pen", _("Pen"), "Learn", ("Ctrl+Shift+K",), check="toggle",
      tip=_("Draw on the canvas; the right button wipes, Esc puts the pen down"),
      search=("draw", "annotate"), run="presenter.toggle_pen"),
    A("eraser", _("Eraser"), "Learn", ("Ctrl+Shift+J",), check="toggle", tip=_("Wipe strokes off the canvas"),
      run="presenter.toggle_eraser"),
    A("pen_undo", _("Take back the last stroke"), "Learn", ("Ctrl+Shift+Backspace",), enabled=has("strokes to undo"),
      tip=_("Take back what was drawn last"), run="presenter.undo_stroke"),
    A("pen_clear", _("Wipe the canvas clean"), "Learn", ("Ctrl+Shift+Delete",), enabled=has("strokes"),
      tip=_("Take away everything that was drawn here"), run="presenter.clear"),
    A("spotlight", _("Spotlight"), "Learn", ("Ctrl+Shift+B",), check="toggle",
      tip=_("Light only what is around the pointer; the wheel sets the size"), run="presenter.toggle_spotlight"),
    A("black", _("Black screen"), "Learn", enabled=has("presenting"), tip=_("Everybody looks at you: any key ends it"),
      run="presenter.black"),
)  # fmt: skip
