"""An optimizer with line searches, as a class of the exported program: the direction and the search that it runs with, and no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.bfgs import CURVED
from engine.training.optimizers.cg import ORTHOGONAL
from engine.training.optimizers.newton import FLAT
from engine.training.optimizers.searches import MARGIN, MOST, WIDEST

FRAME = '''
class {name}:
    """{doc}"""

    def __init__(self, parameters, lr):
        self.parameters = list(parameters)
        self.lr = lr
{memory}
    def evaluate(self, closure):
        """Loss and gradient, as one row, at the parameters as they are."""
        with torch.enable_grad():
            loss = closure()
            slopes = torch.autograd.grad(loss, self.parameters, create_graph={twice}, allow_unused=True)
            slopes = [torch.zeros_like(p) if g is None else g for p, g in zip(self.parameters, slopes)]
            self.gradient = torch.cat([g.reshape(-1) for g in slopes])
        return loss.item(), self.gradient.detach()

    def go(self, start, row):
        """Move the parameters from `start` by a row of numbers."""
        pieces = row.split([p.numel() for p in self.parameters])
        for p, old, piece in zip(self.parameters, start, pieces):
            p.copy_(old + piece.view_as(p))

    @torch.no_grad()
    def step(self, closure):
        loss, g = self.evaluate(closure)
        if not (torch.isfinite(g).all() and torch.isfinite(torch.tensor(loss))) or not g.any():
            return loss
        start = [p.clone() for p in self.parameters]
        d = self.direction(g)
{downhill}        slope = torch.dot(g, d).item()

        def at(t):
            """(t, loss, slope, gradient) at a trial point."""
            self.go(start, t * d)
            value, new = self.evaluate(closure)
            return t, value, torch.dot(new, d).item(), new

        found = self.search(at, loss, slope, d)
        if found is None:
            self.go(start, 0 * d)
            self.forget()
            return loss
        t, value, _slope, new = found
        self.go(start, t * d)
        self.learn(t * d, new - g, g, d, loss - value)
        return loss

{method}

{search}
'''
DOWNHILL = """\
        if not torch.isfinite(d).all() or torch.dot(g, d) >= 0:  # the loss does not fall along d
            self.forget()
            d = -g
"""
NOTHING = """\
    def forget(self):
        pass

    def learn(self, s, y, g, d, fall):
        pass
"""
NEWTON = """
    def direction(self, g):
        with torch.enable_grad():
            rows = [torch.autograd.grad(n, self.parameters, retain_graph=True, allow_unused=True) if n.requires_grad else
                    [None] * len(self.parameters) for n in self.gradient]
        h = torch.stack([torch.cat([(torch.zeros_like(p) if x is None else x).reshape(-1) for p, x in zip(self.parameters, row)])
                         for row in rows])
        h = (h + h.T) / 2
        values, vectors = torch.linalg.eigh(h)
        values = {values} + {damping!r}
        large = values.abs() > {flat!r} * values.abs().max()
        return -(vectors @ torch.where(large, (vectors.T @ g) / torch.where(large, values, torch.ones_like(values)), torch.zeros_like(g)))

"""
BFGS = """
    def direction(self, g):
        return -g if self.h is None else -(self.h @ g)

    def forget(self):
        self.h = None

    def learn(self, s, y, g, d, fall):
        curved = torch.dot(s, y).item()
        if not curved > {curved!r} * s.norm().item() * y.norm().item():
            return
        h = torch.eye(len(s), dtype=s.dtype) if self.h is None else self.h
        rho, moved = 1.0 / curved, h @ y
        self.h = (h + rho * (1.0 + rho * torch.dot(y, moved).item()) * torch.outer(s, s)
                  - rho * (torch.outer(moved, s) + torch.outer(s, moved)))
"""
LBFGS = """
    def direction(self, g):
        row, back = -g, []
        for s, y in reversed(self.pairs):
            back.append(torch.dot(s, row).item() / torch.dot(y, s).item())
            row = row - back[-1] * y
        if self.pairs:
            s, y = self.pairs[-1]
            row = row * (torch.dot(y, s).item() / torch.dot(y, y).item())
        for (s, y), share in zip(self.pairs, reversed(back)):
            row = row + (share - torch.dot(y, row).item() / torch.dot(y, s).item()) * s
        return row

    def forget(self):
        self.pairs = []

    def learn(self, s, y, g, d, fall):
        if torch.dot(s, y).item() > {curved!r} * s.norm().item() * y.norm().item():
            self.pairs = [*self.pairs, (s, y)][-{history!r}:]
"""
CG = """
    def direction(self, g):
        if not 0 < self.since < ({every!r} or len(g)):
            self.forget()
            return -g
        p, d = self.p, self.d
        beta = {beta}
        if not beta{far}:
            self.forget()
            return -g
        return beta * d - g

    def forget(self):
        self.since, self.fall = 0, 0.0

    def learn(self, s, y, g, d, fall):
        self.d, self.p, self.since, self.fall = d, g, self.since + 1, max(fall, 0.0)
"""
BETAS = {
    "fletcher_reeves": "torch.dot(g, g).item() / torch.dot(p, p).item()",
    "polak_ribiere": "max(torch.dot(g, g - p).item() / torch.dot(p, p).item(), 0.0)",
    "hestenes_stiefel": "torch.dot(g, g - p).item() / torch.dot(d, g - p).item()",
}
FIXED = """
    def search(self, at, loss, slope, d):
        t = self.lr
        for _ in range({most}):  # halved until the loss is finite
            trial = at(t)
            if finite(trial):
                return trial
            t /= 2
        return None
