"""Shorter ways through torch for nodes that most networks are made of, in the step of a training loop (see `in_place`).

Each makes the operations of the node's own forward and rules, with the same bits, into memory that is there already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.compile.codegen import Source
from engine.compile.environment import Key, Own, Wire
from engine.compile.plan import Leaf, Operation, Plan
from engine.compile.trial import Size
from engine.nodes.class_losses import FEW_CLASSES, MANY_ROWS, log_softmax

MEAN, SUM = 1, 2
"""What torch calls the reductions of a loss inside."""
IGNORED = -100
FRESH = frozenset({"layer.conv2d", "layer.max_pool2d"})
"""Types without a shorter way whose forward and rules return memory of their own, and whose rules do not read the output."""


class InPlace(Protocol):
    """What the writer of a step offers those who write a node: names in the code, and tensors for them."""

    plan: Plan
    out: Source
    own: set[str]
    """Names of tensors that nobody else looks at, so that the next operation may overwrite them."""
    kept: dict[str, str]

    def room(self, name: str, size: Size) -> str:
        """Give this name to a tensor that is made once."""

    def view(self, name: str, expression: str) -> str:
        """Give this name once to what an expression makes of other names."""

    def size(self, key: Key) -> Size:
        """The shape of an output, by the size of the batch."""

    def transposed(self, name: str) -> str:
        """The code of a transposed view, made once where that is possible."""

    def overwritable(self, leaf: Leaf) -> bool:
        """Whether an operation may put its result in the place of this argument."""

    def replace(self, name: str, old: str, line: str) -> None:
        """`line` changes the tensor `old`, which is called `name` from here on."""

    def place(self, operation: Operation, a: int) -> str:
        """Where the contribution to a leaf is written: straight to the parameter's gradient where it is the only one."""

    def argument(self, operation: Operation, name: str) -> str:
        """The name of one argument; `None` where nothing is connected."""


def direct(overload: Any) -> Callable[..., Any]:
    """An operation of `torch.ops` without the layer of Python around it."""
    return getattr(overload, "_op", overload)  # type: ignore[no-any-return]


class Shorter:
    """How one type is written. What a method does not write is left to the plain code."""

    def fits(self, w: InPlace, operation: Operation) -> bool:
        """Whether shapes and wiring are those that this way is for."""
        return True

    def forward(self, w: InPlace, operation: Operation) -> bool:
        """Write the output; False where the plain code does it."""
        return False

    def backward(self, w: InPlace, operation: Operation, leaves: list[int], g: str) -> list[int]:
        """Write the contributions to these leaves from the gradient `g` of the output; returns those left to the rules."""
        return leaves


class Linear(Shorter):
    """x Wᵀ + b of a batch, with a weight and a bias of its own."""

    def fits(self, w: InPlace, operation: Operation) -> bool:
        x, *own = operation.leaves
        return isinstance(x, Wire) and len(w.size(x.source)(2)) == 2 and all(isinstance(leaf, Own) for leaf in own)

    def forward(self, w: InPlace, operation: Operation) -> bool:
        y = w.room(f"v{operation.index}", w.size(operation.outputs[0]))
        w.own.add(y)
        x, W, b = (w.argument(operation, name) for name in ("x", "W", "b"))
        w.out.names |= {"addmm": torch.addmm, "mm": torch.mm}
        w.out(f"mm({x}, {w.transposed(W)}, out={y})" if b == "None" else f"addmm({b}, {x}, {w.transposed(W)}, out={y})")
        return True

    def backward(self, w: InPlace, operation: Operation, leaves: list[int], g: str) -> list[int]:
        x, W = (w.argument(operation, name) for name in ("x", "W"))
        w.out.names |= {"mm": torch.mm, "sum_to": torch.sum}
        for a in leaves:
            leaf = operation.leaves[a]
            name, place = leaf.name if isinstance(leaf, Own) else "x", w.place(operation, a)
            product = {"x": f"mm({g}, {W}, out={place})", "W": f"mm({w.transposed(g)}, {x}, out={place})"}
            w.out(product.get(name, f"sum_to({g}, 0, out={place})"))
        return []


