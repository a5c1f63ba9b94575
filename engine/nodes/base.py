"""How a node type is declared. One class, one place; palette, ports, form, shape check, rules, export and tests follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from graph.model.spec import Category, NodeSpec, Param, Port, Setting, fill
from graph.text.messages import Message, translated

if TYPE_CHECKING:
    from torch import Tensor

Rule = Callable[..., Any]
Declared = TypeVar("Declared", Port, Param)
Flow = Literal["entries", "sums", "selection", "products", "mixed"]


class NodeError(Exception):
    """A node cannot compute with its inputs. The message is for the user; it does not repeat the node's name.

    `port` is the input concerned; `repairs` are `(title, {setting: value})` for this node, `(title, "math.flatten")` to insert
    a node of that key before `port`, `(title, ("math.reshape", {setting: value}))` to insert one with these settings, or
    `(title, ("source", {setting: value}))` for settings of the node whose output reaches `port`. `widths`: another width of a layer
    before the node could help.
    """

    def __init__(self, message: Message, port: str = "", repairs: Sequence[tuple[str, Any]] = (), *, widths: bool = False) -> None:
        super().__init__(str(message))
        self.message = message
        self.port = port
        self.repairs = tuple(repairs)
        self.widths = widths


@dataclass(slots=True)
class Result:
    """What `forward` may return instead of one tensor.

    `outputs` in the order of the declared ports; `kept` reaches the rules; `buffers` are new values by name, never changed in place.
    """

    outputs: tuple[Any, ...]
    kept: Any = None
    buffers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Buffer:
    """State that is not learned by gradients (running statistics). `fitted` ones are computed once from the training part."""

    name: str
    doc: str = ""
    fitted: bool = False


class Settings(SimpleNamespace):
    """A node's settings as attributes, plus what the Program knows when it is compiled.

    `name` the node's name; `training` train or evaluation mode; `batched` the set of input port names whose value has the
    batch as axis 0 (for a `many` port: present when any of its wires is batched); `dtype` the document's float type (torch.dtype);
    `producers` the node type key at each connected input; `shapes` the node's parameter shapes, when a first value is drawn.
    """

    name: str
    training: bool
    batched: frozenset[str]
    dtype: Any
    producers: Mapping[str, str] = MappingProxyType({})
    shapes: Mapping[str, tuple[int, ...]] = MappingProxyType({})

    def __getattr__(self, name: str) -> Any:  # only for type checkers and a clear message
        raise AttributeError(f"no setting called {name!r}")


def IntSetting(default: int, minimum: int | None = None, maximum: int | None = None, **more: Any) -> Any:
    return Setting("", "int", default, minimum, maximum, **more)


def FloatSetting(default: float, minimum: float | None = None, maximum: float | None = None, **more: Any) -> Any:
    return Setting("", "float", default, minimum, maximum, **more)


def BoolSetting(default: bool, **more: Any) -> Any:
    return Setting("", "bool", default, **more)


def ChoiceSetting(default: str, choices: Sequence[str], **more: Any) -> Any:
    return Setting("", "choice", default, choices=tuple(choices), **more)


def TextSetting(default: str, **more: Any) -> Any:
    return Setting("", "text", default, **more)


def ShapeSetting(default: Sequence[int], **more: Any) -> Any:
    return Setting("", "shape", list(default), **more)


def IntsSetting(default: Sequence[int], **more: Any) -> Any:
    return Setting("", "ints", list(default), **more)


def JsonSetting(**more: Any) -> Any:
    """Plain JSON that no field edits; its reader judges it. None where nothing was chosen."""
    return Setting("", "json", None, **more)


def TensorSetting(default: Any, **more: Any) -> Any:
    return Setting("", "tensor", default, **more)


def _explained(declared: tuple[Declared, ...]) -> tuple[Declared, ...]:
    """Ports or parameters with their descriptions in the reader's language."""
    return tuple(replace(item, doc=translated(item.doc)) if item.doc else item for item in declared)


