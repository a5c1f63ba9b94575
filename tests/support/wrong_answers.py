"""Wrong answers as students give them, made by hand formulas: an independent check of what recognises them.

Scalar graphs are lists of rows with their own derivatives in plain Python; networks are NumPy formulas written out. Nothing here
comes from the code under test: a graph of ours is built from the rows only to be asked about.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Answer:
    """What was asked, what was planted, and what a student types. `nodes` and `wires` describe the graph as in `networks.network`."""

    nodes: dict[str, tuple[str, dict[str, Any]]]
    wires: str
    place: str
    truth: float
    wrong: float
    cause: str
    parameter: str = ""
    entry: tuple[int, ...] | None = None

    @property
    def typed(self) -> str:
        return as_typed(self.wrong)


def as_typed(number: float) -> str:
    """Three digits, as a person writes them: no exponent where it can be helped, no zeros at the end."""
    text = f"{number:.3g}"
    if "e" in text:
        digits = max(0, 2 - math.floor(math.log10(abs(number))))
        text = f"{number:.{digits}f}" if 1e-5 < abs(number) < 1 else text
    return text.replace("-", "−")


# Scalar graphs

Unary = tuple[str, Callable[[float], float], Callable[[float, float], float], Callable[[float], float] | None]
UNARY: dict[str, Unary] = {
    "tanh": ("activation.tanh", math.tanh, lambda x, y: 1 - y * y, lambda x: 1 - x * x),
    "sigmoid": ("activation.sigmoid", lambda x: 1 / (1 + math.exp(-x)), lambda x, y: y * (1 - y), lambda x: x * (1 - x)),
    "sin": ("math.sin", math.sin, lambda x, y: math.cos(x), lambda x: math.cos(math.sin(x))),
    "exp": ("math.exp", math.exp, lambda x, y: y, lambda x: math.exp(math.exp(x))),
    "square": ("math.square", lambda x: x * x, lambda x, y: 2 * x, lambda x: 2 * x * x),
    "negate": ("math.negate", lambda x: -x, lambda x, y: -1.0, None),
}
BINARY: dict[str, tuple[str, Callable[[float, float], float], Callable[[float, float], tuple[float, float]]]] = {
    "add": ("math.add", lambda a, b: a + b, lambda a, b: (1.0, 1.0)),
    "subtract": ("math.subtract", lambda a, b: a - b, lambda a, b: (1.0, -1.0)),
    "multiply": ("math.multiply", lambda a, b: a * b, lambda a, b: (b, a)),
}


@dataclass
class Rows:
    """A scalar graph: name → (operation, names of its arguments); sources have the operation `input`."""

    rows: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)

    def input(self, name: str, value: float) -> None:
        self.rows[name], self.values[name] = ("input", ()), value

    def add(self, name: str, kind: str, *arguments: str) -> None:
        used = [self.values[a] for a in arguments]
        self.rows[name] = (kind, arguments)
        self.values[name] = UNARY[kind][1](*used) if kind in UNARY else BINARY[kind][1](*used)

    def local(self, name: str) -> tuple[float, ...]:
        kind, arguments = self.rows[name]
        used = [self.values[a] for a in arguments]
        return (UNARY[kind][2](used[0], self.values[name]),) if kind in UNARY else BINARY[kind][2](*used)

    def uses(self, name: str) -> list[tuple[str, int]]:
        return [(n, i) for n, (_, arguments) in self.rows.items() for i, a in enumerate(arguments) if a == name]

    def gradient(self, name: str, factor: dict[tuple[str, int], float] | None = None, upstream: dict[str, float] | None = None) -> float:
        """∂f/∂name by the chain rule; `factor` replaces local derivatives, `upstream` the gradient at a node's output."""
        factor, upstream = factor or {}, upstream or {}
        last = next(reversed(self.rows))

        def at(node: str) -> float:
            if node in upstream:
                return upstream[node]
            return 1.0 if node == last else sum(share(n, i) for n, i in self.uses(node))

        def share(node: str, i: int) -> float:
            return at(node) * factor.get((node, i), self.local(node)[i])

        return 1.0 if name == last else sum(share(n, i) for n, i in self.uses(name))

    def graph(self) -> tuple[dict[str, tuple[str, dict[str, Any]]], str]:
        kinds = {n: row[0] for n, row in UNARY.items()} | {n: row[0] for n, row in BINARY.items()}
        nodes: dict[str, tuple[str, dict[str, Any]]] = {}
        wires = []
        for name, (kind, arguments) in self.rows.items():
            nodes[name] = ("source.input", {"value": self.values[name]}) if kind == "input" else (kinds[kind], {})
            ports = ("x",) if kind in UNARY else ("a", "b")
            wires += [f"{a} -> {name}.{port}" for a, port in zip(arguments, ports, strict=False)]
        return nodes, ";".join(wires)


