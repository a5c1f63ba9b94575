"""An optimizer that `torch.optim` does not have, as a class of the exported program: written from its equations."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from engine.training.optimizers.base import AHEAD, Optimizer
from engine.training.optimizers.derived import ITERATIONS, NEWTON_SCHULZ, SMALLEST_NORM, TENSOR_FUNCTIONS
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, Equation, name_of, names_in
from graph.model.spec import holds

PARAMETER = "theta"
POWER = 4
RATE = "lr"
"""The setting that schedulers of torch change, and the local name of its present value."""
_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", 1), ast.Sub: (" - ", 1), ast.Mult: (" * ", 2), ast.Div: (" / ", 2), ast.Pow: ("**", POWER),
}  # fmt: skip


ORTHOGONAL = (
    "def orthogonal(matrix):",
    '    """About the nearest orthogonal matrix: Newton-Schulz steps in bfloat16, as in torch.optim.Muon."""',
    f"    a, b, c = {NEWTON_SCHULZ}",
    "    x = matrix.bfloat16()",
    "    tall = x.shape[0] > x.shape[1]",
    "    x = x.T if tall else x",
    f"    x = x / x.norm().clamp(min={SMALLEST_NORM})",
    f"    for _ in range({ITERATIONS}):",
    "        gram = x @ x.T",
    "        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)",
    "    return (x.T if tall else x).to(matrix.dtype)", "", "",
)  # fmt: skip
"""`engine.training.optimizers.derived.orthogonal`, for a program of its own."""


def optimizer_class(spec: type[Optimizer], hyper: Mapping[str, Any], groups: bool = False) -> list[str]:
    """The lines of a class of torch.optim's kind, so that its schedulers take it. Settings are arguments; what `hyper` switches off is
    not written.

    With `groups` the last argument are the places of parameters without weight decay. A class that takes its gradient ahead has
    `look_ahead`, to be called before the loss is computed, and `look_back`.
    """
    writer = _Writer(spec, hyper, groups)
    given = ", ".join([*writer.arguments, *(["undecayed=()"] if groups else [])])
    return [
        *(ORTHOGONAL if any("orthogonal(" in equation.text for equation in spec.equations) else ()),
        f"class {spec.__name__}(torch.optim.Optimizer):",
        *textwrap.wrap(f'"""{spec.doc}"""', 120, initial_indent="    ", subsequent_indent="    "), "",
        f"    def __init__(self, parameters, {given}):",
        f"        super().__init__(parameters, {{'lr': {RATE if RATE in writer.arguments else 1.0}}})".replace("'", '"'),
        '        self.parameters = self.param_groups[0]["params"]', "        self.t = 0",
        *(f"        self.{name} = {name}" for name in [*writer.arguments, *(["undecayed"] if groups else [])] if name != RATE),
        *writer.memory(), "",
        *writer.look_ahead(), "    @torch.no_grad()", f"    def step(self{', closure' if spec.shift else ''}):", *writer.second_gradient(),
        "        self.t += 1", *writer.step(), "",
    ]  # fmt: skip


def optimizer_call(spec: type[Optimizer], hyper: Mapping[str, Any], parameters: str) -> str:
    """The call that makes an object of that class."""
    return f"{spec.__name__}({', '.join([parameters, *(f'{name}={hyper[name]!r}' for name in _Writer(spec, hyper).arguments)])})"


class _Writer:
    def __init__(self, spec: type[Optimizer], hyper: Mapping[str, Any], groups: bool = False) -> None:
        self.hyper, self.shift = hyper, spec.shift
        self.equations = [e for e in spec.equations if holds(",".join(c for c in _conditions(e) if _asked(c) in hyper), hyper)]
        changed, used = {e.name for e in self.equations}, {name for e in self.equations for name in e.names}
        symbols = {name_of(s.symbol): s.name for s in spec.settings if s.symbol}
        self.remembered = [r for r in spec.state_variables if r.name in used | changed]
        needed = {symbols[name] for name in used if name in symbols} | {r.start for r in self.remembered if isinstance(r.start, str)}
        self.arguments = [s.name for s in spec.settings if s.name in needed]
        self.names = {THETA: PARAMETER, STEP: "self.t"} | {name: f"self.{setting}" for name, setting in symbols.items()}
        self.names[name_of("η")] = RATE
        self.groups = groups and "weight_decay" in self.arguments
        if self.groups:
            self.names[name_of("λ")] = "weight_decay"
        self.numbers = {*symbols, STEP, *(r.name for r in self.remembered if r.scalar)}
        self.facts = spec.fact_code
        self.numbers |= {name for line in self.facts for name in line.partition(" = ")[0].split(", ")}
        self.given = [given for given in spec.gives if given.name in used]

    def memory(self) -> Iterator[str]:
        for r in self.remembered:
            start = r.start if isinstance(r.start, str) else repr(float(r.start))
            value = repr(r.start) if r.scalar else f"[torch.full_like(p, {start}) for p in self.parameters]"
            yield f"        self.{r.name} = {value}"

    def look_ahead(self) -> Iterator[str]:
        """Two methods: to the point where the gradient is taken, and back."""
        equation = next((e for e in self.equations if e.name == AHEAD), None)
        if equation is None:
            return
        kept = [r.name for r in self.remembered if r.name in equation.names]
        yield from ("    @torch.no_grad()", "    def look_ahead(self):", "        self.here = [p.clone() for p in self.parameters]")
        yield "        for i, parameter in enumerate(self.parameters):"
        yield f"            {PARAMETER} = parameter"
        yield from (f"            {name} = self.{name}[i]" for name in kept)
        yield from (f"            parameter.copy_({self._code(equation.tree)})", "")
        yield from ("    @torch.no_grad()", "    def look_back(self):", "        for parameter, value in zip(self.parameters, self.here):")
        yield from ("            parameter.copy_(value)", "")

    def second_gradient(self) -> Iterator[str]:
        """For a rule that takes a second gradient: both, as lists `first` and `second`, and the parameters as they were."""
        if self.shift is None:
            return
        shift, _second = self.shift
        yield from ("        with torch.enable_grad():", "            closure()")
        yield "        held = [p for p in self.parameters if p.grad is not None]"
        yield from ("        first, here = [p.grad.clone() for p in held], [p.clone() for p in held]", "        for parameter in held:")
        yield f"            i, {USED} = next(i for i, p in enumerate(self.parameters) if p is parameter), parameter.grad"
        yield from (f"            {r.name} = self.{r.name}" for r in self.remembered if r.scalar)
        equations = [equation for equation in self.equations if equation.name == shift]
        needed = {name for equation in equations for name in equation.names}
        yield from (f"            {r.name} = self.{r.name}[i]" for r in self.remembered if not r.scalar and r.name in needed)
        for equation in equations:
            yield from (f"            {line}" for line in self._equation(equation))
        yield f"            parameter.add_({shift})"
        yield from ("        with torch.enable_grad():", "            closure()", "        second = iter([p.grad for p in held])")
        yield from ("        for parameter, old, gradient in zip(held, here, first):", "            parameter.copy_(old)")
        yield "            parameter.grad = gradient"

    def step(self) -> Iterator[str]:
        scalars = [r.name for r in self.remembered if r.scalar]
        tensors = [r.name for r in self.remembered if not r.scalar]
        if RATE in self.arguments:
            yield f'        {RATE} = self.param_groups[0]["lr"]'
        yield from (f"        {name} = self.{name}" for name in scalars)
        if self.given:
            yield "        flat = torch.cat([p.grad.reshape(-1) for p in self.parameters if p.grad is not None])"
        for given in self.given:
            yield f"        {given.name if given.single else f'all_{given.name}'} = {given.code}"
        if parted := [given.name for given in self.given if not given.single]:
            yield "        begin = 0"
        yield "        for i, parameter in enumerate(self.parameters):"
        yield "            if parameter.grad is None:"
        yield "                continue"
        yield from (f"            {line}" for line in self.facts)
        yield f"            {PARAMETER}, {USED} = parameter, parameter.grad"
        if self.shift is not None:
            yield f"            {self.shift[1]} = next(second)"
        if any(GRADIENT in e.names for e in self.equations):
            yield f"            {GRADIENT} = {USED}"
        yield from (f"            {name} = all_{name}[begin : begin + parameter.numel()].view_as(parameter)" for name in parted)
        if parted:
            yield "            begin += parameter.numel()"
        yield from (f"            {name} = self.{name}" for name in scalars)
        yield from (f"            {name} = self.{name}[i]" for name in tensors)
        if self.groups:
            yield "            weight_decay = 0.0 if i in self.undecayed else self.weight_decay"
        for equation in self.equations:
            yield from (f"            {line}" for line in self._equation(equation))
        yield f"            parameter.copy_({PARAMETER})"
        yield from (f"            self.{name}[i] = {name}" for name in tensors)
        yield from (f"        self.{name} = {name}" for name in scalars)

    def _equation(self, equation: Equation) -> Iterator[str]:
        """One line, or two where it depends on what is remembered."""
        if equation.names <= self.numbers:
            self.numbers.add(equation.name)
        code = f"{self.names.get(equation.name, equation.name)} = {self._code(equation.tree)}"
        open_ones = [c for c in _conditions(equation) if _asked(c) not in self.hyper]
        if open_ones:
            kept = [c if _asked(c) in self.numbers else c.replace(_asked(c), f"self.{_asked(c)}") for c in open_ones]
            yield f"if {' and '.join(kept)}:"
            code = f"    {code}"
        yield code

    def _code(self, tree: ast.expr, least: int = 0) -> str:
        """Python for the tree, in brackets where it binds less than `least`."""
        match tree:
            case ast.Name(id=name):
                return self.names.get(name, name)
            case ast.Constant(value=value):
                return repr(value)
            case ast.UnaryOp(operand=operand):
                text, binds = f"-{self._code(operand, 3)}", 3
            case ast.BinOp(left=left, op=op, right=right):
                sign, binds = _SIGNS[type(op)]
                power = binds == POWER
                text = f"{self._code(left, binds + power)}{sign}{self._code(right, binds + (not power))}"
            case ast.Call(func=ast.Name(id=word), args=arguments):
                return self._call(word, arguments)
            case _:
                raise TypeError(ast.dump(tree))
        return f"({text})" if binds < least else text

    def _call(self, word: str, arguments: list[ast.expr]) -> str:
        """torch's function, for plain numbers Python's; plain numbers beside tensors become tensors."""
        plain = [names_in(argument) <= self.numbers for argument in arguments]
        if all(plain):
            return self._plain_call(word, [self._code(argument) for argument in arguments])
        full = f"torch.full_like({PARAMETER}, {{}})"
        texts = [full.format(self._code(a)) if number else self._code(a) for a, number in zip(arguments, plain, strict=True)]
        if word == "norm":
            return f"torch.linalg.vector_norm({texts[0]})"
        if word == "orthogonal":
            return f"orthogonal({texts[0]})"
        if word == "where":
            if plain[0]:
                return self._plain_call(word, [self._code(argument) for argument in arguments])
            texts[0] += " > 0"
        return f"torch.{TENSOR_FUNCTIONS[word]}({', '.join(texts)})"

    def _plain_call(self, word: str, texts: list[str]) -> str:
        if word == "where":
            return f"({texts[1]} if {texts[0]} > 0 else {texts[2]})"
        if word in ("max", "min", "abs"):
            return f"{word}({', '.join(texts)})"
        return f"torch.{TENSOR_FUNCTIONS[word]}(torch.tensor({texts[0]}, dtype=torch.float64)).item()"


def _conditions(equation: Equation) -> list[str]:
    return [condition.strip() for condition in equation.when.split(",") if condition.strip()]


def _asked(condition: str) -> str:
    """What a condition is about."""
    return condition.removeprefix("not ").partition("=")[0]
