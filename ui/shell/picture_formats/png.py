"""A picture in pixels."""

from __future__ import annotations

from engine.export.registry import Format, Written
from graph.text.messages import _
from ui.shell.picture_formats import Drawing


def _write(drawing: Drawing) -> Written:
    from ui.look.pictures import png
    from ui.shell.picture_image import picture_image, too_large

    image, used = picture_image(drawing)
    return Written(png(image), too_large(used, drawing.scale))


FORMAT = Format("PNG", ".png", _("Picture"), _write, order=0)
