"""The action table's rows of `ui.lessons`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has

A = ActionSpec
lesson = has("lesson")


def recordable(s: ActionContext) -> bool:
    return s.nodes > 0 or "recording" in s.facts


ROWS: tuple[ActionSpec, ...] = (
    A("lessons", _("Lessons …"), "Learn", ("Ctrl+Shift+H",), tip=_("Choose a lesson: a graph with explanations and questions"),
      before=True, search=("course", "tutorial", "learn"), run="lessons.choose", asks=True),
    A("lesson_next", _("Next lesson step"), "Learn/Lesson", ("Alt+Right",), enabled=has("lesson next"),
      tip=_("Read on, then go to the next step of the lesson (also Page Down)"), run="lessons.read_on"),
    A("lesson_back", _("Previous lesson step"), "Learn/Lesson", ("Alt+Left",), enabled=has("lesson back"),
      tip=_("Go to the previous step of the lesson (also Page Up)"), run="lessons.back"),
    A("lesson_return", _("Return to the lesson step"), "Learn/Lesson", ("Ctrl+Home",), enabled=has("wandered"),
      tip=_("Restore the graph and the view from the start of the step; Undo brings back your changes"), run="lessons.return_to_step"),
    A("lesson_notes", _("Speaker notes"), "Learn/Lesson", ("Ctrl+Shift+N",), enabled=lesson,
      tip=_("Open a separate window with notes on this step, the next step, and a clock"), run="lessons.toggle_notes"),
    A("record_lesson", _("Record a lesson"), "Learn/Lesson", ("Ctrl+Shift+R",), check="toggle", enabled=recordable,
      tip=_("Record a new lesson, or edit the open one"), search=("author", "write", "edit"),
      run="lessons.toggle_recorder"),
    A("record_step", _("New step of the recording"), "Learn/Lesson", ("Ctrl+Shift+M",), enabled=has("recording"),
      tip=_("Record the canvas as it is as a step of the lesson"), run="lessons.record_step"),
    A("lesson_leave", _("Leave the lesson"), "Learn/Lesson", enabled=lesson, tip=_("Close the lesson and return to your own graph"),
      run="lessons.leave"),
)  # fmt: skip
