"""How many faults of the corpus maskprobe names first, and how often it raises a false alarm.

`python benchmarks/accuracy.py [--only conv1d-same] [--engine keras] [--limit 50] [--failures] [--jobs 2]`. A run over
the whole corpus writes `results/accuracy.*`. The corpus is in `tests/corpus`: models in twins, one of them with one
fault at a known call.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

RESULTS = Path(__file__).parent / "results"
CORPUS = Path(__file__).parents[1] / "tests" / "corpus"
HEADINGS = ("fault", "rule", "pairs", "found first, right code and call", "false alarms on good twins", "seconds")
SUMMARY = ("rule", "kinds of fault", *HEADINGS[2:])
ENGINES = {"keras": "Keras 3", "tf_keras": "tf_keras"}

Pair: TypeAlias = Any
"""A pair of the corpus: see `tests/corpus/corpus_pairs.py`."""

Model: TypeAlias = Any
"""A model of either engine."""

Findings: TypeAlias = Sequence[Any]
"""Findings of a report. maskprobe is imported late, when the environment is set."""


@dataclass(frozen=True, slots=True)
class Result:
    """What maskprobe said of one pair."""

    name: str
    fault: str
    engine: str
    code: str
    path: str
    found: bool
    """The first finding above a note has an expected code and names the call to blame."""
    instead: tuple[str, ...]
    """What it said of the broken twin, in order, if that was not it."""
    alarms: tuple[str, ...]
    """Findings above a note on the good twin."""
    seconds: float
    """For the traces of both twins; models are built and weighted before."""


def look_at(pair: Pair) -> Result:
    """Trace both twins of `pair`."""
    from maskprobe.finding import Severity

    broken, broken_seconds = traced(pair.broken(), pair.padding)
    good, good_seconds = traced(pair.good(), pair.padding)
    first = next((finding for finding in broken if finding.severity is not Severity.NOTE), None)
    found = first is not None and first.path == pair.path and first.code in pair.codes
    return Result(
        pair.name,
        pair.fault,
        pair.engine,
        pair.code,
        pair.path,
        found,
        () if found else shown(broken),
        shown([finding for finding in good if finding.severity is not Severity.NOTE]),
        broken_seconds + good_seconds,
    )


def traced(model: Model, padding: str) -> tuple[Findings, float]:
    """The findings on `model`, and the seconds they took. A model that cannot be looked at has none."""
    import maskprobe

    start = time.perf_counter()
    try:
        findings: Findings = maskprobe.trace(model, padding=padding).findings
    except maskprobe.NotCheckedError as error:
        print(f"  not checked: {error}", file=sys.stderr)
        findings = ()
    return findings, time.perf_counter() - start


def shown(findings: Findings) -> tuple[str, ...]:
    """`MP101 warning at conv`."""
    return tuple(f"{finding.code} {finding.severity} at {finding.path or 'the model'}" for finding in findings)


@functools.cache
def corpus(seed: int) -> Mapping[str, Pair]:
    """All pairs, by name."""
    sys.path.insert(0, str(CORPUS))
    from corpus_pairs import all_pairs

    return {pair.name: pair for pair in all_pairs(seed)}


def chosen(options: argparse.Namespace) -> list[str]:
    """Names of the pairs to look at."""
    names = [
        name
        for name, pair in corpus(options.seed).items()
        if options.engine in {None, pair.engine} and (options.only is None or options.only in name)
    ]
    return names[: options.limit]


def look_at_named(seed: int, name: str) -> Result:
    """Look at one pair, in a process of its own or not."""
    warnings.simplefilter("ignore")
    return look_at(corpus(seed)[name])


def look_at_all(names: Sequence[str], seed: int, jobs: int) -> Iterator[Result]:
    """Look at the pairs in order, several at a time."""
    look = functools.partial(look_at_named, seed)
    if jobs == 1:
        yield from map(look, names)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(look, names)


def table(results: Sequence[Result]) -> str:
    """The results as Markdown: a line for each kind of fault, then the sums."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "| --- " * len(HEADINGS) + "|"]
    ordered = sorted(results, key=lambda result: (result.fault, result.engine))
    by_rule = sorted(by_fault(ordered), key=lambda group: (min(result.code for result in group), group[0].fault))
    lines += [line(group[0].fault, group) for group in by_rule]
    for engine, label in ENGINES.items():
        mine = [result for result in results if result.engine == engine]
        if mine:
            lines.append(line(f"**{label}**", mine, rules=False))
    lines.append(line("**all**", results, rules=False))
    return "\n".join([*lines, "", versions(), ""])


