"""Single samples: the picture of their gradients, and in words mean, spread, standard error and the step that they lead to."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from engine.learned.instruments.noise import Of, SampleGradients, SamplesJob
from graph.model.address import Address
from graph.text.messages import _, ngettext
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.widgets import button, label
from ui.maths.plots import legend
from ui.noise.beside import PictureAndWords
from ui.noise.samples_plot import SamplesPlot
from ui.shell.workspace.present import outdated

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from engine.numerics.job import Job, JobEnd
    from ui.shell.workspace.workspace import Workspace

TRAINING_REST = 0.5


class SamplesView(PictureAndWords):
    """`removed` are rows of the training part that are left out."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(400)
        self.workspace = workspace
        self.seen: SampleGradients | None = None
        self.removed: list[int] = []
        self._why = ""
        self._places: tuple[Address, ...] = ()
        self._refresh = Refresh(workspace.work, self._answered, 0.05, TRAINING_REST)
        self.picture = SamplesPlot()
        self.words = label("", "strong", wrap=True)
        self.pointed = label("", "", wrap=True)
        self.table = label("", "", wrap=True)
        self.table.setTextFormat(Qt.TextFormat.RichText)
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.notes = label("", "secondary", wrap=True)
        self.of = QComboBox()
        self.of.setAccessibleName(_("samples that are shown"))
        self.of.setToolTip(_("Which samples are differentiated one by one"))
        self.of.addItem(_("coming mini-batch"), "batch")
        self.of.addItem(_("whole training part"), "part")
        self.back = button(_("Put all back"), tip=_("No sample is left out any more"))
        self._lay_out()
        self.of.activated.connect(lambda _i: self.ask(self._places))
        self.back.clicked.connect(lambda _c: self._put_back())
        self.picture.pointed.connect(lambda _at: self._say_pointed())
        self.picture.taken.connect(self._taken)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.of, 1)
        row.addWidget(self.back)
        self.lay_out(self.picture, [self.words, row, self.table, self.pointed, self.key, self.notes])

    def first_stop(self) -> QWidget:
        return self.picture

    # asking

    def ask(self, places: tuple[Address, ...]) -> None:
        """Ask for the samples' gradients by these numbers as they are now."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if places != self._places:
            self._places, self.seen, self._why = places, None, ""
        if kernel is None or not places or not self.isVisible():
            return
        of: Of = "part" if self.of.currentData() == "part" else "batch"
        self._refresh.follow(
            SamplesJob(places, of, tuple(self.removed), document.structure, document.revision, kernel.progress.run)
        )
        if self.seen is None:
            self.draw()

    def _answered(self, job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers or not isinstance(job, SamplesJob) or job.places != self._places:
            return
        if end.how == "done":
            self.seen = end.answer
            self.draw()
        elif end.how == "failed":
            self.seen, self._why = None, end.text
            self.draw()

    def forget(self, why: str = "") -> None:
        """Nothing is shown; the words say why."""
        self._refresh.stop()
        self.seen, self._why = None, why
        self.draw()

    def new_document(self) -> None:
        self.removed = []
        self.forget()

    def stop(self) -> None:
        self._refresh.stop()

    # samples that are left out

    def _taken(self, at: int) -> None:
        """Leave a sample out, or put it back."""
        if self.seen is None:
            return
        row = int(self.seen.rows[at])
        if row in self.removed:
            self.removed.remove(row)
        else:
            self.removed.append(row)
        self.ask(self._places)

    def _put_back(self) -> None:
        self.removed = []
        self.ask(self._places)

    # what is shown

    @property
    def _waiting(self) -> str:
        """What is said while nothing is shown."""
        return self._why or (_("Computing …") if self._refresh.running else "")

    def draw(self) -> None:
        seen = self.seen
        stale = seen is not None and outdated(self.workspace, seen.stamp)
        self.picture.setVisible(seen is not None)
        self.picture.show_samples(seen, self.theme, stale)
        self.back.setEnabled(bool(self.removed))
        self._say_pointed()
        if seen is None:
            for words in (self.words, self.table, self.key, self.notes):
                words.setText(self._waiting if words is self.words else "")
            return
        self.words.setText(self._headline(seen, stale))
        self.table.setText(self._table(seen))
        theme, hue = self.theme, self.theme.backward
        marks = [("➜", hue, _("mean ḡ")), ("╍", theme.text, _("whole training part"))]
        if len(seen.names) == 2:
            marks[1] = ("➜", *marks[1][1:])
            marks.append(("◯", hue, _("1σ and 2σ of the samples")))
        else:
            marks[0] = ("┃", *marks[0][1:])
            marks.append(("▒", hue, _("ḡ ± s")))
        self.key.setText(legend(*marks))
        self.notes.setText("\n".join(self._notes(seen)))

    def _headline(self, seen: SampleGradients, stale: bool) -> str:
        step = count(seen.stamp.step + 1)
        if seen.of == "batch":
            said = ngettext("Mini-batch of step {step}: {count} sample", "Mini-batch of step {step}: {count} samples", seen.of_all)
        else:
            said = ngettext("Before step {step}: {count} training sample", "Before step {step}: {count} training samples", seen.of_all)
        said = said.format(step=step, count=count(seen.of_all))
        left_out = len(seen.rows) - seen.count
        if left_out:
            said = _("{said}, {count} left out").format(said=said, count=count(left_out))
        return _("{said}. The network has changed since.").format(said=said) if stale else said

    def _table(self, seen: SampleGradients) -> str:
        """A column for each chosen number."""
        rows: list[tuple[str, Sequence[str]]] = [
            (_("mean ḡ"), [number(v) for v in seen.mean]),
            (_("spread s"), [number(v) if math.isfinite(v) else "–" for v in seen.deviations]),
            (_("standard error s/√{count}").format(count=seen.count), [number(v) if math.isfinite(v) else "–" for v in seen.error]),
            (_("whole training part"), [number(v) for v in seen.full]),
            (_("weight now"), [number(v) for v in seen.here]),
            (_("after the step"), [number(v) for v in seen.after]),
        ]
        if not seen.kept.all():
            rows.append((_("with all samples"), [number(v) for v in seen.after_all]))
        head = "".join(f"<th align='right' style='padding-left:14px'>{html.escape(name)}</th>" for name in seen.names)
        body = "".join(
            f"<tr><td>{html.escape(title)}</td>"
            + "".join(f"<td align='right' style='padding-left:14px'>{html.escape(text)}</td>" for text in texts) + "</tr>"
            for title, texts in rows
        )  # fmt: skip
        return f"<table cellspacing='0' cellpadding='1'><tr><td></td>{head}</tr>{body}</table>"

    def _notes(self, seen: SampleGradients) -> list[str]:
        notes = []
        if len(seen.rows) < seen.of_all:
            notes.append(_("{count} of them, evenly spaced, are differentiated one by one; the step is made with these.").format(
                count=count(len(seen.rows))))  # fmt: skip
        if len(seen.names) == 2 and seen.count > 1:
            across, up = seen.deviations
            if across and up:
                share = float(seen.covariance[0, 1]) / (float(across) * float(up))
                notes.append(_("Covariance {covariance}, correlation {share}.").format(
                    covariance=number(float(seen.covariance[0, 1])), share=number(share, 3)))  # fmt: skip
        if math.isfinite(seen.variance) and seen.length:
            notes.append(_("All {numbers} weights: ‖ḡ‖ = {length}, its standard error {error}.").format(
                numbers=count(seen.numbers), length=number(seen.length), error=number(math.sqrt(seen.variance / seen.count))))  # fmt: skip
        if len(seen.names) == 2:
            notes.append(_("s and the ellipses are of the sample covariance, divisor n − 1."))
        else:
            notes.append(_("s is the sample standard deviation, divisor n − 1."))
        notes.append(_("To leave a sample out, or to put it back, click it, or choose it with the arrow keys and press Delete."))
        return notes

    def _say_pointed(self) -> None:
        seen, at = self.seen, self.picture.at
        if seen is None or not 0 <= at < len(seen.rows):
            self.pointed.setText("")
            self.pointed.hide()
            return
        text = _("Sample {row}: gradient {gradient}, loss {loss}") if seen.kept[at] else _(
            "Sample {row}, left out: gradient {gradient}, loss {loss}")  # fmt: skip
        gradient = ", ".join(number(float(v)) for v in seen.gradients[at])
        gradient = f"({gradient})" if len(seen.names) == 2 else gradient
        self.pointed.setText(text.format(row=count(int(seen.rows[at])), gradient=gradient, loss=number(float(seen.losses[at]))))
        self.pointed.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.workspace.work.after_frame(self.picture.draw, self.picture.draw, 50)
