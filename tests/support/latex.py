r"""Formulas as the node types show them, evaluated on single numbers: `\bar{@y} \cdot \frac{1}{2\sqrt{@x}}` with x and the gradient of y.

`@name` is a value, `\bar{@name}` a gradient; a sum over one number is that number, and n and N are 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\\log_(?:2|\{10\})|\\bar\{@\w+\}|@\w+|\\mathrm\{\w+\}|\\[A-Za-z]+|\\[,;: ]|\d+\.?\d*|[A-Za-z]|\S")
_SILENT = ("\\,", "\\;", "\\:", "\\ ", "\\sum", "\\cdot", "\\odot", "\\quad")
_CLOSING = (")", "]", "}", ",", "=", "<", ">", "\\leq", "+", "-", "/", "\\mathrm{if}", "\\mathrm{else}")
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "\\ln": math.log, "\\max": max, "\\min": min, "\\arctan": math.atan, "\\log_{10}": math.log10, "\\log_2": math.log2,
    "\\mathrm{sign}": lambda x: float(x > 0) - float(x < 0), "\\sigma": lambda x: 1 / (1 + math.exp(-x)),
    "\\Phi": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2, "\\varphi": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
}  # fmt: skip
"""Those that Python's `math` has under another name, or not at all."""
_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "=": lambda a, b: a == b, "\\leq": lambda a, b: a <= b,
}  # fmt: skip


def evaluate(text: str, names: Mapping[str, float]) -> float:
    """The number `text` comes to. `names` holds `@x`, `\\bar{@y}`, `\\alpha` … Raises KeyError for what it does not hold."""
    reader = _Reader([t for t in _TOKEN.findall(text) if t not in _SILENT], {"e": math.e, "n": 1.0, "N": 1.0, "\\pi": math.pi, **names})
    value = reader.sum()
    assert reader.at == len(reader.tokens), f"{text}: nothing is known about {reader.tokens[reader.at :]}"
    return value


def _function(token: str) -> Callable[..., float] | None:
    """The function that LaTeX writes as `\\sin` or `\\mathrm{erf}`."""
    name = re.fullmatch(r"\\(?:mathrm\{(\w+)\}|(\w+))", token)
    function = _FUNCTIONS.get(token) or (getattr(math, name[1] or name[2], None) if name else None)
    return function if callable(function) else None


class _Reader:
    def __init__(self, tokens: list[str], names: Mapping[str, float]) -> None:
        self.tokens, self.names, self.at = tokens, names, 0
        self.bars = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        assert not wanted or token == wanted, f"{wanted} expected, {token} found"
        self.at += 1
        return token

    def sum(self) -> float:
        sign = self.take() if self.peek() in ("-", "+") else "+"
        value = self.product() if sign == "+" else -self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self) -> float:
        value = self.power()
        while (token := self.peek()) and token not in _CLOSING and not (token == "|" and self.bars):
            value *= self.power()
        if self.peek() == "/":
            self.take()
            value /= self.power()
        return value

    def power(self) -> float:
        base = self.atom()
        if self.peek() == "^":
            self.take()
            base = base ** (self.group() if self.peek() == "{" else float(self.take()))
        return base

    def group(self) -> float:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def atom(self) -> float:
        token = self.take()
        if token == "(":
            return self.in_parentheses()
        if token == "[":
            value = float(self.relation())
            self.take("]")
            return value
        if token == "|":
            self.bars += 1
            value = abs(self.sum())
            self.bars -= 1
            self.take("|")
            return value
        if token == "{":
            self.at -= 1
            return self.group()
        if token == "\\frac":
            top = self.group()
            return top / self.group()
        if token == "\\sqrt":
            return math.sqrt(self.group())
        if (function := _function(token)) is not None and token not in self.names:
            return function(*self.arguments())
        return float(token) if token[0].isdigit() else self.names[token]

    def arguments(self) -> list[float]:
        if self.peek() != "(":
            return [self.power()]
        self.take("(")
        values = [self.sum()]
        while self.peek() == ",":
            self.take()
            values.append(self.sum())
        self.take(")")
        return values

    def in_parentheses(self) -> float:
        value = self.sum()
        if self.peek() == "\\mathrm{if}":
            self.take()
            holds = self.relation()
            self.take(",")
            self.take("\\mathrm{else}")
            other = self.sum()
            value = value if holds else other
        self.take(")")
        return value

    def relation(self) -> bool:
        left = self.sum()
        return _RELATIONS[self.take()](left, self.sum())