def summary(results: Sequence[Result]) -> str:
    """The results as Markdown: a line for each rule, by the code that stands for the fault, then the sums."""
    lines = ["| " + " | ".join(SUMMARY) + " |", "| --- " * len(SUMMARY) + "|"]
    ordered = sorted(results, key=lambda result: result.code)
    for code, group in groupby(ordered, key=lambda result: result.code):
        lines.append(kinds_line(code, list(group)))
    for engine, label in ENGINES.items():
        lines.append(kinds_line(f"**{label}**", [result for result in results if result.engine == engine]))
    lines.append(kinds_line("**all**", results))
    return "\n".join([*lines, "", versions(), ""])


def kinds_line(label: str, results: Sequence[Result]) -> str:
    """One line of the summary."""
    return f"| {label} | {len({result.fault for result in results})} | {sums(results)} |"


def by_fault(ordered: Sequence[Result]) -> Iterator[list[Result]]:
    """The results by kind of fault."""
    for _, group in groupby(ordered, key=lambda result: result.fault):
        yield list(group)


def line(label: str, results: Sequence[Result], *, rules: bool = True) -> str:
    """One line of the table."""
    codes = ", ".join(sorted({result.code for result in results})) if rules else ""
    return f"| {label} | {codes} | {sums(results)} |"


def sums(results: Sequence[Result]) -> str:
    """How many there are, how many were found, how many alarms were false, and the seconds."""
    found = sum(result.found for result in results)
    alarms = sum(bool(result.alarms) for result in results)
    seconds = sum(result.seconds for result in results)
    share = f"{found} ({found / len(results):.0%})"
    return f"{len(results)} | {share} | {alarms} | {seconds:.1f}"


def versions() -> str:
    import keras
    import tensorflow as tf
    import tf_keras

    return (
        "A pair counts as found if the first finding above a note names the faulty call with the right code, and as a "
        "false alarm if there is any above a note on its good twin. Seconds are for the traces of both twins, while "
        f"others run beside them. Keras {keras.__version__}, tf_keras {tf_keras.__version__}, "
        f"TensorFlow {tf.__version__}, CPU."
    )


def failure(result: Result) -> str:
    """What was said instead, and of the good twin."""
    said = [f"{result.name}: expected {result.code} at {result.path}"]
    if not result.found:
        said.append("  broken twin: " + ("; ".join(result.instead) or "nothing"))
    if result.alarms:
        said.append("  good twin: " + "; ".join(result.alarms))
    return "\n".join(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="a part of the names of pairs, such as a kind of fault")
    parser.add_argument("--engine", choices=list(ENGINES))
    parser.add_argument("--limit", type=int, help="how many pairs at most")
    parser.add_argument("--seed", type=int, default=0, help="of sizes and weights")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="how many processes")
    parser.add_argument("--failures", action="store_true", help="say what was found instead")
    options = parser.parse_args()
    names = chosen(options)
    if not names:
        parser.error("no pair has such a name")
    results = []
    for result in look_at_all(names, options.seed, options.jobs):
        results.append(result)
        if options.failures and (not result.found or result.alarms):
            print(failure(result), flush=True)
    print(table(results))
    if (options.only, options.engine, options.limit, options.seed) == (None, None, None, 0):
        write(results)


def write(results: Sequence[Result]) -> None:
    """Write the results of the whole corpus."""
    RESULTS.mkdir(exist_ok=True)
    records = json.dumps([asdict(result) for result in results], indent=1)
    (RESULTS / "accuracy.json").write_text(records + "\n", encoding="utf-8")
    (RESULTS / "accuracy.md").write_text(table(results), encoding="utf-8")
    (RESULTS / "accuracy_by_rule.md").write_text(summary(results), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
