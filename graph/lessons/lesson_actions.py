"""What a step of a lesson may run: every action, the fields of its object, and what each field holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph.model.edits import edit_from_json
from graph.model.elements import described
from graph.text.messages import _
from graph.text.quoting import quoted

Check = Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an action's object; `check` says why a value is no such thing."""

    name: str
    check: Check
    required: bool = True


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else _("a text, not {found}").format(found=described(value))


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else _("true or false, not {found}").format(found=described(value))


def _count(value: Any) -> str | None:
    return (
        None
        if type(value) is int and 1 <= value <= 1_000_000
        else _("a whole number from 1 to 1,000,000, not {found}").format(found=described(value))
    )


def _phase(value: Any) -> str | None:
    return None if value in ("forward", "backward") else _("forward or backward, not {found}").format(found=described(value))


def _names(value: Any) -> str | None:
    return None if isinstance(value, list) and all(isinstance(name, str) and name for name in value) else _("a list of names")


def _mapping(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else _("an object, not {found}").format(found=described(value))


def _anything(_: Any) -> str | None:
    return None


def _number(value: Any) -> str | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return None if fine else _("a number, not {found}").format(found=described(value))


def _edits(value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return _("a list of edits")
    for place, row in enumerate(value, 1):
        try:
            edit_from_json(row)
        except (ValueError, TypeError) as problem:
            return _("a list of edits, and edit {place} is wrong: {problem}").format(place=place, problem=problem)
    return None


def _index(value: Any) -> str | None:
    fine = isinstance(value, list) and all(type(place) is int and place >= 0 for place in value)
    return None if fine else _("a list of whole numbers from 0 up")


FIGURES: Final = ("slice", "descent", "margins", "line", "costs", "paths", "tangents", "experiment", "hessian")
"""What a step's figure can show: the kinds of `engine.explain.figures`, an experiment, the Hessian, the ledger's paths, forward mode."""


def _kind(value: Any) -> str | None:
    return None if value in FIGURES else _("one of {kinds}").format(kinds=", ".join(FIGURES))


EXPERIMENT: Final = ("train", "test", "gap", "train_error", "test_error", "value", "curve", "weights")
"""What an experiment shows of its runs: losses, the gap between them, shares of wrong answers, what the parameter `of` was trained to, the
fitted curve, the way of two weights."""


def _shown(value: Any) -> str | None:
    fine = isinstance(value, list) and value and all(one in EXPERIMENT for one in value)
    return None if fine else _("a list of {kinds}").format(kinds=", ".join(EXPERIMENT))


def _variants(value: Any) -> str | None:
    """Each is an object with `at`, perhaps `name`, and `run`: actions that change the document."""
    if not isinstance(value, list) or not value:
        return _("a list of variants")
    for place, row in enumerate(value, 1):
        if not isinstance(row, Mapping) or not isinstance(row.get("at"), str) or not isinstance(row.get("run"), list):
            return _('a list of variants, and variant {place} is no object with "at" and "run"').format(place=place)
        for action in row["run"]:
            known = isinstance(action, Mapping) and action.get("do") in EDITING
            wrong = action_complaint(action["do"], action) if known else _("only actions that change the document can be run")
            if wrong:
                return _("a list of variants, and variant {place} is wrong: {problem}").format(place=place, problem=wrong)
    return None


def _sample(value: Any) -> str | None:
    fine = value in ("all", "mean") or (type(value) is int and value >= 1)
    return None if fine else _("a number from 1 up, all or mean, not {found}").format(found=described(value))


_OF, _NODE = Field("of", _text), Field("node", _text)
_INDEX = Field("index", _index, False)  # one number of a tensor

ACTIONS: Final[Mapping[str, tuple[Field, ...]]] = {
    # The document: holds from this step on.
    "edit": (Field("edits", _edits),),  # as in the journal; in place of an id, a node's name or a wire "x -> d.a" will do
    "set": (_NODE, Field("setting", _text, False), Field("value", _anything)),  # setting: "value" unless said
    "objective": (_NODE,),
    "optimizer": (Field("optimizer", _text), Field("hyper", _mapping, False)),
    "training": (Field("name", _text), Field("value", _anything)),
    "unfold": (_NODE, Field("neurons", _flag, False)),
    "fold": (_NODE,),  # any node of what was unfolded
    # This step only.
    "play": (Field("phase", _phase),),
    "to": (Field("phase", _phase), Field("node", _text, False), Field("wire", _text, False)),  # the playhead, just after that event
    "show_all": (),
    "train": (Field("steps", _count),),
    "reset": (),
    "select": (Field("items", _names),),
    "view": (Field("fit", _names, False),),  # none: the whole graph
    "explain": (_OF,),
    "panel": (Field("name", _text),),
    "audit": (Field("on", _flag, False),),
    "paths": (_OF, _INDEX),
    "figure": (Field("kind", _kind), _OF, _INDEX, Field("epsilon", _number, False), Field("labels", _text, False),
               Field("rate", _number, False), Field("variants", _variants, False), Field("seeds", _count, False),
               Field("show", _shown, False), Field("across", _text, False),
               Field("predicted", _text, False)),  # a figure of the lecture beside the text of the step
    "sample": (Field("show", _sample),),  # the first, the second …, or "all" or "mean"
    "picture": (_OF, _INDEX, Field("epsilon", _number, False)),  # the slice through a scalar, its tangent and parabola
    "forward_mode": (_OF, _INDEX),  # the seed
    "sweep": (),
    "symbolic": (_OF, _INDEX),
    "action": (Field("id", _text),),  # any row of the window's action table
}
EDITING: Final = frozenset({"edit", "set", "objective", "optimizer", "training"})
DOCUMENT: Final = EDITING | {"unfold", "fold"}


def action_complaint(do: str, args: Mapping[str, Any]) -> str | None:
    """Why this is not an action of a lesson; None when it is. Fields that are not declared are kept and mean nothing."""
    fields = ACTIONS.get(do)
    if fields is None:
        return _("there is no action {do}; the actions are {ACTIONS}").format(do=quoted(do), ACTIONS=", ".join(ACTIONS))
    for spec in fields:
        if spec.name not in args:
            if spec.required:
                return _('{do} needs "{name}"').format(do=quoted(do), name=spec.name)
        elif wrong := spec.check(args[spec.name]):
            return _('"{name}" of {do} is {wrong}').format(name=spec.name, do=quoted(do), wrong=wrong)
    if do == "figure" and args["kind"] == "experiment" and not {"variants", "seeds", "show"} <= args.keys():
        return _('an experiment needs "variants", "seeds" and "show"')
    if do == "to" and ("node" in args) == ("wire" in args):
        return _('"to" needs either a "node" or a "wire"')
    return None
