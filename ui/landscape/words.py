"""What the landscape shows, in sentences."""

from __future__ import annotations

from engine.learned.surface import Numbers, Surface
from graph.text.messages import _, ngettext
from ui.look.numbers import count
from ui.look.numerals import number


def plane_words(surface: Surface, found: Surface | None) -> list[str]:
    """Of which step and samples it is, and what plane; `found` is the answer with which a plane along directions was found."""
    lines = [_("Step {step}.").format(step=count(surface.stamp.step))] if surface.stamp.step else []
    if surface.rows:
        lines.append(ngettext("The objective over {n} training sample.", "The objective over all {n} training samples.",
                              surface.rows).format(n=count(surface.rows)))  # fmt: skip
    if isinstance(surface.plane, Numbers):
        lines.append(_("All other numbers stay as they are."))
    elif found is not None:
        lines += _along_directions(surface, found)
    return lines


def _along_directions(surface: Surface, found: Surface) -> list[str]:
    lines = []
    if found.stamp.step != surface.stamp.step:
        lines.append(_("The plane goes through the numbers of step {step}.").format(step=count(found.stamp.step)))
    if surface.distance:
        lines.append(_("The network is {distance} from the plane; the dot is the point nearest to it.").format(
            distance=number(surface.distance)))  # fmt: skip
    if found.eigenvalues:
        lines.append(_("Eigenvalues of the Hessian: {first} across, {second} upwards.").format(
            first=number(found.eigenvalues[0]), second=number(found.eigenvalues[1])))  # fmt: skip
    if found.shares and found.shares[1] == 0:
        lines.append(_("The path is straight: the direction upwards is a random one."))
    elif found.shares:
        first, second = (number(100 * share, 3) for share in found.shares)
        lines.append(_("Of the squared distances of the path, {first} % lie along the first direction and {second} % along the "
                       "second.").format(first=first, second=second))  # fmt: skip
    return lines
