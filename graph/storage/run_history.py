"""What can be said about runs in words and tables: names, settings side by side, lineage, results; as CSV, JSON and Markdown."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from graph.model.document_settings import RUNS
from graph.model.loss_words import LossWords, loss_words
from graph.model.run_record import RunRecord, lineage
from graph.model.training_settings import BY_NAME, TRAINING_SETTINGS, effective
from graph.storage.run_json import number_text, points_json, record_json
from graph.storage.saved_run import SavedRun
from graph.text.messages import _, ngettext

LEFT_OUT = ("device",)
"""Settings that say what was asked for; the record says what was used."""
_WHY = {
    "settings": _("other settings"), "values": _("values set by hand"), "graph": _("another graph"), "data": _("other data"), "start": "",
}  # fmt: skip


def said_of(settings: Mapping[str, Any], run: int) -> Mapping[str, Any]:
    """What a document's settings say about a run: `name`, `note`, `pinned`, `deleted`."""
    said = settings.get(RUNS)
    row = said.get(str(run)) if isinstance(said, Mapping) else None
    return row if isinstance(row, Mapping) else {}


def is_deleted(settings: Mapping[str, Any], run: int) -> bool:
    return said_of(settings, run).get("deleted") is True


def newest_id(settings: Mapping[str, Any]) -> int:
    """The largest id of a run that the document's settings speak of, whether the run was saved or not; 0 where there is none."""
    said = settings.get(RUNS)
    return max((int(run) for run in said if run.isdecimal()), default=0) if isinstance(said, Mapping) else 0


def name_of(settings: Mapping[str, Any], run: int) -> str:
    """The name a person gave the run, else `Run 3`."""
    name = said_of(settings, run).get("name")
    return name if isinstance(name, str) and name.strip() else _("Run {number}").format(number=run)


def present(runs: Iterable[SavedRun], settings: Mapping[str, Any]) -> tuple[SavedRun, ...]:
    """The runs that were not deleted."""
    return tuple(run for run in runs if not is_deleted(settings, run.record.id))


def flat_settings(training: Mapping[str, Any]) -> dict[str, Any]:
    """Training settings by name, those of the optimizer among them, as they hold: of two that exclude each other only one is there.

    What is off, because it has its default and not every document says it, is left out.
    """
    values = effective(training) | {name: value for name, value in training.items() if name not in BY_NAME}
    hyper = values.pop("hyper", None) or {}
    off = {setting.name for setting in TRAINING_SETTINGS if not setting.always and values[setting.name] == setting.default}
    off |= {name for name in ("steps", "epochs") if values.get(name) is None}
    if values.get("optimizer") == "custom" and values["rule"]:
        values["rule"] = values["rule"].get("title")
    else:
        off.add("rule")  # it does nothing
    shown = {name: value for name, value in values.items() if name not in LEFT_OUT and name not in off}
    rows: dict[str, Any] = {}
    for name, value in shown.items():
        rows[name] = value
        if name == "optimizer":
            rows |= {key: number for key, number in hyper.items() if key not in shown}
    return rows


def differing(records: Iterable[RunRecord]) -> list[str]:
    """The names of the settings in which these runs differ, in the order of the form.

    How long a run was allowed to be is no difference, and what only one optimizer has follows from the optimizer.
    """
    tables = [flat_settings(record.settings) for record in records]
    names = dict.fromkeys(name for table in tables for name in table)
    values = {name: [table[name] for table in tables if name in table] for name in names if not _is_length(name)}
    return [name for name in values if _differs(values[name], name, len(tables))]


def _is_length(name: str) -> bool:
    return name in BY_NAME and BY_NAME[name].effect == "length"


def _differs(values: Sequence[Any], name: str, count: int) -> bool:
    """Whether a setting has several values; one of the form's, also where some runs go without it."""
    return any(value != values[0] for value in values) or (name in BY_NAME and len(values) < count)


def setting_title(name: str) -> str:
    """A setting's title in the form; a setting of an optimizer is called by its name."""
    setting = BY_NAME.get(name)
    return setting.title if setting is not None and setting.title else name.replace("_", " ")


def setting_text(value: Any) -> str:
    """A setting's value in one line."""
    if value is None:
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def metric_title(name: str) -> str:
    """`validation_loss` as words."""
    return name.replace("_", " ")


def origin_text(record: RunRecord, settings: Mapping[str, Any]) -> str:
    """Where a run began, as a sentence."""
    if record.parent is None:
        return _("Began with the initial values.") if not record.start else _("Began at step {step:,}.").format(step=record.start)
    parent = name_of(settings, record.parent)
    why = _WHY[record.origin]
    text = _("Branch of {parent} at step {step:,}: {why}.") if why else _("Branch of {parent} at step {step:,}.")
    return text.format(parent=parent, step=record.start, why=why)


