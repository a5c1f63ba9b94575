"""From which step of a run to go on, and with what other settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import OPTIMIZERS, declared_or_none, listed, with_rate_kept
from graph.model.run_record import RunRecord
from graph.model.spec import Setting
from graph.model.training_settings import BY_NAME
from graph.text.messages import _, translated
from ui.forms.forms import ParameterForm
from ui.look.numbers import plain
from ui.look.widgets import button, label


class BranchDialog(QDialog):
    """`step` and `training` are what was chosen. A branch from step 0 is the run once more, with other settings."""

    def __init__(self, name: str, record: RunRecord, step: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.step = step
        self.training: dict[str, Any] = dict(record.settings)
        self._last = dict(record.settings)
        self.setWindowTitle(_("Branch with changes"))
        titles, headings = listed(self.training)
        optimizer = replace(BY_NAME["optimizer"], choices=tuple(titles), choice_titles=tuple(titles.values()))
        rate = OPTIMIZERS["sgd"].setting("lr")
        assert rate is not None
        where = Setting(
            "step", "int", step, 0, record.last, title=_("From step"),
            help=_("The step of the run at which the branch begins; 0: its start."),
        )  # fmt: skip
        self.form = ParameterForm([where, optimizer, rate.translated(), BY_NAME["batch_size"], BY_NAME["order_seed"]])
        self.form.editors["optimizer"].set_choices(titles, headings)  # type: ignore[attr-defined]
        self.form.changed.connect(self._set)
        note = label(_("The run stays as it is. Its curve is drawn pale behind the branch's."), "small", wrap=True)
        self.rate_note, self.rate_use = label("", "small", wrap=True), button("", "quiet")
        self.rate_use.clicked.connect(self._use_rate)
        buttons = QHBoxLayout()
        cancel, go = button(_("Cancel")), button(_("Go to this step"), "primary")
        go.setDefault(True)
        cancel.clicked.connect(self.reject)
        go.clicked.connect(self.accept)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(label(name, "strong", wrap=True))
        layout.addWidget(self.form)
        layout.addWidget(self.rate_note)
        layout.addWidget(self.rate_use, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(note)
        layout.addLayout(buttons)
        self.setMinimumWidth(420)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        step = self.form.editors["step"]
        step.setFocus(Qt.FocusReason.TabFocusReason)  # what is typed first takes the step's place

    def accept(self) -> None:
        focused = self.form.focusWidget()
        if focused is not None:
            focused.clearFocus()  # what is typed counts
        super().accept()

    def _show(self) -> None:
        spec = declared_or_none(self.training)
        hyper: Mapping[str, Any] = _first_rate(spec) | dict(self.training.get("hyper") or {})
        self.form.set_values({**self.training, "lr": hyper.get("lr"), "step": self.step})
        self.form.editors["batch_size"].setEnabled(spec is None or not spec.full_batch)
        usual = _first_rate(spec).get("lr")
        offered = self.training.get("optimizer") != self._last.get("optimizer") and usual is not None and usual != hyper.get("lr")
        self.rate_note.setVisible(offered)
        self.rate_use.setVisible(offered)
        if offered and spec is not None and usual is not None:
            text = _("η stays {rate}. Usual for {optimizer}: {other}.")
            title = translated(spec.short or spec.title)
            self.rate_note.setText(text.format(rate=plain(hyper["lr"]), optimizer=title, other=plain(usual)))
            self.rate_use.setText(_("Use η = {rate}").format(rate=plain(usual)))

    @property
    def _rate(self) -> Any:
        """The learning rate that is shown; that of the run where the optimizer has none."""
        own = _first_rate(declared_or_none(self.training))
        return (own | dict(self.training.get("hyper") or {})).get("lr", (self._last.get("hyper") or {}).get("lr"))

    def _use_rate(self) -> None:
        """Take the optimizer's usual rate."""
        self.training["hyper"] = {**(self.training.get("hyper") or {}), **_first_rate(declared_or_none(self.training))}
        self._show()

    def _set(self, name: str, value: Any) -> None:
        if name == "step":
            self.step = value
        elif name == "lr":
            self.training["hyper"] = {**(self.training.get("hyper") or {}), "lr": value}
            self._show()
        elif name == "optimizer":
            # another optimizer's settings would be a trap: it begins with its own, or with those the run had; the rate stays
            rate = self._rate
            self.training["optimizer"] = value
            own = dict(self._last.get("hyper") or {}) if value == self._last.get("optimizer") else {}
            spec = declared_or_none(self.training)
            self.training["hyper"] = with_rate_kept(spec, own, rate) if spec is not None else own
            self._show()
        else:
            self.training[name] = value
            if value is None and name == "order_seed":
                self.training.pop(name)


def _first_rate(spec: type[Optimizer] | None) -> dict[str, Any]:
    """The rate that this optimizer has where none was set."""
    rate = spec.setting("lr") if spec is not None else None
    return {} if rate is None else {"lr": rate.default}
