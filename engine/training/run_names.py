"""What runs are called that nobody has named: by what they trained with, and a branch by what differs from its parent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.optimizers.registry import declared_or_none
from graph.formula.numbers import plain
from graph.model.document_settings import RUNS
from graph.model.run_record import RunRecord
from graph.model.training_settings import BY_NAME
from graph.storage.run_history import flat_settings, said_of, setting_text, setting_title
from graph.text.messages import _, translated

UNNAMED = ("length", "stop")
"""Effects of settings that no name is made of: they say when a run ends, not how it trains."""


def ordered(records: Mapping[int, RunRecord]) -> list[RunRecord]:
    """The runs in the order in which they began."""
    return sorted(records.values(), key=lambda record: (record.began, record.id))


def run_names(records: Mapping[int, RunRecord], settings: Mapping[str, Any]) -> dict[int, str]:
    """What each run is called: the name it was given in the document's settings, else what it trained with. No two of the latter are equal.

    A name depends on earlier runs alone, so that it stays when others come.
    """
    given = {run: name for run in records if isinstance(name := said_of(settings, run).get("name"), str) and name.strip()}
    names, taken, like = dict(given), set(given.values()), dict[str, RunRecord]()
    for record in ordered(records):
        if record.id in given:
            continue
        name = base = _default(record, records) + _later(record)
        if base in taken and base in like:
            more = [text for text in change_texts(like[base].training, record.training) if text not in base]
            name = ", ".join((base, *more))
        like.setdefault(base, record)
        count, first = 1, name
        while name in taken:
            count += 1
            name = _("{name} ({number})").format(name=first, number=count)
        names[record.id] = name
        taken.add(name)
    return names


def with_names(settings: Mapping[str, Any], records: Mapping[int, RunRecord]) -> dict[str, Any]:
    """A document's settings in which every run has a name, for reports."""
    rows = {str(run): {**said_of(settings, run), "name": name} for run, name in run_names(records, settings).items()}
    return {**settings, RUNS: rows}


def trained_with(training: Mapping[str, Any]) -> str:
    """`Adam η 0.01`."""
    rate = (training.get("hyper") or {}).get("lr")
    title = optimizer_title(training)
    return title if rate is None else f"{title} η {_value(rate)}"


def optimizer_title(training: Mapping[str, Any]) -> str:
    spec = declared_or_none(training)
    return translated(spec.title) if spec is not None else str(training.get("optimizer", ""))


def parent_settings(record: RunRecord, records: Mapping[int, RunRecord]) -> Mapping[str, Any] | None:
    """The settings with which the parent of a branch went on from where the branch began; None without a parent."""
    parent = records.get(record.parent) if record.parent is not None else None
    return None if parent is None else parent.settings_at(record.start)


def change_texts(before: Mapping[str, Any], after: Mapping[str, Any], every: bool = False) -> list[str]:
    """The settings that are others than before, `η 0.1`; with `every` those too that say when a run ends."""
    old, new = flat_settings(before), flat_settings(after)
    spec = declared_or_none(after)
    changed = [name for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name)]
    texts = []
    if "optimizer" in changed or "rule" in changed:
        own = {setting.name for setting in spec.settings} if spec is not None else set()
        changed = [name for name in changed if name in BY_NAME and name not in own]  # its own settings come with it
        texts.append(trained_with(after))
    for name in changed:
        setting = BY_NAME.get(name)
        if name in ("optimizer", "rule") or (not every and setting is not None and setting.effect in UNNAMED):
            continue
        own_setting = spec.setting(name) if spec is not None and setting is None else None
        title = setting_title(name) if own_setting is None else own_setting.symbol or own_setting.label
        value = new.get(name, setting.default if setting is not None else None)
        if setting is not None and value is None and setting.empty:
            texts.append(f"{title} {translated(setting.empty)}")
        else:
            texts.append(f"{title} {_value(value)}")
    return texts


def _default(record: RunRecord, records: Mapping[int, RunRecord]) -> str:
    before = parent_settings(record, records)
    if before is None:
        return trained_with(record.training)
    changes, step = ", ".join(change_texts(before, record.training)), f"{record.start:,}"
    hand = {
        "values": _("weights set by hand at step {step}"), "graph": _("another graph from step {step}"),
        "data": _("other data from step {step}"),
    }.get(record.origin)  # fmt: skip
    if hand is not None:
        text = translated(hand).format(step=step)
        return f"{text}, {changes}" if changes else text
    if not changes:
        return _("again from step {step}").format(step=step)
    return _("{changes} from step {step}").format(changes=changes, step=step)


def _later(record: RunRecord) -> str:
    """A run that went on under another optimizer says so: it is no longer what its beginning says."""
    if record.settings.get("optimizer") == record.training.get("optimizer"):
        return ""
    return _(", then {optimizer}").format(optimizer=trained_with(record.settings))


def _value(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return plain(value) if number else setting_text(value)
