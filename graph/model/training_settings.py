"""The settings of a training run, each declared once: a new one is a row here, and code where it takes effect.

What a file may hold and in which order it is written, what a new document starts with, the fields of the training page, the options of
`train`, and what a change does to a run there is already: all of it is read from these rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from graph.model.settings import finite_json, refusal
from graph.model.spec import Setting
from graph.text.messages import _
from graph.text.quoting import quoted

Effect = Literal["update", "batches", "length", "stop", "start", "device"]
"""What a change means for a run that has begun: later steps make other `update`s of the same gradients, or are fed other `batches`; only
its `length` differs, or what makes it `stop` by itself; its `start` differs (so it holds from the next reset on); or it moves to another
`device`."""
Section = Literal["", "run", "optimizer", "schedule", "gradients", "stop"]
"""Where the training page shows a setting, if anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetting(Setting):
    """A setting of a run.

    `always`: every document has it, and a new one has its default; a file has the others where they were set. `excludes`
    names one that a value here clears: of the two, the one declared later goes first where a file has both. `offered`: the editor and the
    command line offer the choices, while a file may name another (of a newer version). `form` is where the training page shows it, if
    anywhere. `option` is its name on the command line, `option_help` its help there, `metavar` what stands for its value. `spelling` is
    how `--stop` begins with it, `loss<`.
    """

    effect: Effect
    always: bool = False
    excludes: str = ""
    offered: bool = False
    form: Section = "run"
    option: str = ""
    option_help: str = ""
    metavar: str = "N"
    spelling: str = ""


