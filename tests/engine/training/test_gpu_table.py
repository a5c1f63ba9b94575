"""The benchmark of a graphics card, without one: its logic must hold when a card is lent for minutes."""

from __future__ import annotations

import importlib
import json

import pytest
import torch

from benchmarks import gpu
from benchmarks.__main__ import main
from benchmarks.skipped import CODE
from engine.training import steps as steps_module
from tests.support.fake_card import FakeRecorder


class FakeRecorded(gpu.Recorded):
    made: list[FakeRecorder] = []

    def __init__(self) -> None:
        self.recorder = recorder = FakeRecorder()
        self.made.append(recorder)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[FakeRecorder]:
    """What our runs record with, as they are made; the graphs captured by hand have `FakeRecorded.made`."""
    ours: list[FakeRecorder] = []

    def recorder_for(device: str) -> FakeRecorder:
        ours.append(FakeRecorder())
        return ours[-1]

    monkeypatch.setattr(steps_module, "recorder_for", recorder_for)
    monkeypatch.setattr(FakeRecorded, "made", [])
    monkeypatch.setattr(gpu, "Recorded", FakeRecorded)
    adam = importlib.import_module("torch.optim.adam")
    monkeypatch.setattr(adam, "_get_capturable_supported_devices", lambda *_more, **_names: ["cpu"])
    return ours


def test_all_sides_make_the_same_steps_and_the_table_is_complete(cards: list[FakeRecorder]) -> None:
    rows = [gpu.Row(3, (4, 10), 8, "sgd"), gpu.Row(3, (4, 10), 8, "adam")]
    result = gpu.run("cpu", rows, samples=100, turns=1, steps=4)
    assert list(result["rows"]) == ["9-4-10, batch 8, sgd", "9-4-10, batch 8, adam"]
    for row in result["rows"].values():
        assert row["recorded"] and not row["not_recorded"]
        assert row["replay_apart"] == 0.0 and row["weights_apart"] < 1e-5
        assert row["hand_over_ours"] == pytest.approx(row["hand_us"] / row["ours_us"]) and row["with_curves_us"] > 0
    json.dumps(result)
    for ours, hand in zip((cards[0], cards[4]), FakeRecorded.made, strict=True):  # a row makes four runs, the first of which is timed
        assert ours.lengths[0] / 2 < hand.lengths[0]  # operations: the first recording is two steps


def test_the_table_of_the_script_is_the_one_that_is_asked_for() -> None:
    names = [row.name for row in gpu.ROWS]
    assert names == [
        "64-64-10, batch 64, sgd", "784-512-300-10, batch 256, sgd", "784-512-300-10, batch 256, adam", "784-2048-1024-10, batch 4096, sgd",
    ]  # fmt: skip


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_card_it_is_skipped_with_a_reason_and_a_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gpu", "--json"]) == CODE == 77
    assert "CUDA" in json.loads(capsys.readouterr().out)["skipped"]
