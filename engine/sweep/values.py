"""Values of a swept setting as people type them: `0.001, 0.01, 0.1`, `0 … 4`, `0.001 … 1 log, 7 values`, `sgd, adam`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.sweep.competitor import read_competitor, read_plain, read_value
from engine.sweep.plan import MOST_MEMBERS, OPTIMIZER, PlanError, Swept, choices_of, setting_of, title_of
from graph.model.spec import Setting
from graph.text.messages import _
from graph.text.quoting import quoted
from graph.text.suggest import did_you_mean

if TYPE_CHECKING:
    from graph.model.graph import Graph

DIGITS = 4
"""Significant digits of values that are spaced evenly on a logarithmic scale."""
_RANGE = re.compile(
    r"(?P<low>.+?)\s*(?:\.{2,3}|…|\bto\b)\s*(?P<high>[^\s,;]+)"
    r"(?:\s*[,;]?\s*(?P<log>log\w*|lin\w*))?"
    r"(?:\s*[,;]?\s*(?:(?P<count>\d+)(?:\s*(?!log|lin)[^\W\d]\S*|\s*⟦\S+)?|(?:step|by)\s+(?P<step>\S+)))?"
    r"(?:\s*[,;]?\s*(?P<log_after>log\w*|lin\w*))?",
    re.IGNORECASE,
)


def read_values(graph: Graph, of: Swept, text: str) -> tuple[Any, ...]:
    """The values that a text gives a setting. Raises PlanError."""
    setting = setting_of(graph, of)
    text = text.strip()
    if not text:
        raise PlanError(_("{setting}: type its values, for example {example}.").format(
            setting=title_of(graph, of), example=example(graph, of, setting)))  # fmt: skip
    if setting.kind in ("int", "float") and (spaced := _RANGE.fullmatch(text)) is not None:
        return _spaced(setting, title_of(graph, of), spaced)
    if of == OPTIMIZER:
        return tuple(read_competitor(graph, part) for part in _parts(text))
    return tuple(_one(graph, setting, of, title_of(graph, of), part) for part in _parts(text))


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(";" if ";" in text else ",")]
    return [part for part in parts if part]


def example(graph: Graph, of: Swept, setting: Setting) -> str:
    """What could be typed."""
    if of == OPTIMIZER:
        return "sgd, momentum, adam"
    if setting.kind == "choice":
        return ", ".join([*choices_of(graph, of, setting)][:2])
    if setting.kind == "bool":
        return "yes, no"
    if setting.kind == "int":
        return "0 … 4" if of.name == "seed" else "2, 4, 8"
    return log_range("0.001", "1", 4) if setting.logarithmic else "0, 0.5, 0.9"


def log_range(low: str, high: str, count: int) -> str:
    """Numbers spaced evenly on a logarithmic scale, as one types them: `0.001 … 1 log, 4 values`."""
    return f"{low} … {high} log, {count} {_('values')}"


def _one(graph: Graph, setting: Setting, of: Swept, title: str, text: str) -> Any:
    return _choice(graph, setting, of, title, text) if setting.kind == "choice" else read_value(setting, title, text)


def _choice(graph: Graph, setting: Setting, of: Swept, title: str, text: str) -> str:
    choices = choices_of(graph, of, setting)
    known = {choice: choice for choice in choices} | {name.casefold(): choice for choice, name in choices.items()}
    found = known.get(text) or known.get(text.casefold())
    if found is None:
        raise PlanError(_("{setting}: there is no {value}.{suggestion}").format(
            setting=title, value=quoted(text), suggestion=did_you_mean(text, known)))  # fmt: skip
    return found


def _spaced(setting: Setting, title: str, spaced: re.Match[str]) -> tuple[Any, ...]:
    low, high = (read_plain(setting, title, spaced[name]) for name in ("low", "high"))
    scale = (spaced["log"] or spaced["log_after"] or "").casefold()
    logarithmic = scale.startswith("log") or (not scale and setting.logarithmic and spaced["count"] is not None and min(low, high) > 0)
    whole = setting.kind == "int"
    if logarithmic and min(low, high) <= 0:
        raise PlanError(_("{setting}: a logarithmic range needs two numbers above 0.").format(setting=title))
    if spaced["step"] is not None:
        step = abs(read_plain(setting, title, spaced["step"]))
        if not step:
            raise PlanError(_("{setting}: the step must not be 0.").format(setting=title))
        count = int(abs(high - low) / step + 1e-9) + 1
        values: Iterable[float] = ((low + i * step * (1 if high >= low else -1)) for i in range(_few(title, count)))
        return tuple(_tidy(value, whole, 12) for value in values)
    if spaced["count"] is None:
        if whole and not logarithmic:
            _few(title, abs(int(high) - int(low)) + 1)
            return tuple(range(int(low), int(high) + 1)) if high >= low else tuple(range(int(low), int(high) - 1, -1))
        raise PlanError(
            _("{setting}: say how many values, for example {text} 5 values.").format(setting=title, text=spaced[0].strip() + ",")
        )
    count = _few(title, int(spaced["count"]))
    if count < 2:
        raise PlanError(_("{setting}: a range has at least two values.").format(setting=title))
    shares = [i / (count - 1) for i in range(count)]
    spaced_values = [low * (high / low) ** share if logarithmic else low + (high - low) * share for share in shares]
    result = [_tidy(value, whole, DIGITS if logarithmic else 12) for value in spaced_values]
    result[0], result[-1] = low, high
    return tuple(dict.fromkeys(result)) if whole else tuple(result)


def _few(title: str, count: int) -> int:
    if count > MOST_MEMBERS:
        raise PlanError(_("{setting}: these are {count:,} values; at most {most:,} are possible.").format(
            setting=title, count=count, most=MOST_MEMBERS))  # fmt: skip
    return count


def _tidy(value: float, whole: bool, digits: int) -> int | float:
    return round(value) if whole else float(f"{value:.{digits}g}")
