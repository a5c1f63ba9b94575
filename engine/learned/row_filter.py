"""Choosing rows of a table by an expression: `petal length > 2 and species = setosa`, `wrong or loss >= 1`, `test`.

A comparison has a column's name, a sign (`<`, `<=`, `>`, `>=`, `=`, `≠`) and a number or a name; a single word is a class, a part,
`right`, `wrong` or `batch`. `not` binds before `and` (or a comma), and that before `or`; brackets group. Capitals do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.data.parts import PARTS
from engine.learned.table import Column
from graph.formula.numbers import read_number
from graph.text.messages import _
from graph.text.quoting import quoted
from graph.text.suggest import did_you_mean

Values = Callable[[Column], np.ndarray]
"""The numbers of a column."""
_SIGNS = {"<=": np.less_equal, ">=": np.greater_equal, "≤": np.less_equal, "≥": np.greater_equal, "!=": np.not_equal,
          "<>": np.not_equal, "≠": np.not_equal, "==": np.equal, "=": np.equal, "<": np.less, ">": np.greater}  # fmt: skip
_PARTS = {"train": 0, "training": 0, "validation": 1, "test": 2}
_END = re.compile(r"\s*(?:(?<!\d),|,(?!\d)|\)|$|\b(?:and|or)\b)", re.IGNORECASE)
"""What ends a value; a comma between digits is a decimal sign."""


class FilterError(ValueError):
    """The expression cannot be read; the text says why."""


def chosen(
    text: str, columns: Sequence[Column], classes: Sequence[str], values: Values, words: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:  # fmt: skip
    """(N,) bool: the rows that an expression chooses; further single `words` choose these. Raises FilterError."""
    reader = _Reader(text, columns, classes, values, words or {})
    found = reader.either()
    if reader.rest():
        raise FilterError(_("{rest} is left over: join conditions with and, or").format(rest=quoted(reader.rest())))
    return found


class _Reader:
    def __init__(
        self, text: str, columns: Sequence[Column], classes: Sequence[str], values: Values, words: Mapping[str, np.ndarray]
    ) -> None:  # fmt: skip
        self._text, self._at = text, 0
        self._columns, self._classes, self._values = columns, classes, values
        self._words = words
        self._names = sorted((column.name for column in columns), key=len, reverse=True)

    def rest(self) -> str:
        return self._text[self._at :].strip()

    def either(self) -> np.ndarray:
        found = self._both()
        while self._word("or"):
            found = found | self._both()
        return found

    def _both(self) -> np.ndarray:
        found = self._one()
        while self._word("and") or self._sign(","):
            found = found & self._one()
        return found

    def _one(self) -> np.ndarray:
        if self._word("not"):
            negated: np.ndarray = ~self._one()
            return negated
        if self._sign("("):
            found = self.either()
            if not self._sign(")"):
                raise FilterError(_("a closing bracket is missing"))
            return found
        if not self.rest():
            raise FilterError(_("a condition is missing at the end"))
        column = self._column()
        return self._alone() if column is None else self._compared(column)

    # pieces

    def _skip(self) -> None:
        self._at = len(self._text) - len(self._text[self._at :].lstrip())

    def _sign(self, sign: str) -> bool:
        self._skip()
        there = self._text.startswith(sign, self._at)
        self._at += len(sign) if there else 0
        return there

    def _word(self, word: str) -> bool:
        self._skip()
        found = re.compile(rf"{word}\b", re.IGNORECASE).match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found is not None

    def _column(self) -> Column | None:
        """A column's name with a comparison behind it; with quotes around it, or without."""
        self._skip()
        quoted_name = re.compile(r"[\"'`]([^\"'`]+)[\"'`]\s*(?=[<>=≤≥≠!])").match(self._text, self._at)
        if quoted_name:
            self._at = quoted_name.end()
            return self._named(quoted_name[1])
        for name in self._names:
            end = self._at + len(name)
            if self._text[self._at : end].casefold() == name.casefold() and re.match(r"\s*[<>=≤≥≠!]", self._text[end:]):
                self._at = end
                return self._named(name)
        other = re.compile(r"([^<>=≤≥≠!,()]+?)\s*(?=[<>=≤≥≠!])").match(self._text, self._at)
        if other and not re.search(r"\b(?:and|or)\b", other[1], re.IGNORECASE):
            self._at = other.end()
            return self._named(other[1])
        return None

    def _named(self, name: str) -> Column:
        exact = [column for column in self._columns if column.name.casefold() == name.strip().casefold()]
        begun = [column for column in self._columns if column.name.casefold().startswith(name.strip().casefold())]
        if exact or len(begun) == 1:
            return (exact or begun)[0]
        hint = did_you_mean(name, [column.name for column in self._columns])
        raise FilterError(_("there is no column {name}.{hint}").format(name=quoted(name.strip()), hint=hint))

    def _value(self) -> str:
        self._skip()
        if self._text[self._at : self._at + 1] in ("'", '"'):
            end = self._text.find(self._text[self._at], self._at + 1)
            if end < 0:
                raise FilterError(_("a closing quotation mark is missing"))
            word, self._at = self._text[self._at + 1 : end], end + 1
            return word
        for name in sorted(self._classes, key=len, reverse=True):  # a class may have "and" in its name
            end = self._at + len(name)
            if name and self._text[self._at : end].casefold() == name.casefold() and _END.match(self._text, end):
                self._at = end
                return name
        start, end = self._at, len(self._text)
        found = _END.search(self._text, start)
        end = found.start() if found else end
        self._at = end
        return self._text[start:end].strip()

    def _compared(self, column: Column) -> np.ndarray:
        sign = next((sign for sign in _SIGNS if self._sign(sign)), "")
        word = self._value()
        if not word:
            raise FilterError(_("nothing is behind {sign}").format(sign=quoted(sign)))
        if column.kind in ("class", "predicted class", "part"):
            number = self._number_of(column, word)
        else:
            reading = read_number(word, finite=False)
            if not isinstance(reading.value, (int, float)):
                raise FilterError(_("{word} is not a number, and {column} holds numbers").format(word=quoted(word), column=column.name))
            number = float(reading.value)
        values = self._values(column)
        result: np.ndarray = _SIGNS[sign](values, number) & ~np.isnan(values)
        return result

    def _number_of(self, column: Column, word: str) -> float:
        names: Mapping[str, int] = _PARTS if column.kind == "part" else {name.casefold(): at for at, name in enumerate(self._classes)}
        number = names.get(word.casefold().removesuffix(" set"))
        if number is None:
            known = ", ".join(PARTS if column.kind == "part" else self._classes[:8])
            raise FilterError(_("{column} has no {word}; it has {known}").format(column=column.name, word=quoted(word), known=known))
        return float(number)

    def _alone(self) -> np.ndarray:
        """A class, a part, or what the network did."""
        word = self._value()
        by_kind = {column.kind: column for column in reversed(self._columns)}
        if word.casefold() in ("wrong", "right"):
            if "predicted class" not in by_kind or "class" not in by_kind:
                raise FilterError(_("no class is predicted, so nothing is right or wrong"))
            predicted, true = self._values(by_kind["predicted class"]), self._values(by_kind["class"])
            judged: np.ndarray = ((predicted == true) == (word.casefold() == "right")) & ~np.isnan(predicted)
            return judged
        places = [at for at, name in enumerate(self._classes) if name.casefold() == word.casefold()]
        if places and "class" in by_kind:
            of_class: np.ndarray = self._values(by_kind["class"]) == places[0]
            return of_class
        if word.casefold() in self._words:
            return self._words[word.casefold()]
        if word.casefold() in _PARTS:
            of_part: np.ndarray = self._values(by_kind["part"]) == _PARTS[word.casefold()]
            return of_part
        raise FilterError(
            _("{word} is no class and no part; compare a column with something, as in {example}").format(
                word=quoted(word), example=f"{self._columns[-1].name} > 0"
            )
        )
