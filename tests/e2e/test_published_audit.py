"""The faults that a published audit of another tool found, looked for in this one. That no evaluation survives an edit of weights is in
tests/ui/test_no_stale_numbers.py and tests/engine/kernel/test_measured.py."""

from __future__ import annotations

from typing import Any

import pytest

from engine.kernel.protocol import Start
from graph.model.edits import AddNode, Compound, Move, SetGraphSetting, SetTraining
from graph.model.elements import Node
from graph.storage.document import Document
from graph.storage.saved_run import SavedRun
from tests.engine.kernel.test_runs_outlive_the_kernel import Bench
from tests.support.jobs import Count, FreeCount
from tests.support.networks import tanh_net

# What belongs to a document that was left never touches the next one


def opened(bench: Bench) -> Document:
    """The bench's document as a file with its runs holds it."""
    return Document(bench.document.graph.copy(), runs=bench.client.all_runs(), state=bench.client.known_state)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("with_runs", [False, True])
def test_a_run_or_a_job_that_ends_after_new_or_open_never_touches_the_new_document(
    held: bool, with_runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(monkeypatch)
    bench.train(7)
    other = opened(bench) if with_runs else Document(tanh_net())
    wanted = {saved.record.id: saved for saved in other.runs}
    bench.train(3)
    heard: list[Any] = []
    jobs = [Count("about", 10**9), FreeCount("free", 10**9)]
    ends: list[str] = []
    about, free = (bench.client.job(job, lambda report, parts: None, lambda end: ends.append(end.how)) for job in jobs)
    bench.client.command(Start(bench.client.run, 500))
    while not bench.client.training:
        bench.client.pump()

    bench.client.hold(held)
    bench.client.request_state()
    bench.client.request_kept(heard.append)
    bench.now += 0.1
    bench.client.pump()
    assert bench.client.busy and bench.client.training  # an answer about the last document is under way
    heard.clear()
    bench.client.on_progress = lambda progress: heard.append(progress.step)
    bench.client.on_state = lambda state: heard.append(state.step)
    bench.client.attach(other)
    assert ends == ["outdated"] and about  # the one about the document; the other one's answer is nothing of a document's
    for _ in range(10):
        bench.now += 0.1
        bench.client.pump()
    bench.client.hold(False)
    bench.client.cancel_job(free)
    bench.settle()
    bench.client.request_state()
    bench.settle()

    progress = bench.client.progress
    assert heard and {*heard} == {7 if with_runs else 0}  # nothing of the last document, whatever was under way
    assert (progress.step, progress.phase) == ((7, "paused") if with_runs else (0, "idle"))
    assert {run: saved.record for run, saved in bench.client.saved_runs.items()} == {run: saved.record for run, saved in wanted.items()}
    assert not other.modified and other.revision == 0
    assert bench.client.run in wanted if with_runs else not bench.client.all_runs()


@pytest.mark.parametrize("saved", [True, False])
def test_new_runs_of_an_opened_file_have_ids_that_none_of_its_runs_has_or_had(saved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`saved`: with the runs themselves; else only what the document says of them (a name, or that it was deleted)."""
    bench = Bench(monkeypatch)
    bench.train(5)
    first: SavedRun = bench.client.all_runs()[0]
    fresh = Bench(monkeypatch)  # another process
    file = Document(bench.document.graph.copy(), runs=(first,) if saved else (), state=bench.client.known_state if saved else None)
    high = max(first.record.id, 40)
    file.do(SetGraphSetting("runs", {"40": {"name": "gone", "deleted": True}}))
    fresh.document = file
    fresh.client.attach(file)
    fresh.settle()
    assert fresh.client.run == first.record.id if saved else fresh.client.run > high
    fresh.train(4)
    fresh.go_to(6 if saved else 2)
    fresh.rate(0.1)
    fresh.train(1)  # a branch
    fresh.rate(0.2)
    fresh.go_to(6 if saved else 2)
    fresh.train(1)  # and another
    branches = [run for run, each in fresh.client.saved_runs.items() if each.record.parent is not None]
    assert len(branches) == 2 and min(branches) > high and fresh.client.new_run() > max(branches)


# An older learning rate never comes back


def test_undoing_an_action_of_the_canvas_leaves_the_learning_rate_and_undoing_the_rate_restores_exactly_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch)
    document, rates = bench.document, []

    def rate() -> float:
        bench.settle()
        bench.train(1)
        rates.append(bench.client.progress.rate)
        assert rates[-1] == document.graph.training["hyper"]["lr"]
        return float(document.graph.training["hyper"]["lr"])

    assert rate() == 0.5
    node = document.graph.nodes["tanh"]
    document.do(SetTraining("hyper", {"lr": 0.25}))
    document.do(Move((("tanh", node.x + 40.0, node.y),)))
    document.do(AddNode(Node("more", "source.input", "more")))
    assert rate() == 0.25
    document.undo()
    document.undo()
    assert rate() == 0.25 and document.graph.nodes["tanh"].x == node.x
    document.do(Move((("tanh", node.x + 80.0, node.y),)))
    document.do(Compound((SetTraining("hyper", {"lr": 0.125}),)))
    assert rate() == 0.125
    document.undo()
    assert rate() == 0.25 and document.graph.nodes["tanh"].x == node.x + 80.0
    document.redo()
    assert rate() == 0.125
