"""How small the scripts of `maskprobe minimize` are: for findings of the samples and of the corpus.

`python benchmarks/minimized.py [--every 6]`. Writes `results/minimized.*`. A script counts only if it ran under plain
Keras and showed the fault: whoever runs it needs no maskprobe.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
MOST_LINES = 25


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one finding."""

    model: str
    code: str
    lines: int
    """Of the script; 0 if there is none."""
    calls_before: int
    calls_after: int
    reason: str
    """Why there is no script."""


def look_at(path: Path, name: str, code: str, padding: str = "mixed") -> Result:
    """Make the smallest script for one finding, which is run."""
    from maskprobe import MaskprobeError
    from maskprobe.diagnose import TraceRequest
    from maskprobe.diagnose_minimize import minimize
    from maskprobe.probe.options import Padding, ProbeOptions

    try:
        found = minimize(path, code, TraceRequest(probe=ProbeOptions(Padding(padding))))
    except MaskprobeError as error:
        return Result(name, code, 0, 0, 0, str(error).replace(str(path), path.name))
    return Result(name, code, len(found.script.splitlines()), found.calls_before, found.calls_after, "")


def of_samples() -> Iterator[Result]:
    """Each finding above a note of the samples, one file of each model and Keras."""
    sys.path.insert(0, str(ROOT / "sample_models"))
    from sample_truth import FOLDER, read_samples

    samples = [sample for sample in read_samples() if not sample.options and not sample.old]
    for sample in {(sample.model, sample.engine): sample for sample in samples}.values():
        for code in dict.fromkeys(code for code, severity, _ in sample.findings if severity != "note"):
            yield look_at(FOLDER / sample.file, sample.file, code)


def of_corpus(every: int) -> Iterator[Result]:
    """The broken twins of the corpus, one in `every`; those with layers of their own are left out."""
    sys.path.insert(0, str(ROOT / "tests" / "corpus"))
    from corpus_pairs import all_pairs

    plain = [pair for pair in all_pairs() if "custom" not in pair.name and "lambda" not in pair.name]
    with tempfile.TemporaryDirectory() as folder:
        for pair in plain[::every]:
            path = Path(folder, "model.keras")
            pair.broken().save(path)
            yield look_at(path, pair.name, pair.code, pair.padding)


def table(results: list[Result]) -> str:
    """A line for each rule."""
    head = ("rule", "findings", "scripts", "fewest lines", "most lines", "calls before", "calls after")
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for code, group in groupby(sorted(results, key=lambda one: one.code), key=lambda one: one.code):
        lines.append(_line(code, list(group)))
    lines += [_line("**all**", results), ""]
    lines.append(f"The bar is {MOST_LINES} lines. Calls: the mean of those with a script.")
    own = sum("not Keras's own" in one.reason or "cannot load" in one.reason for one in results)
    left = sum(not one.lines for one in results) - own
    lines.append(
        f"{own} more have layers of their own, which plain Keras has not; of {left} no script showed the fault."
    )
    return "\n".join([*lines, ""])


def _line(label: str, results: list[Result]) -> str:
    made = [one for one in results if one.lines]
    if not made:
        return f"| {label} | {len(results)} | 0 | | | | |"
    before, after = (sum(getattr(one, name) for one in made) / len(made) for name in ("calls_before", "calls_after"))
    few, many = min(one.lines for one in made), max(one.lines for one in made)
    return f"| {label} | {len(results)} | {len(made)} | {few} | {many} | {before:.1f} | {after:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=6, help="one broken twin of the corpus in so many")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    results = []
    for source in (of_samples(), of_corpus(options.every)):
        for one in source:
            results.append(one)
            print(one.model, one.code, one.lines, one.reason[:200], flush=True)
    found = table(results)
    print(found)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "minimized.md").write_text(found, encoding="utf-8")
    records = json.dumps([asdict(one) for one in results], indent=1)
    (RESULTS / "minimized.json").write_text(records + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
