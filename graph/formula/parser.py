"""A formula as a tree of Python's own kind (`ast`), built by a parser for what lectures write; nothing is ever evaluated.

A product may leave out its sign where only a product is possible: `2x`, `2(x + 1)`, `(x + 1)(x - 1)`. Where readers disagree, such as
in 1/2x, the formula is refused with both readings.
"""

from __future__ import annotations

import ast
import unicodedata
from typing import NoReturn

from graph.formula.functions import BARE, CALLED
from graph.formula.numerals import QUOTED
from graph.formula.tokens import Ambiguous, FormulaError, Incomplete, Token, Unjoined, tokens
from graph.text.messages import _

SUM, PRODUCT, SIGN, POWER = range(1, 5)
_BINARY: dict[str, tuple[type[ast.operator], int]] = {
    "+": (ast.Add, SUM), "-": (ast.Sub, SUM), "*": (ast.Mult, PRODUCT), "/": (ast.Div, PRODUCT), "@": (ast.MatMult, PRODUCT),
}  # fmt: skip
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BEGINS = ("number", "name", "command", "(", "{", "√", "‖")
TRUTH = {"True": True, "true": True, "False": False, "false": False}
_COMPARED = {"<", ">", "≤", "≥", "≠", "≈", "∈", "→", "⇒"}
_NOT_READ = {
    "∑": "sum(x) adds up the entries of x", "∏": "write the product out", "∫": "there are no integrals in the library",
    "∂": "Gradwire computes the derivatives of what you write", "∇": "Gradwire computes the derivatives of what you write",
    "°": "angles are in radians: 90° is pi/2", "∘": "write the call out: f(g(x))",
}  # fmt: skip


class Transposed(ast.Call):
    """`x^T`: the transpose, unless T is a name of the document."""


class Lowered(ast.Name):
    """`x₁`: x1, or x_1 where that is a name of the document; both are shown alike."""


class Bare(ast.BinOp):
    """A power whose exponent is not in brackets: what follows it without a sign may belong to it."""


