"""By hand, minutes and gigabytes a version: is the engine right with each PyTorch that requirements-engine.txt allows?

    python tests/torch_versions.py 2.9.1 2.10.0 2.11.0 2.12.1 2.13.0

For each version a virtual environment is made with exactly requirements-engine.txt and what these tests need, without PySide6. There the
commands run, and the tests of what depends on PyTorch's own code: the compiled program, the trainer, the optimizers, sweeps, exports.
The environment is deleted afterwards; --folder says where it is made, --keep leaves it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/cli", "tests/engine/compile", "tests/engine/training", "tests/engine/sweep", "tests/engine/export", "tests/engine/nodes")
NOT_HERE = ("--ignore", "tests/cli/test_guard.py", "--ignore", "tests/engine/training/test_mnist.py", "-k", "not race_on_the_command_line")
"""They need PySide6, or data that a package of requirements-dev.txt ships."""
FOR_THE_TESTS = ("pytest>=8", "hypothesis>=6.100", "mpmath>=1.3")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", metavar="VERSION")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where environments are made: 6 GB each")
    parser.add_argument("--keep", action="store_true", help="leave the environments there")
    parser.add_argument("--tests", nargs="*", default=TESTS, metavar="PATH", help="files and folders of tests, instead of all that matter")
    options = parser.parse_args()
    results = {}
    for version in options.versions:
        results[version] = verify(version, options.folder / f"torch-{version}.venv", options.tests, options.keep)
    for version, said in results.items():
        print(f"torch {version}: {said}")
    return 0 if all(said.startswith("passed") for said in results.values()) else 1


def verify(version: str, folder: Path, tests: list[str], keep: bool) -> str:
    """What came of one version, in a line that begins with "passed" or with what failed."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    try:
        configuration = folder / "pytest.ini"  # that of the project names options of pytest-qt
        if not configuration.exists():  # it is written when everything is installed
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "-r", str(ROOT / "requirements-engine.txt"), f"torch=={version}"]
            if subprocess.run([*install, *FOR_THE_TESTS]).returncode:
                return "cannot be installed here"
        configuration.write_text("[pytest]\nmarkers =\n    long\n    gpu\n", encoding="utf-8")
        pytest = [str(python), "-m", "pytest", "-q", "-c", str(configuration), "--rootdir", str(ROOT), "--import-mode=importlib"]
        pytest += ["-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not long and not gpu", *NOT_HERE, *tests]
        done = subprocess.run(pytest, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
        last = done.stdout.strip().splitlines()[-1:] or ["no test ran"]
        if done.returncode:
            print(done.stdout)
        return f"{'failed' if done.returncode else 'passed'}: {last[0].strip('= ')}"
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
