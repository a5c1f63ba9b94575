"""The text of a note: Markdown, with `$formulas$` set as on the cards. A note comes from a file: nothing in it loads or runs anything."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QRectF, Qt, QUrl
from PySide6.QtGui import QAbstractTextDocumentLayout, QPainter, QPalette, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument

from ui.look.theme import MATHS, Theme, color, font
from ui.maths import formula_text

PAD = 12.0
_FORMULA = re.compile(r"\$([^$\n]+)\$")
_OPEN, _CLOSE = "\ue000", "\ue001"
_SHIFT, _LINE = 12.0, 21.0
"""How far small figures stand off the line, in percent of the font's height, which is large in a font for formulas; a line's height."""


class _NoteDocument(QTextDocument):
    def loadResource(self, type: int, name: QUrl | str) -> Any:
        return None  # no picture is fetched because a note mentions one


def paint_note_text(painter: QPainter, text: str, rect: QRectF, theme: Theme) -> None:
    """The text inside a note's rectangle, cut off at its lower edge."""
    inner = rect.adjusted(PAD, PAD - 2, -PAD, -6)
    if inner.width() <= 8 or inner.height() <= 4:
        return
    document = made(text, round(inner.width()))
    context = QAbstractTextDocumentLayout.PaintContext()
    context.palette.setColor(QPalette.ColorRole.Text, color(theme.text))
    painter.save()
    painter.setClipRect(inner, Qt.ClipOperation.IntersectClip)
    painter.translate(inner.topLeft())
    document.documentLayout().draw(painter, context)
    painter.restore()


def text_height(text: str, width: float) -> float:
    """How high a note must be to show all of its text."""
    return made(text, round(width - 2 * PAD)).size().height() + PAD + 8


@lru_cache(maxsize=64)
def made(text: str, width: int) -> QTextDocument:
    """The laid out text; formulas are marked before Markdown is read, so that their `_` and `*` stay what they are."""
    document = _NoteDocument()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    document.setDefaultFont(font("base"))
    formulas: list[str] = []

    def kept(match: re.Match[str]) -> str:
        formulas.append(match[1])
        return f"{_OPEN}{len(formulas) - 1}{_CLOSE}"

    features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
    document.setMarkdown(_FORMULA.sub(kept, text.replace(_OPEN, "").replace(_CLOSE, "")), features)
    for index, formula in enumerate(formulas):
        cursor = document.find(f"{_OPEN}{index}{_CLOSE}")
        if not cursor.isNull():
            _set_formula(cursor, formula)
    _set_blocks(document)
    document.setTextWidth(width)
    return document


def _set_formula(cursor: QTextCursor, formula: str) -> None:
    face = cursor.charFormat()
    maths = font("formula")
    maths.setFamily(MATHS)
    maths.setItalic(False)
    cursor.removeSelectedText()
    for run in formula_text.runs(formula):
        maths.setPixelSize(11 if run.level else 16)
        face.setFont(maths)
        face.setBaselineOffset(_SHIFT * run.level)
        cursor.insertText(run.text, face)


def _set_blocks(document: QTextDocument) -> None:
    """Headings a third larger than the text instead of Qt's double, and lines as high as each other, formulas or not."""
    block = document.begin()
    while block.isValid():
        cursor = QTextCursor(block)
        level = block.blockFormat().headingLevel()
        if level:
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            face = QTextCharFormat()
            face.setFont(font("strong", 1.3 if level == 1 else 1.1))
            cursor.setCharFormat(face)
        form = QTextBlockFormat(block.blockFormat())
        form.setLineHeight(_LINE, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        form.setTopMargin(0)
        form.setBottomMargin(4 if not block.textList() else 0)
        cursor.setBlockFormat(form)
        block = block.next()
