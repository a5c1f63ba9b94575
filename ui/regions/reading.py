"""What is said about a place of the plane and about the sample that was pointed out: numbers that were computed, none between them."""

from __future__ import annotations

import numpy as np

from engine.compile.spot import Spot
from engine.data.parts import part_word
from engine.learned.plane import OnPlane, SpotSeen
from graph.text.messages import _
from ui.look.numbers import number, probability


def nearest(seen: OnPlane, x: float, y: float) -> tuple[int, ...]:
    """The point of the grid that is nearest to a place: its numbers along the axes."""
    place = (x, y)[: len(seen.axes)]
    return tuple(int(np.abs(axis.at - value).argmin()) for axis, value in zip(seen.axes, place, strict=True))


def nearest_sample(seen: OnPlane, x: float, y: float) -> Spot | None:
    """The sample nearest to a place, as it is drawn; of the training part, where it has samples."""
    points, place = seen.points, (x, y)[: len(seen.axes)]
    if not len(points.at):
        return None
    sizes = np.array([axis.high - axis.low for axis in seen.axes])
    apart = np.linalg.norm((points.at - place) / sizes, axis=1)
    train = np.array([part == "train" for part in points.part])[points.parts]
    return points.spot(int(np.nan_to_num(np.where(train | ~train.any(), apart, np.inf), nan=np.inf).argmin()))


def read_out(seen: OnPlane, grid: tuple[int, ...]) -> str:
    """`x₁ = 0.52   x₂ = −1.2   →  class A, probability 93.1%`."""
    at = "   ".join(f"{axis.name} = {number(float(axis.at[i]))}" for axis, i in zip(seen.axes, grid, strict=True))
    return f"{at}   →   {_predicted(seen, tuple(reversed(grid)))}"


def _predicted(seen: OnPlane, index: tuple[int, ...]) -> str:
    if seen.values is not None:
        return f"{seen.target or _('prediction')} = {number(float(seen.values[index]))}"
    assert seen.predicted is not None
    name = class_name(seen, int(seen.predicted[index]))
    if seen.probability is None:
        return name
    return _("{name}, probability {share}").format(name=name, share=probability(float(seen.probability[index])))


def class_name(seen: OnPlane, place: int) -> str:
    return seen.classes[place] if 0 <= place < len(seen.classes) else _("not a number")


def sample_text(seen: OnPlane, spot: SpotSeen, loss: float | None) -> str:
    """The sample in one line: which one it is, what is true, what is predicted with which probability, its loss."""
    parts = [_named(seen, spot)]
    if seen.kind == "numbers":
        parts.append(_("true {true}").format(true=number(spot.true)))
        parts.append(_("predicted {predicted}").format(predicted=number(spot.predicted)))
        parts.append(_("residual {residual}").format(residual=number(spot.true - spot.predicted)))
    else:
        true, predicted = int(spot.true), int(spot.predicted)
        parts.append(_("true class {name}").format(name=class_name(seen, true)))
        share = f" ({probability(spot.probabilities[predicted])})" if spot.probabilities and predicted >= 0 else ""
        verdict = _("right") if true == predicted else _("wrong")
        parts.append(_("predicted {name}{share}: {verdict}").format(name=class_name(seen, predicted), share=share, verdict=verdict))
    if loss is not None:
        parts.append(_("loss {loss}").format(loss=number(loss)))
    return " · ".join(parts)


def _named(seen: OnPlane, spot: SpotSeen) -> str:
    """Which sample of which part, or where a free point is and whose target it has."""
    of = spot.spot
    name = _("{part} sample {place} of {count}").format(part=part_word(of.part), place=of.place + 1, count=of.count)
    if not of.free:
        return name
    at = ", ".join(f"{axis.name} = {number(value)}" for axis, value in zip(seen.axes, spot.at, strict=True))
    return _("{place} with the target of {sample}").format(place=at, sample=name)


def held_text(seen: OnPlane) -> str:
    """Which sample the columns that are not drawn are held at; empty where there are none."""
    if seen.held is None:
        return ""
    return _("other columns as in {part} sample {place}").format(part=part_word(seen.held.part), place=seen.held.place + 1)


def sample_row(seen: OnPlane, spot: SpotSeen) -> str:
    """All of the sample's features and the probabilities of all classes, a line each, for a tip."""
    rows = [f"{name} = {number(value)}" for name, value in zip(seen.columns, spot.features, strict=False)]
    if spot.probabilities:
        rows += ["", *(f"P({name}) = {probability(share)}" for name, share in zip(seen.classes, spot.probabilities, strict=False))]
    return "\n".join(rows[:40])


def spoken(seen: OnPlane) -> str:
    """The picture in words, for screen readers."""
    axes = _(" and ").join(axis.name for axis in seen.axes)
    points = seen.points
    if not points.right.size:
        return _("Prediction over {axes}").format(axes=axes)
    shares = []
    for place, part in enumerate(points.part):
        own = points.parts == place
        shares.append(_("{part}: {wrong} of {count} wrong").format(
            part=part_word(part), wrong=int((~points.right[own]).sum()), count=int(own.sum())))  # fmt: skip
    return _("Regions over {axes}; {shares}").format(axes=axes, shares=", ".join(shares))
