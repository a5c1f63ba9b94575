"""What the action table does with the curves: axis, smoothing, zoom, copies and files. The choices are remembered between starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.numerics.job import JobEnd, JobReport
from graph.text.messages import _
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.saving import save_as
from ui.training.choices import CURVES
from ui.training.curve_reading import SMOOTHINGS
from ui.training.rows import ROWS

if TYPE_CHECKING:
    from ui.engine_link.messages import Progress
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace
    from ui.training.curves import Curves
    from ui.training.training import TrainingPage

_LOG, _SMOOTH = "curves_log", "curves_smoothing"
MANY = 100_000
"""Rows up to which numbers are copied and saved at once, in about a tenth of a second."""
GAUGE_ROOM = 400
"""Height that the training page needs for the scale of the learning rate and the numbers under it, for type at 100 %."""


class CurveFeature(Feature):
    """`curves`: there is something to copy. `curves zoomed`: not all steps are shown. `curves beside`: there are some of other
    runs."""

    _saving: JobHandle | None = None

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(CURVES, self)

    def install(self) -> None:
        self._mark()

    def attach(self, curves: Curves) -> None:
        """The page is here: its curves are drawn as was chosen before."""
        settings = self.workspace.settings
        curves.choose(settings.flag(_LOG), self._smoothing())
        curves.chosen.connect(self._chosen)
        curves.saving.cancelled.connect(self.stop_saving)
        curves.spanned.connect(self.workspace.refresh_actions)
        curves.tools.add_actions([self.workspace.actions_by_id[spec.id] for spec in ROWS if spec.id not in ("curves_read", "show_gauge")])

    def set_progress(self, progress: Progress) -> None:
        """Once there are curves there is the page, whose rows of the action table can be used."""
        kernel = self.workspace.kernel
        if progress.step or progress.phase != "idle" or (kernel is not None and kernel.runs):
            self.workspace.pages.panel("training")

    @property
    def curves(self) -> Curves:
        page: TrainingPage = self.workspace.pages.panel("training")  # type: ignore[assignment]
        return page.curves

    def facts(self) -> Iterable[str]:
        page = self.workspace.pages.made("training")
        if page is None or not self.curves.anything:
            return ()
        curves = self.curves
        more = (("curves zoomed", curves.span is not None), ("curves beside", curves.beside))
        return ("curves", *(fact for fact, holds in more if holds))

    def _chosen(self) -> None:
        settings, curves = self.workspace.settings, self.curves
        settings.set(_LOG, curves.tools.logarithmic.isChecked())
        settings.set(_SMOOTH, curves.smoothing)
        self._mark()

    def _mark(self) -> None:
        actions, page = self.workspace.actions_by_id, self.workspace.pages.made("training")
        curves = self.curves if page is not None else None
        logarithmic = curves.tools.logarithmic.isChecked() if curves is not None else self.workspace.settings.flag(_LOG)
        actions["curves_log"].setChecked(logarithmic)
        actions["curves_others"].setChecked(curves is not None and curves.tools.others.isChecked())
        actions[f"curves_mean_{curves.smoothing if curves is not None else self._smoothing()}"].setChecked(True)

    def _smoothing(self) -> int:
        steps = int(self.workspace.settings.real(_SMOOTH, 0))
        return steps if steps in SMOOTHINGS else 0

    # what the rows do

    def show_gauge(self) -> None:
        """The training page with its gauge open, and the focus on the learning rate's scale."""
        self.workspace.pages.show("training", room=GAUGE_ROOM)
        page: TrainingPage = self.workspace.pages.panel("training")  # type: ignore[assignment]
        page.show_gauge()

    def focus(self) -> None:
        self.workspace.pages.show("training")
        if "loss" not in self.curves.plots:
            return
        self.curves.plots["loss"].plot.setFocus(Qt.FocusReason.ShortcutFocusReason)
        whole = self.curves.whole()
        if self.curves.step_read is None and whole is not None:
            self.curves.read(whole.last)

    def focus_timeline(self) -> None:
        self.workspace.pages.show("training")
        page: TrainingPage = self.workspace.pages.panel("training")  # type: ignore[assignment]
        page.timeline.slider.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_all(self) -> None:
        self.curves.show_span(None)

    def toggle_log(self) -> None:
        self.curves.tools.logarithmic.toggle()
        self._mark()

    def toggle_others(self) -> None:
        self.curves.tools.others.toggle()
        self._mark()

    def mean_0(self) -> None:
        self.curves.set_smoothing(0)

    def mean_10(self) -> None:
        self.curves.set_smoothing(10)

    def mean_100(self) -> None:
        self.curves.set_smoothing(100)

    def mean_1000(self) -> None:
        self.curves.set_smoothing(1000)

    def copy(self) -> None:
        from ui.training.curve_export import numbers

        if not self.curves.anything or (found := numbers(self.curves)) is None:
            return
        if len(found) > MANY:
            text = _("The curves have {rows:,} rows, too many for the clipboard. Zoom in on some steps, or save the numbers as CSV.")
            self.workspace.say(text.format(rows=len(found)))
            return
        QGuiApplication.clipboard().setText(found.text())
        self.workspace.say(_("The numbers of the curves are copied."))

    def copy_picture(self) -> None:
        from ui.training.curve_export import image

        if self.curves.anything:
            QGuiApplication.clipboard().setImage(image(self.curves))
            self.workspace.say(_("The curves are copied as a picture."))

    def save_csv(self) -> None:
        """The numbers as they are now; of a long run the engine writes them, and training goes on."""
        from engine.training.saved_numbers import SaveNumbers
        from ui.training.curve_export import numbers

        if not self.curves.anything or (found := numbers(self.curves)) is None:
            return
        if len(found) <= MANY:
            self._save(".csv", _("CSV (*.csv)"), lambda: found.text().encode())
            return
        suggested = str(self.workspace.files.suggested("curves.csv"))
        path = self.workspace.dialogs.save_path(suggested, _("Save the curves"), _("CSV (*.csv)"), ".csv")
        if path is None:
            return
        if self._saving is not None:
            self._saving.leave()
        saving, name = self.curves.saving, path.name
        saving.begin()

        def ended(end: JobEnd) -> None:
            self._saving = None
            saving.finish()
            if end.how == "done":
                self.workspace.say(_("The curves are saved as {name}.").format(name=name))
            elif end.how == "cancelled":
                self.workspace.say(_("The curves were not saved."))
            else:
                self.workspace.say(_("{name} could not be written: {error}.").format(name=name, error=end.text))

        def progressed(report: JobReport, _parts: object) -> None:
            saving.show_progress(report.done, report.total, report.text)

        handle = self.workspace.work.job(SaveNumbers(str(path), found), progressed, ended, background=False)
        self._saving = handle if handle.running else None

    def stop_saving(self) -> None:
        if self._saving is not None:
            self._saving.cancel()

    def save_svg(self) -> None:
        from ui.training.curve_export import svg

        self._save(".svg", _("SVG (*.svg)"), lambda: svg(self.curves))

    def save_png(self) -> None:
        from ui.training.curve_export import png

        self._save(".png", _("PNG (*.png)"), lambda: png(self.curves))

    def _save(self, ending: str, kind: str, make: Callable[[], bytes]) -> None:
        if self.curves.anything:
            saved = _("The curves are saved as {name}.")
            save_as(self.workspace, make(), "curves" + ending, _("Save the curves"), kind, saved)
