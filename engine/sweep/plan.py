"""What a sweep tries, as a value: settings with the values each of them takes. No torch here: the window plans with it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from engine.sweep.competitor import Competitor, checked_competitor, competitor, declaration, optimizers_of, spelling
from engine.sweep.competitor import PlanError as PlanError
from engine.sweep.competitor import title as competitor_title
from engine.training.optimizers.registry import declared_or_none, offered
from engine.training.schedules.registry import SCHEDULES
from graph.model.edits import Compound, Edit, SetParam, SetTraining
from graph.model.graph import GraphError
from graph.model.settings import coerce, complaint
from graph.model.spec import Setting, holds
from graph.model.training_settings import BY_NAME, setting_in
from graph.text.messages import _, translated
from graph.text.quoting import quoted
from graph.text.suggest import did_you_mean

if TYPE_CHECKING:
    from graph.model.graph import Graph

MOST_MEMBERS = 2000
"""Runs of one sweep."""
EDITORS = ("int", "float", "bool", "choice")
"""Kinds of settings that can be swept: their values can be told apart in a word."""
NOT_SWEPT = ("device", "hyper", "lr_schedule_hyper")


@dataclass(frozen=True, slots=True)
class Swept:
    """Which setting takes several values: of a node, or of training where `node` is empty (`lr`, `batch_size`, `seed`, `beta1` …)."""

    name: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting and the values it takes, in order. Of the optimizer, a value is its key or a `Competitor`."""

    of: Swept
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """All combinations of the axes' values; where it is `paired`, the first values together, then the second, and so on."""

    axes: tuple[Axis, ...]
    paired: bool = False

    def members(self) -> tuple[tuple[Any, ...], ...]:
        """The values of each run, in the order of the axes; the last axis varies fastest."""
        columns = [axis.values for axis in self.axes]
        return tuple(zip(*columns, strict=True)) if self.paired else tuple(product(*columns))

    @property
    def count(self) -> int:
        """The number of runs."""
        sizes = [len(axis.values) for axis in self.axes]
        if self.paired:
            return min(sizes, default=0)
        total = 1
        for size in sizes:
            total *= size
        return total if sizes else 0

    def place(self, of: Swept) -> int | None:
        """Which axis has this setting."""
        return next((i for i, axis in enumerate(self.axes) if axis.of == of), None)

    def checked(self, graph: Graph) -> SweepPlan:
        """This plan, with values in their plain form. Raises PlanError where a run of it cannot be."""
        if not self.axes:
            raise PlanError(_("Choose at least one setting."))
        for axis in self.axes:
            if sum(other.of == axis.of for other in self.axes) > 1:
                raise PlanError(_("{setting} is there twice.").format(setting=title_of(graph, axis.of)))
        axes = tuple(Axis(axis.of, checked_values(graph, axis, repeated=self.paired)) for axis in self.axes)
        plan = SweepPlan(axes, self.paired)
        lengths = {len(axis.values) for axis in axes}
        if self.paired and len(lengths) > 1:
            raise PlanError(_("For pairs of values, every setting needs equally many."))
        if len(set(plan.members())) < plan.count:
            raise PlanError(_("Two of the runs have the same values."))
        if plan.count > MOST_MEMBERS:
            raise PlanError(_("These are {count:,} runs; a sweep has at most {most:,}.").format(count=plan.count, most=MOST_MEMBERS))
        for values in plan.members():
            edits_of(graph, plan, values)
        return plan


SEED = Swept("seed")
RATE = Swept("lr")
OPTIMIZER = Swept("optimizer")
SCHEDULE = Swept("lr_schedule")


def choices_of(graph: Graph, of: Swept, setting: Setting) -> dict[str, str]:
    """The values of a choice, with what they are called."""
    if of == OPTIMIZER:
        return optimizers_of(graph)
    if of == SCHEDULE:
        return {key: translated(spec.title) for key, spec in SCHEDULES.items()}
    titles = setting.choice_titles or setting.choices
    return dict(zip(setting.choices, titles, strict=True))


# Settings


