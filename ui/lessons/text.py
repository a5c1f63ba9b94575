"""Lesson text: Markdown with formulas as a typesetter sets them, wrapped to the width there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextImageFormat,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget
from shiboken6 import isValid

from ui.look.theme import MATHS, Theme, color, font
from ui.maths import formula_text
from ui.maths.formula import loader, svg

SIZE = 16.0
"""Height of the type, in pixels at the theme's size."""
DISPLAYED = 1.15
"""A formula that is a paragraph of its own is as much larger."""
_FORMULA = re.compile(r"\$\$?([^$\n]+?)\$\$?([.,;:!?)]?)")
_OPEN, _CLOSE = "\ue000", "\ue001"
_JOINER = "\u2060"
_LINE, _TIGHT = 134.0, 106.0
"""Line height in per cent: of text, and of a formula that is a paragraph of its own."""
_LEAST = 0.8
"""A formula is made as much smaller to fit; one that is longer still goes on in the next line."""
WIDTHS = 8
"""So many widths of a text are kept laid out: a layout asks for its height in several by turns, many times for one change."""
_WEAK = ("\\qquad", "\\quad")
_BOX = re.compile(rb'viewBox="([-\d.e]+) ([-\d.e]+) ([-\d.e]+) ([-\d.e]+)"')


class _LessonDocument(QTextDocument):
    def loadResource(self, type: int, name: QUrl | str) -> Any:
        return None  # a lesson comes from a file: nothing it mentions is fetched


class LessonText(QWidget):
    """Paints one text; its height follows its width. Formulas appear in plain letters until the typesetter is loaded."""

    def __init__(self, size: float = SIZE) -> None:
        super().__init__()
        self._size, self._text = size, ""
        self._theme: Theme | None = None
        self._made: dict[tuple[int, float], QTextDocument] = {}
        """The text laid out for widths and pixel ratios, the one asked for last at the end."""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_text(self, text: str, theme: Theme) -> None:
        self._text, self._theme = text, theme
        self.setAccessibleName(text)
        self._made.clear()
        if _FORMULA.search(text) and not loader().ready:
            loader().start()
            loader().loaded.connect(self._typeset, Qt.ConnectionType.UniqueConnection)
        self.updateGeometry()
        self.update()

    @property
    def text(self) -> str:
        return self._text

    def _typeset(self) -> None:
        if isValid(self):
            self._made.clear()
            self.updateGeometry()
            self.update()

    def _laid_out(self, width: int) -> QTextDocument | None:
        if self._theme is None:
            return None
        key = (width, self.devicePixelRatioF())
        document = self._made.pop(key, None) or laid_out(self._text, width, self._theme, self._size, key[1])
        self._made[key] = document
        if len(self._made) > WIDTHS:
            del self._made[next(iter(self._made))]
        return document

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        document = self._laid_out(width) if self._text else None
        if document is None or self._theme is None:
            return 0
        return round(document.size().height() + 4 * self._theme.scale)  # what hangs below the last line is part of it

    def sizeHint(self) -> QSize:
        width = self.width() if self.width() > 60 else 320
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 0)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        document = self._laid_out(self.width())
        if document is None or self._theme is None:
            return
        painter = QPainter(self)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, color(self._theme.text))
        document.documentLayout().draw(painter, context)
        painter.end()


def laid_out(text: str, width: int, theme: Theme, size: float = SIZE, ratio: float = 1.0) -> QTextDocument:
    """The text as a document of that width; formulas are marked before Markdown is read, so that their `_` and `*` stay what they are."""
    document = _LessonDocument()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    face = font("base", theme.scale * size / 13)
    document.setDefaultFont(face)
    formulas: list[str] = []

    def kept(match: re.Match[str]) -> str:
        formulas.append(match[1])
        joined = f"{_JOINER}{match[2]}" if match[2] else ""  # no line begins with the full stop behind a formula
        return f"{_OPEN}{len(formulas) - 1}{_CLOSE}{joined}"

    features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
    document.setMarkdown(_FORMULA.sub(kept, text.replace(_OPEN, "").replace(_CLOSE, "")), features)
    _set_blocks(document, theme, size)
    _set_formulas(document, formulas, theme, size, ratio, width)
    document.setTextWidth(width)
    return document


