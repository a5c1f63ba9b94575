"""What eigenvalues say, in sentences."""

from __future__ import annotations

import math

import numpy as np

from engine.curvature.spectrum import Eigen, Floats, Hessian
from engine.curvature.spectrum.definite import Definiteness, Stationary, condition, definiteness, stationary
from graph.text.messages import _, ngettext
from ui.look.numbers import count, number

DEFINITENESS: dict[Definiteness, str] = {
    "positive definite": _("Positive definite"), "positive semidefinite": _("Positive semidefinite"),
    "negative definite": _("Negative definite"), "negative semidefinite": _("Negative semidefinite"), "indefinite": _("Indefinite"),
    "zero": _("The zero matrix"), "not finite": _("Not finite"),
}  # fmt: skip
KINDS: dict[Stationary, str] = {
    "minimum": _("a strict local minimum"), "maximum": _("a strict local maximum"), "saddle": _("a saddle point"),
    "inconclusive": _("inconclusive"), "not stationary": _("not stationary"),
}  # fmt: skip


def signs(values: Floats, tolerance: float) -> str:
    """`2 eigenvalues are positive, 1 is negative`."""
    positive, negative = int((values > tolerance).sum()), int((values < -tolerance).sum())
    parts = []
    for some, text in (
        (positive, lambda n: ngettext("{count} eigenvalue is positive", "{count} eigenvalues are positive", n)),
        (negative, lambda n: ngettext("{count} eigenvalue is negative", "{count} eigenvalues are negative", n)),
        (len(values) - positive - negative, lambda n: ngettext("{count} eigenvalue is 0", "{count} eigenvalues are 0", n)),
    ):
        if some:
            parts.append(text(some).format(count=count(some)))
    return ", ".join(parts)


def definite_words(eigen: Eigen | None) -> str:
    """Definiteness with its reason."""
    if eigen is None:
        return _("The Hessian has entries that are not finite numbers, so it has no eigenvalues.")
    kind = definiteness(eigen.values, eigen.tolerance)
    return _("{kind}: {reason}.").format(kind=DEFINITENESS[kind], reason=signs(eigen.values, eigen.tolerance))


def condition_words(eigen: Eigen) -> str:
    kappa = condition(eigen.values, eigen.tolerance)
    if math.isinf(kappa):
        return _("κ = ∞: an eigenvalue is 0, so the Hessian is singular.")
    sizes = abs(eigen.values)
    text = _("κ = max |λ| / min |λ| = {largest} / {least} = {kappa}")
    return text.format(largest=number(float(sizes.max())), least=number(float(sizes.min())), kappa=number(kappa))


def stationary_words(hessian: Hessian, epsilon: float) -> str:
    """What kind of stationary point it is, or that it is none, with the reason."""
    norm = float(np.linalg.norm(hessian.gradient))
    if not math.isfinite(norm):
        return _("‖∇f‖ is not a finite number.")
    if hessian.eigen is None:
        return ""
    values, tolerance = hessian.eigen.values, hessian.eigen.tolerance
    kind = stationary(values, tolerance, norm, epsilon)
    given = {"norm": number(norm), "epsilon": number(epsilon), "lowest": number(float(values[-1])), "largest": number(float(values[0]))}
    if kind == "not stationary":
        return _("Not a stationary point: ‖∇f‖ = {norm} is more than {epsilon}.").format(**given)
    texts = {
        "minimum": _("Stationary (‖∇f‖ = {norm}), and every eigenvalue is positive: a strict local minimum."),
        "maximum": _("Stationary (‖∇f‖ = {norm}), and every eigenvalue is negative: a strict local maximum."),
        "saddle": _("Stationary (‖∇f‖ = {norm}), with λ = {lowest} < 0 < {largest}: a strict saddle point."),
        "inconclusive": _("Stationary (‖∇f‖ = {norm}), but an eigenvalue is 0 and none has the other sign: the test is inconclusive."),
    }
    if kind == "inconclusive" and definiteness(values, tolerance) == "zero":
        texts[kind] = _("Stationary (‖∇f‖ = {norm}), but every eigenvalue is 0: the second-order test is inconclusive.")
    return texts[kind].format(**given)


def made_of(vector: Floats, names: tuple[str, ...], most: int = 3) -> str:
    """`0.71 w₁ − 0.71 w₂`: the largest entries of an eigenvector, at least 10 % of its largest one; `…` where some are left out."""
    order = np.argsort(-abs(vector), kind="stable")
    shown = [int(i) for i in order[:most] if abs(vector[i]) > 0.1 * abs(vector[order[0]])]
    text = ""
    for i in shown:
        size = f"{abs(float(vector[i])):.2f} {names[i]}"
        sign = "−" if vector[i] < 0 else ""
        text += (f" {sign or '+'} " if text else sign) + size
    rest = math.sqrt(max(0.0, 1 - float((vector[shown] ** 2).sum())))
    return text + (" + …" if rest > 0.1 else "")


def newton_words(hessian: Hessian) -> str:
    """What Newton's step would do."""
    step = hessian.newton
    if step is None:
        return _("There is no Newton step: not every number is finite.")
    said = [_("Newton’s step d = −H⁻¹g has the length {length}.").format(length=number(float(np.linalg.norm(step.direction))))]
    if step.singular:
        said = [_("H is singular: the step leaves out the eigenvectors with λ = 0; its length is {length}.").format(
            length=number(float(np.linalg.norm(step.direction))))]  # fmt: skip
    eigen = hessian.eigen
    if eigen is not None and (eigen.values < -eigen.tolerance).any() and np.linalg.norm(hessian.gradient) > 0:
        said.append(_("Along eigenvectors with λ < 0 it goes uphill, towards the stationary point of the model."))
    text = _("The quadratic model says f changes by {predicted}; f goes from {value} to {reached}.")
    said.append(text.format(predicted=number(step.predicted), value=number(hessian.value), reached=number(step.reached)))
    return " ".join(said)
