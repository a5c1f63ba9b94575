"""The options of the command line that set what a run trains with: made from the declarations, read back into them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cli.parser import choice
from engine.training.schedules.base import ScheduleError
from engine.training.schedules.registry import SCHEDULES
from engine.training.spelling import read_schedule
from engine.training.stops import STOPS, StopError, read_stop
from graph.formula.numbers import read_number
from graph.model.settings import complaint
from graph.model.training_settings import BY_NAME, TRAINING_SETTINGS, TrainingSetting
from graph.text.messages import _


def add_training_options(parser: argparse.ArgumentParser, choices: Mapping[str, tuple[str, ...]]) -> None:
    """An option for every setting that declares one. `choices` holds those of the settings whose choices the engine knows.

    A setting that may be empty, and cannot be 0, takes 0 on the command line for that; of those that exclude each other one may be given.
    """
    groups: dict[str, argparse._MutuallyExclusiveGroup] = {}
    for setting in TRAINING_SETTINGS:
        if setting.name == "hyper":  # of an optimizer's own settings the one that all first-order ones have
            parser.add_argument("--lr", type=positive, metavar="η", help=_(
                "learning rate; without it the file's, or the optimizer's own default where --optimizer names another one than the file"
            ))
        if not setting.option:
            continue
        if setting.name == "lr_schedule":
            numbers = {key: [s.name.upper() for s in spec.settings if s.name != "unit"] for key, spec in SCHEDULES.items()}
            known = "; ".join(":".join([key, *names]) for key, names in numbers.items())
            text = _("{what}. There are {known}. Numbers may be left out, or named: step:factor=0.5. steps or epochs says what they count.")
            help_text = text.format(what=setting.option_help, known=known)
            parser.add_argument(setting.option, dest=setting.name, type=_schedule, metavar=setting.metavar, help=help_text)
            continue
        owner: Any = parser
        if setting.excludes:
            owner = groups.get(setting.excludes) or groups.setdefault(setting.name, parser.add_mutually_exclusive_group())
        words = choices.get(setting.name, setting.choices)
        described = setting.option_help or ", ".join(words)
        if setting.name == "optimizer":
            described = _("{names}; with its own settings as in nesterov:form=lecture:momentum=0.8").format(names=described)
        if setting.kind == "bool":
            owner.add_argument(setting.option, dest=setting.name, action=argparse.BooleanOptionalAction, default=None, help=described)
        else:
            owner.add_argument(setting.option, dest=setting.name, type=_reader(setting, words), metavar=setting.metavar, help=described)
    spelled = "; ".join(f"{setting.spelling}N: {setting.option_help}" for setting in STOPS)
    text = _('stop by itself: {conditions}; "none" clears those of the file. Judged on the validation set where there is one. Repeatable.')
    parser.add_argument("--stop", action="append", type=_stop, metavar="CONDITION", help=text.format(conditions=spelled))


def given(options: argparse.Namespace) -> Iterator[tuple[TrainingSetting, Any]]:
    """The settings that a call sets, with their values; an empty one is None."""
    for setting in TRAINING_SETTINGS:
        value = getattr(options, setting.name, None) if setting.option else None
        if isinstance(value, dict):  # a spelling of several settings
            yield from ((BY_NAME[name], part) for name, part in value.items())
        elif value is not None:
            empty = value == 0 and setting.optional and complaint(setting, value) is not None
            yield setting, None if empty else value
    stops: dict[str, float | None] = {}
    for condition in getattr(options, "stop", None) or ():
        stops |= dict.fromkeys(s.name for s in STOPS) if condition is None else {condition[0].name: condition[1]}
    yield from ((setting, stops[setting.name]) for setting in STOPS if setting.name in stops)


def no_training(options: argparse.Namespace) -> bool:
    """Whether a call asks for a run of length 0, which is nothing a document could say."""
    return any(getattr(options, setting.name) == 0 for setting in TRAINING_SETTINGS if setting.effect == "length" and setting.option)


def _stop(text: str) -> tuple[TrainingSetting, float] | None:
    """The type of `--stop`: a setting and its value, None for no condition at all."""
    if text.strip().lower() == "none":
        return None
    try:
        return read_stop(text)
    except StopError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _schedule(text: str) -> dict[str, Any]:
    """The type of `--schedule`: the settings that it spells."""
    try:
        return read_schedule(text)
    except ScheduleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    """The type of an argument that is a whole number from 0 up."""
    reading = read_number(text, whole=True)
    if reading.value is None:
        raise argparse.ArgumentTypeError(reading.refusal)
    if not 0 <= reading.value < 2**63:
        raise argparse.ArgumentTypeError(_("{number} is outside 0 to 2^63 - 1").format(number=text[:40]))
    return int(reading.value)


def several(text: str) -> int:
    """The type of an argument that is a whole number from 1 up."""
    value = count(text)
    if not value:
        raise argparse.ArgumentTypeError(_("{number} is below 1").format(number=text[:40]))
    return value


def positive(text: str) -> float:
    """The type of an argument that is a number from 0 up."""
    value = _number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(_("{number} is below 0").format(number=text[:40]))
    return value


def _number(text: str) -> float:
    reading = read_number(text)
    if reading.value is None:
        raise argparse.ArgumentTypeError(reading.refusal)
    return float(reading.value)


def _reader(setting: TrainingSetting, words: tuple[str, ...]) -> Callable[[str], Any]:
    if setting.name == "optimizer":
        known = choice(*words)
        return lambda text: known(text.partition(":")[0]) and text
    if setting.kind == "choice":
        return choice(*words)

    def read(text: str) -> Any:
        value: Any = count(text) if setting.kind == "int" else _number(text) if setting.kind == "float" else text
        if (value or not setting.optional) and (wrong := complaint(setting, value)):
            raise argparse.ArgumentTypeError(wrong)
        return value

    return read