class FormulaParser:
    """Reads `given`, the signs of `text`."""

    def __init__(self, text: str, given: list[Token] | None = None) -> None:
        self._text, self._tokens, self._at = text, tokens(text) if given is None else given, 0
        self._bars: list[str] = []
        """The | and ‖ that are open since the last bracket."""
        self._closed: set[ast.expr] = set()
        """The trees in brackets: nothing that follows belongs to a part of them."""

    def alone(self) -> ast.expr:
        """One expression and nothing behind it. Raises FormulaError."""
        tree = self.expression()
        if self._now.kind != "end":
            self._wrong()
        return tree

    def statements(self) -> list[tuple[str, ast.expr]]:
        """Raises FormulaError."""
        result: list[tuple[str, ast.expr]] = []
        while True:
            while self._now.kind == ";":
                self._at += 1
            if self._now.kind == "end":
                return result
            name = ""
            if self._now.kind == "name" and self._tokens[self._at + 1].kind == "=" and self._tokens[self._at + 2].kind != "=":
                name, self._at = self._now.text, self._at + 2
            result.append((name, self.expression()))
            if self._now.kind not in (";", "end"):
                self._wrong()

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def expression(self, least: int = SUM) -> ast.expr:
        """What binds at least as strongly as `least`."""
        left = self._factor()
        while True:
            token = self._now
            operator, binds = _BINARY.get(token.kind, (ast.Mult, PRODUCT))
            if token.kind not in _BINARY and not self._multiplies(left):
                return left
            if binds < least:
                return left
            if token.kind in _BINARY:
                self._at += 1
                if token.kind == "/" and self._now.kind == "/":
                    raise FormulaError(_("{sign} is not an operation; a single / divides").format(sign=token.text + self._now.text))
                left = self._joined(operator, left, self.expression(binds + 1))
            else:
                left = self._adjoined(left)

    def _adjoined(self, left: ast.expr) -> ast.expr:
        """A product without a sign."""
        token = self._now
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div) and left not in self._closed:
            above, below, more = self._source(left.left), self._source(left.right), self._source(self.expression(SIGN))
            raise Ambiguous(
                _("{above}/{below}{more} can mean ({above}/{below})*{more} or {above}/({below}*{more}): write one of them").format(
                    above=above, below=below, more=more
                )
            )
        if isinstance(left, Bare) and left not in self._closed and token.kind in ("number", "name"):
            base, power, more = self._source(left.left), self._source(left.right), token.text
            raise Ambiguous(
                _("{base}^{power}{more} can mean {base}^({power}*{more}) or {base}^{power}*{more}: write one of them").format(
                    base=base, power=power, more=more
                )
            )
        return self._joined(ast.Mult, left, self.expression(SIGN))

    def _multiplies(self, left: ast.expr) -> bool:
        """Whether a product begins here although no sign says so."""
        token, before = self._now, self._tokens[self._at - 1]
        if isinstance(left, Transposed) and token.kind in _BEGINS:
            return True
        if token.kind == "|" and not self._bars and before.kind in ("number", ")", "}", "|", "power"):
            return True
        if token.kind not in _BEGINS or (token.kind == "‖" and self._bars):
            return False
        if token.kind == "number":
            return False
        parted = before.latex or before.text in ("π", "pi") or token.latex or token.kind in ("√", "command")
        if before.kind == "name" and not parted:
            return False
        return not (token.kind == "{" and before.kind == "name")

    def _joined(self, operator: type[ast.operator], left: ast.expr, right: ast.expr) -> ast.expr:
        if operator is ast.Mult:
            for side, other in ((left, right), (right, left)):
                if isinstance(side, Transposed) and not isinstance(other, ast.Constant):
                    shape = f"transpose({self._source(side.args[0])})"
                    matrix = f"{shape} @ {self._source(other)}" if side is left else f"{self._source(other)} @ {shape}"
                    inner = f"{self._source(side.args[0])} @ {self._source(other)}"
                    raise FormulaError(
                        _(
                            "{factor} in a product: * multiplies entry by entry. Write {inner} for the inner product of two "
                            "vectors, or {matrix} for a product of matrices"
                        ).format(factor=self._source(side), inner=inner, matrix=matrix)
                    )
        return self._spread(ast.BinOp(left, operator(), right), left, right)

    def _factor(self) -> ast.expr:
        """An operand with its signs before it and its powers behind it."""
        token = self._now
        if token.kind in ("-", "+"):
            self._at += 1
            operand = self._factor()
            sign = ast.USub() if token.kind == "-" else ast.UAdd()
            return self._placed(ast.UnaryOp(sign, operand), token.start, operand.end_col_offset or token.end)
        base = self._operand(token)
        while True:
            token = self._now
            if token.kind == "power":
                self._at += 1
                base = self._raised(base, token)
            elif token.kind in ("prime", "!"):
                self._behind(base, token)
            elif token.kind == "%":
                base = self._percent(base, token)
            elif token.kind == "." and self._tokens[self._at + 1].kind == "name":
                self._at += 1
                base = self._port(base, self._take())
                if self._now.kind == "(" and isinstance(base, ast.Attribute):
                    raise FormulaError(_("{part}: a function is called by its name alone").format(part=self._source(base)))
            elif token.kind == "^":
                self._at += 1
                return self._powered(base)
            else:
                return base

    def _powered(self, base: ast.expr) -> ast.expr:
        token, braced = self._now, self._now.kind in ("(", "{")
        if token.kind == "name" and token.text == "T" and self._tokens[self._at + 1].kind not in ("(", "^"):
            self._at += 1
            return self._transposed(base, token)
        if token.kind == "{" and [t.text for t in self._tokens[self._at + 1 : self._at + 3]] == ["T", "}"]:
            self._at += 3
            return self._transposed(base, self._tokens[self._at - 1])
        if token.kind in ("*", "⋆"):
            raise FormulaError(
                _("{name}^* is not understood; give the name an ending, such as {name}_star").format(name=self._source(base))
            )
        power = self._factor()
        kind = ast.BinOp if braced or isinstance(power, ast.BinOp) else Bare
        return self._spread(kind(base, ast.Pow(), power), base, power)

    def _raised(self, base: ast.expr, token: Token) -> ast.expr:
        """`x²`, `x⁻¹`, `xᵀ`, `xⁿ`."""
        if token.text == "T":
            return self._transposed(base, token)
        return self._spread(ast.BinOp(base, ast.Pow(), self._inner(token)), base, base, token.end)

    def _inner(self, token: Token) -> ast.expr:
        try:
            inner = FormulaParser(token.text).expression()
        except FormulaError:
            raise FormulaError(
                _("the exponent {exponent} is not understood").format(exponent=self._text[token.start : token.end][:20])
            ) from None
        for node in ast.walk(inner):
            if isinstance(node, ast.expr):
                self._placed(node, token.start, token.end)
        return inner

    def _transposed(self, base: ast.expr, token: Token) -> ast.expr:
        word = self._placed(ast.Name("transpose"), base.col_offset, token.end)
        return self._placed(Transposed(word, [base], []), base.col_offset, token.end)

    def _behind(self, base: ast.expr, token: Token) -> NoReturn:
        text = self._source(base)
        if token.kind == "!":
            raise FormulaError(_("{operand}!: a factorial has no derivative and is not in the library").format(operand=text))
        raise FormulaError(
            _(
                "{name}{mark} can mean the transpose, a derivative or another name: write transpose({name}), or a name such as "
                "{name}_2; derivatives are computed for you"
            ).format(name=text, mark=token.text)
        )

    def _percent(self, base: ast.expr, token: Token) -> ast.expr:
        self._at += 1
        value = base.value if isinstance(base, ast.Constant) else None
        if not isinstance(value, int | float) or self._now.kind in _BEGINS:
            raise FormulaError(_("% follows a number, as in 5 %; the remainder of a division is not in the library"))
        return self._placed(ast.Constant(value / 100), base.col_offset, token.end)

    def _port(self, base: ast.expr, token: Token) -> ast.expr:
        if token.text == "T":
            return self._transposed(base, token)
        return self._placed(ast.Attribute(base, token.text), base.col_offset, token.end)

    def _operand(self, token: Token) -> ast.expr:
        if token.kind == "number":
            self._at += 1
            return self._placed(ast.Constant(token.value), token.start, token.end)
        if token.kind == "name":
            return self._named()
        if token.kind in ("(", "{"):
            return self._bracket()
        if token.kind in ("|", "‖"):
            return self._between(token.kind)
        if token.kind == "√":
            self._at += 1
            return self._function("sqrt", [self._operand(self._now)], token)
        if token.kind == "command":
            return self._latex(self._take())
        if token.kind == "[":
            return self._list()
        if token.kind == "text":
            self._at += 1
            try:
                return self._placed(ast.Constant(ast.literal_eval(token.text)), token.start, token.end)
            except (ValueError, SyntaxError):
                raise FormulaError(
                    _("the text in quotation marks at position {position} is not understood").format(position=token.start + 1)
                ) from None
        self._wrong()

    def _bracket(self) -> ast.expr:
        token, bars = self._take(), self._bars
        self._bars = []
        if self._now.kind == _CLOSING[token.kind]:
            raise Incomplete(_("there is nothing between the brackets at position {position}").format(position=token.start + 1))
        inner = self.expression()
        self._bars = bars
        self._close(token)
        self._closed.add(inner)
        return self._placed(inner, token.start, self._tokens[self._at - 1].end)

    def _close(self, token: Token) -> None:
        if self._now.kind == _CLOSING[token.kind]:
            self._at += 1
        elif self._now.kind in ("end", ";"):
            raise Incomplete(
                _("the bracket {bracket} opened at position {position} is not closed yet").format(
                    bracket=token.text, position=token.start + 1
                )
            )
        elif self._now.kind == ",":
            raise FormulaError(
                _("the comma at position {position} separates nothing; write decimals with a point: 0.5").format(
                    position=self._now.start + 1
                )
            )
        else:
            self._wrong()

    def _between(self, bar: str) -> ast.expr:
        token = self._take()
        self._bars.append(bar)
        inner = self.expression()
        self._bars.pop()
        if self._now.kind != bar:
            if self._now.kind in ("end", ";"):
                raise FormulaError(
                    _("the {sign} opened at position {position} is not closed yet").format(sign=token.text, position=token.start + 1)
                )
            self._wrong()
        self._at += 1
        return self._function("abs" if bar == "|" else "norm", [inner], token)

    def _named(self) -> ast.expr:
        token = self._take()
        lowered = any(unicodedata.decomposition(letter).startswith("<sub>") for letter in self._text[token.start : token.end])
        name = self._placed(Lowered(token.text) if lowered else ast.Name(token.text), token.start, token.end)
        if self._now.kind == "(":
            return self._called(name)
        if self._now.kind in ("power", "^") and self._is_power_of_call():
            return self._power_of_call(token)
        if token.latex and token.text in BARE and self._now.kind in _BEGINS:
            argument = self._factor()
            if self._now.kind in ("name", "number", "(", "command"):
                raise FormulaError(
                    _("write brackets around the argument of {function}: where it ends is not clear").format(function=token.text)
                )
            return self._function(token.text, [argument], token)
        return name

    def _is_power_of_call(self) -> bool:
        """Whether this is the raised number of sin²(x) or sin^2(x), and not that of x²(y + 1)."""
        if len(self._tokens[self._at - 1].text) < 2:
            return False
        kinds = [token.kind for token in self._tokens[self._at : self._at + 4]]
        return kinds[:2] == ["power", "("] or kinds[:3] == ["^", "number", "("] or kinds == ["^", "-", "number", "("]

    def _factor_sign(self) -> ast.expr:
        """A number with its sign."""
        sign = self._take() if self._now.kind == "-" else None
        power = self._operand(self._now)
        return power if sign is None else self._placed(ast.UnaryOp(ast.USub(), power), sign.start, power.end_col_offset or 0)

    def _power_of_call(self, token: Token) -> ast.expr:
        raised = self._take()
        power: ast.expr = self._inner(raised) if raised.kind == "power" else self._factor_sign()
        if isinstance(power, ast.UnaryOp):
            text = token.text
            raise Ambiguous(
                _(
                    "{function}⁻¹ can mean 1/{function}(x) or the inverse function: write 1/{function}(x), or the inverse by its name"
                ).format(function=text)
            )
        call = self._called(self._placed(ast.Name(token.text), token.start, token.end))
        return self._spread(ast.BinOp(call, ast.Pow(), power), call, call)

    def _called(self, function: ast.expr) -> ast.expr:
        token, bars = self._take(), self._bars
        self._bars = []
        arguments: list[ast.expr] = []
        words: list[ast.keyword] = []
        while self._now.kind != ")":
            if self._now.kind == "*":
                raise FormulaError(_("{function}: * is not allowed before an argument").format(function=self._source(function)))
            if self._now.kind == "name" and self._tokens[self._at + 1].kind == "=":
                word = self._take()
                self._at += 1
                words.append(ast.keyword(word.text, self._setting()))
            elif words:
                raise FormulaError(
                    _("{function}: settings such as {setting}=… come after the arguments").format(
                        function=self._source(function), setting=words[0].arg
                    )
                )
            else:
                arguments.append(self.expression())
                if self._now.kind in ("<", ">", "≤", "≥") and isinstance(function, ast.Name) and function.id == "where":
                    arguments[-1] = self._compared(arguments[-1])
            if self._now.kind == ",":
                self._at += 1
            elif self._now.kind != ")":
                self._close(token)
        self._at += 1
        self._bars = bars
        return self._placed(ast.Call(function, arguments, words), function.col_offset, self._tokens[self._at - 1].end)

    def _compared(self, left: ast.expr) -> ast.expr:
        """The condition x > y of `where`, as the number x − y that is positive where it holds."""
        sign = self._take()
        if self._now.kind == "=" or sign.kind in ("≤", "≥"):
            raise FormulaError(
                _("where takes > or <: at equality it chooses the last argument; reverse {sign} and swap a and b").format(sign=sign.text)
            )
        right = self.expression()
        if isinstance(right, ast.Constant) and right.value == 0:
            return left if sign.kind == ">" else self._spread(ast.UnaryOp(ast.USub(), left), left, right)
        first, last = (left, right) if sign.kind == ">" else (right, left)
        return self._spread(ast.BinOp(first, ast.Sub(), last), left, right)

    def _setting(self) -> ast.expr:
        """What follows `name=`: an expression, or true or false."""
        token, behind = self._now, self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if token.kind == "name" and token.text in TRUTH and behind.kind in (",", ")"):
            self._at += 1
            return self._placed(ast.Constant(TRUTH[token.text]), token.start, token.end)
        return self.expression()

    def _list(self) -> ast.expr:
        token, entries = self._take(), []
        while self._now.kind != "]":
            entries.append(self.expression())
            if self._now.kind == ",":
                self._at += 1
            elif self._now.kind != "]":
                self._close(token)
        self._at += 1
        return self._placed(ast.List(entries), token.start, self._tokens[self._at - 1].end)

    def _latex(self, token: Token) -> ast.expr:
        if token.text == "sqrt":
            if self._now.kind == "[":
                degree = self._list()
                assert isinstance(degree, ast.List)
                one = self._placed(ast.Constant(1), token.start, token.end)
                power = self._joined(ast.Div, one, degree.elts[0] if degree.elts else one)
                inner = self._operand(self._now)
                return self._spread(ast.BinOp(inner, ast.Pow(), power), inner, inner)
            return self._function("sqrt", [self._operand(self._now)], token)
        if self._now.kind == "number" and self._now.text.isdecimal() and len(self._now.text) == 2:  # \frac12
            digits = self._take()
            parts: list[ast.expr] = [self._placed(ast.Constant(int(digit)), digits.start, digits.end) for digit in digits.text]
        else:
            parts = [self._operand(self._now), self._operand(self._now)]
        fraction = self._placed(ast.BinOp(parts[0], ast.Div(), parts[1]), token.start, self._tokens[self._at - 1].end)
        self._closed.add(fraction)
        return fraction

    def _function(self, name: str, arguments: list[ast.expr], token: Token) -> ast.expr:
        word = self._placed(ast.Name(name), token.start, token.end)
        return self._placed(ast.Call(word, arguments, []), token.start, self._tokens[self._at - 1].end)

    # places and words

    def _placed(self, node: ast.expr, start: int, end: int) -> ast.expr:
        node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = 1, start, 1, end
        return node

    def _spread(self, node: ast.expr, first: ast.expr, last: ast.expr, end: int = 0) -> ast.expr:
        return self._placed(node, first.col_offset, end or last.end_col_offset or 0)

    def _source(self, node: ast.expr) -> str:
        return source(node, self._text)

    def _wrong(self) -> NoReturn:
        """Raise the error about the sign at this position."""
        token = self._now
        before = self._tokens[self._at - 1] if self._at else None
        last = before.text[:QUOTED] if before is not None else ""
        if token.kind in ("end", ";"):
            raise Incomplete(_("something is still missing after {last}").format(last=last) if last else _("something is missing before ;"))
        if token.kind in (")", "]", "}"):
            raise Incomplete(
                _("the bracket {bracket} at position {position} closes nothing").format(bracket=token.text, position=token.start + 1)
            )
        if token.kind == ",":
            raise FormulaError(
                _("the comma at position {position} separates nothing; write decimals with a point: 0.5").format(position=token.start + 1)
            )
        if token.kind == "=" or token.kind in _COMPARED:
            raise FormulaError(
                _("{sign} at position {position} is a comparison, but a formula computes a value; write = only after a new name").format(
                    sign=token.text, position=token.start + 1
                )
            )
        if token.kind in _NOT_READ:
            raise FormulaError(_("{sign} is not understood here: {reason}").format(sign=token.text, reason=_NOT_READ[token.kind]))
        if before is not None and token.kind in ("name", "number", "(", "text", "command") and before.kind in ("name", "number", ")"):
            hint = f"{last}({token.text})" if token.kind == "name" and last in CALLED else f"{last}*{token.text}"
            raise Unjoined(
                _("between {first} and {second} something is missing. Did you mean {suggestion}?").format(
                    first=last, second=token.text, suggestion=hint
                )
            )
        if token.kind == "[":
            raise FormulaError(
                _("[ is not allowed here; slice({name}, axis=0, start=0, stop=1) takes entries out of {name}").format(name=last or "x")
            )
        where = _("after {last}").format(last=last) if last else _("at the beginning")
        raise FormulaError(_("{sign} is not allowed {where}").format(sign=token.text, where=where))


def source(node: ast.expr, text: str) -> str:
    """The part of the formula that a tree was read from, cut short."""
    part = " ".join(text[node.col_offset : node.end_col_offset].split())
    return part if len(part) <= 40 else f"{part[:40]}…"
