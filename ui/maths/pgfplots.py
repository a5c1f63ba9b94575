"""A surface as a LaTeX document: pgfplots draws it from the numbers in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from graph.formula.latex import latex_name, letter_latex
from ui.look.numerals import number
from ui.look.theme import LIGHT, THEMES, Theme, color
from ui.maths.curve_scale import LINEAR
from ui.maths.level_lines import chains
from ui.maths.relief import FLOOR, TOP, Eye, Floats, Relief
from ui.maths.relief_painting import Spot, Trail, height_hue

STOPS = 12
"""Colours between which pgfplots blends."""
_NAME = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)(\[[\d, ]+\])?")
_SIGNS = {
    "−": "$-$", "∇": r"$\nabla$", "‖": r"$\|$", "·": r"$\cdot$", "×": r"$\times$", "²": "$^2$", "↑": "", "→": r"$\to$", "–": "--",
    "’": "'", "…": r"\dots ", "∂": r"$\partial$",
}  # fmt: skip
_SPECIAL = {"\\": r"\textbackslash ", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "$": r"\$",
            "^": r"\^{}", "~": r"\~{}"}  # fmt: skip


def pgfplots(relief: Relief, eye: Eye, trails: Sequence[Trail] = (), spots: Sequence[Spot] = (), source: str = "") -> str:
    """A document that compiles by itself: the surface, the level lines below it, paths and points. Numbers are written exactly.

    On an axis that is linear around 0 and logarithmic beyond, which pgfplots does not have, the share of the axis is plotted (`place`).
    """
    column = "place" if relief.axis.scale.kind == "symlog" else "f"
    options = [
        rf"  view={{{eye.azimuth:g}}}{{{eye.elevation:g}}}, width=12cm, height=10cm, colormap name=heights,",
        *_across(relief), rf"  zlabel={{{tex_name(relief.names[2])}}},", *_upward(relief), "  unbounded coords=jump]",
    ]  # fmt: skip
    bottom = _height(relief, FLOOR / TOP)
    lines = [
        rf"\addplot3[no marks, line width=0.5pt, color={{rgb,255:{hue}}}] coordinates {{{_coordinates(x, y, bottom)}}};"
        for _level, hue, chains_ in _level_lines(relief)
        for x, y in chains_
    ]
    lines.append(
        rf"\addplot3[surf, shader=faceted interp, mesh/rows={len(relief.ys)}, point meta=\thisrow{{rank}}] "
        rf"table[x=x, y=y, z={column}] {{\surface}};"
    )
    head = [r"\pgfplotsset{" + _colormap(LIGHT) + "}", _table("surface", _grid(relief))]
    return _document(source, head, options, [*lines, *_trails(relief, trails, True), *_spots(relief, spots, True)])


def pgfplots_flat(relief: Relief, trails: Sequence[Trail] = (), spots: Sequence[Spot] = (), source: str = "") -> str:
    """The same seen as level lines, each with its height."""
    options = [r"  width=12cm, height=9cm,", *_across(relief), "  unbounded coords=jump]"]
    lines = []
    for level, hue, chains_ in _level_lines(relief):
        longest = max(range(len(chains_)), key=lambda k: len(chains_[k][0]), default=0)
        for k, (x, y) in enumerate(chains_):
            said = rf" node[pos=0.5, fill=white, inner sep=1pt, font=\tiny] {{{tex_name(number(level, 3))}}}" if k == longest else ""
            lines.append(rf"\addplot[no marks, line width=0.6pt, color={{rgb,255:{hue}}}] coordinates {{{_coordinates(x, y)}}}{said};")
    return _document(source, [], options, [*lines, *_trails(relief, trails, False), *_spots(relief, spots, False)])


def _document(source: str, head: Sequence[str], options: Sequence[str], plots: Sequence[str]) -> str:
    return "\n".join([
        r"\documentclass[border=4pt]{standalone}", *([f"% {_comment(source)}"] if source else []), r"\usepackage{pgfplots}",
        r"\pgfplotsset{compat=1.16}", *head, r"\begin{document}", r"\begin{tikzpicture}", r"\begin{axis}[", *options, *plots,
        r"\end{axis}", r"\end{tikzpicture}", r"\end{document}", "",
    ])  # fmt: skip


def _across(relief: Relief) -> list[str]:
    """The options of the two axes of the plane."""
    return [
        rf"  xlabel={{{tex_name(relief.names[0])}}}, ylabel={{{tex_name(relief.names[1])}}},",
        rf"  xmin={relief.xs[0]:.17g}, xmax={relief.xs[-1]:.17g}, ymin={relief.ys[0]:.17g}, ymax={relief.ys[-1]:.17g},",
    ]


def _level_lines(relief: Relief) -> Iterator[tuple[float, str, list[tuple[Floats, Floats]]]]:
    """Each level, its colour, and its lines as numbers of the plane."""
    for level, (share, pieces) in zip(relief.levels, relief.lines, strict=True):
        hue = _rgb(height_hue(float(relief.rank(np.array(share))), LIGHT))
        yield level, hue, [_numbers(relief, chain) for chain in chains(pieces)]


def tex_name(name: str) -> str:
    """A number's name as LaTeX text: `hidden.W[0, 1]` as formula, anything else as words."""
    whole = _NAME.fullmatch(name)
    if whole is not None:
        index = f"_{{{whole[2].strip('[]')}}}" if whole[2] else ""
        body = ".".join(latex_name(part) for part in whole[1].split("."))
        return f"${{{body}}}{index}$" if "_{" in body and index else f"${body}{index}$"
    return "".join(map(_letter, name))


