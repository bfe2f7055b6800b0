"""What `maskprobe trace --static` costs: whole processes beside typer and rich and beside modelscan, and warm speed.

`python benchmarks/static_cost.py [--modelscan PATH] [--rounds 9]`, in an environment that need not hold
TensorFlow. Writes `results/static_cost.*`. Times are CPU times (user and system), the least of several runs: what else
the machine does shows in them least. Memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from static_models import write_h5, write_keras

RESULTS = Path(__file__).parent / "results"
BASE = "import typer, rich, json"
LAYERS = (40, 402, 4000)
SMALL, LARGE = 2 * 10**6, 2 * 10**9
"""Bytes of the two `.h5` files of 402 layers."""
MOST_TIMES, MOST_MB, LEAST_PER_SECOND = 3.0, 120.0, 10_000
"""The bars: times the base, megabytes, and calls a second in a warm process."""


_NOT_SCANNED = 3
"""The exit code of modelscan on a `.keras` file where it has no TensorFlow: it has started, and looked at nothing."""


_LAUNCH = """
import os, sys
away = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
number = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=away)
_, status, usage = os.wait4(number, 0)
print([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss])
"""
"""Starts a command from a process that is small itself: a process counts the memory of the one that started it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    seconds: float
    """CPU time, user and system."""
    megabytes: float
    """Its peak of memory."""
    code: int
    """Its exit code."""


def spent(command: Sequence[str]) -> Cost:
    """Run a command with its output thrown away."""
    # Without compiled modules each start would compile them anew.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, *command]
    done = subprocess.run(launch, capture_output=True, check=True, env=environment)  # noqa: S603 - the commands below
    code, seconds, kilobytes = json.loads(done.stdout)
    if code not in {0, 1, _NOT_SCANNED}:
        raise SystemExit(f"{' '.join(command)} failed")
    return Cost(seconds, kilobytes / 1024, code)


def least(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Cost]:
    """The least that each command takes. They run in turn, so that a busy machine slows all alike; first to warm up."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            found[name].append(spent(command))
    return {
        name: Cost(min(one.seconds for one in runs[1:]), min(one.megabytes for one in runs[1:]), runs[0].code)
        for name, runs in found.items()
    }


def static(path: Path) -> list[str]:
    return [sys.executable, "-m", "maskprobe", "trace", "--static", str(path)]


def processes(folder: Path, rounds: int, modelscan: str | None) -> dict[str, Cost]:
    """What whole processes take."""
    commands = {BASE: [sys.executable, "-c", BASE], "import numpy": [sys.executable, "-c", "import numpy"]}
    hello = folder / "hello.py"
    hello.write_text("import typer\n\ndef main(file: str):\n    print(file)\n\ntyper.run(main)\n", encoding="utf-8")
    commands["a Typer program that prints its argument"] = [sys.executable, str(hello), "x"]
    files = {f"{layers} layers, .keras": write_keras(folder / f"l{layers}.keras", layers) for layers in LAYERS}
    files["402 layers, .h5 of 2 MB"] = write_h5(folder / "small.h5", 402, SMALL)
    files["402 layers, .h5 of 2 GB"] = write_h5(folder / "large.h5", 402, LARGE)
    for name, path in files.items():
        commands[f"maskprobe trace --static: {name}"] = static(path)
    if modelscan is not None:
        commands["modelscan: 402 layers, .keras"] = [modelscan, "-p", str(files["402 layers, .keras"])]
        commands["modelscan: 402 layers, .h5 of 2 MB"] = [modelscan, "-p", str(files["402 layers, .h5 of 2 MB"])]
    return least(commands, rounds)


def per_second(folder: Path, layers: int) -> float:
    """Calls a second in a process that has done it before: the file read, traced and judged."""
    from maskprobe.archive.read import read_archive
    from maskprobe.judging import file_info, judge
    from maskprobe.static.trace import StaticOptions, static_trace

    path, seconds, calls = folder / f"l{layers}.keras", [], 0
    for _ in range(7):
        start = time.process_time()
        archive = read_archive(path)
        report = judge(static_trace(archive, StaticOptions()), file_info(archive))
        seconds.append(time.process_time() - start)
        calls = len(report.trace.calls)
    return calls / min(seconds)


def table(costs: dict[str, Cost], warm: dict[int, float]) -> str:
    """The results as Markdown."""
    base = costs[BASE].seconds
    lines = ["| process | CPU (s) | times the base | peak memory (MB) | exit code |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{name}` | {one.seconds:.3f} | {one.seconds / base:.1f} | {one.megabytes:.0f} | {one.code} |"
        for name, one in costs.items()
    ]
    lines += ["", "| layers | calls a second, warm |", "| --- | --- |"]
    lines += [f"| {layers} | {round(speed, -1):.0f} |" for layers, speed in warm.items()]
    bars = (
        f"The bars: 402 layers in at most {MOST_TIMES:g} times the base and in less than modelscan takes, at most "
        f"{MOST_MB:g} MB, the large `.h5` no slower than the small one, {LEAST_PER_SECOND} calls a second."
    )
    scanned = f"modelscan leaves with {_NOT_SCANNED} where it scans nothing: a `.keras` file needs TensorFlow there."
    lines += ["", bars, scanned, ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--modelscan", help="the command of modelscan 0.8.8, in an environment of its own with h5py")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        costs = processes(folder, options.rounds, options.modelscan)
        warm = {layers: per_second(folder, layers) for layers in LAYERS}
    print(table(costs, warm))
    RESULTS.mkdir(exist_ok=True)
    found = {"processes": {name: asdict(one) for name, one in costs.items()}, "calls_per_second": warm}
    (RESULTS / "static_cost.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "static_cost.md").write_text(table(costs, warm), encoding="utf-8")


if __name__ == "__main__":
    main()
