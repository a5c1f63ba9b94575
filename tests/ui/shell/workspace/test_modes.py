"""Modes: the user's is remembered, a lesson's ends with the lesson, and the way back is one press."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from ui.shell.workspace.modes import Modes
from ui.shell.workspace.settings import UserSettings


@pytest.fixture
def modes(qtbot: QtBot, tmp_path: Path) -> Modes:
    return Modes(UserSettings(tmp_path / "s.ini"))


def test_the_first_mode_is_build_and_a_chosen_one_comes_back_at_the_next_start(modes: Modes, tmp_path: Path) -> None:
    assert modes.current == "build"
    modes.choose("debug")

    assert Modes(UserSettings(tmp_path / "s.ini")).current == "debug"


def test_the_present_mode_once_more_changes_nothing(modes: Modes) -> None:
    modes.choose("analyse")
    modes.choose("analyse")
    assert modes.current == "analyse"
    assert modes.back() and modes.current == "build"
    assert modes.back() and modes.current == "analyse"


def test_back_says_whether_there_is_another_mode(modes: Modes) -> None:
    assert not modes.back() and modes.current == "build"
    modes.choose("teach")
    assert modes.back() and modes.current == "build"


def test_what_a_lesson_and_a_presentation_impose_ends_with_them_and_is_not_remembered(modes: Modes, tmp_path: Path) -> None:
    told: list[object] = []
    modes.choose("analyse")
    modes.imposed.connect(told.append)
    modes.changed.connect(lambda before, now: told.append((before, now)))

    modes.enter("lesson", "teach")
    modes.enter("presenter", "teach")
    assert Modes(UserSettings(tmp_path / "s.ini")).current == "analyse"
    modes.leave("lesson")
    assert modes.current == "teach"
    modes.leave("presenter")

    assert modes.current == "analyse" and told == [True, ("analyse", "teach"), ("teach", "analyse"), False]
    modes.leave("presenter")
    assert len(told) == 4


def test_another_mode_chosen_during_a_lesson_ends_with_it_as_well(modes: Modes, tmp_path: Path) -> None:
    modes.choose("debug")
    modes.enter("lesson", "teach")
    modes.choose("build")
    assert modes.current == "build" and Modes(UserSettings(tmp_path / "s.ini")).current == "debug"

    modes.leave("lesson")

    assert modes.current == "debug"


@pytest.mark.parametrize("nonsense", ["", "play", "[]"])
def test_nonsense_in_the_settings_is_build(qtbot: QtBot, tmp_path: Path, nonsense: str) -> None:
    settings = UserSettings(tmp_path / "s.ini")
    settings.set("mode", nonsense)

    assert Modes(settings).current == "build"
