"""Formulas in and out of the window: typed on the canvas, copied from a selection."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication

from graph.formula.lines import statements
from graph.formula.to_graph import FormulaError
from graph.formula.to_latex import latex
from graph.formula.to_text import formula_of, formula_text
from graph.grouping.layout import arranged
from graph.model.edits import Compound, Connect, Edit, Move, SetVia
from graph.model.graph import GraphError
from graph.text.messages import _
from ui.canvas.model.levels import placed
from ui.maths.formula import loader
from ui.shell.dropped import TABLES, paths_in
from ui.shell.formula_entry import FormulaDraft, FormulaEntry, read_entry
from ui.shell.workspace.services import TABLE_IMPORT

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from ui.canvas.view import Canvas
    from ui.shell.workspace.workspace import Workspace

LONGEST = 20_000
"""Letters of a text that may be a formula."""
SHOWN = 60
"""Letters of a copied formula that the message repeats."""


def ask(window: Workspace, at: QPointF | None = None, text: str = "") -> None:
    """Open the field; the graph will stand at `at` in the scene, where the field opens too (None: the middle of the view)."""
    document, canvas = window.document, window.canvas
    if document.read_only:
        return window.say(document.read_only)
    loader().start()
    place: QPoint | None = None
    if at is not None and document.graph.nodes:
        place = canvas.mapToGlobal(canvas.camera.to_view(at).toPoint())
    scene = at if at is not None else canvas.seen().center()
    entry_of(window).ask(document.graph, scene, place, inside(window), text)


def entry_of(window: Workspace) -> FormulaEntry:
    """The window's field for formulas, made when it is first asked for."""
    field = window.widget.findChild(FormulaEntry)
    if field is None:
        field = FormulaEntry(window.theme, window.widget)
        field.accepted.connect(lambda entry: insert(window, entry))
    field.set_theme(window.theme)
    return field


def inside(window: Workspace) -> str | None:
    """The group the canvas looks into."""
    return window.canvas.scene.inside


def insert(window: Workspace, entry: FormulaDraft) -> None:
    """Do what an entry says: one undo step, laid out by the true sizes of the cards, selected and in view."""
    document, canvas = window.document, window.canvas
    first = not document.graph.nodes
    assert entry.edit is not None
    try:
        with document.gesture(_("Insert formula")):
            document.do(placed(entry.edit, canvas.navigation.inside), _("Insert formula"))
            for edit in _tidy(window, entry.nodes):
                document.do(edit)
    except GraphError as refused:
        return window.say(str(refused))
    canvas.select(entry.nodes)
    if first:
        canvas.fit_all()
    else:
        _bring_in(canvas, canvas.scene.bounds(entry.nodes))
    canvas.setFocus(Qt.FocusReason.OtherFocusReason)


def _bring_in(canvas: Canvas, built: QRectF) -> None:
    """Show all that was built, at the present size where it has room."""
    seen = canvas.seen()
    if built.width() > seen.width() or built.height() > seen.height():
        canvas.fit_selection()
    elif not seen.contains(built):
        canvas.centre_on(built.center())


def paste(window: Workspace, text: str, at: QPointF) -> None:
    """Build the graph of a formula from the clipboard, every line a definition; a table is imported, anything else says what is wrong."""
    tables = window.services.get(TABLE_IMPORT)
    if files := [path for path in paths_in(QApplication.clipboard().mimeData()) if path.suffix.lower() in TABLES]:
        return window.later(lambda: tables.from_file(files[0], at))
    if ("\t" in text or len(text) > LONGEST) and tables.from_text(text, at):
        return
    lines, place, home = statements(text), (at.x(), at.y()), inside(window)
    sketch = window.document.graph.copy()  # ids given to a text that is refused are not lost to the document

    def read(count: int, graph: Graph = sketch) -> FormulaDraft:
        return read_entry(graph, "; ".join(lines[:count]), place, home)

    if not lines:
        return window.say(_("There is nothing to paste in this text"))
    if complaint := read(len(lines)).complaint:
        if tables.from_text(text, at):
            return
        if len(lines) == 1:
            return window.say(_("This text is not a formula: {why}").format(why=_first(complaint)))
        bad = bisect_left(range(1, len(lines)), True, key=lambda count: bool(read(count).complaint)) + 1
        return window.say(_("Line {line} of this text is not a formula: {why}").format(line=bad, why=_first(read(bad).complaint)))
    draft = read(len(lines), window.document.graph)
    if "=" not in text and isinstance(draft.edit, Compound) and not any(isinstance(part, Connect) for part in draft.edit.edits):
        return window.say(_("This text is not a formula: it is a single name or number."))
    insert(window, draft)


def _first(complaint: str) -> str:
    """A complaint's first sentence: what else could have been meant helps only while typing."""
    return re.split(r"(?<=[.?])\s", complaint, maxsplit=1)[0]


def _tidy(window: Workspace, nodes: tuple[str, ...]) -> tuple[Edit, ...]:
    """The new nodes at the places their cards' sizes and the canvas ask for; the corner where it was, below what stands there already."""
    graph, scene, view = window.document.graph, window.canvas.scene, window.canvas.viewport.size()
    known = [node for node in nodes if node in scene.row]
    sizes = {node: (scene.rect(node).width(), scene.rect(node).height()) for node in known}

    def hook(node: str, port: str, output: bool, slot: int) -> tuple[float, float]:
        return scene.cards[node].hook(port, output, slot)

    found = arranged(graph, sizes, known, (view.width(), view.height()), hook)
    places = found.places
    if not places:
        return ()
    left, top = min(x for x, _ in places.values()), min(y for _, y in places.values())
    want_x, want_y = min(graph.nodes[n].x for n in known), min(graph.nodes[n].y for n in known)
    bottom = max(y + sizes[node][1] for node, (_, y) in places.items()) - top + want_y
    right = max(x + sizes[node][0] for node, (x, _) in places.items()) - left + want_x
    others = [scene.rect(node) for node in graph.nodes if node not in sizes and node in scene.row]
    down = 0.0
    while hit := [card for card in others if card.right() > want_x and card.left() < right
                  and card.bottom() > want_y + down and card.top() < bottom + down]:  # fmt: skip
        down = max(card.bottom() for card in hit) + 32 - want_y
    across, down = want_x - left, want_y - top + down
    move = Move(tuple((node, x + across, y + down) for node, (x, y) in places.items()))
    led = {edge: tuple((x + across, y + down) for x, y in points) for edge, points in found.via.items() if points}
    return (move, *(SetVia(edge, points) for edge, points in led.items()))


def copy(window: Workspace, as_latex: bool = False) -> None:
    """Put the selection on the clipboard as a formula that can be typed again, or as LaTeX; without a selection, everything."""
    graph = window.document.graph
    _copy(window, lambda: formula_text(graph, window.canvas.selected_nodes() or graph.nodes), as_latex)


def copy_whole(window: Workspace) -> None:
    """Put the formula of the selected node on the clipboard, with everything it is computed from."""
    nodes = window.canvas.selected_nodes()
    if len(nodes) == 1:
        _copy(window, lambda: formula_of(window.document.graph, nodes[0]), as_latex=False)


def _copy(window: Workspace, write: Callable[[], str], as_latex: bool) -> None:
    try:
        text = latex(write()) if as_latex else write()
    except FormulaError as refused:
        return window.say(str(refused))
    QApplication.clipboard().setText(text)
    short = text.replace("\n", " ")
    window.say(_("Copied  {formula}").format(formula=short if len(short) <= SHOWN else short[: SHOWN - 1] + "…"))
