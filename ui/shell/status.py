"""The line at the lower edge: messages, evaluation or training, which samples are shown, precision, device."""

from __future__ import annotations

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QStatusBar, QWidget

from engine.compile.views import TraceView
from graph.storage.document import Document
from graph.text.messages import _
from ui.engine_link.messages import Progress
from ui.look.schedule import Schedule
from ui.look.widgets import ElidedLabel, label

LEAST_MS, LETTER_MS, MOST_MS = 5000, 90, 15000
"""How long a message stays: long enough to be read twice, and never until it is no longer true."""
FADE = "message read"
HUGE = 20_000
"""From so many nodes on, opening and computing take seconds: the window says what it is doing."""
DEVICE_NAMES = {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}


class Status(QStatusBar):
    """Says what the numbers on the canvas are."""

    def __init__(self, parent: QWidget, work: Schedule) -> None:
        super().__init__(parent)
        self._work = work
        self.kernel = "starting"
        self.device_name = "CPU"
        self.setSizeGripEnabled(False)
        self.message = ElidedLabel("", "message")
        self.addWidget(self.message, 1)
        self.nonfinite = ElidedLabel("", "complaint", widest=480)
        self.nonfinite.hide()
        self.addPermanentWidget(self.nonfinite)
        self.mode, self.batch, self.precision, self.device = label(""), label(""), label(""), label("")
        self.mode.setToolTip(_("Dropout and batch norm behave differently in training and in evaluation mode"))
        self.batch.setToolTip(_("The samples that the numbers on the canvas belong to"))
        for widget in (self.batch, self.mode, self.precision, self.device):
            self.addPermanentWidget(widget)

    def say(self, text: str) -> None:
        """Show a sentence for as long as it takes to read; a new one takes its place, and the next action clears it."""
        self._show(text, min(max(LEAST_MS, LETTER_MS * len(text)), MOST_MS))

    def clear(self) -> None:
        """Something else is being done: what was said about the last thing is over. Only that the engine is gone stays."""
        if self._work.pending(FADE):
            self._show("", 0)

    def _show(self, text: str, ms: int) -> None:
        self.message.set_full(text)
        self._work.drop(FADE)
        if ms and text:
            self._work.after_frame(FADE, self._fade, ms)

    def _fade(self) -> None:
        self.message.set_full("")

    def set_document(self, document: Document) -> None:
        """Another document: nothing is known of its numbers yet."""
        self.mode.setText("")
        self.batch.hide()
        self.show_document(document)

    def expect(self, document: Document) -> None:
        """The engine computes all of this document: of a huge one, say so until its numbers come."""
        count = len(document.graph.nodes)
        if count >= HUGE and self.kernel != "dead":
            self.mode.setText(_("computing {count:,} nodes …").format(count=count))

    def show_document(self, document: Document) -> None:
        self.nonfinite.hide()
        self.precision.setText(str(document.graph.settings.get("dtype", "float64")))

    def show_trace(self, trace: TraceView) -> None:
        self.mode.setText(_("training mode") if trace.mode == "training" else _("evaluation mode"))
        self.batch.setText(_("canvas: {batch}").format(batch=trace.batch) if trace.batch else "")
        self.batch.setVisible(bool(trace.batch))
        self.precision.setText(trace.dtype)
        self.nonfinite.set_full(trace.nonfinite)
        self.nonfinite.setMinimumWidth(min(480, self.nonfinite.fontMetrics().horizontalAdvance(trace.nonfinite) + 24))  # ∞ is wider painted
        self.nonfinite.setVisible(bool(trace.nonfinite))
        self._show_device(trace.device)

    def show_progress(self, progress: Progress) -> None:
        self._show_device(progress.device)

    def show_kernel(self, state: str, text: str) -> None:
        self.kernel = state
        if state == "dead":
            self.mode.setText("")
        if text:
            self._show(text, 0) if state == "dead" else self.say(text)

    def _show_device(self, device: str) -> None:
        name = device.split(":")[0]
        self.device_name = DEVICE_NAMES.get(name, device.upper())
        self.device.setText(self.device_name)

    def hideEvent(self, event: QHideEvent) -> None:
        self.clear()  # else it would be there for good once the line is seen again
        super().hideEvent(event)