TRAINING_SETTINGS: Final = (
    TrainingSetting(
        "optimizer", "choice", "sgd", title=_("Optimizer"), effect="update", always=True, offered=True, form="optimizer",
        option="--optimizer", metavar="NAME",
    ),
    TrainingSetting("hyper", "object", {"lr": 0.1}, effect="update", always=True, form=""),
    TrainingSetting("rule", "object", None, title=_("Update rule"), effect="update", form=""),
    TrainingSetting(
        "decay_biases", "bool", True, title=_("Decay biases too"), effect="update", form="optimizer", option="--decay-biases",
        option_help=_("apply weight decay also to biases and to scales and shifts of a normalisation; on by default, as in PyTorch"),
        help=_("On, as in PyTorch: weight decay shrinks every parameter. Off: biases, and scales and shifts of a normalisation, are left "
               "out. A parameter of its own counts as a bias where it is only added to something."),
    ),
    TrainingSetting(
        "lr_schedule", "choice", "constant", title=_("Schedule"), effect="update", offered=True, form="schedule", option="--schedule",
        metavar="SCHEDULE", option_help=_("learning rate over the run, such as cosine, step:30:0.1 or warmup:100+cosine"),
        help=_("How the learning rate changes during the run."),
    ),
    TrainingSetting("lr_schedule_hyper", "object", {}, effect="update", form=""),
    TrainingSetting(
        "warmup", "int", 0, 0, 10**9, title=_("Warm-up steps"), effect="update", form="schedule",
        help=_("The rate rises in a straight line during this many steps; the schedule follows."),
    ),
    TrainingSetting(
        "epochs", "int", 100, 1, title=_("Epochs"), empty=_("no limit"), effect="length", always=True, excludes="steps",
        help=_("Passes over the training set; clears Steps."), option="--epochs", option_help=_("passes over the training set"),
    ),
    TrainingSetting(
        "steps", "int", None, 1, title=_("Steps"), empty=_("no limit"), effect="length", always=True, excludes="epochs",
        help=_("Number of updates; clears Epochs."), option="--steps", option_help=_("or a number of steps"),
    ),
    TrainingSetting(
        "batch_size", "int", 32, 1, title=_("Batch size"), empty=_("all"), effect="batches", always=True,
        help=_("Samples per step; empty: the whole training set."), option="--batch-size", option_help=_("mini-batch size; 0 for the whole "
                                                                                                 "training set"),
    ),
    TrainingSetting(
        "seed", "int", 0, 0, title=_("Seed"), effect="start", always=True,
        help=_("Random seed for initial weights, the order of samples and dropout masks."),
        option="--seed", option_help=_("random seed"),
    ),
    TrainingSetting(
        "device", "choice", "auto", choices=("auto", "cpu", "cuda", "mps"), choice_titles=(_("automatic"), "CPU", "CUDA", "MPS"),
        title=_("Device"), effect="device", always=True, offered=True,
        option="--device", option_help=_("cpu, cuda, mps or auto"), metavar="NAME",
    ),
    TrainingSetting(
        "clip_norm", "float", None, 0.0, title=_("Clip norm to"), empty=_("off"), exclusive_minimum=True, effect="update", form="gradients",
        logarithmic=True, option="--clip-norm", metavar="C", option_help=_("scale the gradient down to this norm where it is longer"),
        help=_("Where the norm of all gradients together is larger, they are scaled down to it, as by clip_grad_norm_ of PyTorch."),
    ),
    TrainingSetting(
        "clip_value", "float", None, 0.0, title=_("Clip numbers to"), empty=_("off"), exclusive_minimum=True, effect="update",
        form="gradients", logarithmic=True, option="--clip-value", metavar="C",
        option_help=_("limit every number of the gradient to ±C; before --clip-norm"),
        help=_("Every number of every gradient is limited to ± this value, before the norm is clipped."),
    ),
    TrainingSetting(
        "accumulate", "int", 1, 1, 100_000, title=_("Batches per update"), effect="batches", form="gradients", option="--accumulate",
        option_help=_("mini-batches whose mean gradient makes one update"),
        help=_("Gradients are averaged over this many mini-batches before the weights change. A step is still one mini-batch."),
    ),
    TrainingSetting(
        "zero_grad", "bool", True, title=_("Zero gradients"), effect="update", form="gradients", option="--zero-grad",
        option_help=_("set the gradients to zero before each update, the default; otherwise they add up"),
        help=_("Set the gradients to zero before each update, as zero_grad of PyTorch does. Otherwise every update goes along the sum of "
               "all gradients so far."),
    ),
    TrainingSetting(
        "order_seed", "int", None, 0, title=_("Order seed"), empty=_("the seed"), effect="batches", form="gradients",
        option="--order-seed", option_help=_("random seed of the order of samples alone; without one it follows from --seed"),
        help=_("Random seed of the order of samples alone. Empty: it follows from the seed, as initial weights and dropout do."),
    ),
    TrainingSetting(
        "drop_last", "bool", False, title=_("Drop last batch"), effect="batches", form="gradients", option="--drop-last",
        option_help=_("leave out the last mini-batch of an epoch where it is smaller"),
        help=_("Leave out the last mini-batch of every epoch where it has fewer samples than the others."),
    ),
    TrainingSetting(
        "stop_loss", "float", None, title=_("Loss at most"), empty=_("off"), effect="stop", form="stop", spelling="loss<",
        option_help=_("the loss is at most this"),
        help=_("Stop when the validation loss is at most this. Without a validation set, the training loss counts."),
    ),
    TrainingSetting(
        "stop_accuracy", "float", None, 0.0, 1.0, title=_("Accuracy at least"), empty=_("off"), effect="stop", form="stop",
        spelling="accuracy>", option_help=_("the accuracy is at least this, such as 0.95"),
        help=_("Stop when the validation accuracy is at least this, such as 0.95. Without a validation set, the training accuracy counts."),
    ),
    TrainingSetting(
        "stop_gradient", "float", None, 0.0, title=_("Gradient norm at most"), empty=_("off"), effect="stop", form="stop", spelling="grad<",
        logarithmic=True, option_help=_("the norm of the gradient is at most this"),
        help=_("Stop when the norm of a step's gradient ‖∇f‖, over all trained numbers together, is at most this."),
    ),
    TrainingSetting(
        "stop_patience", "int", None, 1, title=_("Patience"), empty=_("off"), effect="stop", form="stop", spelling="patience=",
        option_help=_("so many epochs have passed without a lower loss"),
        help=_("Stop after this many epochs without a lower validation loss. Without a validation set, the training loss counts."),
    ),
    TrainingSetting(
        "restore_best", "bool", True, title=_("Restore the best"), when="stop_patience", effect="stop", form="stop",
        option="--restore-best", option_help=_("return to the step with the best loss when patience is over"),
        help=_("When patience is over, return to the step with the lowest loss."),
    ),
    TrainingSetting(
        "stop_divergence", "float", None, 1.0, title=_("Loss above first ×"), empty=_("off"), exclusive_minimum=True, effect="stop",
        form="stop", spelling="diverged>", option_help=_("a step's loss is above this multiple of the first step's"),
        help=_("Stop when a step's loss is above this multiple of the first step's loss. A loss that is not finite always stops training."),
    ),
    TrainingSetting(
        "stop_seconds", "float", None, 0.0, title=_("Time limit (s)"), empty=_("off"), exclusive_minimum=True, effect="stop", form="stop",
        option="--time-limit", metavar="SECONDS", option_help=_("stop after so many seconds of training"),
        help=_("Stop after this many seconds of training."),
    ),
)  # fmt: skip
"""In the order of the file, the form and the command line. Choices of optimizers and schedules are known to packages of
`engine.training`."""
BY_NAME: Final[Mapping[str, TrainingSetting]] = {setting.name: setting for setting in TRAINING_SETTINGS}