def scalar_rows(rng: random.Random, size: int) -> Rows:
    """A graph in which every number leads to the last one, some of them on several paths."""
    rows = Rows()
    for i in range(rng.randint(2, 4)):
        rows.input(f"x{i}", round(rng.uniform(-2, 2), 2) or 0.5)
    open_ends = list(rows.rows)
    for i in range(size):
        kind = rng.choice([*UNARY, *BINARY, "multiply", "add"])
        first = open_ends.pop(rng.randrange(len(open_ends)))
        if kind in UNARY:
            if kind == "exp" and abs(rows.values[first]) > 2:
                kind = "tanh"
            rows.add(f"n{i}", kind, first)
        else:
            second = rng.choice([n for n in rows.rows if n != first])
            open_ends = [n for n in open_ends if n != second]
            rows.add(f"n{i}", kind, first, second)
        open_ends.append(f"n{i}")
    for i in range(len(open_ends) - 1):
        rows.add(f"f{i}", rng.choice(["add", "multiply"]), open_ends[i] if i == 0 else f"f{i - 1}", open_ends[i + 1])
    return rows


def planted_in_scalars(rng: random.Random) -> Answer | None:
    """One slip in one place of a random scalar graph; None where nothing came of it."""
    rows = scalar_rows(rng, rng.randint(3, 7))
    name = rng.choice(list(rows.rows)[:-1])
    truth, uses = rows.gradient(name), rows.uses(name)
    shared = ["branches"] * 6 if len(uses) > 1 else []
    cause = rng.choice(["upstream", "partner", "argument"] * 2 + ["sign", "inner", "value", "function", *shared])
    node, i = rng.choice(uses)
    if rng.random() < 0.2 and rows.uses(node):  # one node farther along
        node, i = rng.choice(rows.uses(node))
    kind, arguments = rows.rows[node]
    wrong: float | None = None
    if cause == "upstream":
        node = rng.choice(uses)[0]
        wrong = rows.gradient(name, upstream={node: 1.0})
    elif cause == "branches" and len(uses) > 1:
        left_out = rng.sample(uses, rng.randint(1, len(uses) - 1))
        wrong = rows.gradient(name, factor=dict.fromkeys(left_out, 0.0))
    elif cause == "partner" and kind == "multiply":
        wrong = rows.gradient(name, factor={(node, i): rows.values[arguments[i]]})
    elif cause == "sign":
        wrong = -truth
    elif cause == "argument" and kind in UNARY and (other := UNARY[kind][3]) is not None:
        wrong = rows.gradient(name, factor={(node, i): other(rows.values[arguments[0]])})
    elif cause == "inner" and len(uses) == 1:
        wrong = rows.gradient(uses[0][0])
    elif cause == "value":
        wrong = rows.values[name]
    elif cause == "function" and len(uses) == 1 and rows.rows[uses[0][0]][0] in ("sin", "tanh", "sigmoid", "square"):
        wrong = rows.gradient(uses[0][0]) * rows.values[uses[0][0]]
    if wrong is None or not (1e-4 < abs(wrong) < 1e6 and 1e-4 < abs(truth) < 1e6):
        return None
    nodes, wires = rows.graph()
    return Answer(nodes, wires, name, truth, wrong, cause)


def whole_rows(rng: random.Random, size: int) -> Rows:
    """A graph of small whole numbers, in which slips often lead to the same number."""
    rows = Rows()
    for i in range(2):
        rows.input(f"x{i}", float(rng.choice([-2, -1, 1, 2, 3])))
    last = "x0"
    for i in range(size):
        kind = rng.choice(["add", "subtract", "multiply", "multiply", "square"])
        other = rng.choice([n for n in rows.rows if n != last])
        rows.add(f"n{i}", kind, *((last,) if kind == "square" else (last, other)))
        last = f"n{i}"
    return rows


