"""Explanations from the real engine in its own process: live numbers, training, another document, an engine that dies."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from engine.explain.cards import Number
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import SetParam
from graph.storage.document import Document
from tests.support.window_support import names
from ui.canvas.model.number_texts import known_text
from ui.engine_link.link import Kernel
from ui.explain.tools_page import TOOLS
from ui.look.numbers import number
from ui.shell.files import example_document
from ui.shell.window import Window

PATIENCE = 60_000
Open = Callable[[Document], Window]


@pytest.fixture
def open_window(make_window: Callable[..., Window]) -> Open:
    """Windows with an engine in its own process, and their first numbers."""
    return lambda document: make_window(document, kernel=Kernel(), size=(1440, 900), unsaved="discard")


def test_the_card_keeps_pace_with_a_slider_and_ends_on_the_canvas_s_own_digits(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})))
    ids = names(window.document)
    window.canvas.select([ids["multiply"]])
    window.explain.why()
    page = window.explain.card
    qtbot.waitUntil(lambda: page.card is not None, timeout=PATIENCE)

    for tick in range(30):
        window.document.do(SetParam(ids["x"], "value", 2.0 + tick / 7), "Set x", merge="x")
        qtbot.wait(4)
    last = number((2.0 + 29 / 7) * -5.0)
    qtbot.waitUntil(lambda: last in page.head.text, timeout=PATIENCE)

    trace = window.trace
    assert trace is not None and page.card is not None and isinstance(page.card.value, Number)
    shown = known_text(window.canvas.content, trace.values[ids["multiply"], "y"], (ids["multiply"], "y"))
    assert shown.text == last == number(page.card.value.value)


def test_training_with_everything_open_breaks_nothing_and_ends_with_a_card_of_the_last_weights(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("xor", CATALOG))
    kernel, graph = window.kernel, window.document.graph
    assert kernel is not None
    layer = next(node for node in graph.nodes if graph.spec(node).parameters)
    window.canvas.select([layer])
    window.explain.why()
    window.explain.toggle_audit()
    qtbot.waitUntil(lambda: bool(window.explain.audit.rows) and not window.explain.audit.busy, timeout=PATIENCE)

    kernel.start()
    qtbot.waitUntil(lambda: kernel.training, timeout=PATIENCE)
    for key, *_ in TOOLS:
        window.explain.show_tool(key)
        qtbot.wait(120)
    assert not kernel.training or window.canvas.overlay.tags("audit") == {}
    kernel.pause()
    qtbot.waitUntil(lambda: not kernel.training and window.trace is not None and window.trace.mode == "paused", timeout=PATIENCE)

    page = window.explain.card
    qtbot.waitUntil(lambda: page.card is not None and not page.asking, timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(window.canvas.overlay.tags("audit")), timeout=PATIENCE)


def test_an_answer_to_the_last_document_does_not_appear_in_the_next(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(example_document("tanh-mlp-2-4-2", CATALOG))
    window.canvas.select([names(window.document)["hidden"]])
    window.explain.why()
    for key, *_ in TOOLS:
        window.explain.show_tool(key)

    window.files.open_example("xy-plus-z")  # at once: everything that was asked is still under way
    qtbot.waitUntil(lambda: window.trace is not None and len(window.document.graph.nodes) == 5, timeout=PATIENCE)
    qtbot.wait(300)

    assert window.explain.card.card is None
    window.canvas.select([names(window.document)["d"]])
    window.explain.why()
    qtbot.waitUntil(lambda: window.explain.card.card is not None and window.explain.card.card.title == "d", timeout=PATIENCE)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_card_comes_again_after_the_engine_has_died(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(build("x*y", CATALOG, {"x": 2.0, "y": 3.0})))
    kernel = window.kernel
    assert kernel is not None and kernel.pid is not None
    window.canvas.select([names(window.document)["multiply"]])
    window.explain.why()
    page = window.explain.card
    qtbot.waitUntil(lambda: page.card is not None, timeout=PATIENCE)
    dead = kernel.pid

    os.kill(dead, signal.SIGKILL)
    page.set_notation("bar")  # asked of an engine that is gone
    qtbot.waitUntil(lambda: kernel.pid not in (None, dead) and kernel.ready, timeout=PATIENCE)

    qtbot.waitUntil(lambda: page.card is not None and page.card.notation == "bar", timeout=PATIENCE)
