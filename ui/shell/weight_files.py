"""Weights alone, to a safetensors file and from one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.export.job import WriteProgram
from engine.numerics.job import JobEnd
from engine.training.weights_job import ReadWeights, WeightsPlan
from graph.model.edits import edit_from_json
from graph.model.graph import GraphError
from graph.storage.paths import file_name
from graph.storage.saved import steps_text
from graph.text.messages import _, ngettext
from ui.shell.program_file import write_program

if TYPE_CHECKING:
    from ui.shell.dialogs import Asking

ENDING = ".safetensors"
FILTERS = _("Weights (*.safetensors);;All files (*)")


class WeightFiles:
    """Saves and loads the weights of the document in the window. The engine reads and writes them: this process never loads torch."""

    def __init__(self, window: Asking) -> None:
        self._window = window

    def save(self) -> None:
        window = self._window
        suggested = str(window.files.suggested(file_name(window.files.title, ENDING, "_")))
        chosen = window.dialogs.save_path(suggested, _("Save weights"), FILTERS, ENDING)
        if chosen is not None:
            window.work.job(WriteProgram(ENDING), lambda report, parts: None, lambda end: self._saved(chosen, end))

    def _saved(self, path: Path, end: JobEnd) -> None:
        write_program(self._window, path, end, _("Wrote {name} with the weights {steps}"), _("The weights could not be written"))

    def load(self) -> None:
        self._window.files.choose(_("Load weights"), FILTERS, self._open)

    def _open(self, chosen: Path) -> None:
        window = self._window
        if window.kernel is not None and window.kernel.training:
            window.kernel.pause()
        window.work.job(ReadWeights(str(chosen)), lambda report, parts: None, lambda end: self._read(chosen, end))

    def _read(self, path: Path, end: JobEnd) -> None:
        window, plan = self._window, end.answer
        if isinstance(plan, WeightsPlan) and not plan.wrong:
            return window.later(lambda: self._decide(path, plan))
        if end.how == "outdated":
            return window.say(_("The graph or its values changed meanwhile; load the weights again"))
        problem = plan.wrong if isinstance(plan, WeightsPlan) else end.text
        window.later(lambda: window.dialogs.tell(_("These weights cannot be loaded"), problem))

    def _decide(self, path: Path, plan: WeightsPlan) -> None:
        """Names that do not pair up are the person's to decide about."""
        fits = ngettext("{n} tensor fits and would be loaded.", "{n} tensors fit and would be loaded.", plan.fitting).format(n=plan.fitting)
        heading = _("Load what fits from {name}?").format(name=path.name)
        if not plan.gaps or self._window.dialogs.sure(heading, f"{plan.gaps} {fits}", _("Load what fits")):
            self._apply(path, plan)

    def _apply(self, path: Path, plan: WeightsPlan) -> None:
        """Two undo steps where something was trained: first its values become the document's, so that undo returns to them."""
        window, document = self._window, self._window.document
        document.graph.attachments.update(plan.attachments)
        try:
            if plan.keep is not None:
                document.do(edit_from_json(plan.keep), _("Keep trained values"))
                document.seal()
            document.do(edit_from_json(plan.load), _("Load weights"))
            document.seal()
        except GraphError as refused:
            window.say(str(refused))
            return
        after = _(", saved {steps}").format(steps=steps_text(plan.step)) if plan.step else ""
        text = ngettext("Loaded {n} tensor from {name}{after}", "Loaded {n} tensors from {name}{after}", plan.fitting)
        window.say(text.format(n=plan.fitting, name=path.name, after=after))
