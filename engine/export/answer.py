"""Writes a program from what the kernel holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from engine.export.job import WriteProgram, WrittenProgram
from engine.export.registry import ExportError, Format, Trained, format_of, formats_in
from engine.numerics.job import JobError, JobReport, Steps
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model

PROGRAMS: Final[tuple[Format[Trained], ...]] = formats_in("engine.export.formats")


class Context(Protocol):
    """The document as the kernel holds it."""

    @property
    def model(self) -> Model: ...


def write_program(context: Context, job: WriteProgram) -> Steps:
    """Raises JobError where the graph cannot be written in this form."""
    form = format_of(Path(f"program{job.ending}"), PROGRAMS) or PROGRAMS[0]
    yield JobReport(text=_("Writing the program"))
    model = context.model
    title = str(model.graph.settings.get("title") or job.title)
    try:
        written = form.write(Trained(model, title))
    except ExportError as error:
        raise JobError(str(error)) from None
    return WrittenProgram(written.data, written.remark, model.state.step)
