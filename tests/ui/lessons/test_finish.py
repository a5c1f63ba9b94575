"""The end of a lesson: the score, what was missed with a way back, and the next lesson of the curriculum."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from tests.support.window_support import player
from ui.lessons.gallery import LessonGallery
from ui.lessons.score import LessonScore
from ui.lessons.shelf import LESSONS, LessonProgress, entries, following
from ui.shell.window import Window


def test_the_score_what_was_missed_and_the_next_lesson(window: Window, qtbot: QtBot) -> None:
    path = LESSONS / "xy-plus-z.gwlesson"
    window.lessons.open(path)
    standing = window.lessons.standing
    assert standing is not None
    for step, number, outcome in ((0, 0, "first"), (1, 0, "missed"), (1, 0, "later"), (2, 0, "missed"), (2, 0, "missed")):
        standing.answered(step, number, outcome)  # type: ignore[arg-type]
    window.lessons.go(7)
    window.lessons.next()
    panel, count = window.lessons.panel, len(LessonScore.of(player(window).lesson, {}).answers)
    assert panel is not None and panel.finish.score is not None
    score = panel.finish.score
    assert (score.first, score.count("later"), len(score.missed), score.count("open")) == (1, 1, 1, count - 3)
    assert LessonProgress(window.settings).of(path).best == 1

    qtbot.mouseClick(panel.finish.missed[0], Qt.MouseButton.LeftButton)
    assert player(window).index == 2 and not window.lessons.finished
    window.lessons.go(7)
    window.lessons.next()
    window.lessons.next()
    QApplication.processEvents()
    expected = following(path)
    assert expected is not None and player(window).script.path == expected.path


def test_the_gallery_is_searched_by_typing_and_walked_by_arrows(window: Window, qtbot: QtBot) -> None:
    gallery = LessonGallery(LessonProgress(window.settings), window.theme, CATALOG)
    qtbot.addWidget(gallery)
    gallery.show()
    assert [card.entry.path for card in gallery.cards] == [entry.path for entry in entries()]
    qtbot.keyClick(gallery.search, Qt.Key.Key_Down)
    assert gallery.cards[0].hasFocus() or gallery.focusWidget() is gallery.cards[0]
    qtbot.keyClick(gallery.cards[0], Qt.Key.Key_Right)
    assert gallery.focusWidget() is gallery.cards[1]
    qtbot.keyClicks(gallery.cards[1], "p")
    qtbot.keyClicks(gallery.search, "erceptron")
    assert [card.entry.path.stem for card in gallery.found] == ["perceptron", "painted-points"]
    qtbot.keyClick(gallery.search, Qt.Key.Key_Return)
    assert gallery.chosen == Path(LESSONS / "perceptron.gwlesson")
