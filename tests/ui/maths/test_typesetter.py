"""The quicker typesetter draws what ziamath draws."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
from ziamath import styles
from ziamath.nodes.mrow import Mrow

from engine.nodes.catalog import CATALOG
from graph.formula.latex import filled
from ui.maths.typesetter import typesetter

NESTED = (
    r"\frac{1}{1 + \frac{1}{1 + \frac{x}{2}}}", r"\left(\frac{\partial f}{\partial w}\right)^{\!2}", r"\left.\frac{a}{b}\right|_{x = 0}",
    r"\begin{pmatrix} 1 & \frac{a}{b} \\ 0 & \sqrt{x} \end{pmatrix}", r"\lVert\frac{a}{b}\rVert^2", r"|\frac{a}{b}|",
    r"[\sum_{i=1}^n \frac{x_i}{n}]",
    r"\underbrace{a + b}_{\text{sum}} \to \widehat{abc}", r"\{x \mid \max(\frac{x}{2}, 0)\}", r"\lim_{h \to 0} \frac{f(x + h) - f(x)}{h}",
    r"\overline{a + \frac{b}{c}}", r"\langle\frac{a}{b}, c\rangle", r"(\frac{a}{b})", r"\sqrt{\frac{\hat v}{1 - \beta_2^t}} + \varepsilon",
)  # fmt: skip


def test_the_pictures_are_those_of_ziamath(monkeypatch: pytest.MonkeyPatch) -> None:
    every = [*NESTED, *dict.fromkeys(filled(s.formula_for({t.name: t.default for t in s.settings}), {}) for s in CATALOG.values())]
    ours = [typesetter().Latex(latex, size=17.0, color="#123456").svg() for latex in every]
    monkeypatch.setattr(styles, "asdict", dataclasses.asdict)
    monkeypatch.setattr(Mrow, "_get_height_nostretch", inspect.unwrap(Mrow._get_height_nostretch))
    assert ours == [typesetter().Latex(latex, size=17.0, color="#123456").svg() for latex in every]
