"""The optimizer's part of the training page: which one, its settings, the equations that run, and how far torch's own is from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.training.optimizers.base import Optimizer, OptimizerError
from engine.training.optimizers.registry import OPTIMIZERS, choice, declared, declared_or_none, listed, offered, rate_in
from graph.model.edits import SetTraining
from graph.model.training_settings import BY_NAME
from graph.text.messages import _, translated
from ui.forms.forms import ParameterForm
from ui.look.numbers import plain
from ui.look.widgets import button, clear, label
from ui.maths.formula import FormulaView
from ui.training.torch_badge import TorchBadge

if TYPE_CHECKING:
    from graph.model.edits import Edit
    from graph.storage.document import Document
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace

TITLES = {key: translated(spec.short or spec.title) for key, spec in OPTIMIZERS.items()}
OPTIMIZER = replace(BY_NAME["optimizer"], choices=tuple(TITLES), choice_titles=tuple(TITLES.values()))
BIASES = BY_NAME["decay_biases"]
FORMULA, LARGE = 14.0, 18.0
"""Size of a formula under the settings, and in a column of its own."""


def optimizer_of(document: Document) -> type[Optimizer]:
    """The optimizer a document chose; for one that cannot be used, the fields are SGD's."""
    return declared_or_none(document.graph.training) or OPTIMIZERS["sgd"]


def refusal(document: Document) -> str:
    """Why a document's optimizer cannot train with its settings, in words; empty where it can."""
    try:
        declared(document.graph.training).with_defaults(hyper_of(document))
    except OptimizerError as wrong:
        return str(wrong)
    return ""


def hyper_of(document: Document) -> dict[str, Any]:
    """The settings of its optimizer that a document says."""
    return dict(document.graph.training.get("hyper") or {})


def rate_of(document: Document) -> float | None:
    """The learning rate a document trains with; None where its optimizer has none, or the setting is no number."""
    return rate_in(optimizer_of(document), hyper_of(document))


