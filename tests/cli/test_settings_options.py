"""Options of the command line that come from declared settings: every one parses, refuses and stands in the help."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from cli.parser import CommandParser
from cli.settings_options import add_training_options, given, no_training
from graph.model.settings import complaint
from graph.model.training_settings import TRAINING_SETTINGS, TrainingSetting

OPTIONS = [setting for setting in TRAINING_SETTINGS if setting.option and setting.name != "lr_schedule"]
each_option = pytest.mark.parametrize("setting", OPTIONS, ids=lambda s: s.name)
CHOICES = {"optimizer": ("sgd", "adam")}


def parser() -> CommandParser:
    parser = CommandParser(prog="main.py train")
    add_training_options(parser, CHOICES)
    return parser


def typed(setting: TrainingSetting) -> tuple[str, Any]:
    """What a person types for a setting, and the value that it is."""
    words = CHOICES.get(setting.name, setting.choices) or ("",)
    number = int(setting.minimum or 0) + 4
    typed_for: dict[str, tuple[str, Any]] = {
        "int": (str(number), number), "float": (f"{number}.5", number + 0.5), "choice": (words[-1], words[-1]), "text": ("words", "words"),
    }  # fmt: skip
    return typed_for[setting.kind]


def arguments(setting: TrainingSetting) -> tuple[list[str], Any]:
    if setting.kind == "bool":
        return [setting.option if not setting.default else setting.option.replace("--", "--no-", 1)], not setting.default
    text, value = typed(setting)
    return [setting.option, text], value


def test_settings_that_can_be_typed_have_an_option() -> None:
    without = {s.name for s in TRAINING_SETTINGS if not s.option and not s.spelling}
    assert without == {"hyper", "lr_schedule_hyper", "warmup", "rule"}, "set by --lr and --schedule; a rule is wired"


@each_option
def test_an_option_sets_its_setting(setting: TrainingSetting) -> None:
    call, value = arguments(setting)
    settings = {option.name: each_value for option, each_value in given(parser().parse_args(call))}
    assert settings == {setting.name: value}


@each_option
def test_an_option_stands_in_the_help_with_its_text(setting: TrainingSetting) -> None:
    text = " ".join(parser().format_help().split())
    described = setting.option_help or ", ".join(CHOICES.get(setting.name, setting.choices))
    assert f"{setting.option} " in text and described and described in text


@each_option
def test_an_option_refuses_what_the_setting_cannot_hold(setting: TrainingSetting, capsys: pytest.CaptureFixture[str]) -> None:
    if setting.kind in ("bool", "text"):
        wrong = f"{setting.option}=3" if setting.kind == "bool" else setting.option
    else:
        wrong = f"{setting.option}={'-7' if setting.kind == 'int' else 'no number and no choice'}"
    with pytest.raises(SystemExit):
        parser().parse_args([wrong])
    assert setting.option in capsys.readouterr().err


@pytest.mark.parametrize("setting", [s for s in OPTIONS if s.excludes], ids=lambda s: s.name)
def test_settings_that_exclude_each_other_are_not_given_together(setting: TrainingSetting, capsys: pytest.CaptureFixture[str]) -> None:
    other = next(option for option in OPTIONS if option.name == setting.excludes)
    with pytest.raises(SystemExit):
        parser().parse_args([*arguments(setting)[0], *arguments(other)[0]])
    assert f"{other.option} and {setting.option} cannot be used together" in capsys.readouterr().err


@pytest.mark.parametrize("setting", [s for s in OPTIONS if s.optional and complaint(s, 0) is not None], ids=lambda s: s.name)
def test_0_stands_for_an_empty_setting(setting: TrainingSetting) -> None:
    options = parser().parse_args([setting.option, "0"])
    assert list(given(options)) == [(setting, None)]
    assert no_training(options) is (setting.effect == "length")


def test_schedule_spells_three_settings(capsys: pytest.CaptureFixture[str]) -> None:
    named = {s.name: value for s, value in given(parser().parse_args(["--schedule", "warmup:5+step:30:0.5"]))}
    assert named == {"lr_schedule": "step", "lr_schedule_hyper": {"every": 30, "factor": 0.5}, "warmup": 5}
    constant = {s.name: value for s, value in given(parser().parse_args(["--schedule", "constant"]))}
    assert constant == {"lr_schedule": "constant", "lr_schedule_hyper": {}, "warmup": 0}
    assert "--schedule SCHEDULE" in parser().format_help() and "step:30:0.1" in parser().format_help()
    with pytest.raises(SystemExit):
        parser().parse_args(["--schedule", "cosign"])
    assert "--schedule: there is no schedule called 'cosign'. Did you mean cosine?" in capsys.readouterr().err


@pytest.mark.parametrize("setting", [s for s in TRAINING_SETTINGS if s.spelling], ids=lambda s: s.name)
def test_stop_spells_conditions(setting: TrainingSetting, capsys: pytest.CaptureFixture[str]) -> None:
    value = 0.5 if setting.kind == "float" and setting.maximum == 1 else 7
    text = f"{setting.spelling[:-1]} {setting.spelling[-1]}{'' if setting.spelling[-1] == '=' else '='} {value}"
    cleared = [(other, None) for other in TRAINING_SETTINGS if other.spelling and other is not setting]
    assert list(given(parser().parse_args(["--stop", text]))) == [(setting, value)]
    assert {s.name: v for s, v in given(parser().parse_args(["--stop", "none", "--stop", text]))} == {
        setting.name: value, **{other.name: none for other, none in cleared}
    }  # fmt: skip
    assert setting.spelling in " ".join(parser().format_help().split())
    negative = f"{setting.spelling}-3" if setting.minimum is not None else "losses<1"
    for wrong in (f"{setting.spelling}no number", negative, "validation", "<3"):
        with pytest.raises(SystemExit):
            parser().parse_args(["--stop", wrong])
        assert "--stop" in capsys.readouterr().err


def test_nothing_given_sets_nothing() -> None:
    assert not list(given(parser().parse_args([])))
    assert not no_training(argparse.Namespace(epochs=None, steps=None))
