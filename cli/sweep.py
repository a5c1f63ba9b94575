"""`sweep`: the graph trained with every combination of some settings, and what came of it as a table."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import cannot_write, load_graph, print_json, written_path
from cli.errors import CommandError
from cli.guard import complaint_about_installation
from cli.train import apply_training_options
from graph.storage.writing import replace_file
from graph.text.messages import _, ngettext
from graph.text.suggest import did_you_mean

if TYPE_CHECKING:
    from engine.sweep.plan import SweepPlan
    from engine.sweep.results import MemberResult
    from engine.sweep.training import Sweeping
    from graph.model.graph import Graph

NUMBER = 6
"""Significant digits of the table."""


def command(options: argparse.Namespace) -> int:
    from engine.numerics.job import JobError
    from engine.sweep.answer import planned
    from engine.sweep.fairness import fair_text, fairness, steps_text
    from engine.sweep.results import measures_of
    from engine.sweep.tables import as_json, csv_text, curves_csv

    texts, options.sets = options.sets, []
    graph = load_graph(options)
    apply_training_options(graph, options)
    out, curves, chart = (written_path(path) if path else None for path in (options.csv, options.curves, options.chart))
    if chart is not None:
        if chart.suffix.lower() not in (".svg", ".png"):
            raise CommandError(_("{name}: a chart is an .svg or a .png").format(name=chart.name))
        if lacking := complaint_about_installation():  # before the runs are trained, not after
            raise CommandError(lacking)
    plan = _plan(graph, texts, options.pairs)
    try:
        sweeping = planned(graph, plan)
    except JobError as error:
        raise CommandError(str(error)) from None
    plan, began = sweeping.plan, time.perf_counter()
    rows, stopped = _train(sweeping)
    seconds = time.perf_counter() - began
    measures = measures_of(rows.values())
    measure = _measure(options.measure, measures)
    if options.json:
        fair = fairness(plan, rows)
        checked = {} if fair is None else {"same_start": fair.same_start, "same_batches": fair.same_batches}
        print_json(as_json(graph, plan, rows, measure, sweeping.ways, options.target) | checked | {"seconds": seconds})
    else:
        print("\n".join(_lines(graph, plan, rows, measures, measure)))
        if options.target is not None:
            print("\n".join(_placed(graph, plan, rows, options.target)))
        if said := fair_text(graph, plan, fairness(plan, rows)):
            print(said)
        if said := steps_text(graph, plan, rows):
            print(said)
        print(_ways(sweeping, seconds))
    if out is not None:
        _write(out, csv_text(graph, plan, rows))
    if curves is not None:
        _write(curves, curves_csv(graph, plan, rows))
    if chart is not None:
        _paint(chart, options, graph, plan, rows, measure)
    if stopped:
        ended = sum(row.ended for row in rows.values())
        print(_("main.py: stopped after {ended} of {count} runs").format(ended=ended, count=plan.count), file=sys.stderr)
        return 130
    if all(row.how != "done" for row in rows.values()):
        reason = next((row.text for row in rows.values() if row.text), "")
        raise CommandError(_("every run failed: {reason}").format(reason=reason), 1)
    return 0


def _plan(graph: Graph, texts: list[str], pairs: bool) -> SweepPlan:
    """The plan that `--set` describes. Raises CommandError."""
    from engine.sweep.plan import Axis, PlanError, SweepPlan, named_setting
    from engine.sweep.values import read_values

    axes = []
    if not texts:
        raise CommandError(_("say what to sweep, for example --set lr=0.001,0.01,0.1 --set seed=0..4"))
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals:
            raise CommandError(_("--set {text}: write it as setting=values, for example --set lr=0.001,0.01,0.1").format(text=text[:80]))
        try:
            of = named_setting(graph, name)
            axes.append(Axis(of, read_values(graph, of, values)))
        except PlanError as error:
            raise CommandError(f"--set {text[:80]}: {error}") from None
    return SweepPlan(tuple(axes), pairs)


def _train(sweeping: Sweeping) -> tuple[dict[int, MemberResult], bool]:
    """The rows, and whether Ctrl+C came before the end."""
    from tqdm import tqdm

    from engine.sweep.training import train_all

    rows: dict[int, MemberResult] = {}
    stopped = False
    with tqdm(total=sweeping.plan.count, unit=" runs", disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
        try:
            for report in train_all(sweeping):
                rows |= {row.index: row for row in report.part or ()}
                bar.n = report.done / 1000
                bar.refresh()
        except KeyboardInterrupt:
            stopped = True
    for report in sweeping.tell([], now=True):
        rows |= {row.index: row for row in report.part or ()}
    return rows, stopped


def _measure(wanted: str | None, known: list[str]) -> str:
    if wanted is None:
        return next((name for name in ("validation_loss", "train_loss", "objective", "loss") if name in known), "loss")
    name = wanted.strip().replace(" ", "_").replace("-", "_")
    if name not in known:
        raise CommandError(
            _("--measure {name}: these runs have {known}.{suggestion}").format(
                name=wanted, known=", ".join(known), suggestion=did_you_mean(name, known)
            ),
            1 if not known else 2,
        )
    return name


def _lines(graph: Graph, plan: SweepPlan, rows: dict[int, MemberResult], measures: list[str], measure: str) -> list[str]:
    """A line for each run, then the spread over the seeds where there are several."""
    from engine.sweep.plan import SEED, text_of, value_text
    from engine.sweep.results import MemberResult, grouped, spread, without_seed

    table = [[*(text_of(graph, axis.of) for axis in plan.axes), *measures, ""]]
    for index, values in enumerate(plan.members()):
        row = rows.get(index, MemberResult(index))
        written = [value_text(graph, axis.of, value) for axis, value in zip(plan.axes, values, strict=True)]
        numbers = [_number(row.value(name)) if row.ended else "" for name in measures]
        note = {"done": "", "diverged": _("diverged at step {step}").format(step=row.step + 1), "failed": row.text}.get(row.how, row.how)
        table.append([*written, *numbers, note])
    lines = _aligned(table)
    by = without_seed(plan)
    if plan.place(SEED) is not None and by:
        name = measure.replace("_", " ")
        lines += ["", _("{measure} over the seeds").format(measure=name)]
        short = [[*(text_of(graph, of) for of in by), _("median"), _("best"), _("worst"), ""]]
        for values, group in grouped(plan, by, rows).items():
            found = spread(group, measure)
            written = [value_text(graph, of, value) for of, value in zip(by, values, strict=True)]
            lost = _("{lost} of {count} diverged").format(lost=found.diverged, count=found.count) if found.diverged else ""
            short.append([*written, *map(_number, (found.median, found.best, found.worst)), lost])
        lines += _aligned(short)
    return lines


def _placed(graph: Graph, plan: SweepPlan, rows: dict[int, MemberResult], target: float) -> list[str]:
    """Who reached a loss first."""
    from engine.sweep.placing import placing
    from engine.sweep.plan import text_of, value_text
    from engine.sweep.results import without_seed

    by = without_seed(plan)
    places = placing(plan, rows, target)
    data = any(place.passes is not None for place in places)
    names = [_("reached"), _("steps"), _("evaluations"), *([_("epochs")] if data else []), _("seconds"), ""]
    table = [[*(text_of(graph, of) for of in by), *names]]
    for place in places:
        written = [value_text(graph, of, value) for of, value in zip(by, place.values, strict=True)]
        share = _("{reached} of {count}").format(reached=place.reached, count=place.runs)
        counted = (place.steps, place.evaluations, *((place.passes,) if data else ()))
        table.append([*written, share, *map(_number, (*counted, place.seconds)), ""])
    return ["", _("first at a loss of {target:g}, medians").format(target=target), *_aligned(table)]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.{NUMBER}g}"


def _aligned(table: list[list[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    return ["  ".join(f"{cell:>{width}}" if at < len(row) - 1 else cell for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
            .rstrip() for row in table]  # fmt: skip


def _ways(sweeping: Sweeping, seconds: float) -> str:
    """How the runs were trained, and how long it took."""
    ways, parts = sweeping.ways, []
    if ways.together:
        parts.append(ngettext("{n:,} run trained as one batch with others", "{n:,} runs trained together as batches", ways.together)
                     .format(n=ways.together))  # fmt: skip
    if ways.alone:
        parts.append(ngettext("{n:,} run trained alone", "{n:,} runs trained one after another", ways.alone).format(n=ways.alone))
    said = [_("{count} of them because {why}").format(count=count, why=why) for why, count in ways.reasons]
    return "; ".join([*parts, *said, _("{seconds:.2f} s").format(seconds=seconds)])


def _paint(
    path: Path, options: argparse.Namespace, graph: Graph, plan: SweepPlan, rows: dict[int, MemberResult], measure: str
) -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # a picture needs no display, and must not open one
    try:
        from PySide6.QtGui import QGuiApplication

        from ui.sweep.chart_file import write_chart
    except ImportError as error:
        raise CommandError(_("the picture could not be rendered: {error}").format(error=error), 1) from None
    application = QGuiApplication.instance() or QGuiApplication(["gradwire"])
    try:
        write_chart(path, graph, plan, rows, measure, options.view, options.theme)
    except ValueError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise cannot_write(path, error) from None
    del application


def _write(path: Path, text: str) -> None:
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise cannot_write(path, error) from None