class OptimizerPart(QWidget):
    """Edits the document's optimizer and its settings through `do(edit, text, merge)`.

    Another optimizer keeps the learning rate, and a line offers the rate that it usually has, or had here before.
    """

    setting_changed = Signal(str, object)
    """A training setting that is none of the optimizer's own."""
    settled = Signal()

    def __init__(self, workspace: Workspace, do: Callable[[Edit, str, tuple[str, str]], None], under_rate: QWidget) -> None:
        """`under_rate` is shown under the field of the learning rate, or under all fields where there is none."""
        super().__init__()
        self._under_rate = under_rate
        self._do, self._workspace = do, workspace
        self._document: Document | None = None
        self._optimizer: type[Optimizer] | None = None
        self._formula: tuple[str, ...] = ()
        self._refusal = ""
        self._theme: Theme | None = None
        self._large = False
        self._origin: tuple[type[Optimizer], float] | None = None
        """The optimizer and its rate before the last change, while the page offers to take the change back or to use the usual rate."""
        self._last: tuple[type[Optimizer], float | None] | None = None
        self._before: dict[str, dict[str, Any]] = {}
        self.form = ParameterForm((OPTIMIZER,))
        self.hyper_form: ParameterForm | None = None
        self.biases = ParameterForm((BIASES,))
        self.rate_note = label("", "small", wrap=True)
        self.rate_use = button("", "quiet")
        self.badge = TorchBadge(workspace)
        self._hyper_place, self._formulas = QVBoxLayout(), QVBoxLayout()
        self._formulas.setSpacing(2)
        self.equations = QWidget()
        """What runs, and the badge: the page places it."""
        below = QVBoxLayout(self.equations)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(5)
        below.addLayout(self._formulas)
        below.addWidget(self.badge)
        below.addStretch(1)
        rate = QHBoxLayout()
        rate.setSpacing(6)
        rate.addWidget(self.rate_note, 1)
        rate.addWidget(self.rate_use)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.form)
        column.addLayout(rate)
        column.addLayout(self._hyper_place)
        column.addWidget(self.biases)
        self.form.changed.connect(lambda _name, key: self.choose(key))
        self.biases.changed.connect(self.setting_changed)
        self.rate_use.clicked.connect(self._use_rate)
        self._show_rate_note()

    def place_equations(self, place: QScrollArea | QVBoxLayout) -> None:
        """Show the equations here: larger in an area of their own."""
        self._large = isinstance(place, QScrollArea)
        if isinstance(place, QScrollArea):
            place.setWidget(self.equations)
        else:
            place.addWidget(self.equations)
        self.equations.show()
        self._show_formulas()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._show_formulas()

    def set_document(self, document: Document) -> None:
        self._document = document
        self._origin = self._last = None
        self._before.clear()
        self.badge.clear()

    def refresh(self) -> None:
        """Show the document's settings."""
        document = self._document
        if document is None:
            return
        spec, training = optimizer_of(document), document.graph.training
        self._note_rate()
        self.form.editors["optimizer"].set_choices(*listed(training))  # type: ignore[attr-defined]
        self.form.set_values(training)
        values = _shown_values(spec, hyper_of(document))
        if spec is not self._optimizer or self.hyper_form is None:
            self._optimizer = spec
            self._under_rate.setParent(self)  # it outlives the form that it stands in
            clear(self._hyper_place)
            self.hyper_form = ParameterForm([setting.translated() for setting in spec.settings])
            if spec.setting("lr") is not None:
                self.hyper_form.put_under("lr", self._under_rate)
            self.hyper_form.changed.connect(self.set_hyper)
            self.hyper_form.settled.connect(self.settled)
            self._hyper_place.addWidget(self.hyper_form)
            if spec.setting("lr") is None:
                self._hyper_place.addWidget(self._under_rate)
            self._under_rate.show()
            self.hyper_form.tab_after(self.form.editors["optimizer"])
            self.form.editors["optimizer"].setToolTip(translated(spec.doc))
            self._show_formulas()
        elif (spec.formula(hyper_of(document)), refusal(document)) != (self._formula, self._refusal):
            self._show_formulas()
        self.hyper_form.set_values(values)
        self.biases.set_values(training)
        self.biases.setVisible(bool(values.get("weight_decay")))
        self.badge.show_for(spec, values)

    def _show_formulas(self) -> None:
        """The equations of the step, as the settings are now; why there are none, where there are none."""
        if self._document is None or self._theme is None:
            return
        clear(self._formulas)
        self._formula = optimizer_of(self._document).formula(hyper_of(self._document))
        self._refusal = refusal(self._document)
        self._formulas.addWidget(label(self._refusal, "complaint", wrap=True) if self._refusal else self._update_head())
        for text in () if self._refusal else self._formula:
            view = FormulaView(LARGE if self._large else FORMULA)
            view.set_formula(text, self._theme.text, self._theme.scale)
            self._formulas.addWidget(view)

    def _update_head(self) -> QWidget:
        """The heading of the equations, and what shows them as a graph."""
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label(_("Update"), "section"), 1)
        inside = button(_("Inside"), "quiet", tip=_("Show the update as a wired graph with the numbers of the coming step"))
        inside.clicked.connect(lambda: self._workspace.actions_by_id["inside"].trigger())
        row.addWidget(inside)
        return head

    # Edits

    def set_hyper(self, name: str, value: Any) -> None:
        if self._document is None:
            return
        setting = optimizer_of(self._document).setting(name)
        if name == "lr":
            self._origin = None
        self._do(
            SetTraining("hyper", hyper_of(self._document) | {name: value}),
            _("Set {setting}").format(setting=setting.label if setting else name), ("hyper", name),
        )  # fmt: skip

    def choose(self, key: str) -> None:
        """Train with another optimizer: with its own settings, or those it had before, and with the learning rate that there is."""
        document = self._document
        if document is None:
            return
        self._note_rate()
        spec = offered(document.graph.training)[key]
        own = hyper_of(document)
        if self._origin is not None:  # its rate is another one's, kept
            own.pop("lr", None)
        self._before[optimizer_of(document).key] = own
        edit = choice(document.graph.training, key, self._before.get(key, {}))
        self._do(edit, _("Train with {title}").format(title=translated(spec.title)), ("training", "optimizer"))
        self._note_rate()

    # The learning rate

    def _note_rate(self) -> None:
        """Notice a change of optimizer, by whatever way it came, until the rate is set or the optimizer is the one from before."""
        if self._document is None:
            return
        now, last = (optimizer_of(self._document), rate_of(self._document)), self._last
        self._last = now
        if self._origin is not None and (self._origin[0].key, self._origin[1]) == (now[0].key, now[1]):
            self._origin = None
        elif last is not None and last[0].key == now[0].key:
            self._origin = self._origin if last[1] == now[1] else None
        elif self._origin is None and last is not None and last[1] is not None:
            self._origin = last[0], last[1]
        self._show_rate_note()

    def _rate_offered(self) -> float | None:
        """Of another optimizer the rate that it usually has, or had here before; where a change brought another rate, that from before."""
        if self._document is None or self._origin is None:
            return None
        spec, rate = optimizer_of(self._document), rate_of(self._document)
        if rate is None:
            return None
        if rate != self._origin[1]:
            return self._origin[1]
        usual = rate_in(spec, self._before.get(spec.key, {}))
        return usual if usual != rate else None

    def _show_rate_note(self) -> None:
        """Say what became of the rate, with one click to have the other one."""
        other = self._rate_offered()
        self.rate_note.setVisible(other is not None)
        self.rate_use.setVisible(other is not None)
        if other is None or self._document is None or self._origin is None:
            return
        spec, rate, (before, old) = optimizer_of(self._document), rate_of(self._document) or 0.0, self._origin
        title = translated(spec.short or spec.title)
        if rate != old:
            text = _("η is now {now}; it was {before} with {optimizer}.")
            self.rate_note.setText(text.format(now=plain(rate), before=plain(old), optimizer=translated(before.short or before.title)))
            self.rate_use.setText(_("Keep η = {rate}").format(rate=plain(old)))
            return
        had = "lr" in self._before.get(spec.key, {})
        text = _("η stays {rate}; with {optimizer} it was {other}.") if had else _("η stays {rate}. Usual for {optimizer}: {other}.")
        self.rate_note.setText(text.format(rate=plain(rate), optimizer=title, other=plain(other)))
        self.rate_use.setText(_("Use η = {rate}").format(rate=plain(other)))

    def _use_rate(self) -> None:
        other = self._rate_offered()
        if other is not None:
            self.set_hyper("lr", other)


def _shown_values(spec: type[Optimizer], hyper: dict[str, Any]) -> dict[str, Any]:
    """What the fields show: the document's values, else the defaults of the form."""
    return {s.name: s.default for s in spec.settings} | dict(spec.form_defaults.get(str(hyper.get("form")), {})) | hyper
