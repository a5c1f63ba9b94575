"""The action table's rows of `ui.presenter`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
OPTIONS = ("present_hide", "present_lock", "present_sliders")
ROWS: tuple[ActionSpec, ...] = (
    A("present", _("Presenter mode"), "Learn", ("Ctrl+F5",), check="toggle", before=True, search=(_("full screen"), "beamer", "slides"),
      tip=_("Fill the screen for a class: Page Down continues, B blacks out the screen, Esc ends it"), run="presenter.toggle"),
    A("present_hide", _("Hide the panels"), "Learn/While presenting", check="toggle",
      tip=_("Show only the graph, and the lesson, while presenting"), run="presenter.toggle_hide"),
    A("present_lock", _("Lock the graph"), "Learn/While presenting", check="toggle",
      tip=_("Prevent accidental edits while presenting"),
      run="presenter.toggle_lock"),
    A("present_sliders", _("Sliders stay free"), "Learn/While presenting", check="toggle", tip=_("Allow changing values in a locked "
                                                                                                 "graph"),
      run="presenter.toggle_sliders"),
    A("pen", _("Pen"), "Learn/While presenting", ("Ctrl+Shift+K",), check="toggle",
      tip=_("Draw on the canvas; the right button erases, Esc puts the pen away"),
      search=("draw", "annotate"), run="presenter.toggle_pen"),
    A("eraser", _("Eraser"), "Learn/While presenting", ("Ctrl+Shift+J",), check="toggle", tip=_("Erase strokes on the canvas"),
      run="presenter.toggle_eraser"),
    A("pen_undo", _("Undo the last stroke"), "Learn/While presenting", ("Ctrl+Shift+Backspace",), enabled=has("strokes to undo"),
      tip=_("Remove the last stroke that was drawn; after a presentation, bring its drawings back"), run="presenter.undo_stroke"),
    A("pen_clear", _("Erase all drawings"), "Learn/While presenting", ("Ctrl+Shift+Delete",), enabled=has("strokes"),
      tip=_("Erase everything that was drawn here"), run="presenter.clear"),
    A("spotlight", _("Spotlight"), "Learn/While presenting", ("Ctrl+Shift+B",), check="toggle",
      tip=_("Darken everything except around the pointer; the wheel sets the size"), run="presenter.toggle_spotlight"),
    A("black", _("Black screen"), "Learn/While presenting", enabled=has("presenting"), tip=_("Black out the screen; any key ends it"),
      run="presenter.black"),
)  # fmt: skip
