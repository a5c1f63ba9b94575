"""The picture of the landscape for other programs: SVG, PNG, and a LaTeX document that pgfplots draws."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from ui.landscape.page import LandscapePage
from ui.look import pictures
from ui.look.afar import for_plots


def svg(page: LandscapePage) -> bytes:
    view = page.picture_view
    return pictures.svg(view.size(), lambda painter: _paint(page, painter), page.readout.text(), view.accessibleDescription())


def image(page: LandscapePage) -> QImage:
    return pictures.image(page.picture_view.size(), lambda painter: _paint(page, painter))


def png(page: LandscapePage) -> bytes:
    return pictures.png(image(page))


def latex(page: LandscapePage) -> bytes:
    """What is shown, surface or level lines, with the paths and the present point."""
    from ui.maths.pgfplots import pgfplots, pgfplots_flat

    relief, spots = page.solid.view.relief, [page.solid.view.point] if page.solid.view.point is not None else []
    if relief is None:
        return b""
    if page.solid.on:
        return pgfplots(relief, page.solid.view.eye, page.solid.view.trails, spots, page.readout.text()).encode()
    return pgfplots_flat(relief, page.solid.view.trails, spots, page.readout.text()).encode()


def _paint(page: LandscapePage, painter: QPainter) -> None:
    view = page.picture_view
    view.paint_to(painter, QRectF(view.rect()), for_plots(view, page.theme))
