r"""The optimizers' declared equations with numbers in them: `\theta \leftarrow \theta - \eta\,g` becomes `θ ← 2 − 0.1 · 5 = 1.5`.

Only what an equation states between remembered tensors (ĝ, m̂, r̂ …) is computed here; what the step really made of the parameter
and of the optimizer's memory is given, and stands as the result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.explain.cards import Line, Number, Place, Role, Tex
from engine.training.optimizers.specs import OptimizerSpec

THETA, GRADIENT, BETA1, BETA2, EPS = r"\theta", r"\nabla_\theta L", r"\beta_1", r"\beta_2", r"\varepsilon"
M_HAT, R_HAT, MU, MU_NEXT = r"\hat m", r"\hat r", r"\mu_t", r"\mu_{t+1}"
PRODUCT, PRODUCT_NEXT = r"\prod_{i=1}^{t} \mu_i", r"\prod_{i=1}^{t+1} \mu_i"
_SETTINGS: dict[str, str] = {
    "lr": r"\eta", "weight_decay": r"\lambda", "beta1": BETA1, "beta2": BETA2, "eps": EPS, "lr_decay": r"\kappa",
    "momentum_decay": r"\psi",
}  # fmt: skip
_OWN: dict[str, dict[str, str]] = {
    "momentum": {"momentum": r"\rho", "dampening": r"\tau"}, "nesterov": {"momentum": r"\rho"},
    "rmsprop": {"momentum": r"\rho", "alpha": r"\tau"}, "adadelta": {"rho": r"\rho"},
}  # fmt: skip
"""Letters that mean another setting in every optimizer."""
_COMMANDS = (
    PRODUCT_NEXT, PRODUCT, MU_NEXT, GRADIENT, M_HAT, R_HAT, MU, BETA1, BETA2, EPS, THETA, r"\eta", r"\lambda", r"\kappa", r"\psi", r"\rho",
    r"\tau",
)  # fmt: skip
_SYMBOL = re.compile("|".join(map(re.escape, _COMMANDS)) + r"|(?<![A-Za-z\\])[gmrasdt](?![A-Za-z])")
_ASSIGNED = re.compile(r"(?P<left>.*?)\s*(?P<sign>\\leftarrow|=)\s*(?P<right>.*)")
_REMARK = re.compile(r"\s*\\quad\s*\(.*")
_TITLE = re.compile(r"\\mathrm\{AMSGrad:\}\s*\\quad\s*")
_SAME_PLACE = re.compile(r"(@\d+|\})\s+(?=[@({])")

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Worked:
    """One number of one parameter, before and after a real step. `before` and `after` are what is remembered of it, by letter."""

    old: float
    gradient: float
    new: float
    before: Numbers
    after: Numbers
    t: int
    begun: bool = True
    """Whether `m` held anything before this step, where the optimizer has momentum."""


@dataclass(frozen=True, slots=True)
class _Equation:
    """As it is declared, and its two sides without remarks."""

    text: str
    left: str
    sign: str
    right: str


def work_out(spec: OptimizerSpec, hyper: Mapping[str, Any], number: Worked, place: Place) -> tuple[Line, ...]:
    """Every equation that says something for these settings, first in letters, then with the numbers of one update."""
    letters = {_OWN.get(spec.key, {}).get(name, _SETTINGS.get(name, "")): float(value) for name, value in hyper.items() if _numeric(value)}
    known = {**letters, **number.before, THETA: number.old, GRADIENT: number.gradient, "g": number.gradient, "t": float(number.t)}
    known |= {"a": known.get("a", 0.0)}
    typed = frozenset(letters)
    lines: list[Line] = []
    equations = list(_equations(spec, hyper, number.begun))
    for i, equation in enumerate(equations):
        last = not any(later.left == equation.left for later in equations[i + 1 :])
        known |= _hidden(spec.key, hyper, known, number)
        result = _result(spec.key, hyper, equation, known, number, last)
        lines.append(Line("formula", (Tex(equation.text),)))
        lines.append(Line("numbers", _filled(equation, known, typed, result, place)))
        known[equation.left] = result
    return tuple(lines)


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _equations(spec: OptimizerSpec, hyper: Mapping[str, Any], begun: bool) -> Iterator[_Equation]:
    decays, amsgrad = bool(hyper.get("weight_decay")), bool(hyper.get("amsgrad"))
    if spec.key == "lbfgs":
        yield _Equation(r"\theta \leftarrow \theta + d", THETA, r"\leftarrow", r"\theta + d")
        return
    for line in spec.formula:
        for part in line.split(r", \quad "):
            text = _TITLE.sub("", part)
            found = _ASSIGNED.fullmatch(_REMARK.sub("", text))
            if found is None:
                continue
            equation = _Equation(text, found["left"].strip(), found["sign"], found["right"])
            unsaid = r"\lambda" in equation.right and not decays
            unsaid |= equation.left == "a" and not hyper.get("centered")
            unsaid |= equation.left == R_HAT and spec.key in ("adam", "adamw") and (r"\max" in equation.right) != amsgrad
            if unsaid:
                continue
            if spec.key == "momentum" and equation.left == "m" and not (begun and hyper["momentum"]):
                equation = _Equation(text, "m", "=", "g")
            yield equation


def _hidden(key: str, hyper: Mapping[str, Any], known: Numbers, number: Worked) -> dict[str, float]:
    """What the equations name without an equation of its own: NAdam's next factor and its products."""
    if key != "nadam":
        return {}

    def factor(t: int) -> float:
        return float(hyper["beta1"] * (1 - 0.5 * 0.96 ** (t * hyper["momentum_decay"])))

    product = number.after["product"]
    return {MU_NEXT: factor(number.t + 1), PRODUCT: product, PRODUCT_NEXT: product * factor(number.t + 1)}


