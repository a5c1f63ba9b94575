"""Up to which curvature the steps of an optimizer are stable on a quadratic.

On f(θ) = ½⟨Hθ, θ⟩ the steps of gradient descent, θ ← (I − ηH)θ, stay bounded while λmax(H) ≤ 2/η. The same is known of heavy ball and
Nesterov's momentum (Cohen, Kaur, Li, Kolter, Talwalkar: "Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability",
ICLR 2021, appendix B), and of methods that divide by P, of λmax(P⁻¹H) as long as P stays as it is (Cohen et al., "Adaptive Gradient
Methods at the Edge of Stability", 2022, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StabilityEdge:
    """`limit` is the largest stable eigenvalue of P⁻¹H, a number divided by η, and `root` is P, a number for each weight.

    Both are formulas like those of a `Frame`, with what is remembered after the step. `when` is a condition, as an equation has it.
    """

    limit: str
    root: str = "1"
    when: str = ""

    @property
    def text(self) -> str:
        """The limit as it is read."""
        return self.limit.replace("*", "").replace("-", "−")
