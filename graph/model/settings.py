"""Whether a setting can have a value: its kind (a document never holds the wrong one), then its range."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graph.model.elements import described
from graph.model.spec import Setting
from graph.text.listing import alternatives
from graph.text.messages import _, translated
from graph.text.quoting import one_line, quoted

ELEMENTS = 2**31
"""More numbers than this are refused wherever a shape is stated."""

_KINDS = {
    "int": _("a whole number"), "float": _("a number"), "bool": _("true or false"), "choice": _("one of its choices"), "text": _("a text"),
    "shape": _("a list of sizes"), "ints": _("a list of whole numbers"), "tensor": _("a number or nested lists of numbers of equal length"),
    "output": _("a node and a port"), "object": _("a JSON object"), "json": _("plain JSON"),
}  # fmt: skip


def kind_complaint(setting: Setting, value: Any) -> str | None:
    """Why `value` is not the kind of thing this setting holds; None when it is. Ranges are `complaint`'s."""
    if value is None and setting.optional:
        return None
    if not _KIND_CHECKS[setting.kind](value):
        return _('"{name}" is {expected}, not {given}').format(name=setting.name, expected=_KINDS[setting.kind], given=described(value))
    if setting.kind == "shape" and elements(value) > ELEMENTS:
        return _('"{name}" needs {count} numbers; at most 2³¹ are possible').format(name=setting.name, count=_size(elements(value)))
    return None


def complaint(setting: Setting, value: Any) -> str | None:
    """Why this setting cannot have `value`, in words for the user; None when it can."""
    if wrong := kind_complaint(setting, value):
        return wrong
    if value is None:
        return None
    if setting.kind == "tensor" and isinstance(value, dict):
        return _('the numbers of "{name}" are missing in the file: enter them again').format(name=setting.name)
    if setting.kind == "choice" and setting.choices and value not in setting.choices:
        return _('"{name}" must be one of {choices}, not {given}').format(
            name=setting.name, choices=", ".join(setting.choices), given=quoted(value)
        )
    if setting.kind == "shape" and any(size < 1 for size in value):
        return _('every size in "{name}" must be at least 1').format(name=setting.name)
    numbers = flat(value) if setting.kind in ("int", "float", "ints", "tensor", "shape") and not isinstance(value, dict) else ()
    for entry in numbers:
        if wrong := _range_complaint(setting, entry):
            return wrong
    return None


def coerce(setting: Setting, value: Any) -> Any:
    """The value in its plain form: 8.0 becomes 8 in a whole-number setting, 1 becomes 1.0 in a float. Raises ValueError."""
    if wrong := kind_complaint(setting, value):
        raise ValueError(wrong)
    if value is None:
        return None
    if setting.kind == "int":
        return int(value)
    if setting.kind == "float":
        return float(value)
    if setting.kind in ("shape", "ints"):
        return [int(entry) for entry in value]
    return value


def refusal(setting: Setting, value: Any) -> str | None:
    """What a document's own setting has to be, where `value` is not that: a file states it in its plain form, or is refused."""
    plain = type(value) is int if setting.kind == "int" else _are_plain_integers(value) if setting.kind == "ints" else True
    if (value is None and setting.optional) or (plain and complaint(setting, value) is None):
        return None
    if setting.kind != "choice":
        return stated(setting)
    return _("{expected}, not {given}").format(expected=stated(setting), given=quoted(value))


def filled(settings: Iterable[Setting], given: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Every setting: the given value where there is one, else the default.

    Raises ValueError, whose text says what the `owner`'s setting has to be.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        value = values[setting.name] = given.get(setting.name, setting.default)
        if complaint(setting, value) is not None:
            text = _("{owner}: {setting} must be {expected}, not {value}")
            label, shown = translated(setting.label), one_line(repr(value))
            raise ValueError(text.format(owner=owner, setting=label, expected=stated(setting), value=shown))
    return values


def stated(setting: Setting) -> str:
    """The values a setting can have, in words: `a whole number from 1 up`."""
    if setting.kind == "choice" and setting.choices:
        return alternatives(setting.choices)
    kind = _("a text") if setting.kind == "choice" else _KINDS[setting.kind]
    return _range(setting).format(kind=kind, low=setting.minimum, high=setting.maximum) if setting.kind in ("int", "float") else kind


def _range(setting: Setting) -> str:
    """The words for the range of a number, with places for its kind and its ends."""
    if setting.minimum is None:
        return "{kind}" if setting.maximum is None else _("{kind} up to {high:g}")
    if setting.exclusive_minimum:
        return _("{kind} greater than {low:g}") if setting.maximum is None else _("{kind} greater than {low:g}, up to {high:g}")
    return _("{kind} from {low:g} up") if setting.maximum is None else _("{kind} from {low:g} to {high:g}")


def elements(shape: Any) -> int:
    return math.prod(int(size) for size in shape)


def flat(value: Any) -> Iterator[float]:
    """The numbers of a nested list, in order."""
    if isinstance(value, list | tuple):
        for entry in value:
            yield from flat(entry)
    else:
        yield value


def dims(value: Any) -> tuple[int, ...] | None:
    """Shape of a number or of nested lists of equal length; None when the lists are ragged or hold something else."""
    if isinstance(value, list | tuple):
        inner = {dims(entry) for entry in value}
        if len(inner) > 1 or None in inner:
            return None
        return (len(value), *(inner.pop() if inner else ()))  # type: ignore[misc]
    return () if _is_number(value) else None


def finite_json(value: Any) -> bool:
    """Whether this is plain JSON: text keys, and no NaN or infinity anywhere."""
    if value is None or isinstance(value, str | bool):
        return True
    if isinstance(value, int):
        return abs(value) < 10**300
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        return all(map(finite_json, value))
    return isinstance(value, dict) and all(isinstance(key, str) for key in value) and all(map(finite_json, value.values()))


def _range_complaint(setting: Setting, value: float) -> str | None:
    if setting.minimum is not None:
        if setting.exclusive_minimum and value <= setting.minimum:
            return _('"{name}" must be greater than {minimum:g}, not {given:g}').format(
                name=setting.name, minimum=setting.minimum, given=value
            )
        if value < setting.minimum:
            return _('"{name}" must be at least {minimum:g}, not {given:g}').format(name=setting.name, minimum=setting.minimum, given=value)
    if setting.maximum is not None and value > setting.maximum:
        return _('"{name}" must be at most {maximum:g}, not {given:g}').format(name=setting.name, maximum=setting.maximum, given=value)
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and finite_json(value)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and value == int(value) and abs(value) < 2**63


def _is_tensor(value: Any) -> bool:
    if isinstance(value, dict):  # a reference to a tensor kept beside the JSON
        return isinstance(value.get("tensor"), str)
    return dims(value) is not None


def _are_whole(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_whole, value))


def _are_plain_integers(value: Any) -> bool:
    return isinstance(value, list) and all(type(entry) is int for entry in value)


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("node"), str) and isinstance(value.get("port"), str)


_KIND_CHECKS = {
    "int": _is_whole, "float": _is_number, "bool": lambda v: isinstance(v, bool), "choice": lambda v: isinstance(v, str),
    "text": lambda v: isinstance(v, str), "shape": _are_whole, "ints": _are_whole, "tensor": _is_tensor,
    "output": _is_output, "object": lambda v: isinstance(v, dict), "json": finite_json,
}  # fmt: skip


def _size(count: int) -> str:
    return str(count) if count < 10**7 else f"{count:.0e}".replace("e+", " × 10^") if count < 10**300 else _("more than 10^300")