class Activation(Shorter):
    """A function whose slope follows from its output: the output may replace the input, and the gradient the one that arrives.

    Everywhere else the plain code makes a new tensor. It lies in memory as the input does, which may be a transposed view, and the last
    bits of what is computed from it depend on that: memory made beforehand would have to lie the same way.
    """

    def __init__(self, name: str, slope: Any, *more: str) -> None:
        self._name, self._slope = name, direct(slope)
        self._more = "".join(f", {argument}" for argument in more)

    def fits(self, w: InPlace, operation: Operation) -> bool:
        return w.overwritable(operation.leaves[0])

    def forward(self, w: InPlace, operation: Operation) -> bool:
        x, n = w.argument(operation, "x"), operation.index
        w.out.names[f"s{n}"] = operation.settings
        w.replace(f"v{n}", x, f"{x}.{self._name}_({self._more.removeprefix(', ')})")
        return True

    def backward(self, w: InPlace, operation: Operation, leaves: list[int], g: str) -> list[int]:
        if g not in w.own:
            return leaves
        slope, y, e = f"{self._name}_slope", f"v{operation.index}", f"e{operation.index}_0"
        if leaves:
            w.out.names[slope] = self._slope
            w.replace(e, g, f"{slope}({g}, {y}{self._more}, grad_input={g})")
            w.own.add(e)
        return []


class CrossEntropy(Shorter):
    """Log-softmax and the likelihood of the right classes. Where nothing follows, minus one-hot is a row of a table made once."""

    def fits(self, w: InPlace, operation: Operation) -> bool:
        scores, target = operation.leaves
        if not isinstance(scores, Wire) or not isinstance(target, Wire):
            return False
        return len(w.size(scores.source)(2)) == 2 and len(w.size(target.source)(2)) == 1

    def forward(self, w: InPlace, operation: Operation) -> bool:
        n, size = operation.index, w.size(operation.leaves[0].source)  # type: ignore[union-attr]
        scores, target = (w.argument(operation, name) for name in ("scores", "target"))
        w.out.names |= {f"s{n}": operation.settings, "log_softmax": log_softmax, "log_softmax_to": torch._log_softmax,
                        "likelihood": torch._C._nn.nll_loss}  # type: ignore[attr-defined]  # fmt: skip
        w.view(f"reduction{n}", f"{MEAN} if s{n}.reduction == 'mean' else {SUM}")
        log_p = f"log_softmax_to({scores}, -1, False, out={w.room(f'a{n}', size)})"
        if size(2)[1] <= FEW_CLASSES:
            log_p = f"log_softmax({scores}) if {w.view('many', f'batch >= {MANY_ROWS}')} else {log_p}"
        w.out(f"k{n} = {log_p}")
        w.kept[operation.node] = f"k{n}"
        w.out(f"v{n} = likelihood(k{n}, {target}, None, reduction{n}, {IGNORED})")
        return True

    def backward(self, w: InPlace, operation: Operation, leaves: list[int], g: str) -> list[int]:
        if not leaves:
            return []
        n, target = operation.index, w.argument(operation, "target")
        aten = torch.ops.aten
        w.out.names |= {"select": torch.index_select, "slopes": slopes, "softmax_slope": torch._log_softmax_backward_data,
                        "likelihood_slope": direct(aten.nll_loss_backward.grad_input), "dtype": w.plan.inference.dtype}  # fmt: skip
        chosen = w.room(f"c{n}", w.size(operation.leaves[0].source))  # type: ignore[union-attr]
        if g == "seed":
            table = w.view(f"table{n}", f"slopes({chosen}, reduction{n})")
            w.out(f"select({table}, 0, {target}, out={chosen})")
        else:
            count = w.view(f"count{n}", f"{chosen}.new_full((), batch)")
            w.out(f"likelihood_slope({g}, k{n}, {target}, None, reduction{n}, {IGNORED}, {count}, grad_input={chosen})")
        w.out(f"softmax_slope({chosen}, k{n}, -1, dtype, out={w.place(operation, 0)})")
        return []


def slopes(scores: Tensor, reduction: int) -> Tensor:
    """(classes, classes): for every class the slope of the loss by the log-probabilities of a sample that is of this class; the loss is
    reduced over as many samples as there are rows of scores."""
    count, classes = scores.shape
    everyone = torch.arange(classes, device=scores.device)
    one, none, samples = scores.new_ones(()), scores.new_zeros(classes, classes), scores.new_full((), count)
    table: Tensor = torch.ops.aten.nll_loss_backward(one, none, everyone, None, reduction, IGNORED, samples)
    return table


SHORTER: dict[str, Shorter] = {
    "layer.linear": Linear(),
    "activation.tanh": Activation("tanh", torch.ops.aten.tanh_backward.grad_input),
    "activation.sigmoid": Activation("sigmoid", torch.ops.aten.sigmoid_backward.grad_input),
    "activation.relu": Activation("clamp_min", torch.ops.aten.threshold_backward.grad_input, "0"),
    "loss.cross_entropy": CrossEntropy(),
}
