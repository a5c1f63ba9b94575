"""The command line without a window: which commands there are, their options, and how errors are told."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any

from cli.common import add_graph_arguments
from cli.data import add_data_arguments
from cli.errors import CommandError
from cli.parser import CommandParser, choice
from cli.runs import add_runs_arguments
from cli.settings_options import add_training_options, positive, several
from cli.version import version_text
from cli.workers import let_first_speak, let_one_speak, place_of
from engine.export.registry import Format, formats_in, metavar
from engine.numerics.memory import TOO_LITTLE, is_lack_of_memory
from graph.formula.numbers import read_number
from graph.storage.paths import reason
from graph.text.listing import alternatives
from graph.text.messages import _

DESCRIPTION = _("""\
Wire a computational graph, watch values and gradients run through it, train it.

  main.py [FILE]                        the window
  main.py run FILE                      what it shows, without a window
  main.py run --formula "x*y + z" --set x=2 --set y=-5 --set z=3
  main.py train digits-mlp --epochs 10 --out trained.gradwire""")

EPILOG = _("""\
FILE is a .gradwire file or the name of an example; --formula F instead builds a graph from text.
main.py COMMAND --help tells a command's options.
Exit codes: 0 all well, 1 the run failed, 2 a wrong call or file.""")

TRACEBACK = "GRADWIRE_TRACEBACK"
"""With this environment variable set, a mistake of the program itself shows where it happened."""


def run_command(arguments: list[str]) -> int:
    """Carry out `arguments`; errors are one line on standard error. Returns 0, 2 (usage, bad file) or 1 (the run failed)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that has no arrow shows a stand-in, not an error
            stream.reconfigure(errors="backslashreplace")
    try:
        let_one_speak()
        options = _parsed(_with_formula(arguments))
        place_of(options)
        module = import_module(f"cli.{options.command}")
        code = int(module.command(options))
        sys.stdout.flush()
        return code
    except CommandError as error:
        print(f"main.py: {error}", file=sys.stderr)
        let_first_speak()
        return error.code
    except SystemExit as exit_:
        if exit_.code:
            let_first_speak()
        return exit_.code if isinstance(exit_.code, int) else 2
    except KeyboardInterrupt:
        print(_("main.py: stopped"), file=sys.stderr)
        return 130
    except (MemoryError, RecursionError):
        print(f"main.py: {TOO_LITTLE}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - to the end of the process; what could not be written is not tried again
        print(_("main.py: the result could not be written: {error}").format(error=reason(error)), file=sys.stderr)
        return 1
    except Exception as error:  # a mistake of ours: still one line, and what to do about it
        if os.environ.get(TRACEBACK):
            raise
        if isinstance(error, ModuleNotFoundError) and (library := _library(error)):
            print(
                _("main.py: {library} is not installed here. Install what the commands need:  {python} -m pip install -r {file}").format(
                    library=library, python=sys.executable, file="requirements-engine.txt"
                ),
                file=sys.stderr,
            )
            return 2
        if is_lack_of_memory(error):
            print(f"main.py: {TOO_LITTLE}", file=sys.stderr)
            return 1
        text = " ".join(str(error).split())[:300]
        print(
            _("main.py: internal error: {error}: {explanation} (set {TRACEBACK}=1 to see where)").format(
                error=type(error).__name__, explanation=text, TRACEBACK=TRACEBACK
            ),
            file=sys.stderr,
        )
        return 1


def _library(error: ModuleNotFoundError) -> str:
    """The library that is missing; empty for a module of Gradwire itself."""
    library = (error.name or "").partition(".")[0]
    return "" if library in ("graph", "engine", "ui", "cli") else library


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """The options of a call. What the command does not know is refused by it, with the option that was probably meant."""
    parser, commands = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands[options.command].unknown(unknown)
    return options


def _with_formula(arguments: list[str]) -> list[str]:
    """`--formula -x*y` as `--formula=-x*y`: argparse would take what begins with a minus for an option."""
    joined: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--formula" and waiting and waiting[0].startswith("-") and not re.fullmatch("--[a-z]{2,}", waiting[0]):
            argument = f"--formula={waiting.pop(0)}"
        joined.append(argument)
    return joined


def _parser() -> tuple[CommandParser, dict[str, CommandParser]]:
    """The parser, and that of each command."""
    parser = CommandParser(prog="main.py", usage=_("main.py [FILE]  or  main.py COMMAND …"), description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=version_text(), help=_("print the versions of Gradwire and its libraries"))
    commands = parser.add_subparsers(
        dest="command", required=True, prog="main.py", parser_class=CommandParser, metavar="COMMAND", title="commands"
    )

    def graph_command(name: str, text: str, swept: bool = False) -> CommandParser:
        usage = _("main.py {name} FILE [options]  or  main.py {name} --formula F [options]").format(name=name)
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", usage=usage)
        add_graph_arguments(command, swept)
        return command

    programs: Sequence[Format[Any]] = formats_in("engine.export.formats")
    pictures: Sequence[Format[Any]] = formats_in("ui.shell.picture_formats")
    run = graph_command("run", _("run one forward and one backward pass"))
    _add_json(run)
    _add_full(run)
    train = graph_command("train", _("train, with a progress bar"))
    train.epilog = _("""\
torchrun --nproc-per-node 2 -- main.py train FILE [options]
divides every mini-batch among two workers, with the losses of one process; rank 0 prints""")
    _add_training_arguments(train)
    _add_json(train)
    _add_full(train)
    sweep = graph_command("sweep", _("train with every combination of some settings"), swept=True)
    _add_sweep_arguments(sweep)
    _add_json(sweep)
    _add_json(graph_command("check", _("check structure and shapes; compare numerical and analytical gradients on every wire")))
    render = graph_command(
        "render", _("save a picture of the graph, {formats}").format(formats=alternatives([form.title for form in pictures]))
    )
    render.add_argument("-o", "--out", required=True, metavar=metavar(pictures))
    render.add_argument(
        "--theme", type=choice("light", "dark", "projector"), default="light", metavar="T", help=_("light, dark or projector")
    )
    render.add_argument("--scale", type=_scale, default=1.0, metavar="S", help=_("pixels per point, 0.1 to 8"))
    render.add_argument("--values", action="store_true", help=_("show values and gradients on the wires"))

    export = graph_command("export", _("export the graph as readable PyTorch code, or its weights alone"))
    export.add_argument("-o", "--out", metavar=metavar(programs), help=_("default: code to standard output"))

    reading = _("show how a table or pictures are read, and why")
    data = commands.add_parser("data", help=reading, description=f"{reading.capitalize()}.")
    add_data_arguments(data)
    _add_json(data)

    saved = _("list and compare the runs that a file holds")
    runs = commands.add_parser("runs", help=saved, description=f"{saved.capitalize()}.")
    add_runs_arguments(runs)

    listing = _("list the built-in graphs and lessons")
    examples = commands.add_parser("examples", help=listing, description=f"{listing.capitalize()}.")
    _add_json(examples)
    return parser, commands.choices


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("print only one JSON object to standard output"))


