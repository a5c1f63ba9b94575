"""Matrix product and transpose. What a sample holds is a vector or a matrix; the batch stays outside."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from engine.nodes.base import IntSetting, NodeError, NodeType, Settings, sample_axis
from engine.nodes.checks import check_axis, check_broadcast, shape_text, shape_texts
from graph.model.spec import Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor


class MatrixProduct(NodeType):
    """Multiplies matrices and vectors, sample by sample: W x, x W, A B, or the inner product of two vectors.

    A vector on the left counts as a row, one on the right as a column. Going backward, each factor receives the gradient times the
    other one transposed.
    """

    key, title = "math.matmul", "Matrix product"
    search = ("@", "matmul", "mm", "dot", "inner product", "matrix", "linear", "Wx")
    aliases = ("mm", "dot", "inner")
    inputs = (Port("a", rank=(1, None)), Port("b", rank=(1, None)))
    formula = r"@y = @a\,@b"
    local_derivatives = {"a": r"\bar{@a} = \bar{@y}\,{@b}^\top", "b": r"\bar{@b} = {@a}^\top\,\bar{@y}"}
    code = ("", "{a} @ {b}")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        if _weight_times_samples(s, a, b):
            return b @ a.mT
        row, column = _is_vector(s, "a", a), _is_vector(s, "b", b)
        if not (column and "b" in s.batched) and not (row and "a" in s.batched and "b" in s.batched):
            return a @ b
        y = _matrix(a, row, -2) @ _matrix(b, column, -1)
        y = y.squeeze(-1) if column else y
        return y.squeeze(-1 if column else -2) if row else y

    @staticmethod
    def _left(s: Settings, g: Tensor, y: Tensor, kept: Any, a: Tensor, b: Tensor) -> Tensor:
        if _weight_times_samples(s, a, b):
            return g.mT @ b
        row, column = _is_vector(s, "a", a), _is_vector(s, "b", b)
        gradient = _gradient_matrix(g, row, column) @ _matrix(b, column, -1).mT
        return gradient.squeeze(-2) if row else gradient

    @staticmethod
    def _right(s: Settings, g: Tensor, y: Tensor, kept: Any, a: Tensor, b: Tensor) -> Tensor:
        if _weight_times_samples(s, a, b):
            return g @ a
        row, column = _is_vector(s, "a", a), _is_vector(s, "b", b)
        left, g = _matrix(a, row, -2), _gradient_matrix(g, row, column)
        if b.dim() == 1 + (not column) and "b" not in s.batched:  # one matrix for all: sum over the samples inside the product
            left, g = left.flatten(0, -2), g.flatten(0, -2)
        gradient = left.mT @ g
        return gradient.squeeze(-1) if column else gradient

    gradients = {"a": _left, "b": _right}
    flow = "products"

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        a, b = shapes["a"], shapes["b"]
        for port, shape in shapes.items():
            if not shape.dims:
                raise NodeError(
                    Message(
                        "matrix-product-of-numbers",
                        "{port} is {shape}: a matrix product needs vectors or matrices; Multiply takes numbers",
                        port=port,
                        shape=shape_text(shape),
                    ),
                    port,
                )
        inner, outer = a.dims[-1], b.dims[-2] if len(b.dims) > 1 else b.dims[0]
        if inner != outer:
            fits = {"b": len(b.dims) > 1 and b.dims[-1] == inner, "a": len(a.dims) > 1 and a.dims[-2] == outer}
            repaired = next((port for port, does in fits.items() if does), "")
            repairs = [(_("Transpose {repaired} first").format(repaired=repaired), "math.transpose")] if repaired else []
            raise NodeError(_does_not_fit(a, b, inner, outer), repaired or "b", repairs)
        leading = {port: SimpleNamespace(dims=tuple(shape.dims[:-2]), batched=shape.batched) for port, shape in shapes.items()}
        try:
            check_broadcast(leading)
        except NodeError as error:
            raise NodeError(
                Message(
                    "matrix-stacks-do-not-fit",
                    "the axes before the two that are multiplied do not fit together: {shapes}",
                    shapes=shape_texts(shapes),
                ),
                error.port,
                widths=True,
            ) from None

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        a, b = shapes["a"], shapes["b"]
        row, column = len(a.dims) == 1, len(b.dims) == 1
        if not (b.batched and (column or row and a.batched)):
            return self.code
        if not a.batched and len(a.dims) == 2:
            return ("", "{b} @ {a}.mT")
        left, right = "{a}.unsqueeze(-2)" if row else "{a}", "{b}.unsqueeze(-1)" if column else "{b}"
        tail = ".squeeze(-1)" * column + (".squeeze(-1)" if column else ".squeeze(-2)") * row
        return ("", f"({left} @ {right}){tail}")


def _is_vector(s: Settings, port: str, t: Tensor) -> bool:
    return t.dim() - (port in s.batched) == 1


def _weight_times_samples(s: Settings, a: Tensor, b: Tensor) -> bool:
    """W x for a batch of vectors x and one matrix W, which torch would read as a product of two matrices."""
    return a.dim() == 2 and b.dim() == 2 and "b" in s.batched and "a" not in s.batched


def _matrix(t: Tensor, vector: bool, axis: int) -> Tensor:
    return t.unsqueeze(axis) if vector else t


def _gradient_matrix(g: Tensor, row: bool, column: bool) -> Tensor:
    """The gradient of the product of matrices that the vectors stand for."""
    g = g.unsqueeze(-1) if column else g
    return g.unsqueeze(-2) if row else g


def _does_not_fit(a: Any, b: Any, inner: int, outer: int) -> Message:
    values = {"shapes": shape_texts({"a": a, "b": b}), "inner": inner, "outer": outer}
    if len(b.dims) > 1:
        return Message(
            "matrix-inner-sizes-differ",
            "{shapes}: the last axis of a ({inner}) must be as long as the second to last axis of b ({outer})",
            **values,
        )
    return Message(
        "matrix-and-vector-sizes-differ", "{shapes}: the last axis of a ({inner}) must be as long as the only axis of b ({outer})", **values
    )


def _swapped(s: Settings, x: Tensor) -> Tensor:
    return x.transpose(sample_axis(s, "x", s.first, x.dim()), sample_axis(s, "x", s.second, x.dim()))


class Transpose(NodeType):
    """Swaps two axes of a sample, by default the last two: rows become columns."""

    key, title = "math.transpose", "Transpose"
    search = ("T", "swap axes", "permute", "⊤")
    aliases = ("T",)
    inputs = (Port("x", rank=(2, None)),)
    first = IntSetting(-2, help="One of the two axes, counted from 0 in a sample; −1 is the last one.")
    second = IntSetting(-1, help="The other one.")
    formula = r"@y = {@x}^\top"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y}^\top"}
    code = ("", "{x}.transpose({axis0}, {axis1})")

    gradients = {"x": lambda s, g, y, kept, x: _swapped(s, g)}
    flow = "sums"

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return _swapped(s, x)

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        for setting, axis, usual in (("first", s.first, -2), ("second", s.second, -1)):
            shape = shapes["x"]
            if len(shape.dims) < 2:
                raise NodeError(
                    Message("nothing-to-swap", "x is {shape}: a sample needs at least two axes to swap", shape=shape_text(shape)),
                    "x",
                )
            if not -len(shape.dims) <= axis < len(shape.dims):
                raise NodeError(
                    Message("axis-not-in-x", "axis {axis} does not exist: x is {shape}", axis=axis, shape=shape_text(shape)),
                    "x",
                    [(_("Swap axis {usual} instead").format(usual=usual), {setting: usual})],
                )

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        shape = shapes["x"]
        return {f"axis{i}": check_axis(axis, shape, "x") + shape.batched for i, axis in enumerate((s.first, s.second))}
