"""Teach mode shows one sample; what somebody chose stays chosen."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ui.canvas.model.samples import Samples
from ui.shell.teaching_sample import TeachingSample
from ui.shell.workspace.modes import Modes
from ui.shell.workspace.settings import UserSettings


def test_teach_begins_with_the_first_sample_and_ends_with_all(session: UserSettings) -> None:
    modes, samples, parent = Modes(session), Samples(), QObject()
    TeachingSample(parent, modes, samples)
    assert samples.choice is None
    modes.choose("teach")
    assert samples.choice == 0
    modes.choose("debug")
    assert samples.choice is None


def test_a_choice_of_the_user_is_kept(session: UserSettings) -> None:
    modes, samples, parent = Modes(session), Samples(), QObject()
    TeachingSample(parent, modes, samples)
    samples.choose("mean")
    modes.choose("teach")
    assert samples.choice == "mean"
    samples.choose(3)
    modes.choose("build")
    assert samples.choice == 3


def test_a_window_that_starts_in_teach_shows_one_sample(session: UserSettings) -> None:
    session.set("mode", "teach")
    modes, samples, parent = Modes(session), Samples(), QObject()
    TeachingSample(parent, modes, samples)
    assert samples.choice == 0
