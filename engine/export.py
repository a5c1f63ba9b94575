"""A graph as readable PyTorch: an `nn.Module`, its current values, its data, and a main program that prints the same loss.

What the app computes from pure functions is written here the way a person would: layers as `nn.Linear` and friends (every node
type declares its line), elementary nodes as expressions, one local variable a node.
"""

from __future__ import annotations

import base64
import builtins
import json
import keyword
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from engine.environment import Held, Key, Own, Several, Wire, Wiring, settings_of
from engine.export_scopes import Scope, scopes
from engine.nodes import TYPES
from engine.nodes.base import NodeType, Settings
from engine.optimizers.specs import optimizer
from engine.program import ProgramError
from engine.state import state_key

if TYPE_CHECKING:
    from engine.session import Session

INLINE = 64
"""Tensors up to this many numbers are written as nested lists, larger ones packed at the end of the file."""

RESERVED = {
    "torch", "nn", "F", "self", "model", "argparse", "base64", "zlib", "values", "inputs", "unpack", "main", "train",
    *keyword.kwlist, *dir(builtins),
}  # fmt: skip

KNOWN_TO_THE_PROGRAM = ("batched", "producers", "shapes", "training")
"""What stands in a node's settings without being one."""

TORCH_OPTIMIZERS = {
    "sgd": "SGD(parameters, lr={lr!r}, weight_decay={weight_decay!r})",
    "momentum": "SGD(parameters, lr={lr!r}, momentum={momentum!r}, dampening={dampening!r}, weight_decay={weight_decay!r})",
    "nesterov": "SGD(parameters, lr={lr!r}, momentum={momentum!r}, nesterov=True, weight_decay={weight_decay!r})",
    "adagrad": "Adagrad(parameters, lr={lr!r}, lr_decay={lr_decay!r}, initial_accumulator_value={initial_accumulator_value!r}, "
    "eps={eps!r}, weight_decay={weight_decay!r})",
    "rmsprop": "RMSprop(parameters, lr={lr!r}, alpha={alpha!r}, eps={eps!r}, momentum={momentum!r}, centered={centered!r}, "
    "weight_decay={weight_decay!r})",
    "adadelta": "Adadelta(parameters, lr={lr!r}, rho={rho!r}, eps={eps!r}, weight_decay={weight_decay!r})",
    "adam": "Adam(parameters, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, amsgrad={amsgrad!r}, weight_decay={weight_decay!r})",
    "adamw": "AdamW(parameters, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, amsgrad={amsgrad!r}, weight_decay={weight_decay!r})",
    "nadam": "NAdam(parameters, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, momentum_decay={momentum_decay!r}, "
    "weight_decay={weight_decay!r})",
    "lbfgs": "LBFGS(parameters, lr={lr!r}, max_iter={max_iter!r}, history_size={history_size!r}, tolerance_grad={tolerance_grad!r}, "
    "tolerance_change={tolerance_change!r}, line_search_fn={line_search_fn!r})",
}


class ExportError(Exception):
    """The graph cannot be written as a program; the text says why."""


def export(session: Session, title: str = "") -> str:
    """Python source of the session's graph at its current state. Raises ExportError.

    Run by itself it prints `loss = …`: the objective over the whole training part (or of the graph's own inputs), in evaluation
    mode; with `--train` it trains with the document's optimizer.
    """
    if session.inference.errors:
        raise ExportError(session.inference.errors[0].text)
    try:
        objective = session.program(training=False).objective
    except ProgramError as error:
        raise ExportError(str(error)) from None
    assert objective is not None  # a program for training has one
    return _Exporter(session, objective, title).text()


