"""The settings of a document as a whole, each declared once: a new one is a row here, and code that reads it.

What a file may hold and in which order it is written, what a new document starts with, the fields of the inspector, and whether a change
means compiling again: all of it is read from these rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from graph.model.goal import SETTING, TURNS, refused
from graph.model.settings import finite_json, refusal
from graph.model.spec import Setting
from graph.text.messages import _
from graph.text.quoting import quoted

Effect = Literal["structure", "value", "cosmetic"]
"""What a change means for what is computed: another program, other numbers, or nothing."""
RunsPlace = Literal["file", "beside", "no"]
"""Where runs are saved: in the document's own file, in one beside it, or not at all."""
RUNS = "runs"
"""The setting that says of runs, by their ids, what a person calls them (`name`, `note`) and whether they are `pinned`, `shown` in the plot
beside the present one, or `deleted`."""
SAVE_RUNS = "save_runs"
SAVE_TRAINED = "save_trained"
"""The setting that, where it is false, leaves trained values out of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSetting(Setting):
    """A setting of a document.

    `always`: every document has it, a new one with its default. `by_name`: written among the undeclared ones, in the order of
    their names. `shown`: a field of the inspector; `counted_from_one`: that field counts from 1 what the file counts from 0. `what` is what
    its value is called where that says more than its kind.
    """

    effect: Effect = "cosmetic"
    always: bool = False
    by_name: bool = False
    shown: bool = False
    counted_from_one: bool = False
    what: str = ""


DOCUMENT_SETTINGS: Final = (
    DocumentSetting("title", "text", "", title=_("Title"), shown=True),
    DocumentSetting("description", "text", "", title=_("Description"), shown=True, several_lines=True),
    DocumentSetting(
        "dtype", "choice", "float64", choices=("float64", "float32"), title=_("Precision"), help=_("Scalar examples use float64."),
        effect="structure", always=True, shown=True,
    ),
    DocumentSetting("objective", "output", None, effect="structure", always=True),
    DocumentSetting(
        "demo", "ints", None, 0, title=_("Samples shown"), when="has data", empty=_("the first 8"), effect="value", shown=True,
        counted_from_one=True, what=_("a list of sample numbers"),
        help=_("The training samples that are shown while nothing trains, counted from 1, such as 1, 2, 5; empty: the first 8."),
    ),
    DocumentSetting("fault", "json", None, effect="structure", by_name=True),
    DocumentSetting(
        SETTING, "json", None, effect="structure", by_name=True,
        what=_("a list of objectives: node, port, parameters, direction, steps and rate of each"),
    ),
    DocumentSetting("order", "json", None, by_name=True),
    DocumentSetting("probes", "json", None, by_name=True),
    DocumentSetting(
        RUNS, "object", None, by_name=True, what=_("an object that says name, note, pinned, shown and deleted of runs by number"),
    ),
    DocumentSetting(SAVE_RUNS, "choice", "file", choices=("file", "beside", "no"), by_name=True),
    DocumentSetting(SAVE_TRAINED, "bool", True, by_name=True),
    DocumentSetting(TURNS, "choice", "alternating", choices=("alternating", "together"), effect="structure", by_name=True),
)  # fmt: skip
"""In the order of the file and the form."""
BY_NAME: Final[Mapping[str, DocumentSetting]] = {setting.name: setting for setting in DOCUMENT_SETTINGS}
FILE_ORDER: Final = tuple(setting.name for setting in DOCUMENT_SETTINGS if not setting.by_name)


def document_defaults() -> dict[str, Any]:
    """What a new document holds."""
    return {setting.name: setting.default for setting in DOCUMENT_SETTINGS if setting.always}


def setting_refusal(name: str, value: Any) -> str | None:
    """Why `value` cannot be this setting of a document; an undeclared one may be anything that JSON can hold.

    Whether the objective is a node that exists, the graph knows.
    """
    if not finite_json(value):
        return _("the document's {name} holds something that is not plain JSON").format(name=quoted(name))
    setting = BY_NAME.get(name)
    wrong = refusal(setting, value) if setting is not None else None
    if wrong is None and name == RUNS and value is not None and not _says_of_runs(value):
        wrong = BY_NAME[RUNS].what
    if wrong is None and name == SETTING and refused(value):
        wrong = BY_NAME[SETTING].what
    if setting is None or wrong is None:
        return None
    return _("the document's {setting} is {expected}").format(setting=quoted(name), expected=setting.what or wrong)


def _says_of_runs(value: Mapping[str, Any]) -> bool:
    """Whether every entry is about a run, and what it says is of the right kind; what it does not know may be anything."""
    kinds = {"name": str, "note": str, "pinned": bool, "shown": bool, "deleted": bool}
    return all(
        isinstance(said, Mapping) and all(type(said[key]) is kind for key, kind in kinds.items() if key in said)
        for run, said in value.items() if run.isdecimal()
    )  # fmt: skip


def effect_of(name: str) -> Effect:
    """What a change of this setting means for what is computed; an undeclared one means nothing."""
    setting = BY_NAME.get(name)
    return "cosmetic" if setting is None else setting.effect


def decisive(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values that decide which program a document becomes."""
    return tuple(settings.get(setting.name) for setting in DOCUMENT_SETTINGS if setting.effect == "structure")
