"""The text of an exported program around its classes: values, data, training loop, main, and tensors too large to read."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import math
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from engine.export.optimizer_class import optimizer_call, optimizer_class
from engine.export.searching_class import can_export, searching_class
from engine.export.step_code import accumulated, scheduler_code, stop_note, update_lines
from engine.training.measures import Decide
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import declared
from engine.training.rates import steps_per_epoch
from graph.model.training_settings import BY_NAME, setting_in, training_length
from graph.storage.saved import steps_text

INLINE = 64
"""Tensors up to this many numbers are written as nested lists, larger ones packed at the end of the file."""
WIDTH = 100
"""A longer row of numbers gets lines of its own."""
COMMENTS = 60
"""The column up to which comments beside code are aligned."""


@dataclass(frozen=True, slots=True)
class Part:
    """One input of the model: its tensor, what to say about it, and whether it has a row for each sample."""

    tensor: Tensor
    about: str = ""
    batched: bool = False


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """What the program prints besides its loss: `methods` are the model's with their arguments, `target` is the input that `right`
    compares predictions with, `penalised` says that the loss holds a penalty, `held_out` are the inputs of
    the part that judges the model while it trains, which is named in `part`."""

    classes: tuple[str, ...]
    target: str
    right: Decide | None
    penalised: bool
    methods: Mapping[str, tuple[str, ...]]
    held_out: Mapping[str, Part]
    part: str = "test"

    def call(self, method: str) -> str:
        """`model.predict(data["data_x"])`"""
        return f"model.{method}({', '.join(f'data[{literal(name)}]' for name in self.methods[method])})"


def program(
    title: str, dtype: str, classes: Sequence[str], values: Mapping[str, Tensor], inputs: Mapping[str, Part],
    training: Mapping[str, Any], learned: Literal["all", "some", "none"], report: PrintedReport, step: int = 0,
    biases: Sequence[str] = (),
) -> str:  # fmt: skip
    """The whole file. `training` are the document's settings, `learned` says how many of the parameters training changes.

    The values are those after `step` steps of training; `biases` are the parameters that weight decay may leave out.
    """
    packed: dict[str, Tensor] = {}
    learns = learned != "none"
    body = [f"torch.set_default_dtype({dtype})", "", "", *(_class_names(report.classes) if report.classes else []), *classes]
    if values:
        body += _table("values", f"Every parameter and buffer, {steps_text(step)}.", {n: Part(v) for n, v in values.items()}, packed)
    body += _table("inputs", "What the model computes with: the training part where there is data.", inputs, packed)
    if report.held_out:
        body += _table(f"{report.part}_inputs", f"The same for the {report.part} part.", report.held_out, packed, start="**inputs(),")
    if learns:
        judged = f"{report.part}_loss" if report.part == "validation" and report.held_out else "loss"
        body += _training_loop(training, inputs, learned == "some", judged, biases)
    body += _measuring(report)
    body += _main(bool(values), learns, any("nn.BatchNorm" in line for line in classes))
    body += _packed_tensors(packed)
    head = [_heading(title, learns, step), "", *_imports(classes, learns, bool(packed)), ""]
    return "\n".join([*head, *body, 'if __name__ == "__main__":', "    main()", ""])


def _heading(title: str, learns: bool, step: int) -> str:
    more = "; add --train to train it." if learns else "."
    when = f" {steps_text(step)} of its training" if step else ""
    return f'"""{plain(title)}, exported from Gradwire{when}. Run it to see its loss{more}"""'


def _imports(classes: Sequence[str], learns: bool, packed: bool) -> list[str]:
    lines = [*(["import argparse"] if learns else []), *(["import base64", "import zlib"] if packed else [])]
    lines += [*([""] if lines else []), "import torch"]
    if any(re.search(r"\bF\.", line) for line in classes):
        lines.append("import torch.nn.functional as F")
    return [*lines, "from torch import nn"]


def _class_names(classes: Sequence[str]) -> list[str]:
    whole = f"CLASSES = {literal(classes)}"
    return [*([whole] if len(whole) <= WIDTH else ["CLASSES = [", *(f"    {literal(name)}," for name in classes), "]"]), "", ""]


def _table(name: str, doc: str, parts: Mapping[str, Part], packed: dict[str, Tensor], start: str = "") -> list[str]:
    lines = [f"def {name}():", f'    """{doc}"""', "    return {", *([f"        {start}"] if start else [])]
    for key, part in parts.items():
        tensor = part.tensor
        if part.about:
            lines.append(f"        # {part.about}, {' × '.join(map(str, tensor.shape))}")
        if tensor.numel() <= INLINE:
            lines += _written(key, tensor)
        else:
            packed[f"{name}.{key}"] = tensor
            lines.append(f'        "{key}": unpack("{name}.{key}", {list(tensor.shape)}, {tensor.dtype}),')
    return [*lines, "    }", "", ""]


def _written(key: str, tensor: Tensor) -> list[str]:
    """A dictionary entry; long rows of a matrix below each other."""
    kind = "" if tensor.is_floating_point() else ", dtype=torch.int64"
    value = _shortest(tensor)
    line = f'        "{key}": torch.tensor({literal(value)}{kind}),'
    if len(line) <= WIDTH or tensor.dim() == 0:
        return [line]
    return [f'        "{key}": torch.tensor(', *_rows(value, " " * 12), f"        {kind.removeprefix(', ')}),"]


def _rows(value: list[Any], indent: str) -> list[str]:
    """Nested lists over several lines, none much longer than `WIDTH`."""
    whole = f"{indent}{literal(value)}"
    if len(whole) <= WIDTH:
        return [f"{whole},"]
    if isinstance(value[0], list):
        return [f"{indent}[", *(line for row in value for line in _rows(row, indent + "    ")), f"{indent}],"]
    lines, line = [f"{indent}["], f"{indent}   "
    for number in map(literal, value):
        if len(line) + len(number) + 2 > WIDTH:
            lines.append(line)
            line = f"{indent}   "
        line += f" {number},"
    return [*lines, line, f"{indent}],"]


def _shortest(tensor: Tensor) -> Any:
    """Nested lists; float32 numbers with as few digits as give the same float32 again."""
    if tensor.dtype == torch.float32:
        flat = [float(str(number)) for number in tensor.detach().cpu().numpy().ravel()]
        return _shaped(flat, tuple(tensor.shape))
    return tensor.detach().cpu().tolist()


def _shaped(flat: list[float], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    size = math.prod(shape[1:])
    return [_shaped(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def _main(values: bool, learns: bool, counts: bool) -> list[str]:
    lines = ["def main():"]
    if learns:
        lines += [
            "    parser = argparse.ArgumentParser(description=__doc__)",
            '    parser.add_argument("--train", action="store_true", help="train before printing the loss")',
            "    options = parser.parse_args()",
        ]
    lines += ["    model = Model()"]
    if values and counts:
        lines.append("    model.load_state_dict(values(), strict=False)  # batch norm also counts batches, which changes nothing here")
    elif values:
        lines.append("    model.load_state_dict(values())")
    if learns:
        lines += ["    if options.train:", "        train(model, inputs())"]
    return [*lines, "    for name, value in measure(model).items():", '        print(f"{name} = {value:.12g}")', "", ""]


def _measuring(report: PrintedReport) -> list[str]:
    """The functions that say how good the model is, in the words of the app: penalties are no part of `train_loss` and `test_loss`."""
    lines = []
    if report.right is not None:
        lines += [
            "def accuracy(prediction, target):", '    """The share of samples whose predicted class is the right one."""',
            f"    return ({report.right.code()}).double().mean()", "", "",
        ]  # fmt: skip
    penalty = f" - {report.call('penalty_terms')}" if "penalty_terms" in report.methods else ""
    right = f"accuracy({report.call('predict')}, data[{literal(report.target)}])" if report.right is not None else ""
    rows = [("loss", "model(**data)"), *([("train_loss", f"model(**data){penalty}")] if penalty else [])]
    rows += [("train_accuracy", right)] if right else []
    whole = report.penalised and not penalty  # the penalty is computed inside one of the groups' classes
    loss = f"{report.part}_loss" + ("_with_penalty" if whole else "")
    held_out = [(loss, f"model(**data){penalty}")] if report.held_out else []
    held_out += [(f"{report.part}_accuracy", right)] if held_out and right else []
    last = [("penalty", report.call("penalty_terms"))] if penalty else []
    lines += [
        "def measure(model):", '    """Loss and metrics over all samples, in evaluation mode."""', "    model.eval()", "    found = {}",
        "    with torch.no_grad():", "        data = inputs()", *(f'        found["{name}"] = {code}' for name, code in rows),
    ]  # fmt: skip
    if held_out:
        lines += [f"        data = {report.part}_inputs()", *(f'        found["{name}"] = {code}' for name, code in held_out)]
    lines += [f'        found["{name}"] = {code}' for name, code in last]
    return [*lines, "    return {name: value.item() for name, value in found.items()}", "", ""]


def _training_loop(
    training: Mapping[str, Any], inputs: Mapping[str, Part], partly_frozen: bool, judged: str, biases: Sequence[str]
) -> list[str]:
    """`judged` is what a schedule that watches the loss is given, of what `measure` returns."""
    rows = max((len(part.tensor) for part in inputs.values() if part.batched), default=0)
    spec = declared(training)
    hyper = spec.with_defaults(training.get("hyper") or {})
    size = 0 if spec.full_batch else min(int(training.get("batch_size") or rows), rows)
    shuffled = 0 < size < rows
    parameters = "(p for p in model.parameters() if p.requires_grad)" if partly_frozen else "model.parameters()"
    unit, count = _length(training, bool(rows))
    counted = shuffled and unit == "step"  # which may end in the middle of an epoch
    drop, parts = bool(training.get("drop_last")) and shuffled, int(training.get("accumulate") or 1)
    per_epoch = steps_per_epoch(rows, size or None, drop)
    schedule = scheduler_code(training, float(hyper["lr"]), per_epoch, count if unit == "step" else count * per_epoch)
    notes = [note for note in (schedule.missing, stop_note(training)) if note]
    parts = 1 if spec.evaluates_loss else parts
    grouped = biases if hyper.get("weight_decay") and not setting_in(training, BY_NAME["decay_biases"]) else ()
    searching = not spec.torch_code(hyper, "") and can_export(spec, hyper)
    own = searching_class(spec, hyper) if searching else optimizer_class(spec, hyper, bool(grouped))
    lines = [
        *([] if spec.torch_code(hyper, "") else [*own, "", *([""] if searching else [])]),
        "def train(model, data):",
        f'    """{_about(rows, size, shuffled)}{count:,} {unit}s."""',
        f"    torch.manual_seed({int(training.get('seed') or 0)})",
        *_optimizer(spec, hyper, parameters, grouped),
        *([f"    scheduler = {schedule.call}"] if schedule.call else []),
        *(["    made = 0  # mini-batches"] if parts > 1 else []),
        *(f"    # {note}" for note in notes),
        "    model.train()",
        *(["    step = 0", "    while True:"] if counted else [f"    for {unit} in range({count}):"]),
    ]
    zeroed = spec.evaluates_loss or bool(setting_in(training, BY_NAME["zero_grad"]))  # one that evaluates the loss sets its own
    step = [*(["optimizer.zero_grad()"] if zeroed else []), f"loss = model({_arguments(inputs, shuffled)})", "loss.backward()"]
    if parts > 1:
        step = [step[-2], f"(loss / {parts}).backward()"]
    if spec.looks_ahead(hyper):
        step = [*step[:-2], "optimizer.look_ahead()", *step[-2:], "optimizer.look_back()"]
    if searching:
        step = ["", "def closure():", f"    return model({_arguments(inputs, shuffled)})", "", "optimizer.step(closure)"]
    elif spec.evaluates_loss:
        away = [
            "if not loss.isfinite():  # the line search backs away from here", "    for parameter in model.parameters():",
            '        parameter.grad.fill_(float("nan"))', '    return torch.full_like(loss, float("inf"))',
        ]  # fmt: skip
        searches = hyper.get("line_search", "none") != "none"
        inside = [*step, *(away if searches and not partly_frozen else []), "return loss"]
        step = ["", "def closure():", *(f"    {line}" for line in inside), "", "optimizer.step(closure)"]
    else:
        step += accumulated(training, update_lines(training, parameters))
    watch = [f'scheduler.step(measure(model)["{judged}"])', "model.train()"] if schedule.after == "loss" else ["scheduler.step()"]
    watch = watch if schedule.call else []
    if not shuffled or schedule.after == "step":
        step, watch = [*step, *watch], []
    if shuffled:
        kept = f"[:{per_epoch * size}]" if drop else ""
        lines.append(f"        for rows in torch.randperm({rows}){kept}.split({size}):")
        stop = [f"if step == {count}:", "    return", "step += 1"] if counted else []
        lines += [f"            {line}".rstrip() for line in [*stop, *step]]
        lines += [f"        {line}" for line in watch]
    else:
        lines += [f"        {line}".rstrip() for line in step]
    return [*lines, "", ""]


def _about(rows: int, size: int, shuffled: bool) -> str:
    if shuffled:
        return f"Shuffled batches of {size} samples, "
    return f"All {rows:,} samples in every step, " if rows else ""


def _length(training: Mapping[str, Any], data: bool) -> tuple[str, int]:
    """What the outer loop counts, and how far: as long as the app trains, or 100 steps where the document sets no end."""
    unit, count = training_length(training) or ("steps", 100)
    return ("epoch" if unit == "epochs" and data else "step"), count


def _arguments(inputs: Mapping[str, Part], shuffled: bool) -> str:
    if not shuffled:
        return "**data"
    return ", ".join(f'data["{name}"]{"[rows]" if part.batched else ""}' for name, part in inputs.items())


def _optimizer(spec: type[Optimizer], hyper: Mapping[str, Any], parameters: str, biases: Sequence[str]) -> list[str]:
    """The lines that make the optimizer: with parameter groups where `biases` have no weight decay."""
    if not biases:
        call = spec.torch_code(hyper, parameters)
        own = f"{spec.__name__}({parameters}, lr={hyper['lr']!r})" if can_export(spec, hyper) else optimizer_call(spec, hyper, parameters)
        code = without_defaults(f"torch.optim.{call}", keep=("lr",)) if call else own
        return [f"    optimizer = {code}"]
    named = ["    biases = {", *(f"        {literal(name)}," for name in biases), "    }"]
    named.append("    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]")
    if call := spec.torch_code(hyper, "groups"):
        groups = [
            "    groups = [", '        {"params": [p for name, p in named if name not in biases]},',
            '        {"params": [p for name, p in named if name in biases], "weight_decay": 0.0},', "    ]",
        ]  # fmt: skip
        return [*named, *groups, f"    optimizer = {without_defaults(f'torch.optim.{call}', keep=('lr',))}"]
    undecayed = "    undecayed = [i for i, (name, _) in enumerate(named) if name in biases]"
    own = optimizer_call(spec, hyper, "[p for _, p in named]")
    return [*named, undecayed, f"    optimizer = {own[:-1]}, undecayed=undecayed)"]


def _packed_tensors(packed: Mapping[str, Tensor]) -> list[str]:
    if not packed:
        return []
    lines = [
        "def unpack(name, shape, dtype):", '    """A tensor too large to read, from its compressed bytes below."""',
        '    data = bytearray(zlib.decompress(base64.b64decode("".join(PACKED[name].split()))))',
        "    return torch.frombuffer(data, dtype=dtype).reshape(shape).clone()", "", "", "PACKED = {",
    ]  # fmt: skip
    for name, tensor in packed.items():
        text = base64.b64encode(zlib.compress(tensor.detach().contiguous().cpu().numpy().tobytes(), 9)).decode()
        lines += [f'    "{name}": """', *(text[i : i + 120] for i in range(0, len(text), 120)), '    """,']
    return [*lines, "}", "", ""]


def commented(lines: Iterable[tuple[str, str]]) -> list[str]:
    """Lines of code with their comments beside them, one below the other."""
    lines = list(lines)
    column = max((len(code) for code, comment in lines if comment and len(code) <= COMMENTS), default=0)
    return [f"{code.ljust(column)}  # {comment}" if comment else code for code, comment in lines]


def without_defaults(call: str, keep: tuple[str, ...] = ()) -> str:
    """The call of a class in `nn` or `torch.optim` without those keyword arguments that only repeat its defaults."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    name = ast.unparse(node.func)
    owner: Any = {"nn": nn, "torch.optim": torch.optim}.get(name.rpartition(".")[0])
    named = getattr(owner, name.rpartition(".")[2], None)
    known = inspect.signature(named).parameters if inspect.isclass(named) else {}
    arguments = [ast.get_source_segment(call, argument) or "" for argument in node.args]
    for keyword in node.keywords:
        assert keyword.arg is not None  # declared lines use no **
        declared = known.get(keyword.arg)
        text = _plain_bool(keyword.value) or ast.get_source_segment(call, keyword.value) or ""
        if declared is None or keyword.arg in keep or not _repeats(text, declared.default):
            arguments.append(f"{keyword.arg}={text}")
    return f"{name}({', '.join(arguments)})"


def _plain_bool(value: ast.expr) -> str:
    """`not True` as `False`."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not) and isinstance(value.operand, ast.Constant):
        return repr(not value.operand.value)
    return ""


def _repeats(text: str, default: Any) -> bool:
    try:
        given = ast.literal_eval(text)
    except ValueError:
        return False
    number = isinstance(default, (int, float)) and not isinstance(default, bool)
    return bool(given == default) and (type(given) is type(default) or number and not isinstance(given, bool))


def literal(value: Any) -> str:
    """Python source of settings and small tensors; NaN and infinities as `float("…")`."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def zeros(shape: Sequence[int]) -> str:
    """A tensor of that shape, until its values are loaded."""
    return f"torch.zeros({', '.join(map(str, shape))})" if shape else "torch.tensor(0.0)"


def plain(title: str) -> str:
    """A title that can stand in a docstring."""
    return json.dumps(title, ensure_ascii=False)[1:-1].replace('\\"', "'").replace("\\", "/")