def environment_text(record: RunRecord) -> str:
    """What else decides the last bits of the numbers."""
    used = ngettext("{n} thread", "{n} threads", record.threads).format(n=record.threads)
    return _("{device}, {dtype}, {threads}, seed {seed}").format(device=record.device, dtype=record.dtype, threads=used, seed=record.seed)


def history_json(runs: Sequence[SavedRun], settings: Mapping[str, Any]) -> dict[str, Any]:
    """All there is to say about the runs, their curves included, as one JSON object; NaN and infinities are strings."""
    records = {run.record.id: run.record for run in runs}
    rows = []
    for run in runs:
        record = run.record
        row = {"id": record.id, "name": name_of(settings, record.id), "note": str(said_of(settings, record.id).get("note") or "")}
        row |= {"pinned": said_of(settings, record.id).get("pinned") is True, "lineage": [r.id for r in lineage(records, record.id)]}
        curve = renamed(points_json(run.points), record)
        rows.append(row | renamed(record_json(record), record) | {"settings": flat_settings(record.settings), "curve": curve})
    return {"runs": rows, "differing": differing(records.values())}


def renamed(row: dict[str, Any], record: RunRecord) -> dict[str, Any]:
    """The same with the loss of the steps under the name that says whether it includes a penalty."""
    return {record.loss_words.name if name == "loss" else name: value for name, value in row.items()}


def _loss_names(records: Iterable[RunRecord]) -> list[LossWords]:
    """What the losses of these runs are called: loss, objective, or both."""
    return sorted({record.loss_words for record in records}, key=lambda words: words.name) or [loss_words(False)]


def history_csv(runs: Sequence[SavedRun], settings: Mapping[str, Any]) -> str:
    """A row for each run, with every setting, final and best metrics; numbers have all their digits."""
    tables = [flat_settings(run.record.settings) for run in runs]
    names = list(dict.fromkeys(name for table in tables for name in table))
    metrics = list(dict.fromkeys(name for run in runs for name in (*run.record.metrics, *run.record.best)))
    called = _loss_names(run.record for run in runs)
    head = ["run", "name", "parent", "first_step", "last_step", *names, *(words.name for words in called), *metrics]
    head += [f"{kind}_{name}" for name in metrics for kind in ("best", "step_of_best")]
    head += ["stopped", "seconds", "began", "device", "dtype", "threads", "run_seed", "note"]
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(head)
    for run, table in zip(runs, tables, strict=True):
        record = run.record
        best = [(record.best[name].value, record.best[name].step) if name in record.best else (None, None) for name in metrics]
        rows.writerow(
            [record.id, name_of(settings, record.id), _cell(record.parent), record.start, record.last]
            + [_cell(table.get(name)) for name in names]
            + [_cell(record.loss) if record.loss_words is words else "" for words in called]
            + [*(_cell(record.metrics.get(name)) for name in metrics)]
            + [_cell(number) for pair in best for number in pair]
            + [record.stopped, _cell(record.seconds), _began(record), record.device, record.dtype, record.threads, record.seed]
            + [str(said_of(settings, record.id).get("note") or "")]
        )
    return stream.getvalue()


def history_markdown(runs: Sequence[SavedRun], settings: Mapping[str, Any], title: str = "", written: str = "") -> str:
    """A report that can be read as it is: all runs in one table, then each by itself. `written` is by what and when it was made."""
    records = {run.record.id: run.record for run in runs}
    lines = [f"# {_('Runs of {title}').format(title=_plain(title)) if title else _('Runs')}", ""]
    if not runs:
        return "\n".join([*lines, _("There are no runs."), ""])
    differ = differing(records.values())
    lines += _table(*overview(runs, settings, differ))
    if len(runs) > 1:
        names = ", ".join(setting_title(name) for name in differ)
        lines += ["", _("Settings that differ: {names}.").format(names=names) if differ else _("All runs have the same settings.")]
    for run in runs:
        lines += ["", *_section(run.record, records, settings)]
    return "\n".join([*lines, *(["", written] if written else []), ""])


