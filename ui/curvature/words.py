"""What eigenvalues say, in sentences."""

from __future__ import annotations

import math

import numpy as np

from engine.curvature.spectrum import Eigen, Floats, Hessian, Parts, StrictSaddle
from engine.curvature.spectrum.definite import Definiteness, condition, definiteness, stationary
from graph.text.messages import _, ngettext
from ui.look.numbers import count, number, percent

DEFINITENESS: dict[Definiteness, str] = {
    "positive definite": _("Positive definite"), "positive semidefinite": _("Positive semidefinite"),
    "negative definite": _("Negative definite"), "negative semidefinite": _("Negative semidefinite"), "indefinite": _("Indefinite"),
    "zero": _("The zero matrix"), "not finite": _("Not finite"), "undecided": _("Definiteness is not decided"),
}  # fmt: skip


def signs(values: Floats, tolerance: float) -> str:
    """`2 eigenvalues are positive, 1 is negative`."""
    positive, negative = int((values > tolerance).sum()), int((values < -tolerance).sum())
    zero = len(values) - positive - negative
    parts = [
        (positive, ngettext("{count} eigenvalue is positive", "{count} eigenvalues are positive", positive)),
        (negative, ngettext("{count} eigenvalue is negative", "{count} eigenvalues are negative", negative)),
        (zero, ngettext("{count} eigenvalue is 0", "{count} eigenvalues are 0", zero)),
    ]
    return ", ".join(text.format(count=count(some)) for some, text in parts if some)


def definite_words(eigen: Eigen | None) -> str:
    """Definiteness with its reason."""
    if eigen is None:
        return _("The Hessian has entries that are not finite numbers, so it has no eigenvalues.")
    if not len(eigen.values):
        text = _("No eigenvalue is known: Lanczos’ method did not reach its precision in {products} products.")
        return text.format(products=count(eigen.products))
    kind = definiteness(eigen.values, eigen.tolerance, eigen.complete)
    if eigen.complete:
        return _("{kind}: {reason}.").format(kind=DEFINITENESS[kind], reason=signs(eigen.values, eigen.tolerance))
    given = {"kind": DEFINITENESS[kind], "largest": number(float(eigen.values[0])), "lowest": number(float(eigen.values[-1]))}
    if kind == "indefinite":
        return _("{kind}: the eigenvalues found lie between {lowest} and {largest}.").format(**given)
    return _("{kind}: the eigenvalues found lie between {lowest} and {largest}, and the others are not known.").format(**given)


def condition_words(eigen: Eigen) -> str:
    if not eigen.complete:
        return _("κ is not computed: the eigenvalue of least size is not known.")
    kappa = condition(eigen.values, eigen.tolerance)
    if math.isinf(kappa):
        return _("κ = ∞: an eigenvalue is 0, so the Hessian is singular.")
    sizes = abs(eigen.values)
    text = _("κ = max |λ| / min |λ| = {largest} / {least} = {kappa}")
    return text.format(largest=number(float(sizes.max())), least=number(float(sizes.min())), kappa=number(kappa))


def stationary_words(hessian: Hessian, epsilon: float) -> str:
    """What kind of stationary point it is, or that it is none, with the reason."""
    norm, eigen = hessian.gradient, hessian.eigen
    if not math.isfinite(norm):
        return _("‖∇f‖ is not a finite number.")
    if eigen is None or not len(eigen.values):
        return ""
    values, tolerance = eigen.values, eigen.tolerance
    kind = stationary(values, tolerance, norm, epsilon, eigen.complete)
    given = {"norm": number(norm), "epsilon": number(epsilon), "lowest": number(float(values[-1])), "largest": number(float(values[0]))}
    if kind == "not stationary":
        return _("Not a stationary point: ‖∇f‖ = {norm} is more than {epsilon}.").format(**given)
    if kind == "inconclusive":
        of = definiteness(values, tolerance, eigen.complete)
        texts = {
            "zero": _("Stationary (‖∇f‖ = {norm}), but every eigenvalue is 0: the second-order test is inconclusive."),
            "undecided": _("Stationary (‖∇f‖ = {norm}), but not all eigenvalues are known, and those found have one sign."),
        }
        other = _("Stationary (‖∇f‖ = {norm}), but an eigenvalue is 0 and no two have different signs: the test is inconclusive.")
        return texts.get(of, other).format(**given)
    return {
        "minimum": _("Stationary (‖∇f‖ = {norm}), and every eigenvalue is positive: a strict local minimum."),
        "maximum": _("Stationary (‖∇f‖ = {norm}), and every eigenvalue is negative: a strict local maximum."),
        "saddle": _("Stationary (‖∇f‖ = {norm}), with λ = {lowest} < 0 < {largest}: a strict saddle point."),
    }[kind].format(**given)


