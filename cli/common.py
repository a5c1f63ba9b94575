"""What the commands share: finding the graph they work on, setting values in it, strict JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.built_in import example_names, example_path
from cli.errors import CommandError
from cli.trained import add_untrained, note_state
from cli.weights import add_weights
from engine.nodes.catalog import CATALOG
from engine.numerics.plain import number_json
from graph.formula.numbers import read_tensor
from graph.formula.to_graph import FormulaError, build
from graph.model.edits import SetGraphSetting, SetParam
from graph.model.elements import normal_name, valid_name
from graph.model.faults import at_work
from graph.model.graph import Graph
from graph.model.objective import NoObjective, find_objective
from graph.model.settings import complaint
from graph.storage.files import FileError, read
from graph.storage.paths import cleaned, reason, refuse_to_replace
from graph.text.messages import _
from graph.text.quoting import quoted_path
from graph.text.suggest import did_you_mean

if TYPE_CHECKING:
    from engine.training.model import Model
    from graph.model.problem import Problem


def add_graph_arguments(parser: argparse.ArgumentParser, swept: bool = False) -> None:
    """What says which graph a command works on; of a sweep, `--set` gives a setting all its values."""
    parser.add_argument("file", nargs="?", metavar="FILE", help=_("a .gradwire file, or the name of an example"))
    parser.add_argument("--formula", metavar="F", help=_("build the graph from text, such as 'x*y + z'"))
    sets = _("values of a setting: lr=0.001,0.01 or seed=0..4 or hidden.out_features=2,4,8") if swept else _("set the value of an Input")
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="lr=…" if swept else "x=2", help=sets)
    parser.add_argument("--param", dest="parameters", action="append", default=[], metavar="w=0.2", help=_("set the value of a Parameter"))
    parser.add_argument("--objective", metavar="NAME", help=_("the node to use as the objective"))
    add_untrained(parser)
    add_weights(parser)
    parser.add_argument("--folder", metavar="F", help=_("folder for relative paths of data files; default: the folder of FILE"))


def load_graph(options: argparse.Namespace) -> Graph:
    """The graph a command was asked for, with `--set`, `--param` and `--objective` applied. Raises CommandError."""
    sets, parameters = _assignments(options.sets, "--set"), _assignments(options.parameters, "--param")
    options.file = options.file and cleaned(options.file)
    options.state, options.runs = None, ()
    if (options.file is None) == (options.formula is None) or options.file == "":
        raise CommandError(_("give either a FILE (or an example) or a --formula"))
    try:
        if options.formula is not None:
            graph = build(options.formula, CATALOG, sets, parameters)
        else:
            loaded = read(example_path(options.file) or Path(options.file), CATALOG)
            graph = loaded.graph
            _assign(graph, sets, "input", _("Input"))
            _assign(graph, parameters, "parameter", _("Parameter"))
            note_state(options, loaded, [node.id for name in parameters if (node := graph.named(name)) is not None])
    except FileError as error:
        name = options.file
        listed = _("{name} List the built-in graphs with:  main.py examples").format(name=did_you_mean(name, example_names()))
        more = "" if os.path.exists(name) else listed if not Path(name).suffix else did_you_mean(Path(name).stem, example_names())
        raise CommandError(f"{error}{more}") from None
    except FormulaError as error:
        raise CommandError(_("the formula: {error}").format(error=error)) from None
    if options.folder is not None:
        graph.folder = str(Path(options.folder).absolute())
    if options.objective:
        node = graph.named(normal_name(options.objective))
        if node is None:
            meant = did_you_mean(options.objective, (n.name for n in graph.nodes.values()))
            raise CommandError(
                _("--objective {objective}: no node has that name.{meant} The nodes are {graph}").format(
                    objective=options.objective, meant=meant, graph=_names(graph)
                )
            )
        SetGraphSetting("objective", {"node": node.id, "port": graph.spec(node).outputs[0].name}).apply(graph)
    if at_work(graph):
        print(_("main.py: a fault is planted in this graph; some of its numbers are wrong on purpose"), file=sys.stderr)
    return graph


def cannot_write(path: Path, problem: OSError) -> CommandError:
    """A file that was asked for cannot be written."""
    return CommandError(_("cannot write {path}: {problem}").format(path=quoted_path(path), problem=reason(problem)))


def written_path(text: str) -> Path:
    """Where a command is to write, as typed. Refused at once where no file can be: before an hour of training, not after it."""
    path = Path(cleaned(text))
    folder = path.absolute().parent
    try:
        refuse_to_replace(path)
        there = path.exists()
    except OSError as error:
        raise cannot_write(path, error) from None
    if not folder.is_dir():
        raise CommandError(
            _("cannot write {path}: there is no folder {parent}").format(path=quoted_path(path), parent=quoted_path(path.parent))
        )
    if not os.access(path if there else folder, os.W_OK):
        raise CommandError(_("cannot write {path}: you do not have permission to write there").format(path=quoted_path(path)))
    return path


def objective_hint(graph: Graph) -> str:
    """How to choose on the command line, where the graph leaves the objective open; else nothing."""
    objective = find_objective(graph)
    if not isinstance(objective, NoObjective) or not objective.candidates:
        return ""
    return _(" Choose it with --objective {name}").format(name=graph.nodes[objective.candidates[0]].name)


def problems_entry(model: Model, nonfinite: Sequence[Problem] = ()) -> dict[str, Any]:
    """What is worth knowing about a graph that runs, NaN and infinity included: said on standard error, and the entry of the `--json`
    object for it."""
    said = [*(problem for problem in model.problems if problem.severity != "error"), *nonfinite]
    for problem in said:
        print(_("main.py: {severity}: {problem}").format(severity=problem.severity, problem=problem.text), file=sys.stderr)
    return {"problems": [{"severity": problem.severity, "text": problem.text} for problem in said]} if said else {}


def _names(graph: Graph) -> str:
    names = [node.name for node in graph.nodes.values()]
    return ", ".join(names[:12]) + (" …" if len(names) > 12 else "")


def _assign(graph: Graph, values: dict[str, Any], role: str, title: str) -> None:
    for name, value in values.items():
        node = graph.named(name)
        if node is None or graph.spec(node).role != role:
            raise CommandError(_unknown(graph, name, role, title))
        setting = graph.spec(node).setting("value")
        if setting is not None and (wrong := complaint(setting, value)):
            raise CommandError(f"{name}: {wrong}")
        if role == "parameter":
            SetParam(node.id, "initialisation", "value").apply(graph)
        SetParam(node.id, "value", value).apply(graph)


def _unknown(graph: Graph, name: str, role: str, title: str) -> str:
    """Why a name cannot be set: what it is, or what was probably meant, or what there is."""
    node, option = graph.named(name), {"input": "--set", "parameter": "--param"}
    if node is not None and graph.spec(node).role in option:
        return _("{name} is no {kind}: set it with {option}").format(name=name, kind=title, option=option[graph.spec(node).role])
    known = [n.name for n in graph.nodes.values() if graph.spec(n).role == role]
    said = _("no {kind} is called {name}; this graph has {known}").format(kind=title, name=name, known=", ".join(known) or "none")
    meant = did_you_mean(name, known)
    return f"{said}.{meant}" if meant else said


def _assignments(texts: list[str], option: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = normal_name(name.strip())
        if not equals or not valid_name(name):
            raise CommandError(
                _("{option} {argument}: write it as name=number, such as {option} x=2").format(option=option, argument=text[:80])
            )
        if name in values:
            raise CommandError(_("{option} {name} is given twice").format(option=option, name=name))
        reading = read_tensor(value)
        if reading.refusal:
            raise CommandError(f"{option} {name}: {reading.refusal}")
        if reading.note:
            print(_("main.py: {option} {name}: {note}").format(option=option, name=name, note=reading.note), file=sys.stderr)
        values[name] = reading.value
    return values


def print_json(value: Any) -> None:
    """One object, strict JSON: NaN and infinities become the strings "nan", "inf", "-inf"."""
    print(json.dumps(_strict(value), allow_nan=False, ensure_ascii=not _unicode()))


def _unicode() -> bool:
    """Whether standard output takes every character."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(v) for v in value]
    return number_json(value) if isinstance(value, float) else value
