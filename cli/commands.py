"""The command line without a window: which commands there are, their options, and how errors are told."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import NoReturn

from cli.common import CommandError, add_graph_arguments


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line instead of argparse's usage block."""
        self.exit(2, f"{self.prog}: {message}\n")


def run_command(arguments: list[str]) -> int:
    """Carry out `arguments`; errors are one line on standard error. Returns 0, 2 (usage, bad file) or 1 (the run failed)."""
    try:
        options = _parser().parse_args(arguments)
        module = import_module(f"cli.{options.command}")
        return int(module.command(options))
    except CommandError as error:
        print(f"main.py: {error}", file=sys.stderr)
        return error.code
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    except KeyboardInterrupt:
        print("main.py: stopped", file=sys.stderr)
        return 130
    except (MemoryError, RecursionError):
        print("main.py: this graph needs more memory than there is", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _parser() -> _Parser:
    parser = _Parser(prog="main.py", description=__doc__, epilog="Without a command:  main.py [FILE]  opens the window.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser, metavar="COMMAND")

    run = commands.add_parser("run", help="one forward and one backward pass")
    add_graph_arguments(run)
    _add_json(run)
    run.add_argument("--full", action="store_true", help="write large tensors out instead of summing them up")

    train = commands.add_parser("train", help="train, with a progress bar")
    add_graph_arguments(train)
    _add_training_arguments(train)
    _add_json(train)

    check = commands.add_parser("check", help="structure, shapes, numerical against analytical gradient on every wire")
    add_graph_arguments(check)
    _add_json(check)

    render = commands.add_parser("render", help="a picture of the graph")
    add_graph_arguments(render)
    render.add_argument("-o", "--out", required=True, metavar="F.png|svg")
    render.add_argument("--theme", choices=("light", "dark", "projector"), default="light")
    render.add_argument("--scale", type=_scale, default=1.0, help="pixels per point, 0.1 to 8")
    render.add_argument("--values", action="store_true", help="with values and gradients on the wires")

    export = commands.add_parser("export", help="readable PyTorch")
    add_graph_arguments(export)
    export.add_argument("-o", "--out", metavar="F.py", help="standard output without it")

    examples = commands.add_parser("examples", help="list the built-in graphs")
    _add_json(examples)
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else")


def _add_training_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.optimizers.specs import OPTIMIZERS

    parser.add_argument("--optimizer", choices=tuple(OPTIMIZERS))
    parser.add_argument("--lr", type=_positive, help="learning rate")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_count)
    length.add_argument("--steps", type=_count)
    parser.add_argument("--batch-size", type=_count, help="samples a step; 0 for all")
    parser.add_argument("--seed", type=_count)
    parser.add_argument("--device", choices=("cpu", "cuda", "mps", "auto"))
    parser.add_argument("--out", metavar="F.gradwire", help="save the graph with its trained values")
    parser.add_argument("--log", metavar="F.csv", help="write the curve of every step")


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 2**53:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more")
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 0 or more")
    return value


def _scale(text: str) -> float:
    value = _positive(text)
    if not 0.1 <= value <= 8:
        raise argparse.ArgumentTypeError(f"{text} is outside 0.1 to 8")
    return value