def strict_words(strict: StrictSaddle | None) -> str:
    """The constants of a strict saddle, and that they are measured."""
    if strict is None:
        return ""
    given = {"gamma": number(strict.gamma), "half": number(strict.gamma / 2), "radius": number(strict.radius, 3),
             "alpha": number(strict.alpha, 3), "count": count(strict.directions)}  # fmt: skip
    if strict.unbounded:
        text = _("γ = {gamma}: in {count} directions λmin ≤ −γ/2 = −{half} as far as the distance {radius}, where the search ended.")
    else:
        text = _("γ = {gamma}: up to the distance {radius}, λmin ≤ −γ/2 = −{half}; there ‖∇f‖ ≥ α = {alpha}. "
                 "Measured in {count} directions, not proved for all.")  # fmt: skip
    return text.format(**given)


def made_of(parts: Parts, most: int = 3) -> str:
    """`0.71 w₁ − 0.71 w₂`: the largest entries of an eigenvector, at least 10 % of its largest one; `…` where some are left out."""
    text, rest = "", 1.0
    for name, entry in parts[:most]:
        if abs(entry) <= 0.1 * abs(parts[0][1]):
            break
        sign = "−" if entry < 0 else "+"
        size = f"{abs(entry):.2f} {name}"
        text += f" {sign} {size}" if text else f"−{size}" if entry < 0 else size
        rest -= entry**2
    return text + (" + …" if rest > 0.01 else "")


def lies_in(hessian: Hessian, row: int) -> str:
    """Which shares of an eigenvector lie in which tensors, the largest first."""
    shares = hessian.shares[row]
    order = np.argsort(-shares, kind="stable")[:4]
    return ", ".join(f"{hessian.tensors.names[i]} {percent(float(shares[i]))}" for i in order if shares[i] >= 0.005)


def newton_words(hessian: Hessian) -> str:
    """What Newton's step would do."""
    step, eigen = hessian.newton, hessian.eigen
    if hessian.method == "lanczos":
        return _("−gᵢ/λᵢ is Newton’s step along an eigenvector; the whole step needs all of them.") if eigen is not None else ""
    if step is None or eigen is None:
        return _("There is no Newton step: not every number is finite.")
    length = number(float(np.linalg.norm(step.direction)))
    left_out = hessian.slopes[np.isnan(hessian.moves)]
    if abs(left_out).max(initial=0.0) > 1e-9 * hessian.gradient:
        said = [_("The quadratic model has no stationary point: along an eigenvector with λ = 0 the gradient is not 0. Without it, "
                  "Newton’s step has the length {length}.").format(length=length)]  # fmt: skip
    elif step.singular:
        said = [_("H is singular: Newton’s step leaves out the eigenvectors with λ = 0; its length is {length}.").format(length=length)]
    else:
        said = [_("Newton’s step d = −H⁻¹g has the length {length}.").format(length=length)]
    if (eigen.values < -eigen.tolerance).any() and hessian.gradient > 0:
        said.append(_("Along eigenvectors with λ < 0 it goes uphill, towards the stationary point of the model."))
    text = _("The quadratic model says f changes by {predicted}; f goes from {value} to {reached}.")
    said.append(text.format(predicted=number(step.predicted), value=number(hessian.value), reached=number(step.reached)))
    return " ".join(said)


def check_words(hessian: Hessian) -> str:
    """Lanczos' method, the density and, where they are known, all eigenvalues, held against each other."""
    eigen, thick, exact = hessian.eigen, hessian.density, hessian.exact
    if eigen is None or thick is None or not len(eigen.values):
        return ""
    largest, lowest = number(float(eigen.values[0])), number(float(eigen.values[-1]))
    ends = ngettext(
        "Check: by Lanczos’ method ({products} product) the eigenvalues found lie between {lowest} and {largest}; the density reaches "
        "from {low} to {high}.",
        "Check: by Lanczos’ method ({products} products) the eigenvalues found lie between {lowest} and {largest}; the density reaches "
        "from {low} to {high}.", eigen.products,
    ).format(
        products=count(eigen.products), lowest=lowest, largest=largest, low=number(thick.lowest), high=number(thick.largest)
    )  # fmt: skip
    sums = [_("Sum of the eigenvalues"), _("Sum of their squares")]
    lines = [ends]
    for power, what in enumerate(sums, 1):
        mean, error = thick.moment(power)
        given = {"what": what, "mean": number(mean, 3), "error": number(error, 2)}
        if exact is None:
            lines.append(_("{what} by the density: {mean} ± {error}.").format(**given))
        else:
            text = _("{what} by the density: {mean} ± {error}; exactly {exact}.")
            lines.append(text.format(**given, exact=number(float((exact**power).sum()), 3)))
    if exact is not None:
        text = _("The eigenvalues largest in size (ten at most) differ from the exact ones by at most {worst}.")
        lines.append(text.format(worst=number(worst(eigen.values, exact), 2)))
    return "\n".join(lines)


def worst(values: Floats, exact: Floats, most: int = 10) -> float:
    """By how much the `most` values that are largest in size differ from the exact ones."""
    some = min(most, len(values))
    mine, right = (np.sort(each[np.argsort(-abs(each), kind="stable")[:some]]) for each in (values, exact))
    return float(abs(mine - right).max(initial=0.0))