def slips_at(rows: Rows, name: str) -> set[tuple[str, float]]:
    """Every one of the six slips in a node that uses this number, and what it makes of the gradient."""
    uses, slips = rows.uses(name), {("sign", -rows.gradient(name))}
    for node, i in uses:
        kind, arguments = rows.rows[node]
        slips.add(("upstream", rows.gradient(name, upstream={node: 1.0})))
        if kind == "multiply":
            slips.add(("partner", rows.gradient(name, factor={(node, i): rows.values[arguments[i]]})))
        if kind in UNARY and (other := UNARY[kind][3]) is not None:
            slips.add(("argument", rows.gradient(name, factor={(node, i): other(rows.values[arguments[0]])})))
        if len(uses) > 1:
            slips.add(("branches", rows.gradient(name, factor={(node, i): 0.0})))
    return slips


def planted_with_company(seed: int) -> tuple[Answer, set[str]]:
    """A wrong whole number that at least two of the slips lead to, and all of them."""
    rng = random.Random(seed)
    while True:
        rows = whole_rows(rng, rng.randint(2, 4))
        name = rng.choice([n for n in list(rows.rows)[:-1] if rows.uses(n)])
        truth, slips = rows.gradient(name), slips_at(rows, name)
        wrong = rng.choice(sorted(value for _, value in slips))
        causes = {cause for cause, value in slips if value == wrong}
        if len(causes) > 1 and wrong not in (truth, 0.0) and abs(wrong) < 1000:
            nodes, wires = rows.graph()
            return Answer(nodes, wires, name, truth, wrong, ""), causes


# Networks, with the formulas of the lecture


def _given(value: np.ndarray) -> tuple[str, dict[str, Any]]:
    return "parameter.parameter", {"value": value.tolist()}


def _table(x: np.ndarray, target: np.ndarray, **more: Any) -> tuple[str, dict[str, Any]]:
    settings = {"dataset": "table", "features": x.tolist(), "targets": target.tolist(), "test_fraction": 0.0}
    return "source.data", settings | more


