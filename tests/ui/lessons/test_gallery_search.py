"""The lesson gallery guesses a mistyped word, and Enter opens what it guessed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from ui.lessons.gallery import LessonGallery
from ui.lessons.shelf import LessonProgress
from ui.look.theme import LIGHT
from ui.shell.workspace.settings import UserSettings


def test_a_mistyped_word_is_guessed(qtbot: QtBot, session: UserSettings) -> None:
    gallery = LessonGallery(LessonProgress(session), LIGHT, CATALOG)
    qtbot.addWidget(gallery)
    gallery.show()
    title = next(card.entry.lesson.title for card in gallery.cards if "Jacobian" in card.entry.lesson.title)

    qtbot.keyClicks(gallery.search, "jacboian")
    assert gallery.none.isVisible() and gallery.none.text().startswith('No match for "jacboian". Did you mean ')
    assert title in [card.entry.lesson.title for card in gallery.found]
    qtbot.keyClick(gallery.search, Qt.Key.Key_Return)
    assert gallery.chosen == gallery.found[0].entry.path