def _result(key: str, hyper: Mapping[str, Any], equation: _Equation, known: Numbers, number: Worked, last: bool) -> float:
    """What the left side comes to: as the step really made it, and else by the equation."""
    left = equation.left
    if left == THETA and last:
        return number.new
    unused = left == "m" and "momentum" in hyper and not hyper["momentum"]  # nothing is remembered then
    if left in number.after and not unused:
        return number.after[left]
    if left == R_HAT and r"\max" in equation.right:
        return _quotient(number.after["largest"], 1 - known[BETA2] ** number.t)
    return _BETWEEN[key, left](known)


def _quotient(a: float, b: float) -> float:
    return a / b if b else math.nan


def _decayed(k: Numbers) -> float:
    return k[GRADIENT] + k[r"\lambda"] * k[THETA]


_BETWEEN: dict[tuple[str, str], Callable[[Numbers], float]] = {
    ("momentum", "m"): lambda k: k["g"], ("nesterov", "m"): lambda k: k["g"],
    ("rmsprop", "m"): lambda k: k[r"\rho"] * k["m"] + _quotient(k["g"], math.sqrt(max(k["r"] - k["a"] * k["a"], 0.0)) + k[EPS]),
    ("adadelta", "d"): lambda k: _quotient(math.sqrt(k["s"] + k[EPS]), math.sqrt(k["r"] + k[EPS])) * k["g"],
    ("adamw", THETA): lambda k: k[THETA] - k[r"\eta"] * k[r"\lambda"] * k[THETA],
    ("nadam", MU): lambda k: k[BETA1] * (1 - 0.5 * 0.96 ** (k["t"] * k[r"\psi"])),
    ("nadam", M_HAT): lambda k: _quotient(k[MU_NEXT] * k["m"], 1 - k[PRODUCT_NEXT]) + _quotient((1 - k[MU]) * k["g"], 1 - k[PRODUCT]),
    ("nadam", R_HAT): lambda k: _quotient(k["r"], 1 - k[BETA2] ** k["t"]),
}  # fmt: skip
for _key in ("adam", "adamw"):
    _BETWEEN[_key, M_HAT] = lambda k: _quotient(k["m"], 1 - k[BETA1] ** k["t"])
    _BETWEEN[_key, R_HAT] = lambda k: _quotient(k["r"], 1 - k[BETA2] ** k["t"])
for _key in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "nadam"):
    _BETWEEN[_key, "g"] = _decayed


# Writing


def _filled(equation: _Equation, known: Numbers, typed: Container[str], result: float, place: Place) -> tuple[Tex | Number, ...]:
    """`θ ← 2 − 0.1 · 5 = 1.5`: the left side, the right side with its numbers, the result. Settings stand as they were typed."""
    right, numbers = equation.right, known
    if r"\max" in right:  # AMSGrad remembers the largest r so far, and no other
        right = r"\frac{r}{1 - \beta_2^t}"
        numbers = {**known, "r": result * (1 - known[BETA2] ** known["t"])}
    if right == r"\theta + d":
        numbers = {**known, "d": result - known[THETA]}
    parts: list[Number] = []

    def replaced(match: re.Match[str]) -> str:
        if match[0] in typed or match[0] == "t":
            return "{" + _plain(numbers[match[0]]) + "}"
        before, after = right[: match.start()].rstrip(), right[match.end() :]
        alone = (not before or before[-1] in "{(") and not after.startswith("^")
        parts.append(_number(match[0], numbers[match[0]], place, not alone))
        return f"@{len(parts) - 1}" + " " * after[:1].isdigit()

    text = _SYMBOL.sub(replaced, right).replace(r"\,", r" \cdot ")
    text = _SAME_PLACE.sub(r"\1 \\cdot ", text)
    shown = _number(equation.left, result, place, False)
    return Tex(f"{equation.left} {equation.sign}"), Tex(text, tuple(parts)), Tex("="), shown


def _number(symbol: str, value: float, place: Place, bracket: bool) -> Number:
    if symbol == THETA:
        return Number(value, "value", place, bracket)
    if symbol == GRADIENT:
        return Number(value, "gradient", Place(place.kind, place.id, place.name, True, place.entry), bracket)
    roles: dict[str, Role] = {"g": "gradient"}
    return Number(value, roles.get(symbol, "plain"), None, bracket)


def _plain(value: float) -> str:
    """A setting as it is typed: 0.9, 3, `10^{-8}`."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    mantissa, _, power = repr(value).partition("e")
    if not power:
        return mantissa
    tens = f"10^{{{int(power)}}}"
    return tens if mantissa == "1" else rf"{mantissa} \cdot {tens}"