def setting_of(graph: Graph, of: Swept) -> Setting:
    """The declaration of a swept setting, with translated texts. Raises PlanError where there is none."""
    setting: Setting | None
    if of.node:
        if of.node not in graph.nodes:
            raise PlanError(_("The node of a swept setting is gone."))
        setting = graph.spec(of.node).setting(of.name)  # its texts are translated where its type is declared
        setting = _swept(graph, of.node, setting) if setting is not None else None
        if setting is not None:
            return setting
    else:
        setting = BY_NAME.get(of.name) if of.name not in NOT_SWEPT else None  # its texts are translated where they are declared
        if setting is not None and setting.kind in EDITORS:
            return setting
        setting = hyper_setting(graph, of.name)
    if setting is None or setting.kind not in EDITORS or setting.file:
        raise PlanError(_("{name} is no setting that can be swept.").format(name=quoted(of.name)))
    return setting.translated()


def hyper_setting(graph: Graph, name: str) -> Setting | None:
    """An optimizer's setting: the document's optimizer goes first."""
    own = declared_or_none(graph.training)
    specs = [*([own] if own is not None else []), *offered(graph.training).values()]
    return next((setting for spec in specs if (setting := spec.setting(name)) is not None), None)


def title_of(graph: Graph, of: Swept) -> str:
    """What people call it: `Learning rate`, `hidden: Units`."""
    title = setting_of(graph, of).label
    return f"{graph.nodes[of.node].name}: {title}" if of.node else title


def text_of(graph: Graph, of: Swept) -> str:
    """Its name in one word, as the command line writes it: `lr`, `hidden.out_features`."""
    return f"{graph.nodes[of.node].name}.{of.name}" if of.node else of.name


def sweepable(graph: Graph) -> list[Swept]:
    """Every setting that can be swept: of training first, then of the optimizer, then of the nodes."""
    own = declared_or_none(graph.training)
    hyper = [setting.name for setting in own.settings if setting.kind in EDITORS] if own is not None else []
    set_now = {name: setting_in(graph.training, setting) for name, setting in BY_NAME.items()}
    training = [name for name, s in BY_NAME.items() if name not in NOT_SWEPT and s.kind in EDITORS and holds(s.when, set_now)]
    ordered = [*(name for name in ("lr",) if name in hyper), *training, *(name for name in hyper if name != "lr")]
    found = [Swept(name) for name in ordered]
    for node in graph.nodes:
        values = graph.settings_of(node)
        found += [Swept(s.name, node) for s in graph.spec(node).settings if _swept(graph, node, s) is not None and holds(s.when, values)]
    return found


def _swept(graph: Graph, node: str, setting: Setting) -> Setting | None:
    """A node's setting as a sweep reads it: the value of an Input or a Constant is one number where it is one now. None where it cannot be
    swept."""
    if setting.kind in EDITORS:
        return setting if not setting.file else None
    value = graph.settings_of(node).get(setting.name)
    if setting.kind == "tensor" and graph.spec(node).role in ("input", "constant") and type(value) in (int, float):
        return replace(setting, kind="float", minimum=None, maximum=None)
    return None


def named_setting(graph: Graph, text: str) -> Swept:
    """The setting that a word such as `lr` or `hidden.out_features` names. Raises PlanError."""
    node_name, dot, name = text.strip().rpartition(".")
    if dot:
        node = graph.named(node_name)
        if node is None:
            names = [n.name for n in graph.nodes.values()]
            raise PlanError(
                _("there is no node {name}.{suggestion}").format(name=quoted(node_name), suggestion=did_you_mean(node_name, names)).strip()
            )
        of, known = Swept(name, node.id), [s.name for s in graph.spec(node).settings]
    else:
        of = Swept(name)
        own = dict.fromkeys(s.name for spec in offered(graph.training).values() for s in spec.settings)
        known = [*(n for n in BY_NAME if n not in NOT_SWEPT), *own]
    if name not in known:
        wanted = _("there is no setting {name}.{suggestion}").format(name=quoted(text), suggestion=did_you_mean(name, known))
        raise PlanError(wanted.strip())
    setting_of(graph, of)
    return of


