"""A table of one million rows and 20 columns: loaded as a job, against pandas' own reading of the same file.

Each side runs in processes of its own, in turns, so that memory is that side's and whatever else the machine does hits both.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROWS, COLUMNS = 1_000_000, 20
_MEASURED = """
import json, resource, sys, time
import pandas
{imports}
def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, begun, cpu = memory(), time.perf_counter(), time.process_time()
{work}
print(json.dumps([time.perf_counter() - begun, time.process_time() - cpu, memory() - before]))
"""
PANDAS = _MEASURED.format(imports="", work="frame = pandas.read_csv(sys.argv[1])")
JOB = _MEASURED.format(
    imports="from engine.data.answer import load_data\nfrom engine.data.job import load_job\nfrom engine.numerics.job import finished",
    work='finished(load_data(None, load_job([{"dataset": "csv", "path": sys.argv[1]}], "", 0)))',
)
"""Cells, samples and the three parts: everything that the graph is fed with."""


def run(turns: int = 5, rows: int = ROWS) -> dict[str, Any]:
    """Seconds, processor seconds and megabytes of each side (medians), and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        _write(path, rows)
        sides: dict[str, list[list[float]]] = {"pandas": [], "job": []}
        for turn in range(turns):
            for name in ("pandas", "job") if turn % 2 else ("job", "pandas"):
                sides[name].append(_measure(PANDAS if name == "pandas" else JOB, path))
        medians = {name: [statistics.median(column) for column in zip(*runs, strict=True)] for name, runs in sides.items()}
        result: dict[str, Any] = {"rows": rows, "columns": COLUMNS, "file_mb": path.stat().st_size / 2**20}
        for name, (seconds, cpu, megabytes) in medians.items():
            result[name] = {"seconds": seconds, "cpu_seconds": cpu, "memory_mb": megabytes}
        for at, name in enumerate(("seconds", "cpu_seconds", "memory_mb")):
            result[f"ratio_{name}"] = medians["job"][at] / medians["pandas"][at]
        return result


def _measure(program: str, path: Path) -> list[float]:
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    figures: list[float] = json.loads(done.stdout)
    return figures


def _write(path: Path, rows: int) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write(",".join(f"c{at}" for at in range(COLUMNS)) + "\n")
        for start in range(0, rows, 50_000):
            block = rng.normal(size=(min(50_000, rows - start), COLUMNS))
            file.write("\n".join(",".join(map("{:.6f}".format, row)) for row in block.tolist()) + "\n")