def planted_in_classifier(rng: random.Random) -> Answer:
    """Slips in the lecture's derivation: δʸ = (ŷ − y)/N, ∂W₂ = δʸᵀh, δʰ = (1 − h²) ⊙ (δʸW₂), ∂W₁ = δʰᵀx."""
    numbers = np.random.default_rng(rng.randrange(10**6))
    n = rng.randint(3, 6)
    x, target = numbers.normal(size=(n, 2)).round(2), np.arange(n) % 2
    w1, b1, w2, b2 = (numbers.normal(size=s).round(2) for s in ((4, 2), (4,), (2, 4), (2,)))
    u = x @ w1.T + b1
    h = np.tanh(u)
    z = h @ w2.T + b2
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    dy = (p - np.eye(2)[target]) / n
    dh, at_x = (1 - h**2) * (dy @ w2), (1 - u**2) * (dy @ w2)
    right = {"w2": dy.T @ h, "b2": dy.sum(0), "w1": dh.T @ x, "b1": dh.sum(0)}
    wrong = {
        "mean": {k: n * g for k, g in right.items()},
        "sign": {k: -g for k, g in right.items()},
        "one_hot": {"w2": (p / n).T @ h, "b2": (p / n).sum(0)},
        "argument": {"w1": at_x.T @ x, "b1": at_x.sum(0)},
        "upstream": {"w2": np.ones_like(p).T @ h, "w1": np.ones_like(h).T @ x},
    }
    nodes = {
        "data": _table(x, target, coding="index"), "w1": _given(w1), "b1": _given(b1), "w2": _given(w2), "b2": _given(b2),
        "hidden": ("layer.linear", {"out_features": 4}), "tanh": ("activation.tanh", {}), "out": ("layer.linear", {"out_features": 2}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = """data.x -> hidden.x; w1 -> hidden.W; b1 -> hidden.b; hidden -> tanh.x; tanh -> out.x; w2 -> out.W; b2 -> out.b
    out -> loss.scores; data.target -> loss.target"""
    return _drawn(rng, nodes, wires, right, wrong)


def planted_in_regression(rng: random.Random) -> Answer:
    """Least squares over N samples: L = 1/N Σ (xₙ·w + b − tₙ)², ∂w = 2/N Σ eₙxₙ, ∂b = 2/N Σ eₙ."""
    numbers = np.random.default_rng(rng.randrange(10**6))
    n = rng.randint(3, 7)
    x, target = numbers.normal(size=(n, 3)).round(2), numbers.normal(size=(n, 1)).round(2)
    w, b = numbers.normal(size=(1, 3)).round(2), numbers.normal(size=(1,)).round(2)
    e = x @ w.T + b - target
    right = {"w": 2 / n * e.T @ x, "b": 2 / n * e.sum(0)}
    wrong = {
        "mean": {k: n * g for k, g in right.items()},
        "factor": {k: g / 2 for k, g in right.items()},
        "sign": {k: -g for k, g in right.items()},
        "upstream": {"w": x.sum(0, keepdims=True)},
    }
    nodes = {
        "data": _table(x, target, coding="real"), "w": _given(w), "b": _given(b), "model": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    wires = "data.x -> model.x; w -> model.W; b -> model.b; model -> loss.prediction; data.target -> loss.target"
    return _drawn(rng, nodes, wires, right, wrong)


def planted_in_matrices(rng: random.Random) -> Answer:
    """f = Σ σ(Wx + b)², one sample, W square: δ = 2σ·σ(1 − σ), ∂W = δxᵀ, ∂x = Wᵀδ."""
    numbers = np.random.default_rng(rng.randrange(10**6))
    x, w, b = (numbers.normal(size=s).round(2) for s in ((3,), (3, 3), (3,)))
    u = w @ x + b
    y = 1 / (1 + np.exp(-u))
    delta = 2 * y * y * (1 - y)
    at_x, wide = 2 * y * u * (1 - u), np.ones((3, 3))
    right = {"w": np.outer(delta, x), "x": w.T @ delta, "b": delta}
    wrong = {
        "transposed": {"w": np.outer(x, delta), "x": w @ delta},
        "argument": {"w": np.outer(at_x, x), "x": w.T @ at_x, "b": at_x},
        "upstream": {"w": wide * x},
        "inner": {"w": wide * delta[:, None]},
        "sign": {k: -g for k, g in right.items()},
    }
    nodes = {
        "x": _given(x), "w": _given(w), "b": _given(b), "lin": ("layer.linear", {"out_features": 3}), "s": ("activation.sigmoid", {}),
        "q": ("math.square", {}), "f": ("math.sum", {}),
    }  # fmt: skip
    return _drawn(rng, nodes, "x -> lin.x; w -> lin.W; b -> lin.b; lin -> s.x; s -> q.x; q -> f.x", right, wrong)


def _drawn(
    rng: random.Random, nodes: dict[str, Any], wires: str, right: dict[str, np.ndarray], wrong: dict[str, dict[str, np.ndarray]]
) -> Answer:
    cause = rng.choice(list(wrong))
    place = rng.choice(list(wrong[cause]))
    entry = tuple(rng.randrange(size) for size in right[place].shape)
    return Answer(nodes, wires, place, float(right[place][entry]), float(wrong[cause][place][entry]), cause, entry=entry)


def planted(seed: int) -> Answer:
    """A wrong answer with a known cause that differs from the truth in the digits a student types."""
    rng = random.Random(seed)
    while True:
        make = rng.choice([planted_in_scalars] * 3 + [planted_in_classifier, planted_in_regression, planted_in_matrices])
        answer = make(rng)
        if answer is not None and abs(answer.truth) > 1e-4 and abs(answer.wrong) > 1e-4 and answer.typed != as_typed(answer.truth):
            return answer


def without_cause(seed: int) -> Answer:
    """The same questions, answered by a number drawn at random around the truth, up to ten times as large or as small.

    Not the truth, not its negative, and not what the slip planted in that question leads to: those would have a cause.
    """
    from dataclasses import replace

    rng = random.Random(seed)
    answer = planted(seed)
    known = {as_typed(number) for number in (answer.truth, -answer.truth, answer.wrong)}
    while True:
        wrong = answer.truth * rng.choice([-1, 1]) * 10 ** rng.uniform(-1, 1) if seed % 2 else answer.truth * rng.uniform(-3, 3)
        if wrong and as_typed(wrong) not in known:
            return replace(answer, wrong=wrong, cause="")
