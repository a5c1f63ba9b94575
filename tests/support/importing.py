"""The import dialog without a kernel: its jobs are done at once, in this process."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QDialog

from engine.kernel.job_client import OnEnd, OnProgress
from engine.numerics.job import Job, JobEnd, JobError, finished
from ui.engine_link.work import JobHandle
from ui.importing.dialog import ImportDialog


def done_at_once(job: Job, progress: OnProgress, done: OnEnd, background: bool = False) -> JobHandle:
    """Takes the place of `Work.job`."""
    module, _, name = job.done_by.partition(":")
    handle = JobHandle(None, progress, done)
    try:
        end = JobEnd("done", finished(getattr(importlib.import_module(module), name)(None, job)))
    except JobError as error:
        end = JobEnd("failed", text=str(error))
    handle.finish(end)
    return handle


def import_here(dialog: ImportDialog) -> None:
    """Into the document that is open, without a network."""
    dialog.network.setChecked(False)
    dialog.accept()


def in_the_dialog(window: Any, act: Callable[[ImportDialog], object] = ImportDialog.accept) -> None:
    """Every import dialog of this window is shown, `act` is done in it, and it is closed."""

    def wait_for(dialog: QDialog) -> bool:
        assert isinstance(dialog, ImportDialog)
        dialog.show()
        act(dialog)
        if dialog.isVisible():
            dialog.reject()
        return dialog.result() == QDialog.DialogCode.Accepted

    window.work.job = done_at_once
    window.dialogs.wait_for = wait_for