def overview(runs: Sequence[SavedRun], settings: Mapping[str, Any], differ: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the table of all runs."""
    records = [run.record for run in runs]
    metrics = list(dict.fromkeys(name for record in records for name in record.metrics))
    head = [_("Run"), _("From"), _("Steps"), *map(setting_title, differ)]
    called = _loss_names(records)
    head += [*(words.title for words in called), *map(metric_title, metrics), _("Stopped")]
    rows = []
    for record in records:
        table = flat_settings(record.settings)
        begin = "" if record.parent is None else _("{run}, step {step:,}").format(run=name_of(settings, record.parent), step=record.start)
        values = [setting_text(table[name]) if name in table else "" for name in differ]
        results = [_short(record.loss) if record.loss_words is words else "" for words in called]
        results += [*(_short(record.metrics.get(name)) for name in metrics)]
        rows.append([name_of(settings, record.id), begin, f"{record.last:,}", *values, *results, record.stopped])
    return head, rows


def comparison(a: RunRecord, b: RunRecord) -> list[tuple[str, str, Any, Any]]:
    """Two runs side by side: (kind, name, value of a, value of b); kind is `setting`, `final` or `best`. None where one has no value."""
    mine, other = flat_settings(a.settings), flat_settings(b.settings)
    rows: list[tuple[str, str, Any, Any]] = [
        ("setting", name, mine.get(name), other.get(name)) for name in dict.fromkeys((*mine, *other))
    ]  # fmt: skip
    rows += [("final", "step", a.last, b.last)]
    for words in _loss_names((a, b)):
        first, second = (each.loss if each.loss_words is words else None for each in (a, b))
        rows.append(("final", words.name, first, second))
    rows += [("final", name, a.metrics.get(name), b.metrics.get(name)) for name in dict.fromkeys((*a.metrics, *b.metrics))]
    for name in dict.fromkeys((*a.best, *b.best)):
        one, two = a.best.get(name), b.best.get(name)
        rows.append(("best", name, one and one.value, two and two.value))
    return rows


def _section(record: RunRecord, records: Mapping[int, RunRecord], settings: Mapping[str, Any]) -> list[str]:
    """One run: where it came from, what it reached, what it trained with."""
    lines = [f"## {_plain(name_of(settings, record.id))}", ""]
    note = str(said_of(settings, record.id).get("note") or "")
    lines += [*(f"> {line}" for line in note.splitlines()), ""] if note else []
    line = [name_of(settings, ancestor.id) for ancestor in lineage(records, record.id)]
    steps = ngettext("{n:,} step", "{n:,} steps", record.last - record.start).format(n=record.last - record.start)
    facts = [_plain(origin_text(record, settings)), _("Made {steps}, up to step {last:,}.").format(steps=steps, last=record.last)]
    facts += [_("Lineage: {names}.").format(names=_plain(" → ".join(line)))] if len(line) > 1 else []
    facts += [_("Stopped: {reason}").format(reason=_plain(record.stopped))] if record.stopped else []
    facts += [_("Computed with {environment}.").format(environment=environment_text(record))]
    when = _began(record)
    facts += [_("Began {when}, {seconds:.2f} s of training.").format(when=when, seconds=record.seconds)] if when else []
    lines += [f"- {fact}" for fact in facts]
    last = record.loss_words.last_step
    rows = [[last, _short(record.loss), "", ""]] if record.loss is not None else []
    for name in dict.fromkeys((*record.metrics, *record.best)):
        best = record.best.get(name)
        reached = [_short(best.value), f"{best.step:,}"] if best is not None else ["", ""]
        rows.append([metric_title(name), _short(record.metrics.get(name)), *reached])
    if rows:
        lines += ["", *_table([_("Result"), _("Final"), _("Best"), _("at step")], rows)]
    parent = records.get(record.parent) if record.parent is not None else None
    before = flat_settings(parent.settings_at(record.start)) if parent is not None else {}
    values = [
        [setting_title(name), setting_text(value), setting_text(before[name]) if name in before and before[name] != value else ""]
        for name, value in flat_settings(record.training).items()
    ]
    if parent is None:
        return [*lines, "", *_table([_("Setting"), _("Value")], [row[:2] for row in values]), *_changes(record)]
    return [*lines, "", *_table([_("Setting"), _("Value"), _("before the branch")], values), *_changes(record)]


def _changes(record: RunRecord) -> list[str]:
    """What was changed on the way."""
    lines, before = [], flat_settings(record.training)
    for change in record.changes:
        after = flat_settings(change.training)
        changed = [
            _("{setting}: {before} → {after}").format(
                setting=setting_title(name), before=setting_text(before.get(name)), after=setting_text(after.get(name))
            )
            for name in dict.fromkeys((*before, *after))
            if before.get(name) != after.get(name)
        ]
        if changed:
            lines.append(_("- After step {step:,}: {changes}").format(step=change.step, changes=_plain(", ".join(changed))))
        before = after
    return ["", *lines] if lines else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in lines]


def _plain(text: str) -> str:
    """A text in one line that no mark of Markdown breaks."""
    return " ".join("".join(f"\\{letter}" if letter in "\\|*_`<[" else letter for letter in text).split())


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _cell(value: Any) -> Any:
    """A value in CSV, with all its digits."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, float) and math.isfinite(value) else number_text(value) if isinstance(value, float) else value


def _began(record: RunRecord) -> str:
    """When a run began, in universal time; empty where that is not known."""
    return datetime.fromtimestamp(record.began, UTC).strftime("%Y-%m-%d %H:%M UTC") if 0 < record.began < 2**35 else ""
