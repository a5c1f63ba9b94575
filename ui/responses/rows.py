"""The rows of the action table about what cards show: numbers, heat maps, or responses."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has, nodes

MENU = "View/Cards show"
WORDS = ("response maps", "hidden units", "activation", "heat maps", "numbers")

ROWS = (
    ActionSpec("cards_numbers", _("Numbers"), MENU, check="cards_show", search=WORDS, run="responses.numbers",
               tip=_("Small tensors are written out as numbers, larger ones are heat maps")),
    ActionSpec("cards_heat", _("Heat maps"), MENU, check="cards_show", search=WORDS, run="responses.heat",
               tip=_("All tensors are heat maps with their shape and norm")),
    ActionSpec("cards_responses", _("Responses"), MENU, check="cards_show", search=WORDS, run="responses.responses",
               tip=_("Each unit has a map of its value at every place of the plane of the learned function")),
    ActionSpec("cards_next", _("Change what cards show"), MENU, ("R",), "canvas", nodes, before=True, search=WORDS, run="responses.turn",
               tip=_("Show numbers, heat maps, or the responses of the units")),
    ActionSpec("cards_enlarge", _("Enlarge the response of a unit"), MENU, ("Shift+R",), "canvas", has("responses"), search=WORDS,
               run="responses.enlarge", tip=_("Enlarge the map of the selected node's first unit, then of the next one; Esc ends it. A "
                                              "click on a map enlarges it too")),
)  # fmt: skip
