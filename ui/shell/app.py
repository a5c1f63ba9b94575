"""Start of the window: the empty frame first, then the engine's process, then everything inside the window while torch loads beside it.

Imports stand where they are needed: each of them is time before something can be seen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from graph.text.messages import _

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from graph.storage.document import Document
    from ui.shell.window import Window
    from ui.shell.workspace.settings import UserSettings

SETTLED_MS = 3000


def application(arguments: list[str] | None = None) -> QApplication:
    """The one application object, dressed; made here if there is none yet."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from ui.look.theme import font, load_fonts

    running = QApplication.instance()
    if isinstance(running, QApplication):
        app = running
    else:
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(arguments or ["gradwire"])
    app.setApplicationName("Gradwire")
    app.setApplicationDisplayName("Gradwire")
    app.setDesktopFileName("gradwire")
    app.setStyle("Fusion")
    load_fonts()
    app.setFont(font("base"))
    return app


def opening(path: Path | None, session: UserSettings, say: Callable[[str], object] = lambda text: None) -> tuple[Document, str, str]:
    """What to show first: the file asked for, else the last one, else the first example. Also the example's name, and what failed.

    A large file is read beside the window, which can `say` so meanwhile.
    """
    from engine.nodes.catalog import CATALOG
    from graph.storage.files import FileError
    from ui.shell.files import example_document, loaded, reachable
    from ui.shell.gallery import EXAMPLES, FIRST

    complaint = ""
    if path is not None:
        try:
            if path.resolve().parent == EXAMPLES:
                return example_document(path.stem, CATALOG), path.stem, ""
            return loaded(path, CATALOG, say), "", ""
        except FileError as wrong:
            complaint = str(wrong)
    last = session.text("last")
    try:
        if last.startswith("example:"):
            name = last.removeprefix("example:")
            return example_document(name, CATALOG), name, complaint
        if last and path is None:
            if not reachable(Path(last)):
                return (
                    example_document(FIRST, CATALOG),
                    FIRST,
                    _("{name}, which you had open last, cannot be found.").format(name=Path(last).name),
                )
            return loaded(Path(last), CATALOG, say), "", complaint
    except FileError as wrong:
        complaint = complaint or str(wrong)
    return example_document(FIRST, CATALOG), FIRST, complaint


def run(path: Path | None = None, opened: Callable[[Window], None] | None = None) -> int:
    """Open the window on a file (else the last one, else the first example) and stay until it closes; the exit code.

    `opened` is called with the window once it is shown, so that scripts can measure or drive it.
    """
    app = application(sys.argv[:1])
    from PySide6.QtCore import QEventLoop

    from ui.shell.window import Window
    from ui.shell.workspace.settings import UserSettings

    session = UserSettings()
    window = Window(None, session)
    window.show()
    if opened is not None:
        opened(window)
    for _round in range(2):  # the second round sees what the first paint put off, such as telling that it is done
        app.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    from ui.engine_link.start import start

    process = start()  # torch loads while the window is furnished; before the first paint it would only slow that down
    from ui.engine_link.link import Kernel
    from ui.shell.files import is_lesson
    from ui.shell.workspace.services import LESSONS

    kernel = Kernel(process=process)
    lesson = path if path is not None and is_lesson(path) else None
    document, example, complaint = opening(path if lesson is None else None, session, window.say)
    window.furnish(document, kernel, example)
    if document.path is not None:
        session.remember(document.path)
    if complaint:
        session.set("last", "")  # said once, not at every start
        window.later(lambda: window.files.not_opened(complaint))
    if lesson is not None:
        window.services.get(LESSONS).open(lesson)
    window.later(window.recovery.look)
    settle(window)
    code = app.exec()
    kernel.shutdown()
    return code


def settle(window: Window) -> None:
    """Some time after a document was opened, take what will live as long as it out of the collector's sight: looking through
    all of it again and again would cost whole frames."""

    def wait() -> None:
        window.work.after_frame("collect garbage", leave_alone, SETTLED_MS)

    window.document_shown.connect(wait)
    wait()


def leave_alone() -> None:
    """Collect what is garbage now, and never look again at what is not; it is still freed when nothing refers to it."""
    import gc

    gc.unfreeze()  # so that what was left alone for an earlier document is looked at once more
    gc.collect()
    gc.freeze()