@dataclass(frozen=True, slots=True)
class _Picture:
    """A typeset formula; how wide it is, and how far it reaches above and below the line it stands on."""

    image: QImage
    wide: float
    ascent: float
    descent: float
    indent: str = ""
    """Space before it, where it goes on with a formula of the line before."""


def _set_formulas(document: QTextDocument, formulas: list[str], theme: Theme, size: float, ratio: float, width: int) -> None:
    face = font("base", theme.scale * size / 13)
    blocks: dict[int, list[tuple[int, list[_Picture]]]] = {}
    displayed: set[int] = set()
    for index, formula in enumerate(formulas):
        cursor = document.find(f"{_OPEN}{index}{_CLOSE}")
        if cursor.isNull():
            continue
        alone = cursor.block().text().strip() == cursor.selectedText() and cursor.block().textList() is None
        height = round(size * theme.scale * (DISPLAYED if alone else 1.0) * 1.06, 2)
        pictures = _lines(formula, height, theme.text, ratio, alone, width) if loader().ready else None
        if pictures is None:
            _spell(cursor, formula, height)
        else:
            blocks.setdefault(cursor.blockNumber(), []).append((index, pictures))
            displayed |= {cursor.blockNumber()} if alone else set()
    for number, there in blocks.items():
        every = [picture for _, pictures in there for picture in pictures]
        if number in displayed or max(p.ascent for p in every) + max(p.descent for p in every) > _line_height(face):
            block = document.findBlockByNumber(number)
            form = QTextBlockFormat(block.blockFormat())
            form.setLineHeight(_TIGHT if number in displayed else _LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            QTextCursor(block).setBlockFormat(form)
        high, line = _room(every, face)
        for index, pictures in there:
            cursor = document.find(f"{_OPEN}{index}{_CLOSE}")
            cursor.removeSelectedText()
            for part, picture in enumerate(pictures):
                name = f"formula:{index}:{part}"
                document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), _padded(picture, high, line, ratio))
                shape = QTextImageFormat()
                shape.setName(name)
                shape.setWidth(picture.wide)
                shape.setHeight(high)
                shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
                shape.setFont(face)
                if part:
                    cursor.insertText("\u2028" + picture.indent)
                cursor.insertImage(shape)


def _lines(latex: str, size: float, ink: str, ratio: float, displayed: bool, width: int) -> list[_Picture] | None:
    """A formula in as many lines as it needs; None where it cannot be typeset."""
    whole = _picture(latex, size, ink, ratio, displayed)
    if whole is None or whole.wide <= width or width <= 0:
        return None if whole is None else [whole]
    parts = pieces(latex) if displayed and whole.wide * _LEAST > width else [latex]
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]} {part}" if lines else part
        picture = _picture(joined, size, ink, ratio, displayed)
        if lines and picture is not None and picture.wide <= width - size:
            lines[-1] = joined
        else:
            lines.append(part)
    pictures = [_fitted(_bare(line), size, ink, ratio, displayed, width - round(size)) for line in lines]
    indents = ["" if line.startswith(_WEAK) or line is lines[0] else "\u2003" for line in lines]
    indented = [replace(picture, indent=indent) for picture, indent in zip(pictures, indents, strict=True) if picture is not None]
    return indented if len(indented) == len(lines) else None


def _bare(line: str) -> str:
    """Without the space between formulas, where one begins or ends a line."""
    line = line.strip()
    for weak in _WEAK:
        line = line.removeprefix(weak).removesuffix(weak).strip()
    return line


