"""How many faults of the corpus `maskprobe fix` mends, with proof, by rule.

`python benchmarks/fixes.py [--only conv1d-same] [--engine keras] [--kinds] [--failures] [--jobs 2]`. A run over all
writes `results/fixes.*`. What is mended is saved in both file formats of its engine, and proved from each.
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

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
CORPUS = ROOT / "tests" / "corpus"
SUMMARY = ("rule", "models", "fixed and proved", "no fix applies", "not proved", "seconds")
ENGINES = {"keras": "Keras 3", "tf_keras": "tf_keras"}
FORMATS = (".keras", ".h5")

Model: TypeAlias = Any
"""The path of a file, or a model of either engine."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one broken model."""

    name: str
    kind: str
    engine: str
    code: str
    """The rule that names the fault."""
    outcome: str
    """`proved`, `refused`, `not proved`, `not checked` or `clean`."""
    fixes: tuple[str, ...]
    reason: str
    seconds: float


def outcome_of(model: Model, padding: str = "mixed") -> tuple[str, Any]:
    """Mend a file or a model in memory, and prove it through each file format of its engine."""
    from maskprobe import NotCheckedError
    from maskprobe.diagnose import TraceRequest
    from maskprobe.diagnose_fix import FixRequest, fix_file, fix_live
    from maskprobe.probe.options import Padding, ProbeOptions

    run = TraceRequest(probe=ProbeOptions(Padding(padding)), trust=True)
    formats = FORMATS if isinstance(model, Path) else tuple(one for one in FORMATS if loads_as_it_was(model, one))
    request = FixRequest(run, suffixes=formats or FORMATS[:1])
    try:
        report = fix_file(model, None, request) if isinstance(model, Path) else fix_live(model, request)
    except NotCheckedError as error:
        return "not checked", str(error)
    if report.is_clean:
        return "clean", report
    if not report.is_proved:
        return ("not proved" if report.changes else "refused"), report
    return "proved", report


def loads_as_it_was(model: Model, suffix: str) -> bool:
    """Whether a model in memory can be saved in a format and loaded again, before anything is done to it."""
    from maskprobe import MaskprobeError, trace
    from maskprobe.backend.fixing.rebuild import lambdas_of, own_objects
    from maskprobe.backend.fixing.saving import saved_for_a_while
    from maskprobe.backend.live import adopt_model

    loaded = adopt_model(model)
    try:
        with saved_for_a_while(loaded, suffix) as path:
            own = {"custom_objects": own_objects(loaded), "replace": lambdas_of(loaded)}
            trace(path, replay=False, trust=True, **own)
    except MaskprobeError:
        return False
    return True


@functools.cache
def corpus() -> Mapping[str, Any]:
    """All pairs, by name."""
    sys.path.insert(0, str(CORPUS))
    from corpus_pairs import all_pairs

    return {pair.name: pair for pair in all_pairs()}


def look_at_named(name: str) -> Result:
    """The broken twin of one pair."""
    warnings.simplefilter("ignore")
    pair = corpus()[name]
    model, start = pair.broken(), time.perf_counter()
    outcome, report = outcome_of(model, pair.padding)
    fixes = () if isinstance(report, str) else tuple(change.fix for change in report.changes)
    reason = report if isinstance(report, str) else report.reason
    return Result(name, pair.fault, pair.engine, pair.code, outcome, fixes, reason, time.perf_counter() - start)


def look_at_all(names: Sequence[str], jobs: int) -> Iterator[Result]:
    """Look at the pairs in order, several at a time."""
    if jobs == 1:
        yield from map(look_at_named, names)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(look_at_named, names)


def chosen(options: argparse.Namespace) -> list[str]:
    """Names of the pairs to look at."""
    names, kinds = [], set[tuple[str, str]]()
    for name, pair in corpus().items():
        kind = (pair.fault, pair.engine)
        if options.engine not in {None, pair.engine} or (options.only is not None and options.only not in name):
            continue
        if options.kinds and kind in kinds:
            continue
        kinds.add(kind)
        names.append(name)
    return names


def summary(results: Sequence[Result]) -> str:
    """The results as Markdown: a line for each rule, then the sums."""
    lines = ["| " + " | ".join(SUMMARY) + " |", "| --- " * len(SUMMARY) + "|"]
    for code, group in groupby(sorted(results, key=lambda result: result.code), key=lambda result: result.code):
        lines.append(line(code, list(group)))
    for engine, label in ENGINES.items():
        mine = [result for result in results if result.engine == engine]
        if mine:
            lines.append(line(f"**{label}**", mine))
    lines.append(line("**all**", results))
    return "\n".join([*lines, "", versions(), ""])


def line(label: str, results: Sequence[Result]) -> str:
    """One line of the table."""
    counts = [sum(result.outcome == outcome for result in results) for outcome in ("proved", "refused", "not proved")]
    other = len(results) - sum(counts)
    seconds = sum(result.seconds for result in results)
    return f"| {label} | {len(results)} | {counts[0]} | {counts[1] + other} | {counts[2]} | {seconds:.1f} |"


def versions() -> str:
    import keras
    import tensorflow as tf
    import tf_keras

    return (
        "Broken twins of the corpus. Fixed and proved: saved, loaded and proved again in both `.keras` and "
        "`.h5`, or in the one of them that Keras can load the broken model from. "
        "No fix applies: nothing was changed, and the reason was said; models with calls in code are among them. "
        "Not proved: a change was tried, the proof refused it, and nothing was written. "
        f"Keras {keras.__version__}, tf_keras {tf_keras.__version__}, TensorFlow {tf.__version__}, CPU."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="a part of the names of pairs, such as a kind of fault")
    parser.add_argument("--engine", choices=list(ENGINES))
    parser.add_argument("--kinds", action="store_true", help="one pair of each kind of fault and engine")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="how many processes")
    parser.add_argument("--failures", action="store_true", help="say why what was not mended was not")
    options = parser.parse_args()
    names = chosen(options)
    if not names:
        parser.error("no pair has such a name")
    results = []
    for result in look_at_all(names, options.jobs):
        results.append(result)
        if options.failures and result.outcome != "proved":
            print(f"{result.name} {result.code} {result.outcome} {result.fixes}: {result.reason[:300]}", flush=True)
    print(summary(results))
    if (options.only, options.engine, options.kinds) == (None, None, False):
        RESULTS.mkdir(exist_ok=True)
        records = json.dumps([asdict(result) for result in results], indent=1)
        (RESULTS / "fixes.json").write_text(records + "\n", encoding="utf-8")
        (RESULTS / "fixes.md").write_text(summary(results), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
