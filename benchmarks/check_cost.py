"""What `maskprobe check` costs for many models: with one process, with two, from the cache, and what it holds.

`python benchmarks/check_cost.py [--models 300]`. Writes `results/check_cost.*`. Beside it stands the bare loop: one
warm process that loads each model and runs one prediction. How much two processes can win here shows in two bare loops
at once, each over half of the models. Needs Linux: memory is read from `/proc`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from check_models import VOCABULARY, save_models
from check_watch import Watched, watched

RESULTS = Path(__file__).parent / "results"
LEAST_SPEEDUP, MOST_TIMES_BARE, LEAST_FROM_CACHE, MOST_GROWTH = 1.6, 2.5, 30.0, 1.25
"""The bars. Memory: the last three tenths of a run beside its second, third and fourth."""
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


@dataclass(frozen=True, slots=True)
class Bare:
    """What a bare loop took, without the start of TensorFlow."""

    seconds: float
    cpu: float
    load: float
    """Of `seconds`, those in which models were loaded."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one run over all models took."""

    name: str
    seconds: float
    cpu: float


def bare_loop(folder: Path, first: int, step: int, way: str) -> Bare:
    """Load every `step`th model and run one prediction: by `predict`, or by a plain `call` that compiles nothing."""
    import keras
    import numpy as np
    import tf_keras

    def once(path: Path) -> float:
        start = time.perf_counter()
        engine = tf_keras if ".tf_keras." in path.name else keras
        model = engine.models.load_model(path, compile=False)
        loaded = time.perf_counter()
        shape = (5, *model.inputs[0].shape[1:])
        batch = np.random.default_rng(0).integers(0, VOCABULARY, shape)
        batch = batch.astype(np.float32 if len(shape) > 2 else np.int32)  # noqa: PLR2004 - (B, T)
        if way == "predict":
            model.predict(batch, verbose=0)
        else:
            model(batch, training=False)
        return loaded - start

    paths = sorted(folder.iterdir())
    for path in paths[:2]:
        once(path)
    start, cpu = time.perf_counter(), time.process_time()
    load = sum(map(once, paths[first::step]))
    return Bare(time.perf_counter() - start, time.process_time() - cpu, load)