def pieces(latex: str) -> list[str]:
    """A formula cut where a line may end: before wide spaces, or else before relations, never inside braces or brackets."""
    cuts, depth, place = {"space": [0], "relation": [0]}, 0, 0
    while place < len(latex):
        mark = latex[place]
        bracket = latex[place + 1 : place + 2] if mark == "\\" else mark
        depth += (bracket in set("{([")) - (bracket in set("})]"))
        if depth == 0 and latex.startswith(_WEAK, place):
            cuts["space"].append(place)
        if depth == 0 and place and (mark == "=" or re.match(r"\\(to|approx|Rightarrow|leq?|geq?|iff)\b", latex[place:])):
            cuts["relation"].append(place)
        place += 2 if mark == "\\" and not latex[place + 1 : place + 2].isalpha() else 1
    chosen = cuts["space"] if len(cuts["space"]) > 1 else cuts["relation"]
    return [latex[start:end] for start, end in zip(chosen, [*chosen[1:], len(latex)], strict=True)]


def _fitted(latex: str, size: float, ink: str, ratio: float, displayed: bool, width: int) -> _Picture | None:
    """A formula no wider than the text; smaller where it would be."""
    picture = _picture(latex, size, ink, ratio, displayed)
    if picture is not None and picture.wide > width > 0:
        return _picture(latex, round(size * width / picture.wide - 0.01, 2), ink, ratio, displayed)
    return picture


def _room(pictures: list[_Picture], face: QFont) -> tuple[int, float]:
    """A height for all pictures of a paragraph, and how far below their top the line then runs.

    Qt centres a picture in a line that has grown to `(height ± x-height / 2) / 2` above and below: with one height for all, it is known
    where the letters beside it stand.
    """
    exact, half = QFontMetricsF(face), QFontMetrics(face).xHeight() / 2
    for high in range(2, 2000):
        up = (max(exact.ascent(), (high + half) / 2) - max(exact.descent(), (high - half) / 2)) / 2
        if all(p.ascent <= high / 2 + up and p.descent <= high / 2 - up for p in pictures):
            break
    return high, high / 2 + up


def _padded(picture: _Picture, high: int, line: float, ratio: float) -> QImage:
    padded = QImage(picture.image.width(), round(high * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    padded.fill(Qt.GlobalColor.transparent)
    painter = QPainter(padded)
    painter.drawImage(0, round((line - picture.ascent) * ratio), picture.image)
    painter.end()
    padded.setDevicePixelRatio(ratio)
    return padded


def _spell(cursor: QTextCursor, formula: str, height: float) -> None:
    face = cursor.charFormat()
    maths = QFont(MATHS)
    cursor.removeSelectedText()
    for run in formula_text.runs(formula):
        maths.setPixelSize(max(1, round(height * (0.7 if run.level else 1.0))))
        face.setFont(maths)
        face.setBaselineOffset(12.0 * run.level)
        cursor.insertText(run.text, face)


@lru_cache(maxsize=256)
def _picture(latex: str, size: float, ink: str, ratio: float, displayed: bool) -> _Picture | None:
    """A formula as a picture; None where it cannot be typeset."""
    style = "displaystyle" if displayed else "textstyle"  # as in a line of print
    source = svg(f"\\{style} {latex}", size, ink) or svg(latex, size, ink)
    box = _BOX.search(source) if source else None
    if source is None or box is None:
        return None
    _, top, wide, high = (float(part) for part in box.groups())
    image = QImage(max(1, round(wide * ratio)), max(1, round(high * ratio)), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, image.width(), image.height()))
    painter.end()
    return _Picture(image, wide, -top, high + top)


def _line_height(face: QFont) -> int:
    """Of text, with formulas in it that fit: lines as high as each other."""
    return round(QFontMetricsF(face).height() * _LINE / 100)


def _set_blocks(document: QTextDocument, theme: Theme, size: float) -> None:
    scale = theme.scale * size / 13
    block = document.begin()
    while block.isValid():
        cursor = QTextCursor(block)
        level = block.blockFormat().headingLevel()
        if level:
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            face = QTextCharFormat()
            face.setFont(font("strong", scale * (1.25 if level == 1 else 1.1)))
            cursor.setCharFormat(face)
        form = QTextBlockFormat(block.blockFormat())
        if level:
            form.setLineHeight(_LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        else:
            form.setLineHeight(_line_height(font("base", scale)), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        form.setTopMargin(0)
        form.setBottomMargin((3 if block.textList() and block.next().textList() else 9) * scale if block.next().isValid() else 0)
        cursor.setBlockFormat(form)
        block = block.next()
