"""Straight-line Python for a plan. The code contains indices and nothing from the document.

Names in it: `v3` or `v3_1` outputs of operation 3, `p` parameters, `b` buffers and `m` their new values, `k` what a forward kept,
`e3_0` the contribution along the first wire (or to the first learned tensor) that operation 3 consumes, `g` summed gradients of
outputs, `q` of parameters, `x` the views and `l` the leaves that autograd differentiates by, `s` settings, `f` forwards, `r` rules.

Contributions at a fan-out are added in reverse order of consumption, and within one consumer in the order of its arguments: the
order in which autograd's engine adds them, so that both give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from engine.compile.differentiate import Seeds, begun, cut, local, local_zeros, reductions, reference, reference_zeros, total
from engine.compile.environment import Argument, Held, Key, Own, Several, Wire
from engine.compile.faults import doubled, rule_of, spoiled, twice
from engine.compile.plan import Operation, Plan

Kind = Literal["step", "evaluate", "perturb", "trace", "retrace"]
"""`perturb` gives the objective, `retrace` everything, with the value on one wire replaced by another."""
Method = Literal["rules", "autograd"]


@dataclass(slots=True)
class Source:
    """Generated code: its text, the objects its names stand for, and the node of every line."""

    lines: list[str] = field(default_factory=list)
    nodes: list[str | None] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    node: str | None = None
    indent: int = 1

    def __call__(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)
        self.nodes.append(self.node)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


@dataclass(slots=True)
class Gradients:
    """Where a trace finds its gradients: names in the code, by output, wire and parameter."""

    outputs: dict[Key, str] = field(default_factory=dict)
    wires: dict[str, str] = field(default_factory=dict)
    parameters: dict[Key, str] = field(default_factory=dict)


class Writer:
    """Writes one function for a plan. `seeds[device]` is the gradient the objective starts with."""

    def __init__(self, plan: Plan, kind: Kind, method: Method, seeds: Seeds) -> None:
        self.plan = plan
        self.kind = kind
        self.method = method
        self.out = Source(names={"seeds": seeds, "enable_grad": torch.enable_grad, "local": local_zeros if kind == "step" else local,
                                 "reference": reference_zeros if kind == "step" else reference, "total": total})  # fmt: skip
        self.gradient_names = Gradients()
        self.index = {o.node: o.index for o in plan.operations}
        self.parameter = {key: f"p{i}" for i, key in enumerate(plan.parameters)}
        self.buffer = {key: f"b{i}" for i, key in enumerate(plan.buffers)}
        self.new_buffer = dict(self.buffer)
        self.wires = {leaf.edge: j for j, leaf in enumerate(le for o in plan.operations for le in o.leaves if isinstance(le, Wire))}
        self.contributions: dict[Any, list[str]] = {}
        self.maybe: set[str] = set()
        self.kept: dict[str, str] = {}
        self.reductions: dict[int, list[str]] = {}
        wanted = {
            "step": plan.for_objective | plan.for_also, "perturb": plan.for_objective, "evaluate": plan.for_outputs,
        }.get(kind, set(self.index))  # fmt: skip
        self.replaces = kind in ("perturb", "retrace")
        self.traces = kind in ("trace", "retrace")
        self.operations = [o for o in plan.operations if o.node in wanted]
        self.differentiate = (kind == "step" or self.traces) and plan.objective is not None
        self.reference = method == "autograd" and self.differentiate

    def write(self) -> Source:
        out = self.out
        out.indent = 0
        out(f"def run(feeds, parameters, buffers, random{', wire, value' if self.replaces else ''}):")
        out.indent = 1
        self._unpack([self.variable(key) for key in self.plan.feeds], "feeds")
        self._unpack(list(self.parameter.values()), "parameters")
        self._unpack(list(self.buffer.values()), "buffers")
        if self.reference:
            self._leaves_of_reference()
            out("with enable_grad():")
            out.indent = 2
        for operation in self.operations:
            out.node = operation.node
            self._forward(operation)
        out.node = None
        out.indent = 1
        if self.differentiate:
            (self._reference_backward if self.reference else self._backward)()
        out.node = None
        self._return()
        return out

    def variable(self, key: Key) -> str:
        operation = self.plan.operations[self.index[key[0]]]
        return self._output(operation, operation.outputs.index(key))

    def _output(self, operation: Operation, k: int) -> str:
        return f"v{operation.index}" if len(operation.outputs) == 1 else f"v{operation.index}_{k}"

    def _unpack(self, names: list[str], source: str) -> None:
        if names:
            self.out(f"{', '.join(names)}, = {source}")

    # forward

    def _forward(self, operation: Operation) -> None:
        if operation.fed:
            return
        n, out = operation.index, self.out
        if operation.alias:
            own = self.parameter[operation.leaves[0].key]  # type: ignore[union-attr]
            out(f"v{n} = {own}.view_as({own})" if self.reference else f"v{n} = {own}")
            return
        forward = doubled(operation) if twice(self.plan.fault, operation) else operation.type.forward
        out.names[f"f{n}"], out.names[f"s{n}"] = forward, operation.settings
        local = set() if self.reference or not self.differentiate else set(self._local_leaves(operation))
        if self.reference:
            self._views(operation)
        call = f"f{n}(s{n}{self._arguments(operation, local)}{self._rng(operation)})"
        if local:
            self._local_forward(operation, local, call)
        elif operation.form.result:
            out(f"o{n} = {call}")
            self._open_result(operation)
        else:
            out(f"{self._output(operation, 0)} = {call}")
        if self.reference:
            out.names |= {"begun": begun, "cut": cut}
            leaf = "begun" if operation.type.differentiable else "cut"
            for k, key in enumerate(operation.outputs):
                if self.plan.inference.outputs[key].dtype == "float":
                    out(f"{self._output(operation, k)} = {leaf}({self._output(operation, k)})")

    def _local_forward(self, operation: Operation, local: set[int], call: str) -> None:
        """Run the forward on leaves of its own, so that autograd can differentiate this node alone."""
        n, out = operation.index, self.out
        for a in sorted(local):
            out(f"l{n}_{a} = {self._leaf(operation.leaves[a])}.detach().requires_grad_()")
        out("with enable_grad():")
        out(f"    o{n} = {call}")
        out(f"d{n} = {f'o{n}.outputs' if operation.form.result else f'(o{n},)'}")
        for k in range(len(operation.outputs)):
            out(f"{self._output(operation, k)} = d{n}[{k}].detach()")
        if operation.form.result:
            out(f"k{n} = o{n}.kept")
            self.kept[operation.node] = f"k{n}"
            self._new_buffers(operation, ".detach()")

    def _open_result(self, operation: Operation) -> None:
        n, out = operation.index, self.out
        out(f"{', '.join(self._output(operation, k) for k in range(len(operation.outputs)))}, = o{n}.outputs")
        out(f"k{n} = o{n}.kept")
        self.kept[operation.node] = f"k{n}"
        self._new_buffers(operation, ".detach()" if self.reference else "")

    def _new_buffers(self, operation: Operation, suffix: str) -> None:
        if self.kind == "step" and operation.node not in self.plan.for_objective:
            return  # only looked at: a step of this objective does not compute it
        for i, name in enumerate(operation.form.buffers):
            constant, variable = f"n{operation.index}_{i}", f"m{operation.index}_{i}"
            self.out.names[constant] = name
            self.out(f"{variable} = o{operation.index}.buffers[{constant}]{suffix}")
            self.new_buffer[operation.node, name] = variable

    def _rng(self, operation: Operation) -> str:
        if not operation.type.random:
            return ""
        self.out.names[f"w{operation.index}"] = operation.node
        return f", rng=random(w{operation.index})"

    def _arguments(self, operation: Operation, local: Iterable[int] = ()) -> str:
        """`, v1, p0, (v2, v3,)`: what follows the settings; leaves in `local` by their own autograd leaf."""
        numbered = iter(range(len(operation.leaves)))
        chosen = set(local)

        def text(argument: Argument) -> str:
            if argument is None:
                return "None"
            if isinstance(argument, Held):
                return self.buffer[argument.key]
            if isinstance(argument, Several):
                return "(" + "".join(f"{text(item)}, " for item in argument.items) + ")"
            a = next(numbered)
            if a in chosen:
                return f"l{operation.index}_{a}"
            return self._leaf(argument)

        return "".join(f", {text(argument)}" for argument in operation.wiring.arguments)

    def _leaf(self, leaf: Wire | Own) -> str:
        if isinstance(leaf, Own):
            return self.parameter[leaf.key]
        if self.reference and self._is_float(leaf):
            return f"x{self.wires[leaf.edge]}"
        variable = self.variable(leaf.source)
        return f"({variable} if wire != {self.wires[leaf.edge]} else value)" if self.replaces else variable

    def _is_float(self, leaf: Wire) -> bool:
        return self.plan.inference.outputs[leaf.source].dtype == "float"

    # backward by rules

    def _ruled(self, operation: Operation) -> bool:
        """Whether the type's rules apply: they know the gradient of the first output only."""
        return not any(key in self.plan.active for key in operation.outputs[1:])

    def _argument_of(self, operation: Operation) -> list[tuple[str, int]]:
        """For every leaf the name of its argument and its place in the tuple of a `many` port (−1 for a plain argument)."""
        arguments = []
        for name, argument in zip(operation.wiring.names, operation.wiring.arguments, strict=True):
            if isinstance(argument, Several):
                arguments += [(name, place) for place in range(len(argument.items))]
            elif isinstance(argument, (Wire, Own)):
                arguments.append((name, -1))
        return arguments

    def _local_leaves(self, operation: Operation) -> list[int]:
        """The needed leaves that no rule serves."""
        if operation.alias or not operation.needed:
            return []
        if not self._ruled(operation) or twice(self.plan.fault, operation):
            return list(operation.needed)
        names = self._argument_of(operation)
        return [a for a in operation.needed if names[a][0] not in operation.type.gradients]

    def _backward(self) -> None:
        plan, out = self.plan, self.out
        assert plan.objective is not None
        objective = self.variable(plan.objective)
        if plan.objective in plan.active:
            scalar = plan.inference.outputs[plan.objective].full(1) == ()
            out(f"seed = seeds[{objective}.device]" + ("" if scalar else f".expand({objective}.shape)"))
            self.contributions[plan.objective] = ["seed"]
        for operation in reversed(self.operations):
            out.node = operation.node
            gradients = [self._sum(key, f"g{operation.index}_{k}") for k, key in enumerate(operation.outputs)]
            self.gradient_names.outputs.update({key: g for key, g in zip(operation.outputs, gradients, strict=True) if g is not None})
            if operation.needed:
                self._node_backward(operation, gradients)
        out.node = None
        for i, key in enumerate(plan.parameters):
            name = self._sum(("parameter", key), f"q{i}")
            if name is not None:
                self.gradient_names.parameters[key] = name

    def _sum(self, key: Any, name: str) -> str | None:
        """The sum of all contributions to `key`, in the order in which they were made."""
        parts = self.contributions.get(key, [])
        if len(parts) < 2:
            return parts[0] if parts else None
        if any(part in self.maybe for part in parts):
            self.out(f"{name} = total({', '.join(parts)})")
            if all(part in self.maybe for part in parts):
                self.maybe.add(name)
        else:
            self.out(f"{name} = {' + '.join(parts)}")
        return name

    def _node_backward(self, operation: Operation, gradients: list[str | None]) -> None:
        n, out = operation.index, self.out
        present = [g for g in gradients if g is not None]
        if operation.alias:
            self._contribute(operation, 0, present[0])
            return
        guarded = all(g in self.maybe for g in present)
        targets = self._targets(operation)
        if guarded:
            out(f"if {' is None and '.join(present)} is None:")
            out(f"    {' = '.join(targets)} = None")
            out("else:")
            out.indent += 1
        local = self._local_leaves(operation)
        self._rules(operation, [a for a in operation.needed if a not in local], gradients[0])
        if local:
            self._by_autograd(operation, local, gradients)
        if guarded:
            out.indent -= 1
        for a in operation.needed:
            if guarded or (a in local and self.traces):
                self.maybe.add(f"e{n}_{a}")
            self._contribute(operation, a, f"e{n}_{a}")

    def _targets(self, operation: Operation) -> list[str]:
        """What `_node_backward` gives a value to."""
        return [f"e{operation.index}_{a}" for a in operation.needed]

    def _by_autograd(self, operation: Operation, local: list[int], gradients: list[str | None]) -> None:
        n = operation.index
        names, leaves = (", ".join(f"{letter}{n}_{a}" for a in local) for letter in "el")
        self.out(f"{names}, = local(d{n}, ({leaves},), ({', '.join(g or 'None' for g in gradients)},))")

    def _rules(self, operation: Operation, leaves: list[int], gradient: str | None) -> None:
        n, out = operation.index, self.out
        names = self._argument_of(operation)
        tail = f"(s{n}, {gradient}, {self._output(operation, 0)}, {self.kept.get(operation.node, 'None')}{self._arguments(operation)})"
        opened: set[str] = set()
        for a in leaves:
            name, place = names[a]
            rule = f"r{n}_{operation.wiring.names.index(name)}"
            out.names[rule] = rule_of(self.plan.fault, operation, name)
            if place < 0:
                out(f"e{n}_{a} = {rule}{tail}")
            else:
                if name not in opened:
                    out(f"t{n} = {rule}{tail}")
                    opened.add(name)
                out(f"e{n}_{a} = t{n}[{place}]")
            self._unbroadcast(operation, a)

    def _unbroadcast(self, operation: Operation, a: int) -> None:
        if operation.index not in self.reductions:
            self.reductions[operation.index] = reductions(self.plan, operation)
        reduction = self.reductions[operation.index][a]
        if reduction == "never":
            return
        n, wanted = operation.index, f"{self._leaf(operation.leaves[a])}.shape"
        condition = f"if e{n}_{a}.shape != {wanted}: " if reduction == "look" else ""
        self.out(f"{condition}e{n}_{a} = e{n}_{a}.sum_to_size({wanted})")

    def _contribute(self, operation: Operation, a: int, name: str) -> None:
        leaf = operation.leaves[a]
        if (spoil := spoiled(self.plan.fault, operation, a)) is not None:
            self.out.names["spoil"] = spoil
            wrong = f"e{operation.index}_{a}"
            self.out(f"{wrong} = spoil({name})")
            if name in self.maybe:
                self.maybe.add(wrong)
            name = wrong
        if isinstance(leaf, Own):
            self.contributions.setdefault(("parameter", leaf.key), []).append(name)
        else:
            self.contributions.setdefault(leaf.source, []).append(name)
            self.gradient_names.wires[leaf.edge] = name

    # backward by autograd, the reference

    def _leaves_of_reference(self) -> None:
        outputs = self.plan.inference.outputs
        names = [self.variable(key) for key in self.plan.feeds if outputs[key].dtype == "float"] + list(self.parameter.values())
        for name in names:
            self.out(f"{name} = {name}.detach().requires_grad_()")

    def _views(self, operation: Operation) -> None:
        """A view for every wire, so that each has a gradient of its own; made last to first, as autograd then adds first to last."""
        for leaf in reversed(operation.leaves):
            if isinstance(leaf, Wire) and self._is_float(leaf):
                variable = self.variable(leaf.source)
                self.out(f"x{self.wires[leaf.edge]} = {variable}.view_as({variable})")

    def _reference_backward(self) -> None:
        plan, names = self.plan, self.gradient_names
        assert plan.objective is not None
        targets: dict[str, str] = {}
        for i, key in enumerate(plan.parameters):
            if key in plan.active_parameters:
                names.parameters[key] = targets[f"p{i}"] = f"q{i}"
        if self.traces:
            for operation in self.operations:
                for k, key in enumerate(operation.outputs):
                    if key in plan.active:
                        names.outputs[key] = targets[self._output(operation, k)] = f"g{operation.index}_{k}"
                for a in operation.needed:
                    leaf = operation.leaves[a]
                    if isinstance(leaf, Wire):
                        names.wires[leaf.edge] = targets[f"x{self.wires[leaf.edge]}"] = f"e{operation.index}_{a}"
        if targets:
            self.out(f"{', '.join(targets.values())}, = reference({self.variable(plan.objective)}, ({', '.join(targets)},))")
            self.maybe.update(targets.values())
        if self.kind == "step":
            return
        for operation in self.operations:
            for k in range(len(operation.outputs)):
                self.out(f"{self._output(operation, k)} = {self._output(operation, k)}.detach()")

    # what comes back

    def _return(self) -> None:
        plan, out = self.plan, self.out
        if self.kind == "perturb" and plan.objective is not None:
            out(f"return {self.variable(plan.objective)}")
        elif self.kind == "evaluate":
            out(f"return [{', '.join(map(self.variable, plan.outputs))}]")
        elif self.kind == "step" and plan.objective is not None:
            objective = self.variable(plan.objective) + (".detach()" if self.reference else "")
            gradients = ", ".join(self.gradient_names.parameters[key] for key in plan.trainable)
            also = f", [{', '.join(map(self.variable, plan.also))}]" if plan.also else ""
            out(f"return {objective}, [{gradients}], [{', '.join(self.new_buffer.values())}]{also}")
        else:
            groups = [[self.variable(key) for o in self.operations for key in o.outputs], self.gradient_names.outputs.values(),
                      self.gradient_names.wires.values(), self.gradient_names.parameters.values(), self.kept.values()]  # fmt: skip
            out("return " + ", ".join(f"({''.join(f'{name}, ' for name in group)})" for group in groups))
