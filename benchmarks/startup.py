"""How long `maskprobe` takes to answer where it need not look at a model, beside importing typer and rich.

`python benchmarks/startup.py [--rounds 10]`. Writes `results/startup.*`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from cost_models import medians, timing

RESULTS = Path(__file__).parent / "results"
PYTHON = sys.executable
BASE = "import typer, rich"
COMMANDS = {
    BASE: [PYTHON, "-c", BASE],
    "maskprobe --help": [PYTHON, "-m", "maskprobe", "--help"],
    "maskprobe --version": [PYTHON, "-m", "maskprobe", "--version"],
    "maskprobe rule MP104": [PYTHON, "-m", "maskprobe", "rule", "MP104"],
}


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the commands above


def table(found: dict[str, float]) -> str:
    """The results as Markdown."""
    lines = ["| command | median (s) | times the base |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {seconds:.3f} | {seconds / found[BASE]:.2f} |" for name, seconds in found.items()]
    return "\n".join([*lines, "", "The bar for `--help` is 2 times the base.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    # The default argument binds the command of each turn, not that of the last.
    found = medians({name: timing(lambda command=command: run(command)) for name, command in COMMANDS.items()}, rounds)
    print(table(found))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "startup.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "startup.md").write_text(table(found), encoding="utf-8")


if __name__ == "__main__":
    main()
