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
    A("lesson_next", _("Next lesson step"), "Learn", ("Alt+Right",), enabled=has("lesson next"),
      tip=_("Go on in the lesson; Page Down does it too while a lesson is open"), run="lessons.next"),
    A("lesson_back", _("Previous lesson step"), "Learn", ("Alt+Left",), enabled=has("lesson back"),
      tip=_("Go back in the lesson; Page Up does it too while a lesson is open"), run="lessons.back"),
    A("lesson_return", _("Return to the lesson step"), "Learn", ("Ctrl+Home",), enabled=has("wandered"),
      tip=_("Bring graph and view back to where the step begins; what you did is one Undo away"), run="lessons.return_to_step"),
    A("lesson_notes", _("Speaker notes"), "Learn", ("Ctrl+Shift+N",), enabled=lesson,
      tip=_("Notes on this step, the next one and a clock, in a window of their own"), run="lessons.toggle_notes"),
    A("record_lesson", _("Record a lesson"), "Learn", ("Ctrl+Shift+R",), check="toggle", enabled=recordable,
      tip=_("Make a lesson from what you do, or change the one that is open"), search=("author", "write", "edit"),
      run="lessons.toggle_recorder"),
    A("record_step", _("New step of the recording"), "Learn", ("Ctrl+Shift+M",), enabled=has("recording"),
      tip=_("The canvas as it is becomes a step of the lesson"), run="lessons.record_step"),
    A("lesson_leave", _("Leave the lesson"), "Learn", enabled=lesson, tip=_("Close the lesson; the graph stays as it is"),
      run="lessons.leave"),
)  # fmt: skip
