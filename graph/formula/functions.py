"""The names of functions, each once: which may be used in numbers, which LaTeX has a command for, and which cannot be names.

A node type needs no entry: in formulas it is called by the names of its declaration. This table holds what declarations cannot say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Function:
    """A function of formulas.

    `number` computes it where a number is typed. `command`: LaTeX sets it by a command of its name. `bare`: `\\sin x` needs no brackets.
    `reserved`: standing alone, the name is a function whose brackets are missing, and never an input.
    """

    name: str
    number: Callable[[float], float] | None = None
    command: bool = False
    bare: bool = False
    reserved: bool = True


FUNCTIONS: Final = (
    *(
        Function(name, number, command=True, bare=True)
        for name, number in (
            ("sin", math.sin), ("cos", math.cos), ("tan", math.tan), ("sinh", math.sinh), ("cosh", math.cosh), ("tanh", math.tanh),
            ("exp", math.exp), ("log", math.log), ("ln", math.log),
        )
    ),
    Function("lg", math.log10, command=True, reserved=False), Function("log2", math.log2), Function("log10", math.log10),
    Function("sqrt", math.sqrt), Function("abs", abs), Function("atan", math.atan), Function("arctan", math.atan, command=True),
    Function("atan2"), Function("max", command=True), Function("min", command=True),
    Function("relu"), Function("sigmoid"), Function("softmax"),
    *(Function(name, reserved=False) for name in ("sum", "mean", "norm")),
    *(Function(name, command=True, reserved=False) for name in ("arcsin", "arccos", "sec", "csc", "cot")),
)  # fmt: skip

NUMERIC: Final = {function.name: function.number for function in FUNCTIONS if function.number is not None}
"""What a typed number may be computed with."""
COMMANDS: Final = frozenset(function.name for function in FUNCTIONS if function.command)
"""LaTeX has a command of this name, which sets it upright."""
BARE: Final = frozenset(function.name for function in FUNCTIONS if function.bare)
RESERVED: Final = frozenset(function.name for function in FUNCTIONS if function.reserved)
CALLED: Final = frozenset(function.name for function in FUNCTIONS if function.reserved or not function.command)
"""Names behind which brackets are probably missing: `sin x`."""
