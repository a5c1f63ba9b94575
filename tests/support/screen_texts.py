"""Every text a person can get from a window: painted, in tips, for screen readers, and in the exported picture."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QBuffer, QPoint
from PySide6.QtGui import QAccessible, QAccessibleInterface, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from ui.canvas.model.tips import node_tip, wire_tip
from ui.shell.picture_file import write_picture
from ui.shell.window import Window

_TEXT = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.,])[−-]?\d[\d,]*\.?\d*(?:e[−-]?\d+)?")


def numbers_in(text: str) -> list[float]:
    """The numbers in a text, thousands signs and true minus understood."""
    return [float(match.group().replace("−", "-").replace(",", "") or "nan") for match in _NUMBER.finditer(text)]


def tells(text: str, answer: float) -> bool:
    """Whether a text has the answer at three, four or all digits, whatever its sign."""
    return any(abs(abs(number) - abs(answer)) <= 1e-9 or f"{abs(number):.3g}" == f"{abs(answer):.3g}" and _long(number)
               for number in numbers_in(text))  # fmt: skip


def _long(number: float) -> bool:
    return len(f"{abs(number):.6g}".replace(".", "").strip("0")) >= 3


def painted(widget: QWidget) -> list[str]:
    """What a widget paints as text; the canvas paints a picture, which `exported` reads."""
    buffer, generator = QBuffer(), QSvgGenerator()
    buffer.open(QBuffer.OpenModeFlag.ReadWrite)
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    painter = QPainter(generator)
    widget.render(painter, QPoint(0, 0))
    painter.end()
    return [html.unescape(text).strip() for text in _TEXT.findall(bytes(buffer.data().data()).decode("utf-8", "replace"))]


def exported(window: Window, folder: Path) -> list[str]:
    path = folder / "picture.svg"
    write_picture(path, window.document.graph, window.trace, window.theme.name, 1.0)
    return [html.unescape(text).strip() for text in _TEXT.findall(path.read_text("utf-8"))]


def of_widgets(root: QWidget) -> Iterator[tuple[str, str]]:
    """(where, text): what is painted, and the tips and names of all visible parts."""
    for text in painted(root):
        yield "painted", text
    for part in root.findChildren(QWidget):
        if part.isVisible():
            for text in (part.toolTip(), part.accessibleName(), part.accessibleDescription()):
                yield f"{type(part).__name__} {part.objectName()}".strip(), text


def of_canvas(window: Window) -> Iterator[tuple[str, str]]:
    """(item's name, text): tips of nodes and wires, and what a screen reader says."""
    graph, content = window.document.graph, window.canvas.content
    for node in graph.nodes.values():
        yield node.name, node_tip(content, node.id) or ""
    for edge in graph.edges.values():
        yield f"{graph.nodes[edge.source[0]].name} -> {graph.nodes[edge.target[0]].name}", wire_tip(content, edge) or ""
    yield from (("screen reader", text) for text in spoken(QAccessible.queryAccessibleInterface(window.canvas)))


def spoken(part: QAccessibleInterface | None, depth: int = 0) -> Iterator[str]:
    if part is None or not part.isValid() or depth > 8:
        return
    for kind in (QAccessible.Text.Name, QAccessible.Text.Value, QAccessible.Text.Description):
        yield part.text(kind)
    for at in range(part.childCount()):
        yield from spoken(part.child(at), depth + 1)
