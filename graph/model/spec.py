"""What a node type looks like from outside: ports, settings, parameters, texts. Data only, standard library only.

The engine derives one `NodeSpec` from every node type it declares; the document and the window read specs and
nothing else, so neither needs torch to know what can be placed on a canvas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from graph.text.messages import translated

Category = Literal["sources", "parameters", "math", "layers", "activations", "losses", "probes", "unknown", "groups"]
CATEGORIES: tuple[Category, ...] = ("sources", "parameters", "math", "layers", "activations", "losses", "probes")

SettingKind = Literal["int", "float", "bool", "choice", "text", "shape", "tensor", "ints", "output", "object", "json"]
"""What an editor shows: `shape` is a list of sizes, `tensor` a number or nested lists, `ints` a list of integers.

No editor shows the last three: `output` is a node's output, `object` a JSON object, `json` any plain JSON, which its reader judges.
"""


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output.

    `dtype` is `float` or `index` (whole numbers such as class indices: never differentiable) or `any`.
    `rank` counts *sample* dimensions, the batch aside: `(lowest, highest)`, None for no limit.
    `many` accepts any number of wires, in slots 0, 1, 2 …; `parameter` marks an input that replaces the layer's own parameter.
    """

    name: str
    dtype: Literal["float", "index", "any"] = "float"
    rank: tuple[int, int | None] = (0, None)
    many: bool = False
    optional: bool = False
    parameter: bool = False
    former: tuple[str, ...] = ()
    doc: str = ""


def holds(when: str, values: Mapping[str, Any]) -> bool:
    """Whether a condition on settings is met: `bias` (true), `mode=custom|other`, `not bias`, several joined by `,`; an empty one is."""
    for condition in filter(None, map(str.strip, when.split(","))):
        negated, (name, _, wanted) = condition.startswith("not "), condition.removeprefix("not ").partition("=")
        value = values.get(name)
        if (str(value) in wanted.split("|") if wanted else bool(value)) == negated:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Setting:
    """One value you can set on a node, an optimizer, a data set, a document or a training run, with the range its editor allows.

    `when` names another setting of the same owner: `"bias"` (true) or `"mode=custom"`; elsewhere the editor hides this one.
    `choice_titles` are the choices as the editor writes them. `empty` says what an empty field means, and so that None is allowed.
    A text of `several_lines` gets a larger field.
    """

    name: str
    kind: SettingKind
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    title: str = ""
    help: str = ""
    when: str = ""
    logarithmic: bool = False
    former: tuple[str, ...] = ()
    exclusive_minimum: bool = False
    choice_titles: tuple[str, ...] = ()
    empty: str = ""
    several_lines: bool = False
    file: str = ""
    """For a text that names a file: of what kind (`table`, `pictures`, `labels`)."""
    symbol: str = ""
    """Its letter in formulas, `η`, shown after the title."""

    @property
    def optional(self) -> bool:
        """Whether None is allowed: the editor's field may be empty."""
        return self.default is None or bool(self.empty)

    @property
    def label(self) -> str:
        return f"{self.title} {self.symbol}".strip() or self.name.replace("_", " ").capitalize()

    def visible(self, values: Mapping[str, Any]) -> bool:
        """Whether `when` holds under these values of the owner's settings."""
        return holds(self.when, values)

    def translated(self) -> Setting:
        """With title and help in the reader's language; the symbol stays."""
        title = self.title or ("" if self.symbol else self.label)
        return replace(self, title=translated(title), help=translated(self.help))


@dataclass(frozen=True, slots=True)
class Param:
    """A learned tensor of a layer. `shape` is its text (`out × in`); `when` names the bool setting that switches it on.

    A `bias` is a tensor that weight decay may leave out: a bias, or the scale or shift of a normalisation.
    """

    name: str
    shape: str = ""
    when: str = ""
    doc: str = ""
    bias: bool = False


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """Everything about a node type that does not need torch."""

    key: str
    title: str
    category: Category
    doc: str = ""
    search: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Further words that call it in a formula; unlike search words they mean exactly this."""
    former_keys: tuple[str, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = (Port("y"),)
    settings: tuple[Setting, ...] = ()
    parameters: tuple[Param, ...] = ()
    formula: str = ""
    local_derivatives: Mapping[str, str] = field(default_factory=dict)
    default_name: str = ""
    role: Literal["op", "input", "constant", "data", "parameter"] = "op"
    loss: bool = False
    probe: bool = False
    rule: bool = False
    """Of use only in the graph of an optimizer's update rule."""
    differentiable: bool = True
    templates: Mapping[str, str] = field(default_factory=dict)
    """The formula (under "") and the local derivatives before their `<place>`s are filled; only where settings change them."""
    formula_parts: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    _inputs: Mapping[str, Port] = field(init=False, repr=False, compare=False)
    _outputs: Mapping[str, Port] = field(init=False, repr=False, compare=False)
    input_order: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """The place of every input port, by its name."""
    file_settings: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The settings that name a file."""

    def __post_init__(self) -> None:
        for name, ports in (("_inputs", self.inputs), ("_outputs", self.outputs)):
            object.__setattr__(self, name, {known: port for port in reversed(ports) for known in (*port.former, port.name)})
        object.__setattr__(self, "file_settings", tuple(setting.name for setting in self.settings if setting.file))
        object.__setattr__(self, "input_order", {port.name: index for index, port in enumerate(self.inputs)})

    def input(self, name: str) -> Port | None:
        """The input of this name, present or former."""
        return self._inputs.get(name)

    def output(self, name: str) -> Port | None:
        """The output of this name, present or former."""
        return self._outputs.get(name)

    def setting(self, name: str) -> Setting | None:
        return next((s for s in self.settings if s.name == name or name in s.former), None)

    def formula_for(self, values: Mapping[str, Any]) -> str:
        """The formula under these settings: a loss shows its reduction, a layer without bias shows none."""
        return fill(self.templates.get("", self.formula), self.formula_parts, {**self.defaults(), **values})

    def local_derivatives_for(self, values: Mapping[str, Any]) -> dict[str, str]:
        settings = {**self.defaults(), **values}
        return {n: fill(self.templates.get(n, t), self.formula_parts, settings) for n, t in self.local_derivatives.items()}

    def defaults(self) -> dict[str, Any]:
        return {s.name: s.default for s in self.settings}


def fill(text: str, parts: Mapping[str, tuple[str, Mapping[str, str]]], values: Mapping[str, Any]) -> str:
    """`text` with every `<place>` replaced: `parts[place]` is a setting and the text for each of its values."""
    for place, (setting, texts) in parts.items():
        text = text.replace(f"<{place}>", texts.get(str(values.get(setting)), ""))
    return text


class Catalog(Mapping[str, NodeSpec]):
    """All known node types by key, in the order of the library panel; former keys resolve too."""

    def __init__(self, specs: Iterable[NodeSpec] = ()) -> None:
        self._specs: dict[str, NodeSpec] = {s.key: s for s in specs}
        self._former = {old: s.key for s in self._specs.values() for old in s.former_keys}

    def __getitem__(self, key: str) -> NodeSpec:
        return self._specs[self._former.get(key, key)]

    def find(self, key: str) -> NodeSpec | None:
        """The type's declaration, by its present or a former key; None where it is unknown."""
        return self._specs.get(key) or self._specs.get(self._former.get(key, ""))

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def __hash__(self) -> int:
        return len(self._specs)  # what follows from a catalog is kept beside it, and equal ones have as many types

    def __contains__(self, key: object) -> bool:
        return key in self._specs or key in self._former