class NodeType:
    """A pure function of settings, inputs, parameters and buffers, with its texts.

    Calling convention: `forward(s, *inputs, *parameters, *buffers)`, all positional, in declared order. An unconnected optional
    input and a parameter switched off by `when` are None; a `many` input is a tuple. An input marked `parameter=True` bears a
    parameter's name: what is wired to it arrives in the *parameter's* place, and the input itself takes no place of its own.
    A type with `random = True` also receives `rng=` (a torch.Generator, None on the meta device).

    Rules: `gradients[name](s, g, y, kept, *same arguments as forward)` gives the gradient of the input or parameter `name` from the
    gradient `g` of the (first) output `y`. It may have the broadcast shape; the Program sums it back. For a `many` port the rule
    returns a tuple. A type with several differentiable outputs leaves rules out, and so may any type: autograd serves then.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    category: ClassVar[Category] = "math"
    search: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[tuple[str, ...]] = ()
    """Further words that call it in a formula; unlike search words they mean exactly this."""
    former_keys: ClassVar[tuple[str, ...]] = ()
    inputs: ClassVar[tuple[Port, ...]] = ()
    outputs: ClassVar[tuple[Port, ...]] = (Port("y"),)
    parameters: ClassVar[tuple[Param, ...]] = ()
    buffers: ClassVar[tuple[Buffer, ...]] = ()
    formula: ClassVar[str] = ""
    local_derivatives: ClassVar[dict[str, str]] = {}
    gradients: ClassVar[dict[str, Rule]] = {}
    code: ClassVar[tuple[str, ...]] = ()
    default_name: ClassVar[str] = ""
    role: ClassVar[Any] = "op"
    random: ClassVar[bool] = False
    loss: ClassVar[bool] = False
    probe: ClassVar[bool] = False
    rule: ClassVar[bool] = False
    """Whether it is of use only in the graph of an optimizer's update rule; lists of node types leave it out elsewhere."""
    differentiable: ClassVar[bool] = True
    formula_parts: ClassVar[dict[str, tuple[str, dict[str, str]]]] = {}
    """`<place>` in formula or derivative → the setting it depends on, and the text for each of its values."""
    target_coding: ClassVar[tuple[str, ...]] = ()
    """Codings of `target` a loss accepts: real, index, zero_one, plus_minus, one_hot. Empty: no target."""
    penalizes: ClassVar[bool] = False
    """The Program appends the weights of the layers named by setting `layers` to the tuple of the first input."""
    code_parameters: ClassVar[dict[str, str]] = {}
    """Parameter or buffer name → its name in the exported module (`W` → `weight`)."""
    flow: ClassVar[Flow] = "mixed"
    """How entries of the output's gradient reach an input's (see `engine.compile.unselected`): each its own entry, all in sums,
    only chosen ones, in products with the other inputs, or in a way that is not known."""
    unselected: ClassVar[dict[str, Rule]] = {}
    """Input → `rule(s, y, kept, *same arguments as forward)`: where the output surely does not depend on it, because another branch is
    taken. There its gradient is 0, and stays 0 however steep the branch is."""
    inner: ClassVar[dict[str, Rule]] = {}
    """Numbers that the operation makes on its way and that textbooks name, for the canvas: sign → `rule(s, kept, *same arguments as
    forward)`, a tensor with the batch axis of its inputs; None where there is nothing to show beside the output."""
    steep: ClassVar[bool] = False
    """Whether value or slope can be infinite where all inputs are finite."""
    spec: ClassVar[NodeSpec]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__dict__.get("key"):
            return
        settings = cls._named_settings()
        defaults = {s.name: s.default for s in settings}
        texts = {"": cls.formula, **cls.local_derivatives}
        shown = {name: fill(text, cls.formula_parts, defaults) for name, text in texts.items()}
        cls.spec = NodeSpec(
            key=cls.key, title=translated(cls.title), category=cls.category, doc=translated((cls.__doc__ or "").strip()),
            search=tuple(dict.fromkeys(word for text in cls.search for word in (text, translated(text)))),
            aliases=cls.aliases,
            former_keys=cls.former_keys, inputs=_explained(cls.inputs), outputs=_explained(cls.outputs), settings=settings,
            parameters=_explained(cls.parameters),
            formula=shown[""], local_derivatives={name: shown[name] for name in cls.local_derivatives},
            templates={name: text for name, text in texts.items() if text != shown[name]}, formula_parts=dict(cls.formula_parts),
            default_name=cls.default_name or cls.key.rpartition(".")[2], role=cls.role, loss=cls.loss, probe=cls.probe, rule=cls.rule,
            differentiable=cls.differentiable,
        )  # fmt: skip

    @classmethod
    def _named_settings(cls) -> tuple[Setting, ...]:
        named: dict[str, Setting] = {}
        for owner in reversed(cls.__mro__):
            for name, value in vars(owner).items():
                if isinstance(value, Setting):
                    named[name] = replace(value, name=name).translated()
        return tuple(named.values())

    def forward(self, s: Settings, *arguments: Any, **more: Any) -> Tensor | Result:
        raise NotImplementedError(f"{type(self).__name__}.forward")

    def replaceable(self, s: Settings) -> bool:
        """Whether code that computes what the type with this key says may take the place of forward and rules: not where they do more."""
        return True

    def repeat(self, s: Settings, kept: Any, *arguments: Any) -> Tensor | None:
        """For a random type: its forward on other numbers with what an earlier one drew and `kept`. None where it cannot say."""
        return None

    def depends(self, s: Settings, name: str, connected: frozenset[str]) -> bool:
        """Whether the output depends on input or parameter `name` at all, under these settings and with these inputs connected."""
        return True

    def parameter_shapes(self, s: Settings, **inputs: tuple[int, ...] | None) -> dict[str, tuple[int, ...]]:
        """Shapes of parameters and buffers, from the *sample* shapes of the inputs (batch removed). Raises NodeError."""
        return {}

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        """First value of a parameter or buffer, float64 on the CPU, drawn from `rng` (a torch.Generator) where random."""
        raise NotImplementedError(f"{type(self).__name__}.initial")

    def fit(self, s: Settings, *inputs: Tensor) -> dict[str, Tensor]:
        """Fitted buffers from the inputs' values over the whole training part."""
        return {}

    def warnings(self, s: Settings, buffers: Mapping[str, Tensor]) -> list[Message]:
        """A message to the user about the fitted buffers."""
        return []

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        """Raise NodeError for what torch would refuse in its own words. `shapes[port]` is an `engine.compile.shapes.Shape` (a tuple of
        them for a `many` port, None when unconnected)."""

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        """`code` where it depends on settings or on what is wired: (constructor or "", call), and a functional call as third entry
        where parameters can be wired, with the parameters' names as places."""
        return self.code

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        """What fills the places in `code` that are neither inputs nor settings, such as `in_features`."""
        return {}


def sample_axis(s: Settings, port: str, axis: int, rank: int) -> int:
    """The tensor axis of sample axis `axis` (negative from the end) for a tensor of `rank` dimensions arriving at `port`."""
    first = 1 if port in s.batched else 0
    if axis < 0:
        axis += rank
        if axis < first:
            raise NodeError(
                Message(
                    "axis-not-in-sample",
                    "axis {axis} does not exist in a sample with {dimensions} dimensions",
                    axis=axis - rank,
                    dimensions=rank - first,
                ),
                port,
            )
        return axis
    if axis + first >= rank:
        raise NodeError(
            Message(
                "axis-not-in-sample",
                "axis {axis} does not exist in a sample with {dimensions} dimensions",
                axis=axis,
                dimensions=rank - first,
            ),
            port,
        )
    return axis + first