def _add_full(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help=_("with --json: also write out tensors of more than 1,000 numbers"))


def _add_training_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.training.optimizers.custom import CUSTOM
    from engine.training.optimizers.registry import OPTIMIZERS

    add_training_options(parser, {"optimizer": (*OPTIMIZERS, CUSTOM)})
    parser.add_argument(
        "--resume", action="store_true", help=_("continue the run saved in FILE; --steps and --epochs then count from its beginning")
    )
    parser.add_argument("--out", metavar="F.gradwire", help=_("save the graph with its trained values and runs"))
    parser.add_argument("--checkpoint-every", type=several, metavar="N", help=_("also save into the file of --out every N steps"))
    parser.add_argument("--log", metavar="F.csv", help=_("write the training curves, one row per step; with --resume the log goes on"))
    parser.add_argument(
        "--log-parameters",
        action="store_true",
        help=_("also write to --log the trained numbers before each step, the gradient there, and its norm"),
    )
    parser.add_argument(
        "--test",
        action="store_true",
        help=_("read the test set although a validation set judges the run; without one it is always read"),
    )


def _add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.training.optimizers.custom import CUSTOM
    from engine.training.optimizers.registry import OPTIMIZERS

    add_training_options(parser, {"optimizer": (*OPTIMIZERS, CUSTOM)})
    parser.add_argument("--pairs", action="store_true", help=_("take first values together, then second ones, instead of all combinations"))
    parser.add_argument("--measure", metavar="NAME", help=_("what the summary is about: train_loss, validation_accuracy …"))
    parser.add_argument("--target", type=_finite, metavar="LOSS", help=_("say which runs reached this loss, and after how many steps"))
    parser.add_argument("--csv", metavar="F.csv", help=_("write a row for each run"))
    parser.add_argument("--curves", metavar="F.csv", help=_("write the points of every curve"))
    parser.add_argument("--chart", metavar="F.svg", help=_("paint a chart, .svg or .png"))
    parser.add_argument("--view", type=choice("curves", "multiples", "values"), default="curves", metavar="VIEW",
                        help=_("of the chart: curves, multiples (a small plot for each rate) or values (the end against the rate)"))
    parser.add_argument("--theme", type=choice("light", "dark", "projector"), default="light", metavar="T",
                        help=_("of the chart: light, dark or projector"))  # fmt: skip


def _finite(text: str) -> float:
    reading = read_number(text)
    if reading.value is None:
        raise argparse.ArgumentTypeError(reading.refusal)
    return float(reading.value)


def _scale(text: str) -> float:
    value = positive(text)
    if not 0.1 <= value <= 8:
        raise argparse.ArgumentTypeError(_("{scale} is outside 0.1 to 8").format(scale=text))
    return value
