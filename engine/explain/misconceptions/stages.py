"""Hints in three stages, for every question that asks for a number: where to look, the author's hint, then the answer on request."""

from __future__ import annotations

from collections.abc import Sequence

from engine.explain.misconceptions import Cause
from graph.text.messages import _

LAST = 3
"""From this wrong answer on, the answer is offered."""
POWERS = (10.0, 0.1, 100.0, 0.01)


def general_slips(truth: float) -> tuple[Cause, ...]:
    """Slips that can be recognised without knowing how the number is computed: sign, decimal point, reciprocal, factor of 2."""
    if not truth:
        return ()
    slips = [Cause("sign", -truth, _("The size is right. Look at the sign."))]
    point = _("The digits are right. Look at the decimal point.")
    slips += [Cause("point", sign * truth * power, point) for power in POWERS for sign in (1, -1)]
    slips.append(Cause("reciprocal", 1 / truth, _("That is the reciprocal: which of the two numbers is divided by which?")))
    slips += [Cause("two", truth * factor, _("A factor of 2 is too much or too little.")) for factor in (2.0, 0.5)]
    known = {truth}
    return tuple(slip for slip in slips if not (slip.value in known or known.add(slip.value)))  # type: ignore[func-returns-value]


def staged(said: Sequence[str], tries: int, hint: str) -> list[str]:
    """What to say after so many wrong answers: `said` is about the last one, `hint` is the author's."""
    texts = list(said)
    if tries >= 2 and hint:
        texts.append(_("Hint: {hint}").format(hint=hint))
    if tries >= LAST:
        texts.append(_("You can look at the answer now, or try once more."))
    return texts
