"""Jobs beside a real training: not one bit of what is trained is another one."""

from __future__ import annotations

from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.data.job import load_job
from engine.explain.audit import Audit
from engine.explain.sweep import Sweep
from engine.kernel.protocol import Request, Start
from engine.kernel.server import Server
from engine.kernel.worker import DocumentWorker
from engine.nodes.catalog import CATALOG
from engine.numerics.job import Job
from graph.storage.files import dumps, load

STEPS = 120
EXAMPLES = Path(__file__).parents[3] / "resources/examples"


def trained(example: Path, jobs: tuple[Job, ...]) -> tuple[dict[tuple[str, str], np.ndarray], list[str]]:
    """The parameters after `STEPS` steps of a kernel that does these jobs meanwhile, and how they ended."""
    server = Server(Pipe()[0], DocumentWorker)
    graph = load(example, CATALOG)
    numbered = tuple(enumerate(jobs, 1))
    wanted = {number: 0 for number, _ in numbered}
    text = dumps(graph)
    reply = server._answer(Request(1, 1, 1, 1, text=text, run=1, commands=(Start(1, STEPS),), new_jobs=numbered, jobs=wanted))
    assert not reply.error
    worker = server._workers[1]
    while worker.training or server._jobs.running:
        server._work()
    ends = server._answer(Request(2, 1, 1, 1, base=1, jobs=wanted)).jobs
    assert worker.step == STEPS
    return {key: view.data for key, view in worker.trace().parameters.items()}, [news.end.how if news.end else "" for news in ends]


@pytest.mark.parametrize("example", ["digits-mlp", "xor"])
def test_training_is_bit_for_bit_the_same_beside_jobs(example: str, tmp_path: Path, two_threads: None) -> None:
    file = EXAMPLES / f"{example}.gradwire"
    table = tmp_path / "t.csv"
    table.write_text("a,b\n" + "1,2\n3,4\n" * 3000)
    jobs = (Sweep(((1, 4), (4, 16), (2, 64))), load_job([{"dataset": "csv", "path": str(table)}], ""), Audit())
    alone, _ = trained(file, ())
    before = torch.get_num_threads(), torch.random.get_rng_state()
    beside, ends = trained(file, jobs)

    assert ends == ["done", "done", "outdated"]  # what is about the numbers has no answer while they change
    assert alone.keys() == beside.keys() and alone
    for key, value in alone.items():
        np.testing.assert_array_equal(value, beside[key], strict=True)
    assert torch.get_num_threads() == before[0] and torch.equal(torch.random.get_rng_state(), before[1])