def bare_loops(folder: Path, number: int, way: str = "predict") -> list[Bare]:
    """So many bare loops at once, each over its share."""
    environment = os.environ | _QUIET
    started = [
        subprocess.Popen(  # noqa: S603 - this very script
            [sys.executable, __file__, "--bare", str(folder), str(first), str(number), way],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        for first in range(number)
    ]
    return [Bare(**json.loads(process.communicate()[0].splitlines()[-1])) for process in started]


def check(folder: Path, cache: Path, output: Path, *options: str) -> Watched:
    """Run the whole command."""
    words = ["check", str(folder), "--quiet", f"--output=json={output}", *options]
    found = watched([sys.executable, "-m", "maskprobe", *words], _QUIET | {"MASKPROBE_CACHE_DIR": str(cache)})
    if found.code != 1:
        raise SystemExit(f"maskprobe {' '.join(words)} ended with {found.code}")
    return found


def looks(output: Path) -> list[float]:
    """The seconds of each look at a model, of a run whose models were all run."""
    results = json.loads(output.read_text(encoding="utf-8"))["results"]
    if any(result["how"] != "run" or result.get("trouble") for result in results):
        raise SystemExit("a model was not run")
    return [result["seconds"] for result in results]


def growth(tenths: list[float]) -> float:
    """The most that is held late in a run, in terms of the most that is held early."""
    return max(tenths[7:]) / max(tenths[1:4])


def growth_a_tenth(run: Watched) -> float:
    """MB that the longest-lived process grew by with each tenth of the run, from its first third on."""
    seen = max(run.memory.values(), key=len)
    late = seen[len(seen) // 3 :]
    return (late[-1][1] - late[0][1]) / max(1e-9, (late[-1][0] - late[0][0]) / run.seconds * 10)


def measure(number: int, rounds: int) -> dict[str, object]:
    """All runs. Those to compare are run in turn, and the quickest of each counts: a busy machine shows least in it."""
    with tempfile.TemporaryDirectory() as name:
        folder, cache, output = Path(name, "models"), Path(name, "cache"), Path(name, "out.json")
        folder.mkdir()
        save = [sys.executable, __file__, "--save", str(folder), str(number)]
        subprocess.run(save, check=True, capture_output=True, env=os.environ | _QUIET)  # noqa: S603 - this very script
        load_before = os.getloadavg()[0]
        (bare,) = bare_loops(folder, 1)
        (call,) = bare_loops(folder, 1, "call")
        ones, twos, both = [], [], []
        for turn in range(rounds):
            ones.append(check(folder, cache, output, "--jobs=1", "--no-cache"))
            in_looks = sum(looks(output))
            twos.append(check(folder, cache / str(turn), output, "--jobs=2"))
            looks(output)
            both.append(bare_loops(folder, 2))
        again = [check(folder, cache / "0", output, "--jobs=2") for _ in range(3)]
    one, two, again = (min(runs, key=lambda run: run.seconds) for runs in (ones, twos, again))
    halves = min(both, key=lambda pair: max(half.seconds for half in pair))
    rows = [
        Row("bare loop: load, predict", bare.seconds, bare.cpu),
        Row("bare loop: load, one plain call", call.seconds, call.cpu),
        Row(
            "two bare loops at once, half each", max(half.seconds for half in halves), sum(half.cpu for half in halves)
        ),
        Row("check --jobs 1", one.seconds, one.cpu),
        Row("check --jobs 2", two.seconds, two.cpu),
        Row("check again, from the cache", again.seconds, again.cpu),
    ]
    figures = {
        "jobs 2 beside jobs 1": one.seconds / two.seconds,
        "the most it could be, by CPU seconds": 2 * one.cpu / two.cpu,
        "two bare loops beside one": bare.seconds / max(half.seconds for half in halves),
        "jobs 1 beside the bare loop": one.seconds / bare.seconds,
        "the same in CPU seconds": one.cpu / bare.cpu,
        "jobs 1 beside a plain call": one.seconds / call.seconds,
        "looks alone beside the bare loop": in_looks / bare.seconds,
        "jobs 2 beside the cache": two.seconds / again.seconds,
        "memory late beside early, jobs 1": growth(one.tenths()),
        "memory late beside early, jobs 2": growth(two.tenths()),
        "MB a tenth of the run, jobs 1": growth_a_tenth(one),
    }
    return {
        "models": number,
        "rounds": rounds,
        "load average": load_before,
        "rows": [asdict(row) for row in rows],
        "figures": figures,
        "memory": {"jobs 1": one.tenths(), "jobs 2": two.tenths()},
    }


def table(found: dict[str, object]) -> str:
    """The results as Markdown."""
    number, rows, figures, memory = (found[name] for name in ("models", "rows", "figures", "memory"))
    machine = f"{os.cpu_count()} processors, shared (load average {found['load average']:.1f} at the start)"
    turns = f"The quickest of {found['rounds']} counts."
    lines = [
        f"{number} small models of both engines, a third of them faulty; {machine}. {turns}",
        "",
        "| run | seconds | CPU seconds | seconds a model |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['name']} | {row['seconds']:.1f} | {row['cpu']:.1f} | {row['seconds'] / number:.3f} |" for row in rows
    ]
    lines += ["", "| figure | value | bar |", "| --- | --- | --- |"]
    bars = {
        "jobs 2 beside jobs 1": f"at least {LEAST_SPEEDUP:g}",
        "jobs 1 beside the bare loop": f"under {MOST_TIMES_BARE:g}",
        "jobs 2 beside the cache": f"at least {LEAST_FROM_CACHE:g}",
        "memory late beside early, jobs 1": f"at most {MOST_GROWTH:g}",
        "memory late beside early, jobs 2": f"at most {MOST_GROWTH:g}",
    }
    lines += [f"| {name} | {value:.2f} | {bars.get(name, '')} |" for name, value in figures.items()]
    lines += ["", "| most MB of a worker in each tenth of the run |" + 10 * " |", "| --- |" + 10 * " --- |"]
    lines += [
        f"| {name} | {' | '.join(f'{megabytes:.0f}' for megabytes in tenths)} |" for name, tenths in memory.items()
    ]
    note = "The bare loop does not count the start of TensorFlow; the runs of `check` do, in each of their processes."
    return "\n".join([*lines, "", note, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--save", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.save:
        save_models(Path(options.save[0]), int(options.save[1]))
        return
    if options.bare:
        folder, first, step, way = options.bare
        print(json.dumps(asdict(bare_loop(Path(folder), int(first), int(step), way))))
        return
    found = measure(options.models, options.rounds)
    print(table(found))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "check_cost.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "check_cost.md").write_text(table(found), encoding="utf-8")


if __name__ == "__main__":
    main()