"""
BACKTRACKING = """
    def search(self, at, loss, slope, d):
        t = {first}
        for _ in range({most}):  # shortened until the loss is low enough (Armijo)
            trial = at(t)
            if finite(trial) and trial[1] <= loss + {c1!r} * t * slope:
                return trial
            t *= {shrink!r}
        return None
"""
WOLFE = """
    def search(self, at, loss, slope, d):
        \"\"\"Low and flat enough: the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6).\"\"\"
        before, t = (0.0, loss, slope, d), {first}
        for i in range({most}):
            trial = at(t)
            if not finite(trial) or trial[1] > loss + {c1!r} * t * slope or (i and trial[1] >= before[1]):
                return self.between(at, loss, slope, before, trial, {most} - 1 - i)
            if abs(trial[2]) <= -{c2!r} * slope:
                return trial
            if trial[2] >= 0:
                return self.between(at, loss, slope, trial, before, {most} - 1 - i)
            longer = cubic(before, trial)
            before, t = trial, min(max(longer if abs(longer) < float("inf") else 0.0, 2 * t), {widest!r} * t)
        return before if before[0] else None

    def between(self, at, loss, slope, low, high, most):
        for _ in range(most):
            width = high[0] - low[0]
            t = cubic(low, high) if finite(high) else float("nan")
            if not {margin!r} <= (t - low[0]) / width <= 1 - {margin!r}:
                t = low[0] + width / 2
            if t in (low[0], high[0]):
                break
            trial = at(t)
            if not finite(trial) or trial[1] > loss + {c1!r} * t * slope or trial[1] >= low[1]:
                high = trial
                continue
            if abs(trial[2]) <= -{c2!r} * slope:
                return trial
            if trial[2] * width >= 0:
                high = low
            low = trial
        return low if low[0] else None


def cubic(a, b):
    \"\"\"Where the cubic through two trials, with their slopes, has its minimum.\"\"\"
    width = b[0] - a[0]
    middle = a[2] + b[2] - 3 * (b[1] - a[1]) / width
    root = middle * middle - a[2] * b[2]
    if root < 0:
        return float("nan")
    root = root**0.5 if width > 0 else -(root**0.5)
    down = b[2] - a[2] + 2 * root
    return b[0] - width * (b[2] + root - middle) / down if down else float("nan")
"""
FINITE = """

def finite(trial):
    return abs(trial[1]) < float("inf") and abs(trial[2]) < float("inf") and bool(torch.isfinite(trial[3]).all())
"""
KINDS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "newton": ("", lambda hyper: NEWTON.format(
        values="values.abs()" if hyper["saddle_free"] else "values", damping=hyper["damping"], flat=FLAT) + NOTHING),
    "bfgs": ("        self.h = None  # the inverse Hessian\n", lambda hyper: BFGS.format(curved=CURVED)),
    "lbfgs": ("        self.pairs = []\n", lambda hyper: LBFGS.format(curved=CURVED, history=hyper["history_size"])),
    "cg": ("        self.since, self.fall = 0, 0.0\n", lambda hyper: CG.format(
        every=hyper["restart_every"], beta=BETAS[hyper["beta"]],
        far=f" or abs(torch.dot(g, p)) >= {ORTHOGONAL!r} * torch.dot(g, g)" if hyper["beta"] == "fletcher_reeves" else "")),
}  # fmt: skip
"""By optimizer: what it remembers, and its methods."""
SHORT = "self.lr * min(1.0, 1.0 / d.norm().item())"
FIRST = {
    "newton": "self.lr", "bfgs": f"self.lr if self.h is not None else {SHORT}", "lbfgs": f"self.lr if self.pairs else {SHORT}",
    "cg": f"-2 * self.fall / slope if self.fall else {SHORT}",
}  # fmt: skip
SEARCHES = {"fixed": FIXED, "backtracking": BACKTRACKING, "wolfe": WOLFE}


def can_export(spec: type[Optimizer], hyper: Mapping[str, Any]) -> bool:
    """Whether a class can be written for these settings. An exact search needs a product with the Hessian, which no closure gives."""
    return spec.key in KINDS and hyper.get("line_search") in SEARCHES


def searching_class(spec: type[Optimizer], hyper: Mapping[str, Any]) -> list[str]:
    """The lines of a class whose `step` takes a closure that returns the loss."""
    memory, method = KINDS[spec.key]
    numbers = {"c1": hyper["c1"], "c2": hyper["c2"], "shrink": hyper["shrink"], "most": MOST, "widest": WIDEST, "margin": MARGIN}
    search = SEARCHES[hyper["line_search"]].format(first=FIRST[spec.key], **numbers)
    text = FRAME.format(
        name=spec.__name__, doc=spec.doc, memory=memory, twice=spec.key == "newton",
        downhill="" if hyper["line_search"] == "fixed" else DOWNHILL, method=method(hyper).strip("\n"), search=search.strip("\n"),
    )  # fmt: skip
    return [*text.strip("\n").splitlines(), *FINITE.rstrip("\n").splitlines()]
