"""The mark of a node with dead or saturated units: a pill that hangs below its card, where it covers no number of the card."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from engine.compile.activity import Activity
from graph.text.messages import _
from ui.canvas.model import text_metrics

HIGH, OVER = 18.0, 2.0
"""Height of the pill, and how far it reaches over the card's edge."""


def said(found: Activity) -> str:
    """A mark in two words."""
    text = _("dead {share}") if found.kind == "dead" else _("saturated {share}")
    return text.format(share=f"{found.share:.0%}")


def mark_box(rect: QRectF, boost: float, text: str = "") -> QRectF:
    """The pill below a card at `rect` with this text; without one, the room that the longest mark needs."""
    longest = max((_("dead {share}"), _("saturated {share}")), key=len).format(share="100%")
    wide = (text_metrics.text_width("strong", text or longest) + 14) * boost
    return QRectF(rect.center().x() - wide / 2, rect.bottom() - OVER, wide, HIGH * boost)
