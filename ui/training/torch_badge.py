"""One line that says how far the optimizer is from torch's own along the run's coming gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel

from engine.explain.beside_torch import SAME, BesideTorch, CompareWithTorch
from engine.numerics.job import JobEnd
from engine.training.optimizers.base import PYTORCH, Optimizer
from graph.text.messages import _, ngettext, translated
from ui.look.numbers import count, number
from ui.look.widgets import set_property

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace

WAIT_MS = 400


class TorchBadge(QLabel):
    """It is found when the optimizer, its settings or the graph change, while nothing trains; it says after which step that was."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setWordWrap(True)
        set_property(self, "role", "small")
        self._workspace = workspace
        self._wanted: tuple[Any, ...] | None = None
        """The optimizer and its settings that are shown on the page."""
        self._asked: tuple[Any, ...] | None = None
        """What the words, or the job under way, are about."""
        self._job: JobHandle | None = None
        self.hide()

    def clear(self) -> None:
        """Another document."""
        self._asked = None
        self._end()
        self.hide()

    def show_for(self, spec: type[Optimizer], values: Mapping[str, Any]) -> None:
        self._wanted = spec, tuple(sorted((name, repr(value)) for name, value in values.items()))
        if self._asked is not None and self._asked[1:] != self._about()[1:]:
            self.hide()  # older words are about another optimizer
        if not spec.torch_call:
            self._end()
            self._asked = self._about()
            self._say(_("torch.optim has no {optimizer}.").format(optimizer=translated(spec.title)), "")
            return
        self.ask_soon()

    def ask_soon(self) -> None:
        """Where the page is shown, compare once what is typed has settled, and where that has not been done."""
        if self._asked == self._about():
            return
        self._workspace.work.after_frame(self._ask, self._ask, WAIT_MS)

    def _about(self) -> tuple[Any, ...]:
        document = self._workspace.document
        return (document.structure, self._wanted, bool(document.graph.training.get("decay_biases", True)))

    def _ask(self) -> None:
        kernel, document, about = self._workspace.kernel, self._workspace.document, self._about()
        place = self.parentWidget()
        shown = place is not None and place.isVisible()
        if not shown or kernel is None or kernel.training or about == self._asked or self._wanted is None:
            return
        if not self._wanted[0].torch_call or self._workspace.why_not_train():
            return
        self._end()
        self._asked = about
        job = CompareWithTorch(structure=document.structure, revision=document.revision, run=kernel.progress.run)
        self._job = self._workspace.work.job(job, lambda _report, _parts: None, self._ended, background=True)

    def _end(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _ended(self, end: JobEnd) -> None:
        self._job = None
        if isinstance(end.answer, BesideTorch) and self._asked == self._about():
            self._show_answer(end.answer)
        elif end.how != "done":
            self._asked = None  # it is asked again with the next change
            self.hide()

    def _show_answer(self, badge: BesideTorch) -> None:
        if badge.largest is None:
            self._say(badge.why, "")
            return
        name, value = f"torch.optim.{badge.name}", number(badge.largest)
        form = dict(self._wanted[1]).get("form", repr(PYTORCH)) if self._wanted is not None else repr(PYTORCH)
        if badge.largest == 0:
            text = _("Equal to {name} in every digit.")
        elif badge.largest <= SAME:
            text = _("Equal to {name}, but for {difference}.")
        elif form != repr(PYTORCH):
            text = _("Differs from {name} by up to {difference}: another form.")
        else:
            text = _("Differs from {name} by up to {difference}.")
        how = ngettext("{count} step from step {step} on", "{count} steps from step {step} on", badge.steps)
        steps = how.format(count=badge.steps, step=count(badge.stamp.step))
        tip = _("Largest difference of any number over {steps}. Both begin with empty memory at the same values, get the same gradients at "
                "a constant rate, and compute in float64.")  # fmt: skip
        self._say(text.format(name=name, difference=value), tip.format(steps=steps))

    def _say(self, text: str, tip: str) -> None:
        self.setText(text)
        self.setToolTip(tip)
        self.setVisible(bool(text))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask_soon()

