"""Past states of one run: a tree of checkpoints within a budget of bytes, so that any step among them can be returned to exactly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from engine.training.state import PARTS, State

BUDGET = 256 * 2**20
"""Bytes that all checkpoints of a run may take together."""
OVERHEAD = 768
"""Bytes counted for each tensor beside its numbers: what its objects and the allocator's rounding take."""
BRANCHES = 500
"""A slider that is dragged while something trains opens a branch with every tick; more than so many are not held."""
FEW = 64
"""With fewer checkpoints room is made one by one; with more, a quarter of the budget at once, so that it costs little each time."""

Range = tuple[int, int]


def size_of(state: State) -> int:
    """Bytes that a captured state takes."""
    return sum(OVERHEAD + t.numel() * t.element_size() for part in PARTS for t in getattr(state, part).values())


class Conditions(Protocol):
    """What a step depends on beside the state: program, data, inputs, optimizer, learning rate, batch size."""

    def same(self, other: Any) -> bool:
        """Whether a step under the other conditions gives the same bits."""

    def keeps(self) -> Mapping[int, int]:
        """What these conditions keep in memory: the bytes of data and program, by the objects' `id`."""


C = TypeVar("C", bound=Conditions)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state, and the loss of the step that led to it (None before the first)."""

    state: State
    loss: float | None
    size: int

    @property
    def step(self) -> int:
        return self.state.step


@dataclass(slots=True)
class Branch(Generic[C]):
    """Steps that `run` made one after the other under the same conditions, from `start` to `last`.

    `held` are the checkpoints among them, in order. `own`: the first state is not the one that its parent's steps led to. `foreign`: what
    the steps depended on is not known here, so that nothing but `held` can be returned to.
    """

    id: int
    parent: int | None
    start: int
    conditions: C
    last: int
    held: list[Checkpoint] = field(default_factory=list)
    run: int = 0
    own: bool = False
    foreign: bool = False

    def before(self, step: int) -> Checkpoint | None:
        """The latest checkpoint from which `step` is reached by making the steps in between once more."""
        at = bisect_right(self.held, step, key=_step)
        reached = step <= self.last and not self.foreign
        return self.held[at - 1] if at and (reached or self.held[at - 1].step == step) else None


class Checkpoints(Generic[C]):
    """A tree of branches. The path leads from its root to the end of the branch `present`; the run is at a step of the path.

    A changed condition opens a branch, and what followed on the old one stays. When the budget is spent, checkpoints are left out where
    the steps between their neighbours are few: these steps are computed again when you return to them. First checkpoints of branches
    go last, branches beside the path before those on it.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.branches: dict[int, Branch[C]] = {}
        self.present: Branch[C] | None = None
        self._states = self._beside = self._ids = 0

    def __len__(self) -> int:
        return sum(len(branch.held) for branch in self.branches.values())

    def __iter__(self) -> Iterator[Checkpoint]:
        return (checkpoint for branch in self.branches.values() for checkpoint in branch.held)

    @property
    def bytes(self) -> int:
        """What all of this takes: states, and the data and programs that only other conditions need."""
        return self._states + self._beside

    def clear(self) -> None:
        """Forget everything."""
        self.branches.clear()
        self.present = None
        self._states = self._beside = 0

    # The tree

    def begin(
        self, conditions: C, state: State, loss: float | None, root: bool = False, run: int = 0, own: bool = False
    ) -> Branch[C]:  # fmt: skip
        """Open a branch of `run` at the current step; `root`: it has no earlier steps. The state must not be changed afterwards."""
        parent = None if root else self.at(state.step)
        if parent is not None:
            parent.last = max(parent.last, state.step)
        self._ids += 1
        branch = Branch(self._ids, None if parent is None else parent.id, state.step, conditions, state.step, run=run, own=own)
        self.branches[branch.id] = self.present = branch
        if len(self.branches) > BRANCHES:
            self._drop_branches()
        self._count_beside()
        self.add(state, loss)
        return branch

    def lay(self, branch: Branch[C]) -> None:
        """Add a branch whose steps were made elsewhere."""
        self._ids = max(self._ids, branch.id)
        self.branches[branch.id] = branch
        self._states += sum(checkpoint.size for checkpoint in branch.held)
        self._count_beside()

    @property
    def next_id(self) -> int:
        return self._ids + 1

    def path(self, end: Branch[C] | None = None) -> list[Branch[C]]:
        """The branches from the root to `end` (default: the present one)."""
        branches: list[Branch[C]] = []
        branch = self.present if end is None else end
        while branch is not None:
            branches.append(branch)
            branch = self.branches.get(branch.parent) if branch.parent is not None else None
        return branches[::-1]

    def at(self, step: int, end: Branch[C] | None = None) -> Branch[C] | None:
        """The branch of a path that made `step`."""
        branch = self.present if end is None else end
        while branch is not None and branch.start > step:
            branch = self.branches.get(branch.parent) if branch.parent is not None else None
        return branch

    def enter(self, branch: Branch[C]) -> None:
        """Switch to another branch; the path now leads to its end."""
        self.present = branch

    def reached(self, step: int) -> None:
        """The run came to this step of the path."""
        branch = self.at(step)
        if branch is not None:
            branch.last = max(branch.last, step)

    def add(self, state: State, loss: float | None) -> bool:
        """Hold a captured state of the path, which must not be changed afterwards; False where it alone is more than the budget."""
        checkpoint = Checkpoint(state, loss, size_of(state))
        branch = self.at(state.step)
        if branch is None:
            return False
        branch.last = max(branch.last, state.step)
        if checkpoint.size > self.budget:
            return False
        at = bisect_right(branch.held, state.step, key=_step)
        if at and branch.held[at - 1].step == state.step:
            at -= 1
            self._states -= branch.held.pop(at).size
        branch.held.insert(at, checkpoint)
        self._states += checkpoint.size
        self._make_room(checkpoint)
        return True

    def tip(self, run: int) -> Branch[C] | None:
        """The newest branch of a run."""
        return next((branch for branch in reversed(self.branches.values()) if branch.run == run), None)

    def ends(self, branch: Branch[C]) -> int | None:
        """The step at which the same run went on under other conditions; None for the newest branch of a run."""
        return min((b.start for b in self.branches.values() if b.parent == branch.id and b.run == branch.run), default=None)

    def same_future(self, step: int, conditions: C) -> Branch[C] | None:
        """A branch that made the step after `step` of the path under these conditions: going on makes its steps once more."""
        here = self.at(step)
        if here is None:
            return None
        lines = [here, *(b for b in self.branches.values() if b.parent == here.id and b.start == step and not b.own)]
        if here.start == step and not here.own and here.parent in self.branches:
            above = self.branches[here.parent]
            lines += [above, *(b for b in self.branches.values() if b.parent == above.id and b.start == step and not b.own)]
        for branch in lines:
            end = self.ends(branch)
            made = branch.start <= step <= branch.last and (end is None or step < end) and not branch.foreign
            if made and conditions.same(branch.conditions):
                return branch
        return None

    # Returning

    def route(self, step: int, branch: int | None = None) -> tuple[Branch[C], Checkpoint] | None:
        """Where to start from on the way to a step of the path, or of the path to another branch; None when it is out of reach."""
        end = None if branch is None else self.branches.get(branch)
        if branch is not None and end is None:
            return None
        made_by = self.at(step, end)
        while made_by is not None:
            above = None if made_by.parent is None or made_by.own or made_by.start < step else self.branches.get(made_by.parent)
            checkpoint = made_by.before(step)
            if above is not None and (above.before(step) is not None or checkpoint is None):
                made_by = above  # where a branch begins with another optimizer, only its parent has what the one before remembered
                continue
            return None if checkpoint is None else (made_by, checkpoint)
        return None

    def held(self, step: int) -> tuple[Branch[C], State] | None:
        """The branch of the path that goes on from a step, and the state there; None where it would have to be computed again."""
        branch = self.at(step)
        checkpoint = None if branch is None else branch.before(step)
        return None if branch is None or checkpoint is None or checkpoint.step != step else (branch, checkpoint.state)

    def ranges(self, until: int | None = None) -> tuple[Range, ...]:
        """The steps of the path that can be returned to, as (first, last) from the earliest on; none after `until`."""
        joined: list[Range] = []
        path = self.path()
        for branch, following in zip(path, [*path[1:], None], strict=True):
            end = branch.last if following is None else following.start - 1
            end = end if until is None else min(end, until)
            if not branch.held or branch.held[0].step > end:
                continue
            first = branch.held[0].step
            if branch.foreign:
                joined += [(held.step, held.step) for held in branch.held if held.step <= end]
            elif joined and joined[-1][1] + 1 == first:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((first, end))
        return tuple(joined)

    # The budget

    def _make_room(self, newest: Checkpoint) -> None:
        if self.bytes <= self.budget:
            return
        few = len(self) < FEW
        aim = self.budget if few else self.budget * 3 // 4
        while self.bytes > aim and self._thin(newest, 1 if few else None, aim):
            pass
        while self.bytes > self.budget and self._drop(newest):
            pass

    def _thin(self, newest: Checkpoint, limit: int | None, aim: int) -> bool:
        """Leave out checkpoints between two others, those with the fewest steps between their neighbours first."""
        between: list[tuple[int, int, int, Branch[C]]] = []
        for branch in self.branches.values():
            held = branch.held
            for i in range(1, len(held)):
                if held[i] is not newest:
                    end = held[i + 1].step if i + 1 < len(held) else branch.last
                    between.append((end - held[i - 1].step, branch.id, held[i].step, branch))
        gone: set[tuple[int, int]] = set()
        for _, identity, step, branch in sorted(between, key=lambda row: row[:3]):
            if self.bytes <= aim or len(gone) == limit:
                break
            at = bisect_right(branch.held, step, key=_step) - 1
            if (identity, at - 1) not in gone:  # its neighbour has just gone
                self._states -= branch.held.pop(at).size
                gone.add((identity, at - 1))
        return bool(gone)

    def _drop(self, newest: Checkpoint) -> bool:
        """Give up a branch beside the path, else the earliest checkpoint of the path."""
        path = self.path()
        on_path = {branch.id for branch in path}
        beside = next((branch for branch in self.branches.values() if branch.id not in on_path), None)
        if beside is not None:
            self._forget(beside)
            return True
        for branch in path:
            if branch.held and branch.held[0] is not newest:
                self._states -= branch.held.pop(0).size
                if not branch.held and branch is not self.present:
                    self._forget(branch)
                return True
        return False

    def _drop_branches(self) -> None:
        """Give up a fifth of the branches, those beside the path first, then the earliest."""
        on_path = {branch.id for branch in self.path()}
        for branch in sorted(self.branches.values(), key=lambda b: (b.id in on_path, b.id))[: BRANCHES // 5]:
            if branch is not self.present:
                self._forget(branch)

    def _forget(self, branch: Branch[C]) -> None:
        self._states -= sum(checkpoint.size for checkpoint in branch.held)
        del self.branches[branch.id]
        for other in self.branches.values():
            if other.parent == branch.id:
                other.parent = None
        self._count_beside()

    def _count_beside(self) -> None:
        """The data and programs that the present conditions do not need."""
        beside: dict[int, int] = {}
        for branch in self.branches.values():
            beside |= branch.conditions.keeps()
        shared = {} if self.present is None else self.present.conditions.keeps()
        self._beside = sum(size for key, size in beside.items() if key not in shared)


def _step(checkpoint: Checkpoint) -> int:
    return checkpoint.step
