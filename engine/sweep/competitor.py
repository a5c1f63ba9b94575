"""One who takes part in a race: an optimizer with its settings, its schedule and what else it trains with, as one value. No torch here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.training.optimizers.base import Optimizer, OptimizerError
from engine.training.optimizers.custom import CUSTOM
from engine.training.optimizers.registry import declared, declared_or_none, offered
from engine.training.schedules.base import ScheduleError
from engine.training.schedules.registry import SCHEDULES
from engine.training.spelling import read_schedule, spelled
from graph.formula.numbers import read_number
from graph.model.settings import coerce, complaint
from graph.model.spec import Setting
from graph.model.training_settings import BY_NAME
from graph.text.messages import _, translated
from graph.text.quoting import quoted
from graph.text.suggest import did_you_mean

if TYPE_CHECKING:
    from graph.model.graph import Graph

SCHEDULE_WORD = "schedule"
"""How a competitor's text begins its schedule."""
OWN_TRAINING = ("warmup", "batch_size", "drop_last", "clip_norm", "clip_value", "accumulate", "decay_biases")
"""Training settings that a competitor may have of its own, beside its schedule. Seeds and length are the same for all."""
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
Pairs = tuple[tuple[str, Any], ...]


class PlanError(ValueError):
    """A sweep that cannot be: the text says why, in words for the user."""


@dataclass(frozen=True, slots=True)
class Competitor:
    """`hyper` are settings of the optimizer, `training` settings of training; what it does not name is as in the document.

    In `training`, the settings of a schedule are pairs too, so that the whole is a value.
    """

    optimizer: str
    hyper: Pairs = ()
    training: Pairs = ()

    @property
    def plain(self) -> Competitor | str:
        """Its key alone where it sets nothing."""
        return self if self.hyper or self.training else self.optimizer

    def sets(self, name: str) -> bool:
        """Whether it has a value of its own for this setting."""
        return any(own == name for own, _value in (*self.hyper, *self.training))

    def training_values(self) -> Iterator[tuple[str, Any]]:
        """Its training settings as a document holds them."""
        for name, value in self.training:
            yield name, dict(value) if name == "lr_schedule_hyper" else value


def competitor(value: Competitor | str) -> Competitor:
    """A value of the axis of optimizers as a competitor."""
    return value if isinstance(value, Competitor) else Competitor(str(value))


def declaration(graph: Graph, key: str) -> type[Optimizer] | None:
    """The optimizer of that key, in this document."""
    return declared_or_none({**graph.training, "optimizer": key})


def optimizers_of(graph: Graph) -> dict[str, str]:
    """The optimizers that can take part, with what they are called."""
    return {key: translated(spec.short or spec.title) for key, spec in offered(graph.training).items()}


# As text: adam:lr=0.01:beta1=0.95:schedule=step:30:0.1


def spelling(value: Competitor | str) -> str:
    """The text that `read_competitor` reads as this value."""
    who = competitor(value)
    training = dict(who.training_values())
    schedule = spelled(training)
    if "lr_schedule" in training and not schedule:
        schedule = "constant"
    pairs = [*who.hyper, *((n, v) for n, v in who.training if n not in ("lr_schedule", "lr_schedule_hyper", "warmup"))]
    words = [who.optimizer, *(f"{name}={_written(held)}" for name, held in pairs)]
    return ":".join([*words, *([f"{SCHEDULE_WORD}={schedule}"] if schedule else [])])


def _written(value: Any) -> str:
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def read_competitor(graph: Graph, text: str) -> Competitor | str:
    """The competitor that a text describes: `adam`, `Adam:lr=0.01`, `sgd:lr=0.5:schedule=cosine`. Raises PlanError."""
    name, *words = (word.strip() for word in text.split(":"))
    key = _key(graph, name)
    pairs: list[tuple[str, str]] = []
    for word in words:
        own, equals, value = word.partition("=")
        if pairs and pairs[-1][0] == SCHEDULE_WORD and not _names(graph, key, own if equals else ""):
            pairs[-1] = (SCHEDULE_WORD, f"{pairs[-1][1]}:{word}")  # a schedule's own numbers
        elif not equals:
            raise PlanError(_("{text}: write {word} as setting=value.").format(text=quoted(text), word=quoted(word)))
        else:
            pairs.append((own.strip(), value.strip()))
    hyper: dict[str, Any] = {}
    training: dict[str, Any] = {}
    for own, value in pairs:
        if own == SCHEDULE_WORD:
            training |= _schedule(value)
            continue
        setting = _setting(graph, key, own)
        if setting.name in hyper or setting.name in training:
            raise PlanError(_("{text}: {setting} has two values; give one.").format(text=quoted(text), setting=setting.label))
        (hyper if setting.name not in OWN_TRAINING else training)[setting.name] = read_value(setting, setting.label, value)
    return checked_competitor(graph, Competitor(key, tuple(hyper.items()), tuple(training.items())))


