"""What the window's tests share: answers to dialogs, and the trace of f = x·y + z worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from engine.compile.views import ArrayView, PassEvent, TraceView
from graph.storage.document import Document
from ui.lessons.player import Player
from ui.shell.window import Window


class Answers:
    """Stands where `ui.shell.dialogs.Dialogs` does; answers as told and remembers what was asked."""

    def __init__(self, unsaved: str = "cancel", opens: Path | None = None, saves: Path | None = None) -> None:
        self.answer, self.opens, self.saves = unsaved, opens, saves
        self.agrees = True
        self.outside = "cancel"
        self.busy = "cancel"
        self.place = "cancel"
        self.asked: list[str] = []
        self.folders: list[str] = []

    def unsaved(self, name: str, heading: str = "", text: str = "") -> str:
        self.question = heading, text
        self.asked.append("unsaved")
        return self.answer

    def sure(self, title: str, text: str, act: str) -> bool:
        self.asked.append(f"sure {title}")
        return self.agrees

    def tell(self, title: str, text: str) -> None:
        self.asked.append(f"tell {text}")

    def changed_outside(self, name: str) -> str:
        self.asked.append("changed outside")
        return self.outside

    def large_runs(self, count: int, size: int) -> str:
        self.asked.append(f"large runs {count}")
        return self.place

    def engine_busy(self, arrived: Callable[[], bool], older: str) -> str:
        self.asked.append("engine busy")
        self.older = older
        while self.busy == "arrived" and not arrived():
            after_event()
        return self.busy

    def open_another(self, complaint: str) -> bool:
        self.asked.append(f"open another {complaint}")
        return False

    def wait_for(self, dialog: QDialog) -> bool:
        self.asked.append(f"wait {type(dialog).__name__}")
        return False

    def open_path(self, folder: str, title: str = "", filters: str = "") -> Path | None:
        self.asked.append("open")
        self.folders.append(folder)
        return self.opens

    def open_folder(self, folder: str, title: str = "") -> Path | None:
        self.asked.append("folder")
        self.folders.append(folder)
        return self.opens

    def save_path(self, suggested: str, title: str = "", filters: str = "", ending: str = "") -> Path | None:
        self.asked.append("save")
        self.folders.append(suggested)
        return self.saves

    def shortcuts(self, keys: object, changed: object) -> None:
        self.asked.append("shortcuts")

    def about(self, text: str) -> None:
        self.asked.append("about")


def after_event() -> None:
    """Let what an event put off until after it happen: dialogs never open inside one."""
    for _ in range(3):
        QApplication.processEvents()


def scalar(value: float) -> ArrayView:
    return ArrayView((), "float64", np.array(value), None, value, value, value, 0.0, abs(value))


def matrix(rows: list[list[float]]) -> ArrayView:
    data = np.array(rows)
    return ArrayView(data.shape, "float64", data, None, data.min(), data.max(), data.mean(), data.std(), float(np.linalg.norm(data)))


def names(document: Document) -> dict[str, str]:
    """Node ids by name."""
    return {node.name: node.id for node in document.graph.nodes.values()}


def hand_trace(document: Document) -> TraceView:
    """x = 2, y = −5, z = 3: x·y = −10, f = −7; ∂f/∂x = −5, ∂f/∂y = 2, ∂f/∂z = 1 and 1 at the sum's other input."""
    graph, ids = document.graph, names(document)
    values = {"x": 2.0, "y": -5.0, "z": 3.0, "multiply": -10.0, "add": -7.0}
    gradients = {"x": -5.0, "y": 2.0, "z": 1.0, "multiply": 1.0, "add": 1.0}
    forward = [PassEvent("forward", n, tuple(e.id for e in graph.inputs_of(n))) for n in graph.order()]
    backward = [PassEvent("backward", e.node, e.edges) for e in reversed(forward)]
    return TraceView(
        structure=document.structure,
        revision=document.revision,
        objective=(ids["add"], "y"),
        values={(ids[n], "y"): scalar(v) for n, v in values.items()},
        gradients={(ids[n], "y"): scalar(v) for n, v in gradients.items()},
        edge_gradients={e.id: scalar(gradients[graph.nodes[e.source[0]].name]) for e in graph.edges.values()},
        events=(*forward, *backward),
    )


def drop(target: QWidget, *paths: Path, at: QPoint | None = None) -> bool:
    """A real drag over a widget, first entering and then let go; whether it was taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place = at if at is not None else target.rect().center()
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copy, data, left, none)
    QGuiApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(place), copy, data, left, none)
    QGuiApplication.sendEvent(target, event)
    after_event()
    return event.isAccepted()


def player(window: Window) -> Player:
    """The player of the lesson that is open."""
    current = window.lessons.player
    assert current is not None
    return current