class _Exporter:
    def __init__(self, session: Session, objective: Key, title: str) -> None:
        self.session = session
        self.graph = session.graph
        self.inference = session.inference
        self.title = title or str(self.graph.settings.get("title") or "A graph")
        self.objective = objective
        self.nodes = [n for n in self.inference.order if n in self._on_the_way()]
        self.names = _python_names((n, self.graph.nodes[n].name) for n in self.nodes)
        self.inputs: dict[str, Tensor] = {}
        self.values: dict[str, Tensor] = {}
        computed = [n for n in self.nodes if self.graph.spec(n).role not in ("input", "data")]
        self.root, self.home = scopes(self.graph, computed, {*RESERVED, *dir(nn.Module), *self.names.values()})
        self.here = self.root
        self.packed: list[tuple[str, Tensor]] = []

    def _on_the_way(self) -> set[str]:
        found = {self.objective[0]}
        waiting = [self.objective[0]]
        while waiting:
            node = waiting.pop()
            more = [e.source[0] for e in self.graph.inputs_of(node)]
            more += [a.key[0] for a in self._own(node) if a.key[0] != node]
            waiting += [m for m in more if m not in found]
            found.update(more)
        return found

    def _own(self, node: str) -> Iterable[Own]:
        return (leaf for leaf in self._wiring(node).leaves() if isinstance(leaf, Own))

    def _wiring(self, node: str) -> Wiring:
        return self.inference.wirings[node]

    def _settings(self, node: str) -> Settings:
        return settings_of(self.graph, node, training=False, batched=self.inference.batched[node], dtype=self.session.dtype)

    def _arriving(self, node: str) -> dict[str, Any]:
        """The shape at every input port: a tuple at a `many` port, None where nothing is wired."""
        plan = self.inference.wirings[node]
        found: dict[str, Any] = {port.name: None for port in TYPES[self.graph.nodes[node].type].inputs}
        for argument in plan.arguments:
            if isinstance(argument, Wire):
                found[argument.port] = self.inference.outputs[argument.source]
            elif isinstance(argument, Several):
                found[argument.port] = tuple(self.inference.outputs[i.source] for i in argument.items if isinstance(i, Wire))
        return found

    def _code(self, node: str) -> tuple[str, str]:
        """(constructor or "", call) of a node, in its functional form where its parameters are wired."""
        node_type = TYPES[self.graph.nodes[node].type]
        code = node_type.code_for(self._settings(node), self._arriving(node))
        if not code:
            raise ExportError(f"{self.graph.nodes[node].name}: {node_type.title} has no PyTorch form")
        names = {p.name for p in node_type.parameters}
        wired = any(isinstance(a, Wire) and a.port in names for a in self._wiring(node).arguments)
        return ("", code[2]) if wired and len(code) > 2 else (code[0], code[1])

    def text(self) -> str:
        for node in self.nodes:
            if node not in self.home:
                self._fed(node)
        self._note_outputs()
        self._scope(self.root)
        return self._write()

    def _note_outputs(self) -> None:
        """What each group's class returns: whatever is used outside of it, and the objective."""
        uses = [(leaf.source, node) for node in self.home for leaf in self._wiring(node).leaves() if isinstance(leaf, Wire)]
        for key, user in [*uses, (self.objective, "")]:
            for scope in self.home[key[0]].chain() if key[0] in self.home else ():
                if scope.parent is not None and user not in scope.nodes:
                    scope.outputs[self._variable(key)] = None

    def _scope(self, scope: Scope) -> None:
        """The lines of a class, and of those inside it."""
        for item in scope.items:
            self.here = scope
            if isinstance(item, str):
                self._computed(item)
                continue
            self._scope(item)
            scope.constructors.append(f"self.{item.attribute} = {item.class_name}()")
            if item.outputs:
                scope.lines.append(item)

    def _fed(self, node: str) -> None:
        used = {e.source[1] for n in self.nodes for e in self.graph.inputs_of(n) if e.source[0] == node}
        for port in self.graph.spec(node).outputs:
            if port.name in used or (node, port.name) == self.objective:
                self.inputs[self._variable((node, port.name))] = self.session.feeds.whole([(node, port.name)], "train")[0]

    def _variable(self, key: tuple[str, str]) -> str:
        name = self.names[key[0]]
        return name if len(self.graph.spec(key[0]).outputs) == 1 else f"{name}_{key[1]}"

    def _computed(self, node: str) -> None:
        node_type = TYPES[self.graph.nodes[node].type]
        s, shapes = self._settings(node), self._arriving(node)
        constructor, call = self._code(node)
        places = self._places(node, node_type, s, shapes)
        self._tensors(node, node_type, constructor, places)
        if constructor:
            self.here.constructors.append(f"self.{self.names[node]} = {_fill(constructor, places)}")
        self.here.lines.append(f"{self._variable((node, node_type.outputs[0].name))} = {_fill(call, places)}")

    def _places(self, node: str, node_type: NodeType, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        """What stands for each `{place}` of a type's code."""
        plan = self._wiring(node)
        places: dict[str, Any] = {name: _literal(value) for name, value in vars(s).items() if name not in KNOWN_TO_THE_PROGRAM}
        places |= {"dtype": str(self.session.dtype), "self": f"self.{self.names[node]}"}
        if node_type.role == "constant":
            places["value"] = f"torch.tensor({_literal(_floats(s.value))})"
        for name, argument in zip(plan.names, plan.arguments, strict=True):
            if argument is not None:
                places[name] = self._argument(argument)
                if node_type.penalizes:
                    places[name] = f"({places[name]},)" if places[name] else "()"
            elif name not in places:
                places[name] = "None"
        values = node_type.code_values(s, shapes)
        return places | {name: value if isinstance(value, str) else _literal(value) for name, value in values.items()}

    def _argument(self, argument: Any) -> str:
        match argument:
            case None:
                return "None"
            case Wire():
                return self._value(argument.source)
            case Several():
                return ", ".join(self._argument(item) for item in argument.items)
            case Own() | Held():
                return self._tensor(argument.key)
        raise TypeError(argument)

    def _value(self, key: tuple[str, str]) -> str:
        """A node's output in the class being written; what is computed outside of it becomes an argument of its `forward`."""
        variable = self._variable(key)
        for scope in self.here.chain():
            if scope.parent is None or key[0] in scope.nodes:
                break
            scope.inputs[variable] = variable
        return variable

    def _tensor(self, key: tuple[str, str]) -> str:
        """A learned tensor or buffer in the class being written; that of a layer outside of it becomes an argument of its `forward`."""
        around, path = list(self.home[key[0]].chain()), self.home[key[0]].path() + self._tensor_name(key)
        argument = f"{self.names[key[0]]}_{key[1]}"
        while argument in self.names.values():
            argument += "_"
        asking = None
        for scope in self.here.chain():
            if scope in around:
                reached = f"self.{path.removeprefix(scope.path())}"
                if asking is None:
                    return reached
                asking.inputs[argument] = reached
                break
            scope.inputs[argument], asking = argument, scope
        return argument

    def _tensor_name(self, key: tuple[str, str]) -> str:
        """Where a learned tensor or buffer lives in its class: `hidden.weight`, `w`, `standardized_mean`."""
        node, name = key
        node_type = TYPES[self.graph.nodes[node].type]
        if node_type.role == "parameter":
            return self.names[node]
        if self._code(node)[0]:
            return f"{self.names[node]}.{node_type.code_parameters.get(name, name)}"
        return f"{self.names[node]}_{name}"

    def _tensors(self, node: str, node_type: NodeType, constructor: str, places: dict[str, Any]) -> None:
        """Note the values of the node's tensors, and make those that no constructor makes."""
        plan, path = self._wiring(node), self.here.path()
        for argument in plan.arguments:
            if isinstance(argument, Own) and argument.key[0] == node:
                name, value = self._tensor_name(argument.key), self.session.state.parameters[state_key(argument.key)]
                self.values[path + name] = value
                if node_type.role == "parameter":
                    places["value"] = f"torch.zeros({list(value.shape)})"
                elif not constructor:
                    self.here.constructors.append(f"self.{name} = nn.Parameter(torch.zeros({list(value.shape)}))")
            elif isinstance(argument, Held) and (not constructor or argument.key[1] in node_type.code_parameters):
                name, value = self._tensor_name(argument.key), self.session.state.buffers[state_key(argument.key)]
                self.values[path + name] = value
                if not constructor:
                    self.here.constructors.append(f'self.register_buffer("{name}", torch.zeros({list(value.shape)}))')

    # the file

    def _write(self) -> str:
        dtype = str(self.session.dtype)
        classes = [line for scope in self.root.within() for line in self._class(scope)]
        parts = [
            f'"""{_plain(self.title)}, exported from Gradwire. Run it to see its loss; add --train to train it."""',
            "", "import argparse", "import base64", "import zlib", "",
            "import torch", "import torch.nn.functional as F", "from torch import nn", "", f"torch.set_default_dtype({dtype})", "", "",
            *classes, *self._class(self.root, self.inputs, [self._variable(self.objective)]),
            *self._table("values", "Every parameter and buffer, as it was in the app.", self.values), "", "",
            *self._table("inputs", "The inputs: the whole training part where there is data.", self.inputs), "", "",
            *self._main(), *self._packed_tensors(), "", "", 'if __name__ == "__main__":', "    main()", "",
        ]  # fmt: skip
        return "\n".join(parts)

    def _class(self, scope: Scope, inputs: Iterable[str] = (), outputs: Iterable[str] = ()) -> list[str]:
        """A scope as a class; `inputs` and `outputs` are the model's."""
        lines = [f"class {scope.class_name}(nn.Module):"]
        if scope.parent is not None:
            lines += [f'    """{_plain(scope.title)}."""', ""]
        lines += ["    def __init__(self):", "        super().__init__()", *(f"        {line}" for line in scope.constructors), ""]
        lines.append(f"    def forward({', '.join(['self', *inputs, *scope.inputs])}):")
        lines += [f"        {line.call() if isinstance(line, Scope) else line}" for line in scope.lines]
        returned = ", ".join([*outputs, *scope.outputs])
        return [*lines, *([f"        return {returned}"] if returned else ["        pass"] * (not scope.lines)), "", ""]

    def _table(self, name: str, doc: str, tensors: Mapping[str, Tensor]) -> list[str]:
        lines = [f"def {name}():", f'    """{doc}"""', "    return {"]
        for key, tensor in tensors.items():
            if tensor.numel() <= INLINE:
                kind = "" if tensor.is_floating_point() else ", dtype=torch.int64"
                lines.append(f'        "{key}": torch.tensor({_literal(tensor.tolist())}{kind}),')
            else:
                self.packed.append((f"{name}.{key}", tensor))
                lines.append(f'        "{key}": unpack("{name}.{key}", {list(tensor.shape)}, {tensor.dtype}),')
        return [*lines, "    }"]

    def _packed_tensors(self) -> list[str]:
        if not self.packed:
            return []
        lines = [
            "", "", "def unpack(name, shape, dtype):", '    """A tensor too large to read, from its compressed bytes below."""',
            '    data = bytearray(zlib.decompress(base64.b64decode("".join(PACKED[name].split()))))',
            "    return torch.frombuffer(data, dtype=dtype).reshape(shape).clone()", "", "", "PACKED = {",
        ]  # fmt: skip
        for name, tensor in self.packed:
            text = base64.b64encode(zlib.compress(tensor.contiguous().cpu().numpy().tobytes(), 9)).decode()
            lines += [f'    "{name}": """', *(text[i : i + 120] for i in range(0, len(text), 120)), '    """,']
        return [*lines, "}"]

    def _main(self) -> list[str]:
        training = self.graph.training
        rows = max((len(t) for name, t in self.inputs.items() if name in self._batched_inputs()), default=0)
        lines = [
            "def main():",
            "    options = argparse.ArgumentParser(description=__doc__)",
            '    options.add_argument("--train", action="store_true", help="train before printing the loss")',
            "    train_first = options.parse_args().train",
            "    model = Model()",
            "    with torch.no_grad():",
            "        for name, value in values().items():",
            "            model.state_dict(keep_vars=True)[name].copy_(value)",
            "    data = inputs()",
            "    if train_first:",
            "        train(model, data)",
            "    model.eval()",
            '    print(f"loss = {model(**data).item():.12g}")', "", "",
        ]  # fmt: skip
        spec = optimizer(str(training.get("optimizer", "sgd")))
        hyper = spec.hyper(training.get("hyper") or {})
        if "line_search" in hyper:
            hyper["line_search_fn"] = None if hyper["line_search"] == "none" else hyper["line_search"]
        size = training.get("batch_size") or rows or 1
        epochs = int(training.get("epochs") or 0)
        if not epochs:
            batches = max(1, -(-rows // size)) if rows else 1
            epochs = max(1, round(int(training.get("steps") or 100) / batches))
        line = TORCH_OPTIMIZERS[spec.key].format(**hyper)
        return [*lines, *self._training_loop(line, epochs, size if rows else 0, rows, spec.full_batch)]

    def _batched_inputs(self) -> set[str]:
        return {self._variable((n, p.name)) for n in self.nodes if self.graph.spec(n).role == "data" for p in self.graph.spec(n).outputs}

    def _training_loop(self, line: str, epochs: int, size: int, rows: int, full_batch: bool) -> list[str]:
        lines = [
            "def train(model, data):",
            f'    """{"Full batches" if full_batch or not size else f"Shuffled batches of {min(size, rows)}"}, {epochs} epochs."""',
            f"    torch.manual_seed({int(self.graph.training.get('seed') or 0)})",
            "    parameters = [p for p in model.parameters() if p.requires_grad]",
            f"    optimizer = torch.optim.{line}",
            "    model.train()",
            f"    for _ in range({epochs}):",
        ]
        closure = [
            "def closure():", "    optimizer.zero_grad()", "    loss = model(**batch)", "    loss.backward()", "    return loss",
            "optimizer.step(closure)",
        ]  # fmt: skip
        if size and not full_batch:
            batched = sorted(self._batched_inputs() & set(self.inputs))
            lines += [
                f"        for rows in torch.randperm({rows}).split({size}):",
                f"            batch = {{name: value[rows] if name in {batched!r} else value for name, value in data.items()}}",
                "            optimizer.zero_grad()", "            model(**batch).backward()", "            optimizer.step()",
            ]  # fmt: skip
        else:
            lines += ["        batch = data", *(f"        {text}" for text in closure)]
        return lines


def _python_names(nodes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Variable names: the nodes' own, with `_` behind those Python or torch already use."""
    found: dict[str, str] = {}
    for node, name in nodes:
        while name in RESERVED or hasattr(nn.Module, name) or name in found.values():
            name += "_"
        found[node] = name
    return found


def _fill(code: str, places: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(places[match[1]]), code)


def _literal(value: Any) -> str:
    """Python source of settings and small tensors; NaN and infinities as `float("…")`."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")'
    return repr(value)


def _floats(value: Any) -> Any:
    return [_floats(v) for v in value] if isinstance(value, list) else float(value)


def _plain(title: str) -> str:
    return json.dumps(title, ensure_ascii=False)[1:-1].replace('\\"', "'").replace("\\", "/")
