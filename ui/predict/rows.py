"""The action table's rows of `ui.predict`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has


def some(s: ActionContext) -> bool:
    return s.selected > 0 and s.nodes > 0


def computed(s: ActionContext) -> bool:
    return s.nodes > 0 and s.events > 0


def plantable(s: ActionContext) -> bool:
    return computed(s) and not s.read_only


def removable(s: ActionContext) -> bool:
    return "fault" in s.facts and not s.read_only


A = ActionSpec
_FAULT = ("break", "debug", "bug", "wrong", "error")
_WORDS = ("predict", "question", "quiz", "exercise")
predicting = has("predicting")
ROWS: tuple[ActionSpec, ...] = (
    A("hide_value", _("Hide value"), "Learn/Predict", ("Alt+Shift+Q",), "canvas", some, _("Hide the selected values until they are "
                                                                                          "predicted"),
      search=_WORDS, run="predict.hide_value"),
    A("hide_gradient", _("Hide gradient"), "Learn/Predict", ("Shift+Q",), "canvas", some, _("Hide the selected gradients until they "
                                                                                            "are predicted"),
      search=_WORDS, run="predict.hide_gradient"),
    A("hide_all_gradients", _("Hide all gradients"), "Learn/Predict", enabled=computed, tip=_("Hide all gradients until they are "
                                                                                              "predicted"),
      search=_WORDS, run="predict.hide_all_gradients"),
    A("predict_next", _("Predict the next number"), "Learn/Predict", ("Q",), "canvas", predicting, _("Type the number hidden behind "
                                                                                                     "a question mark"),
      before=True, search=_WORDS, run="predict.predict_next"),
    A("reveal", _("Reveal"), "Learn/Predict", ("Alt+Q",), "canvas", predicting, _("Show the hidden numbers of the selection"),
      search=_WORDS,
      run="predict.reveal"),
    A("reveal_all", _("Reveal all"), "Learn/Predict", (), "canvas", predicting, _("Show every hidden number"), search=_WORDS,
      run="predict.reveal_all"),
    A("show_score", _("Score"), "Learn/Predict", before=True, enabled=has("predicted"), tip=_("Show the score of this session's "
                                                                                              "predictions"),
      search=_WORDS, run="predict.show_score"),
    A("export_score", _("Export score …"), "Learn/Predict", enabled=has("predicted"), tip=_("Write all answers of this session as CSV"),
      search=_WORDS, run="predict.export_score", asks=True),
    A("plant_fault", _("Plant a fault …"), "Learn/Find the fault", enabled=plantable, tip=_("Choose a fault and where to plant it"),
      search=_FAULT, run="predict.plant_fault"),
    A("plant_random_fault", _("Plant a fault at random"), "Learn/Find the fault", enabled=plantable,
      tip=_("Plant a fault without showing you where"),
      search=_FAULT, run="predict.plant_random_fault"),
    A("guess_fault", _("Guess the fault …"), "Learn/Find the fault", enabled=has("fault"),
      tip=_("Guess which fault is at the selection"),
      before=True, search=_FAULT, run="predict.guess_fault"),
    A("reveal_fault", _("Reveal the fault"), "Learn/Find the fault", enabled=has("fault"), tip=_("Show what is wrong, and where"),
      search=_FAULT, run="predict.reveal_fault"),
    A("remove_fault", _("Remove the fault"), "Learn/Find the fault", enabled=removable, tip=_("Make the graph compute correctly again"),
      search=_FAULT, run="predict.remove_fault"),
)  # fmt: skip
