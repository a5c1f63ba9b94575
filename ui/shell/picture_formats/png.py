"""A picture in pixels."""

from __future__ import annotations

from engine.export.registry import Format, Written
from graph.text.messages import _
from ui.shell.picture_formats import Drawing


def _write(drawing: Drawing) -> Written:
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice

    from ui.shell.picture_image import picture_image, too_large

    image, used = picture_image(drawing)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs leave the format's str out
    return Written(bytes(data.data()), too_large(used, drawing.scale))


FORMAT = Format("PNG", ".png", _("Picture"), _write, order=0)