def checked_values(graph: Graph, axis: Axis, repeated: bool = False) -> tuple[Any, ...]:
    """The values of an axis in their plain form, each of them once unless they may be `repeated`. Raises PlanError."""
    setting, title = setting_of(graph, axis.of), title_of(graph, axis.of)
    if not axis.values:
        raise PlanError(_("{setting} has no values.").format(setting=title))
    if axis.of == OPTIMIZER:
        who = [checked_competitor(graph, value) for value in axis.values]
        return tuple(who) if repeated or len(set(who)) == len(who) else _twice(title, who)
    choices = choices_of(graph, axis.of, setting) if setting.kind == "choice" else {}
    values = []
    for value in axis.values:
        wrong = complaint(setting, value)
        if wrong is None and setting.kind == "choice" and value not in choices:
            wrong = _("{value} is none of {choices}").format(value=quoted(value), choices=", ".join(choices))
        if wrong is not None:
            raise PlanError(f"{title}: {wrong}")
        values.append(coerce(setting, value))
    return tuple(values) if repeated or len(set(values)) == len(values) else _twice(title, values)


def _twice(title: str, values: Sequence[Any]) -> tuple[Any, ...]:
    again = next(value for i, value in enumerate(values) if value in values[:i])
    text = spelling(again) if isinstance(again, Competitor) else again
    raise PlanError(_("{setting}: {value} is there twice.").format(setting=title, value=text))


# What a run trains with


def edits_of(graph: Graph, plan: SweepPlan, values: Sequence[Any]) -> Compound:
    """The edit that gives the document the settings of one run. Raises PlanError where the optimizer has no such setting."""
    wanted = {axis.of: value for axis, value in zip(plan.axes, values, strict=True)}
    edits: list[Edit] = []
    who = competitor(wanted.pop(OPTIMIZER, str(graph.training["optimizer"])))
    for of in wanted:
        if not of.node and who.sets(of.name):
            text = _("{setting} is swept, and {competitor} has its own. Leave one of the two out.")
            raise PlanError(text.format(setting=title_of(graph, of), competitor=competitor_title(graph, who)))
    key = who.optimizer
    hyper: dict[str, Any] = dict(graph.training.get("hyper") or {}) if key == graph.training["optimizer"] else {}
    hyper |= dict(who.hyper)
    edits += [SetTraining(name, value) for name, value in who.training_values()]
    for of, value in wanted.items():
        if of.node:
            edits.append(SetParam(of.node, of.name, value))
        elif of.name in BY_NAME:
            setting = BY_NAME[of.name]
            edits.append(SetTraining(of.name, value))
            edits += [SetTraining(setting.excludes, None)] if setting.excludes and value is not None else []
            if of == SCHEDULE and value != setting_in(graph.training, setting):
                edits.append(SetTraining("lr_schedule_hyper", {}))  # those of another schedule
        else:
            spec = declaration(graph, key)
            if spec is None or spec.setting(of.name) is None:
                title, optimizer = title_of(graph, of), optimizers_of(graph).get(key, key)
                raise PlanError(_("{optimizer} has no setting {name}.").format(optimizer=optimizer, name=quoted(title)))
            hyper[of.name] = value
    if key != graph.training["optimizer"]:
        edits.append(SetTraining("optimizer", key))
    if hyper != dict(graph.training.get("hyper") or {}):
        edits.append(SetTraining("hyper", hyper))
    return Compound(tuple(edits))


def member_graph(graph: Graph, plan: SweepPlan, values: Sequence[Any]) -> Graph:
    """A copy of the document with the settings of one run. Raises PlanError."""
    twin = graph.copy()
    try:
        edits_of(graph, plan, values).apply(twin)
    except GraphError as error:
        raise PlanError(str(error)) from None
    return twin


def value_text(graph: Graph, of: Swept, value: Any) -> str:
    """A value as it is written in tables and on axes."""
    if of == OPTIMIZER:
        return competitor_title(graph, value)
    setting = setting_of(graph, of)
    if value is None:
        return setting.empty or _("none")
    if setting.kind == "choice":
        return choices_of(graph, of, setting).get(value, str(value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def named_values(graph: Graph, plan: SweepPlan, values: Sequence[Any], leave_out: Mapping[Swept, Any] | Sequence[Swept] = ()) -> str:
    """`Learning rate 0.1, Seed 3`."""
    pairs = [(axis.of, value) for axis, value in zip(plan.axes, values, strict=True) if axis.of not in leave_out]
    return ", ".join(f"{title_of(graph, of)} {value_text(graph, of, value)}" for of, value in pairs)
