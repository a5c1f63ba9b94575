"""Why an objective is convex, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from engine.curvature.convex import Kind
from engine.curvature.convex.solving import Solution
from engine.curvature.convex.structure import Atom, Structure, Term
from graph.text.listing import listed
from graph.text.messages import _, ngettext


def kind_of(structure: Structure) -> Kind:
    """Which problem it is. A penalty does not change the name of a problem."""
    kinds = {structure.operations[term.node].type.key for term in structure.terms}
    atoms: set[Atom] = {term.atom for term in structure.terms if not structure.operations[term.node].type.penalizes}
    atoms -= {"polynomial"} if len(atoms) > 1 else set()
    lossy = any(kind.startswith("loss.") for kind in kinds)
    if atoms <= {"square", "polynomial"}:
        return "least squares" if lossy and "polynomial" not in atoms else "quadratic"
    if len(atoms) > 1:
        return "mixed"
    known: dict[Atom, Kind] = {"softplus": "logistic", "softmax": "softmax", "positive": "hinge", "absolute": "absolute"}
    kind = known[next(iter(atoms))]
    return "mixed" if kind in ("hinge", "absolute") and not lossy else kind


def title_of(kind: Kind) -> str:
    return {
        "least squares": _("Linear model with squared error (least squares)"),
        "quadratic": _("Quadratic function of the parameters"),
        "logistic": _("Linear model with logistic loss (logistic regression)"),
        "softmax": _("Linear model with cross-entropy (softmax regression)"),
        "hinge": _("Linear model with hinge loss (support vector machine)"),
        "absolute": _("Linear model with absolute error (L1)"),
        "mixed": _("Sum of convex functions of affine values"),
        "": _("Not recognised as a convex problem"),
    }[kind]


def reasons_of(structure: Structure, p: int) -> tuple[str, ...]:
    """Each step of the argument as a sentence."""
    affine = [term for term in structure.terms if term.atom != "polynomial"]
    values = list(dict.fromkeys(structure.names[term.z[0]] for term in affine if not structure.operations[term.node].type.penalizes))
    reasons = []
    if values:
        text = ngettext(
            "Affine in the {count} trainable number: {values} (sums, and products with data or constants, nothing else).",
            "Affine in the {count} trainable numbers: {values} (sums, and products with data or constants, nothing else).",
            p,
        )
        reasons.append(text.format(values=listed(values), count=p))
    for atom in dict.fromkeys(term.atom for term in structure.terms):
        reasons.append(_sentence(atom, structure, [term for term in structure.terms if term.atom == atom]))
    return tuple(reason for reason in reasons if reason)


def conclusion() -> str:
    return _("A sum or a mean of convex functions is convex, so every minimum is a global one.")


def _sentence(atom: Atom, structure: Structure, terms: Sequence[Term]) -> str:
    penalties = [term for term in terms if structure.operations[term.node].type.penalizes]
    names = list(dict.fromkeys(structure.names[term.node] for term in terms if term not in penalties))
    sentences = []
    if names:
        text = {
            "square": _("{nodes}: the square of an affine value is convex, its curvature is the same everywhere."),
            "softplus": _("{nodes}: log(1 + eᶻ) of an affine z is convex, its second derivative σ(z)(1 − σ(z)) lies between 0 and ¼."),
            "softmax": _("{nodes}: cross-entropy of affine scores is convex, its Hessian by the scores is diag(p) − ppᵀ, never negative."),
            "positive": _("{nodes}: the larger of 0 and an affine value is convex, with a kink where they meet."),
            "absolute": _("{nodes}: the absolute value of an affine value is convex, with a kink at 0."),
            "polynomial": _("{nodes}: a polynomial of degree 2 at most in the trainable numbers."),
        }[atom]
        sentences.append(text.format(nodes=listed(names)))
    if penalties:
        names = list(dict.fromkeys(structure.names[term.node] for term in penalties))
        text = _("{nodes} adds a convex penalty to the objective: the minimum is that of loss and penalty together, not of the loss alone.")
        sentences.append(text.format(nodes=listed(names)))
    return " ".join(sentences)


def how_found(solution: Solution) -> str:
    """How a minimum was found, in one line."""
    if solution.method == "least squares":
        return _("Closed form: the solution of the normal equations AᵀAθ = Aᵀy, by a factorization of A.")
    if solution.method == "linear equations":
        return _("Closed form: ∇f = 0 is a system of linear equations, Hθ = −a.")
    if solution.method == "newton":
        text = ngettext(
            "No closed form: {count} step of Newton's method with backtracking, until the gradient is round-off.",
            "No closed form: {count} steps of Newton's method with backtracking, until the gradient is round-off.",
            solution.steps,
        )
        return text.format(count=solution.steps)
    text = ngettext(
        "No closed form: {count} step of an interior-point method; the duality gap bounds the error of f*.",
        "No closed form: {count} steps of an interior-point method; the duality gap bounds the error of f*.",
        solution.steps,
    )
    return text.format(count=solution.steps)


def why_none(why: str) -> str:
    """Why there is no minimum, or none was found."""
    return {
        "unbounded": _("There is no minimum: the objective falls without bound along some direction."),
        "separable": _(
            "There is no minimum: a linear model separates all samples, so the loss falls towards its infimum for ever as the weights grow."
        ),
        "not convex": _("The quadratic curves downwards along some direction: it is not convex, and it has no minimum."),
        "mixed": _("It is convex, but for this mixture of losses no exact minimum is computed here."),
        "not found": _("It is convex, but the search for its minimum did not come to an end within its precision."),
    }[why]


def lecture(structure: Structure) -> str:
    """How L is written: by the matrix A whose rows multiply the trainable numbers, and the factor that the loss and its mean make."""
    losses = [term for term in structure.terms if not structure.operations[term.node].type.penalizes]
    penalty = " + " + _("the penalty’s curvature") if len(losses) < len(structure.terms) else ""
    operation = structure.operations[losses[0].node] if len(losses) == 1 else None
    if operation is None or not operation.type.loss:
        return "λmax(∇²f)"
    over = {"mean": "n", "batch_mean": "N", "sum": ""}[operation.settings.reduction]
    if losses[0].atom == "square":
        factor = "" if operation.settings.factor == "half" else "2"
        text = f"{factor}·λmax(AᵀA)" if factor else "λmax(AᵀA)"
        return (f"{text} / {over}" if over else text) + penalty
    divisor = {"softplus": "4", "softmax": "2"}.get(losses[0].atom, "")
    return (f"λmax(AᵀA) / {divisor}{over}" if divisor else "") + penalty