def _key(graph: Graph, name: str) -> str:
    known = optimizers_of(graph)
    words = {key: key for key in known} | {short.casefold(): key for key, short in known.items()}
    words |= {translated(spec.title).casefold(): key for key, spec in offered(graph.training).items()}
    found = words.get(name) or words.get(name.casefold())
    if found is None and name.casefold() == CUSTOM:
        try:
            declared({**graph.training, "optimizer": CUSTOM})
        except OptimizerError as error:
            raise PlanError(str(error)) from None
    if found is None:
        title = BY_NAME["optimizer"].label
        raise PlanError(_("{setting}: there is no {value}.{suggestion}").format(
            setting=title, value=quoted(name), suggestion=did_you_mean(name, words)))  # fmt: skip
    return found


def _names(graph: Graph, key: str, name: str) -> bool:
    """Whether a word names a setting of a competitor, and so ends the schedule before it."""
    spec = declaration(graph, key)
    return name in OWN_TRAINING or (spec is not None and spec.setting(name) is not None)


def _setting(graph: Graph, key: str, name: str) -> Setting:
    spec = declaration(graph, key)
    found = next((s for s in spec.settings if name in (s.name, s.symbol)), None) if spec is not None else None
    if found is not None:
        return found.translated()
    if name in OWN_TRAINING:
        return BY_NAME[name]
    known = [*(s.name for s in (spec.settings if spec is not None else ())), *OWN_TRAINING, SCHEDULE_WORD]
    text = _("{optimizer} has no setting {name}.{suggestion}")
    raise PlanError(text.format(optimizer=optimizers_of(graph).get(key, key), name=quoted(name), suggestion=did_you_mean(name, known)))


def read_value(setting: Setting, title: str, text: str) -> Any:
    """The value that a text gives a setting of this title; of a choice the text itself. Raises PlanError."""
    if setting.kind == "bool":
        if text.casefold() not in (*_YES, *_NO):
            raise PlanError(_("{setting}: {value} is neither yes nor no.").format(setting=title, value=quoted(text)))
        return text.casefold() in _YES
    if setting.kind == "choice":
        return text
    if setting.optional and text.casefold() in ("all", "none", setting.empty.casefold()):
        return None
    return read_plain(setting, title, text)


def read_plain(setting: Setting, title: str, text: str) -> int | float:
    """The number that a text gives a setting. Raises PlanError."""
    reading = read_number(text, whole=setting.kind == "int")
    if reading.value is None:
        raise PlanError(f"{title}: {reading.refusal}")
    return float(reading.value) if setting.kind == "float" else int(reading.value)


def _schedule(text: str) -> dict[str, Any]:
    try:
        read = read_schedule(text)
    except ScheduleError as error:
        raise PlanError(str(error)) from None
    pairs = tuple((read["lr_schedule_hyper"] or {}).items())
    return {"lr_schedule": read["lr_schedule"], "lr_schedule_hyper": pairs, "warmup": read["warmup"]}


# As a value of an axis


def checked_competitor(graph: Graph, value: Competitor | str) -> Competitor | str:
    """The competitor with its values in their plain form. Raises PlanError where the optimizer, a setting or a value cannot be."""
    who = competitor(value)
    spec = declaration(graph, who.optimizer)
    if spec is None:
        _key(graph, who.optimizer)
    hyper = tuple((name, _plain(_setting(graph, who.optimizer, name), held)) for name, held in who.hyper)
    training = tuple((name, held if name in ("lr_schedule", "lr_schedule_hyper") else _plain(BY_NAME[name], held))
                     for name, held in who.training)  # fmt: skip
    return Competitor(who.optimizer, hyper, training).plain


def _plain(setting: Setting, value: Any) -> Any:
    if wrong := complaint(setting, value):
        raise PlanError(wrong)
    return coerce(setting, value)


def title(graph: Graph, value: Competitor | str) -> str:
    """What people call it: `Adam`, `Adam η 0.01`, `SGD η 0.5, cosine`, `SGD batch 1`."""
    who = competitor(value)
    name = optimizers_of(graph).get(who.optimizer, who.optimizer)
    parts = [_pair(_setting(graph, who.optimizer, own), held) for own, held in who.hyper]
    training: Mapping[str, Any] = dict(who.training_values())
    for own, held in training.items():
        if own == "lr_schedule":
            parts.append(schedule_title(training))
        elif own == "batch_size":
            parts.append(_("all samples") if held is None else _("batch {size}").format(size=held))
        elif own not in ("lr_schedule_hyper", "warmup"):
            parts.append(_pair(BY_NAME[own], held))
    if training.get("warmup"):
        parts.append(_("warm-up {steps}").format(steps=training["warmup"]))
    return f"{name} {', '.join(parts)}" if parts else name


def schedule_title(training: Mapping[str, Any]) -> str:
    """A schedule in a word or two, with the numbers it sets: `cosine`, `step decay 30, 0.1`."""
    spec = SCHEDULES.get(str(training.get("lr_schedule")))
    held = training.get("lr_schedule_hyper") or {}
    name = translated(spec.title) if spec is not None else str(training.get("lr_schedule"))
    numbers = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in held.values() if value is not None)
    return f"{name} {numbers}".strip()


def _pair(setting: Setting, value: Any) -> str:
    if isinstance(value, bool):
        return setting.label if value else _("without {setting}").format(setting=setting.label)
    if setting.kind == "choice":
        return dict(zip(setting.choices, setting.choice_titles or setting.choices, strict=True)).get(value, str(value))
    text = (setting.empty or _("none")) if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"{setting.symbol or setting.label} {text}"