def training_defaults() -> dict[str, Any]:
    """What a new document says about its training."""
    return {setting.name: setting.default for setting in TRAINING_SETTINGS if setting.always}


def training_refusal(name: str, value: Any) -> str | None:
    """Why `value` cannot be this training setting; an undeclared one may be anything that JSON can hold."""
    if not finite_json(value):
        return _("the training setting {name} holds something that is not plain JSON").format(name=quoted(name))
    setting = BY_NAME.get(name)
    if setting is None or (setting.offered and isinstance(value, str)):
        return None
    wrong = _("a text") if setting.offered else refusal(setting, value)
    return _("the training setting {name} is {wrong}").format(name=quoted(name), wrong=wrong) if wrong else None


def setting_in(training: Mapping[str, Any], setting: TrainingSetting) -> Any:
    """The value that holds for a setting. One that every document says and that may be empty is empty where it is missing."""
    return training.get(setting.name, None if setting.always and setting.optional else setting.default)


def effective(training: Mapping[str, Any], settings: Iterable[TrainingSetting] = TRAINING_SETTINGS) -> dict[str, Any]:
    """The values that hold: where two exclude each other and both are set, the one declared later."""
    values = {setting.name: setting_in(training, setting) for setting in settings}
    for setting in reversed(list(settings)):
        if setting.excludes in values and values[setting.name] is not None:
            values[setting.excludes] = None
    return values


OF_GRADIENTS: Final = ("clip_norm", "clip_value", "accumulate", "zero_grad")
"""Settings of what is done to gradients, which an optimizer that evaluates the loss itself does not use."""


def of_gradients(training: Mapping[str, Any]) -> tuple[TrainingSetting, ...]:
    """Those settings of what is done to gradients that are not at their defaults."""
    return tuple(BY_NAME[name] for name in OF_GRADIENTS if setting_in(training, BY_NAME[name]) != BY_NAME[name].default)


def conditions(training: Mapping[str, Any], *effects: Effect) -> dict[str, Any]:
    """The settings that have one of these effects, with their values.

    A run that continues with other conditions of "update" or "batches" leaves the steps it would have made.
    """
    return {setting.name: setting_in(training, setting) for setting in TRAINING_SETTINGS if setting.effect in effects}


def training_length(training: Mapping[str, Any]) -> tuple[Literal["steps", "epochs"], int] | None:
    """What ends a run: a number of steps where one is set, else a number of epochs; None where nothing ends it."""
    steps, epochs = training.get("steps"), training.get("epochs")
    if steps is not None:
        return "steps", int(steps)
    return None if epochs is None else ("epochs", int(epochs))
