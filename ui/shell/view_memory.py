"""Where one looked in each file: zoom and place come back with it. Kept in the settings, never in the file."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF

from ui.canvas.model.camera import LARGEST
from ui.shell.workspace.settings import UserSettings

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.canvas.view import Canvas

_SETTING = "views"
KEPT = 30


class ViewMemory(QObject):
    """One entry a document, by its path, or `example:` and a name. A view that shows everything needs none."""

    def __init__(self, session: UserSettings, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._session, self._canvas = session, canvas
        self._document: Document | None = None
        self._example = ""
        self._ready = False
        self._recalled: tuple[float, float, float] | None = None

    def enter(self, document: Document, example: str) -> None:
        """This is shown from now on; look where one looked last, if that is known."""
        self._document, self._example = document, example
        if self._ready:
            self.recall(self.key)

    def first_look(self) -> None:
        """The window has its size: from now on views can be put in place at once."""
        if not self._ready:
            self._ready = True
            if not self.recall(self.key):
                self._canvas.refit()

    def resized(self) -> None:
        """The window only now has its size (a maximized one gets it after it was shown): look at the same middle again."""
        if self._ready and self._recalled == self._canvas.view_state():
            self.recall(self.key)

    @property
    def key(self) -> str:
        path = self._document.path if self._document is not None else None
        return str(path.absolute()) if path is not None else f"example:{self._example}" if self._example else ""

    def leave(self) -> None:
        """Keep the middle of the view, and the zoom in multiples of the theme's actual size."""
        views, key, canvas = self._read(), self.key, self._canvas
        if not key or not self._ready:
            return
        views.pop(key, None)
        if not canvas.fitted:
            middle = canvas.seen().center()
            views[key] = (canvas.camera.scale / canvas.theme.scale, middle.x(), middle.y())
        self._session.set(_SETTING, json.dumps(dict([*views.items()][-KEPT:])))

    def recall(self, key: str) -> bool:
        """Look where one looked last; whether that is known and still shows something."""
        canvas, view = self._canvas, self._read().get(key)
        if view is None:
            return False
        before, fitted = canvas.view_state(), canvas.fitted
        zoom, x, y = view
        canvas.restore_view((min(max(zoom * canvas.theme.scale, canvas.viewport.smallest()), LARGEST), x, y))
        canvas.centre_on(QPointF(x, y))
        if canvas.seen().intersects(canvas.scene.bounds()):
            self._recalled = canvas.view_state()
            return True
        canvas.restore_view(before)
        if fitted:
            canvas.fit_all()
        return False

    def _read(self) -> dict[str, tuple[float, float, float]]:
        try:
            rows = json.loads(self._session.text(_SETTING, "{}"))
            views = {str(key): (float(zoom), float(x), float(y)) for key, (zoom, x, y) in rows.items()}
        except (ValueError, TypeError, AttributeError):
            return {}
        return {key: view for key, view in views.items() if all(map(math.isfinite, view)) and view[0] > 0}
