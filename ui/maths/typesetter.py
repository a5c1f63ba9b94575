"""The typesetter of formulas, ziamath, imported at the first formula and quicker here than it comes.

ziamath sets every row twice: once to measure how high brackets beside it must stretch, and once for good. A row within a row is so set
four times, one in that eight times: of all that it sets, three quarters are measuring. Where nothing in a row can stretch, the measure is
not used, and is left out here. The pictures are the same to the last digit.
"""

from __future__ import annotations

import warnings
from functools import cache, wraps
from typing import Any

_FORMS = ("prefix", "infix", "postfix")


@cache
def typesetter() -> Any:
    """The module `ziamath`, set up for Qt, which draws SVG 1.1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath
        from ziamath import styles
        from ziamath.nodes import mrow

    module: Any = ziamath
    module.config.svg2 = False
    quick_styles: Any = styles
    quick_styles.asdict = vars  # every element copies the style of the one around it in depth, only to read it
    row: Any = mrow.Mrow
    measure = getattr(row, "_get_height_nostretch", None)
    if measure is not None:  # a version of ziamath without it is as quick as it is

        @wraps(measure)
        def measured(self: Any, line: list[Any], **named: Any) -> tuple[float, float]:
            if any(_stretches(part) for child in line for part in child.iter()):
                low, high = measure(self, line, **named)
                return low, high
            return 0.0, 0.0

        row._get_height_nostretch = measured
    return module


def _stretches(part: Any) -> bool:
    """Whether an element of MathML may be a bracket or another sign that grows with its row."""
    if part.tag not in ("mo", "mi"):  # some operators come as identifiers
        return bool(part.tag == "mfenced")
    own = part.get("stretchy")
    return bool(own != "false") if own is not None else _stretchy((part.text or "").strip())


@cache
def _stretchy(sign: str) -> bool:
    """Whether ziamath's table lets the sign stretch in any place."""
    from ziamath import operators

    return any(operators.get_params(sign, form).get("stretchy", "false") != "false" for form in _FORMS)