def _letter(letter: str) -> str:
    if letter in _SPECIAL or letter in _SIGNS:
        return _SPECIAL.get(letter, _SIGNS.get(letter, ""))
    if letter in "₀₁₂₃₄₅₆₇₈₉":
        return f"$_{ord(letter) - ord('₀')}$"
    if letter.isascii():
        return letter if letter.isprintable() else " "
    command = letter_latex(letter)
    return f"${command}$" if command != letter else letter


def _comment(text: str) -> str:
    return " ".join(text.split())


def _rgb(hue: str) -> str:
    ink = color(hue)
    return f"red,{ink.red()};green,{ink.green()};blue,{ink.blue()}"


def _colormap(theme: Theme) -> str:
    stops = " ".join(
        f"rgb255=({c.red()},{c.green()},{c.blue()})" for c in (color(height_hue(i / (STOPS - 1), theme)) for i in range(STOPS))
    )
    return f"colormap={{heights}}{{{stops}}}"


def _table(name: str, rows: Iterable[str]) -> str:
    return "\n".join([r"\pgfplotstableread{", *rows, rf"}}\{name}"])


def _grid(relief: Relief) -> list[str]:
    """A line for each grid point, row after row: both numbers, the height, its place on the axis, its rank among the heights."""
    shares = relief.shares
    ranks = np.where(np.isfinite(shares), relief.rank(np.nan_to_num(shares)), 0.0)
    rows = ["x y f place rank"]
    for j, y in enumerate(relief.ys.tolist()):
        for i, x in enumerate(relief.xs.tolist()):
            rows.append(f"{x!r} {y!r} {_float(relief.f[j, i])} {_float(shares[j, i])} {ranks[j, i]:.4g}")
    return rows


def _float(value: float) -> str:
    return repr(float(value)) if np.isfinite(value) else "nan"


def _upward(relief: Relief) -> list[str]:
    axis, kind = relief.axis, relief.axis.scale.kind
    bottom, top = _height(relief, FLOOR / TOP), _height(relief, 1.0)
    lines = [f"  zmin={bottom:.17g}, zmax={top:.17g},"]
    if kind == "linear":
        heights = ", ".join(f"{height:.6g}" for height, _text in LINEAR.ticks(axis.low, axis.high) or ())
        lines.append(f"  ztick={{{heights}}},")
    if kind == "log":
        lines.append("  zmode=log,")
    if kind == "symlog":
        places, texts = zip(*axis.ticks(), strict=True)
        lines.append(f"  ztick={{{', '.join(f'{place:.6g}' for place in places)}}},")
        lines.append(f"  zticklabels={{{', '.join(f'{{{tex_name(text)}}}' for text in texts)}}},")
    return lines


def _height(relief: Relief, share: float) -> float:
    """What is plotted at a share of the axis, which may lie below it."""
    axis = relief.axis
    if axis.scale.kind == "symlog":
        return share
    if axis.scale.kind == "log":
        return float(axis.low * (axis.high / axis.low) ** share)
    return float(axis.low + share * (axis.high - axis.low))


def _numbers(relief: Relief, places: Floats) -> tuple[Floats, Floats]:
    """Places of the box as numbers of the plane."""
    x, y = (g[0] + (places[:, k] + 1) / 2 * (g[-1] - g[0]) for k, g in enumerate((relief.xs, relief.ys)))
    return x, y


def _coordinates(x: Floats, y: Floats, z: float | Floats | None = None) -> str:
    if z is None:
        return " ".join(f"({a:.6g},{b:.6g})" for a, b in zip(x, y, strict=True))
    return " ".join(f"({a:.6g},{b:.6g},{_short(c)})" for a, b, c in zip(x, y, np.broadcast_to(z, x.shape), strict=True))


def _short(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else "nan"


def _over(relief: Relief, points: Floats) -> Floats:
    """The heights of the surface over places of the plane, as they are plotted."""
    shares = relief.height(*relief.at(points[:, 0], points[:, 1])) / TOP
    return np.array([_height(relief, float(share)) if np.isfinite(share) else np.nan for share in shares])


def _trails(relief: Relief, trails: Sequence[Trail], solid: bool) -> list[str]:
    lines = []
    for trail in trails:
        points = trail.points[np.isfinite(trail.points).all(axis=1)]
        if len(points) > 1:
            at = _coordinates(points[:, 0], points[:, 1], _over(relief, points) if solid else None)
            plot = r"\addplot3" if solid else r"\addplot"
            lines.append(rf"{plot}[no marks, line width=1.2pt, color={{rgb,255:{_rgb(_on_paper(trail.hue))}}}] coordinates {{{at}}};")
    return lines


def _spots(relief: Relief, spots: Sequence[Spot], solid: bool) -> list[str]:
    lines = []
    for spot in spots:
        point = np.array([[spot.x, spot.y]])
        at = _coordinates(point[:, 0], point[:, 1], _over(relief, point) if solid else None)
        label = rf" node[above] {{{tex_name(spot.text)}}}" if spot.text else ""
        plot, hue = r"\addplot3" if solid else r"\addplot", _rgb(_on_paper(spot.hue))
        lines.append(rf"{plot}[only marks, mark=*, mark size=2.5pt, color={{rgb,255:{hue}}}] coordinates {{{at}}}{label};")
    return lines


def _on_paper(hue: str) -> str:
    """A colour of a dark theme has too little contrast on paper: those of the light theme stand for it."""
    for theme in THEMES.values():
        for name in ("text", "highlight", "forward", "backward", "stale"):
            if theme.dark and getattr(theme, name) == hue:
                return str(getattr(LIGHT, name))
    return hue
