"""The last change of a learned tensor: the training step that led to the present state, made once more from the state before it."""

from __future__ import annotations

import torch

from engine.compile.environment import Key
from engine.compile.program import RandomKey
from engine.explain.cards import Line, Number, Section, Tex
from engine.explain.cards.scene import EQUALS, Scene, equation, words
from engine.explain.symbols import entry_text
from engine.explain.update import ParameterUpdate
from engine.explain.update.answer import Beginning, Rehearsal, make, row_of
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from engine.training.state import State, state_key
from engine.training.step_conditions import StepConditions
from graph.model.address import Address
from graph.text.messages import _


def last_change(scene: Scene, key: Key) -> Section | None:
    """Which step changed this tensor last, from what to what, and why by so much; None where no training step has changed it."""
    run, model = scene.situation.run, scene.situation.model
    if run is None or scene.situation.live or not model.state.step:
        return None
    try:
        if key not in model.program(training=True).trainable_keys:
            return None
    except RunError:
        return None
    place, step = Address("parameter", *key), model.state.step
    made = made_again(run, step - 1)
    if made is None:
        return Section("update", _("Last change"), (words(_not_held(step)),), place)
    conditions, rehearsal = made
    if key not in rehearsal.new:
        text = _("Training step {step} was another objective's: it left this parameter as it was.").format(step=f"{step:,}")
        return Section("update", _("Last change"), (words(text),), place)
    entry = scene.entry(tuple(rehearsal.old[key].shape))
    change = row_of(model, conditions.optimizer, rehearsal, key, entry)
    title = _("Last change: step {step} of {optimizer}").format(step=f"{step:,}", optimizer=conditions.optimizer.title)
    return Section("update", title, _lines(scene, key, change), place.at(entry or None), step=step - 1)


def _not_held(step: int) -> str:
    return _(
        "Training step {step} made it. The values before that step are not kept. Go one training step back and one on "
        "(Shift+F9, then F9) to see how they changed."
    ).format(step=f"{step:,}")


def _lines(scene: Scene, key: Key, change: ParameterUpdate) -> tuple[Line, ...]:
    place = Address("parameter", *key, index=change.entry or None)
    symbol, below = scene.symbols.learned(key), entry_text(change.entry)
    name = rf"{{{symbol}}}_{{{below}}}" if below else symbol
    old, _gradient, step, new = change.numbers
    told = equation(
        "result", Tex(name, role="value", place=place), Tex(r":\;"), Number(old, "value", place, beside=new), Tex(r"\to"),
        Number(new, "value", place, beside=old), Tex(r",\quad"), Tex(r"\Delta"), EQUALS, Number(step),
    )  # fmt: skip
    return told, *change.lines


def made_again(run: Run, step: int) -> tuple[StepConditions, Rehearsal] | None:
    """The step from `step` to the present state; None where the state before is not held, or where it leads to another state: a value
    was edited since."""
    held = run.history.checkpoints.held(step)
    if held is None:
        return None
    branch, state = held
    conditions = branch.conditions
    rate = conditions.rate_after(state)
    try:
        rehearsal = make(beginning(run.model, conditions, state), lambda tensors: conditions.optimizer_on(tensors, rate))
    except (RunError, RuntimeError, ValueError, LookupError, TypeError):
        return None
    present = run.model.state.parameters
    alike = all(name in present and torch.equal(new, present[name]) for name, new in ((state_key(k), t) for k, t in rehearsal.new.items()))
    return (conditions, rehearsal) if alike else None


def beginning(model: Model, conditions: StepConditions, state: State) -> Beginning:
    """What the step after a state starts from. Raises LookupError where the state has other tensors."""
    program = conditions.program
    batches = conditions.batches()
    feeds = batches.single(*batches.place(state.epoch, state.position))
    return Beginning(
        program, [state.parameters[state_key(key)] for key in program.parameter_keys],
        [state.buffers[state_key(key)] for key in program.buffer_keys], state.optimizer, feeds,
        RandomKey(conditions.seed, state.step, model.device), conditions.threads,
    )  # fmt: skip
