"""The text of a note: Markdown, with `$formulas$` set as on the cards. A note comes from a file: nothing in it loads or runs anything."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QRectF, Qt, QUrl
from PySide6.QtGui import QAbstractTextDocumentLayout, QPainter, QPalette, QTextCharFormat, QTextCursor, QTextDocument

from ui.canvas import formula_text
from ui.theme import MATHS, THEMES, Theme, color, font

PAD = 12.0
_FORMULA = re.compile(r"\$([^$\n]+)\$")
_OPEN, _CLOSE = "\ue000", "\ue001"
_RAISED, _LOWERED = QTextCharFormat.VerticalAlignment.AlignSuperScript, QTextCharFormat.VerticalAlignment.AlignSubScript


class _Document(QTextDocument):
    def loadResource(self, type: int, name: QUrl | str) -> Any:
        return None  # no picture is fetched because a note mentions one


def paint_note_text(painter: QPainter, text: str, rect: QRectF, theme: Theme) -> None:
    """The text inside a note's rectangle, cut off at its lower edge."""
    inner = rect.adjusted(PAD, PAD - 2, -PAD, -6)
    if inner.width() <= 8 or inner.height() <= 4:
        return
    document = made(text, round(inner.width()), theme.name)
    context = QAbstractTextDocumentLayout.PaintContext()
    context.palette.setColor(QPalette.ColorRole.Text, color(theme.text))
    painter.save()
    painter.setClipRect(inner, Qt.ClipOperation.IntersectClip)
    painter.translate(inner.topLeft())
    document.documentLayout().draw(painter, context)
    painter.restore()


def text_height(text: str, width: float, theme: Theme) -> float:
    """How high a note must be to show all of its text."""
    return made(text, round(width - 2 * PAD), theme.name).size().height() + PAD + 8


@lru_cache(maxsize=64)
def made(text: str, width: int, theme_name: str) -> QTextDocument:
    """The laid out text; formulas are marked before Markdown is read, so that their `_` and `*` stay what they are."""
    theme = THEMES[theme_name]
    document = _Document()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    document.setDefaultFont(font("base"))
    formulas: list[str] = []

    def kept(found: re.Match[str]) -> str:
        formulas.append(found[1])
        return f"{_OPEN}{len(formulas) - 1}{_CLOSE}"

    features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
    document.setMarkdown(_FORMULA.sub(kept, text.replace(_OPEN, "").replace(_CLOSE, "")), features)
    _smaller_headings(document)
    for index, formula in enumerate(formulas):
        cursor = document.find(f"{_OPEN}{index}{_CLOSE}")
        if not cursor.isNull():
            _set_formula(cursor, formula, theme)
    document.setTextWidth(width)
    return document


def _set_formula(cursor: QTextCursor, formula: str, theme: Theme) -> None:
    face = cursor.charFormat()
    maths = font("formula")
    maths.setFamily(MATHS)
    maths.setItalic(False)
    maths.setPixelSize(16)
    face.setFont(maths)
    cursor.removeSelectedText()
    for run in formula_text.runs(formula):
        face.setVerticalAlignment(
            _RAISED if run.level > 0 else _LOWERED if run.level < 0 else QTextCharFormat.VerticalAlignment.AlignNormal
        )
        cursor.insertText(run.text, face)


def _smaller_headings(document: QTextDocument) -> None:
    """Qt doubles the size of a heading; on a canvas a third more is plenty."""
    block = document.begin()
    while block.isValid():
        level = block.blockFormat().headingLevel()
        if level:
            cursor = QTextCursor(block)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            face = QTextCharFormat()
            face.setFont(font("heading" if level == 1 else "strong"))
            cursor.mergeCharFormat(face)
        block = block.next()
