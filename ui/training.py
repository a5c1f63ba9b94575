"""The training page: optimizer, its settings and the run's, beside the curves."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.kernel.protocol import Point, Progress
from engine.optimizers.specs import OPTIMIZERS, OptimizerSpec
from graph.document import Document
from graph.edits import Compound, SetTraining
from graph.graph import GraphError
from graph.spec import Setting
from ui.curves import Curves
from ui.forms import Form
from ui.formula import FormulaView
from ui.inspector import scrolled
from ui.numbers import count, number, plain, rate
from ui.pace import Pace
from ui.theme import LIGHT, Theme
from ui.widgets import clear, label

OPTIMIZER = Setting("optimizer", "choice", "sgd", choices=tuple(OPTIMIZERS), title="Optimizer")
RUN_SETTINGS = (
    Setting("epochs", "int", None, 1, 10**9, title="Epochs", unit="no limit", help="How often every sample is seen."),
    Setting("batch_size", "int", None, 1, 10**9, title="Batch size", unit="all", help="Samples in one step; empty: all of them."),
    Setting("seed", "int", 0, 0, 2**31 - 1, title="Seed", help="Draws first weights, the order of samples, dropout masks."),
    Setting("device", "choice", "auto", choices=("auto", "cpu", "cuda", "mps"), title="Device"),
)
DEVICES = {"auto": "automatic", "cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}


def optimizer_of(document: Document) -> OptimizerSpec:
    """The optimizer a document chose; one nobody knows counts as SGD."""
    return OPTIMIZERS.get(str(document.graph.training.get("optimizer")), OPTIMIZERS["sgd"])


def optimizer_text(document: Document) -> str:
    """`SGD  η 0.1`: what the chip says."""
    spec = optimizer_of(document)
    hyper = document.graph.training.get("hyper") or {}
    rate_setting = spec.setting("lr")
    value = hyper.get("lr", rate_setting.default if rate_setting else None)
    short = {"momentum": "Momentum", "nesterov": "Nesterov"}.get(spec.key, spec.title)
    return f"{short}   η {plain(value)}" if isinstance(value, (int, float)) else short


def progress_text(progress: Progress) -> str:
    """`epoch 96 · loss 0.0213 · 21,400 steps/s`: the line beside the tabs."""
    if progress.phase == "idle" and not progress.step:
        return ""
    parts = [f"epoch {count(progress.epoch)}", f"step {count(progress.step)}"] if progress.epoch else [f"step {count(progress.step)}"]
    if progress.loss is not None:
        parts.append(f"loss {number(progress.loss)}")
    accuracy = progress.metrics.get("test_accuracy", progress.metrics.get("train_accuracy"))
    if accuracy is not None:
        parts.append(f"accuracy {accuracy:.1%}")
    if progress.phase == "training":
        parts.append(f"{rate(progress.steps_per_second)} steps/s")
    return " · ".join(parts)


class TrainingPage(QWidget):
    """Edits the document's training settings and draws the run's curves. `show_node(id)` asks to go to a node that failed."""

    show_node = Signal(str)

    def __init__(self, pace: Pace | None = None) -> None:
        super().__init__()
        self._document: Document | None = None
        self._theme = LIGHT
        self._optimizer = ""
        self._shown: tuple[Document, dict[str, Any]] | None = None
        self.optimizer_form = Form((OPTIMIZER,), titles={"optimizer": {key: spec.title for key, spec in OPTIMIZERS.items()}})
        self.run_form = Form(RUN_SETTINGS, titles={"device": DEVICES})
        self.hyper_form: Form | None = None
        self._hyper_place, self._formulas = QVBoxLayout(), QVBoxLayout()
        self.message = label("", "notice", wrap=True)
        self.message.hide()
        self.curves = Curves(pace)
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(5)
        column.addWidget(self.optimizer_form)
        column.addLayout(self._hyper_place)
        column.addWidget(self.run_form)
        column.addLayout(self._formulas)
        column.addStretch(1)
        self._settings = scrolled(form)
        chart = QVBoxLayout()
        chart.setSpacing(6)
        chart.addWidget(self.message)
        chart.addWidget(self.curves, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(20)
        row.addWidget(self._settings)
        row.addLayout(chart, 1)
        self.optimizer_form.changed.connect(self._set)
        self.run_form.changed.connect(self._set)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._settings.setFixedWidth(round(272 * theme.scale))
        self.curves.set_theme(theme)
        self._show_formulas()

    def set_document(self, document: Document) -> None:
        self._document = document
        self.curves.show_points([])
        self.show_message("")
        self.refresh()

    def refresh(self) -> None:
        """Show the document's training settings."""
        document = self._document
        if document is None:
            return
        spec, training = optimizer_of(document), document.graph.training
        if self._shown == (document, dict(training)):
            return
        self._shown = (document, dict(training))
        self.optimizer_form.set_values(training)
        self.run_form.set_values(training)
        self.run_form.editors["batch_size"].setEnabled(not spec.full_batch)
        if spec.key != self._optimizer or self.hyper_form is None:
            self._optimizer = spec.key
            clear(self._hyper_place)
            self.hyper_form = Form(spec.settings)
            self.hyper_form.changed.connect(self._set_hyper)
            self._hyper_place.addWidget(self.hyper_form)
            self.hyper_form.tab_after(self.optimizer_form.editors["optimizer"])
            self._show_formulas()
        self.hyper_form.set_values(training.get("hyper") or {})

    def _show_formulas(self) -> None:
        clear(self._formulas)
        if self._document is None:
            return
        self._formulas.addWidget(label("Update", "section"))
        for text in optimizer_of(self._document).formula:
            view = FormulaView(14.0)
            view.set_formula(text, self._theme.text, self._theme.scale)
            self._formulas.addWidget(view)

    def show_progress(self, progress: Progress, curve: list[Point]) -> None:
        self.curves.show_points(curve)
        self.show_message(progress.message)

    def show_message(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def focus_optimizer(self) -> None:
        self.optimizer_form.editors["optimizer"].setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_device(self) -> None:
        self.run_form.editors["device"].setFocus(Qt.FocusReason.OtherFocusReason)

    def _set(self, name: str, value: Any) -> None:
        if name == "optimizer":
            # Another optimizer's rate would be a trap: each starts with its own.
            edit: Any = Compound((SetTraining("optimizer", value), SetTraining("hyper", {})))
            self._do(edit, f"Train with {OPTIMIZERS[value].title}", ("training", name))
        else:
            title = next(s.label for s in RUN_SETTINGS if s.name == name)
            self._do(SetTraining(name, value), f"Set {title.lower()}", ("training", name))

    def _set_hyper(self, name: str, value: Any) -> None:
        if self._document is None:
            return
        setting = optimizer_of(self._document).setting(name)
        hyper = dict(self._document.graph.training.get("hyper") or {}) | {name: value}
        self._do(SetTraining("hyper", hyper), f"Set {setting.label if setting else name}", ("hyper", name))

    def _do(self, edit: Any, text: str, merge: tuple[str, str]) -> None:
        if self._document is None:
            return
        try:
            self._document.do(edit, text, merge=merge)
        except GraphError as refused:
            self.show_message(str(refused))
            self._shown = None
            self.refresh()
