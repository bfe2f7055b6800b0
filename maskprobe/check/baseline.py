"""Known findings, kept in a file, so that only new ones fail a run.

A finding is known again by its rule, its layer, the structure of its model and the place of its file. Weights, sizes
and messages do not count: a model that was trained again has the same findings.

A finding that something was not checked is never known: to wave it through takes an ignore with a reason.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from maskprobe.check.applying import Suppressed
from maskprobe.check.baseline_file import BaselineEntry, read_entries, write_entries
from maskprobe.check.placing import is_url, seen_from
from maskprobe.check.result import FileResult, How
from maskprobe.finding import Finding

Place: TypeAlias = tuple[str, str]
"""A rule's code and the path of a layer call."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is known of one model."""

    path: str
    """Seen from the baseline's folder."""
    structure: str
    how: How
    findings: Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The known findings of many models."""

    folder: Path
    """That of the file: paths are seen from it."""
    files: tuple[KnownFile, ...]
    """At most one a path."""


@dataclass(frozen=True, slots=True)
class Known:
    """Findings of one rule at one layer, as a baseline holds them."""

    path: str
    """The file, seen from the baseline's folder."""
    code: str
    layer: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """The findings of a run beside those of a baseline."""

    new: tuple[tuple[str, Finding], ...]
    """With the path of the file, as in its result."""
    unchanged: tuple[tuple[str, Finding], ...]
    fixed: tuple[Known, ...]
    """Known findings of files that were looked at, and had them no more."""
    unchecked: tuple[tuple[str, Finding], ...] = ()
    """Findings that something was not checked: they are neither new nor known."""
    unseen: tuple[Known, ...] = ()
    """Known findings that cannot be told to be fixed: their file is not of this run, or was not looked at as well."""
    restructured: tuple[str, ...] = ()
    """Files of the run with another structure than the known one, or an unknown one: all their findings are new."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """For each renamed file of the run the path under which the baseline knows it."""


def write_baseline(results: Iterable[FileResult], path: Path) -> int:
    """Write the findings of `results` to `path`, and give how many there are.

    Raises:
        UsageError: there is a file that is no baseline, or the place cannot be written to.
    """
    folder, cwd = path.absolute().parent, Path.cwd()
    known = [(result, _places(result.findings)) for result in results]
    entries = [
        BaselineEntry(
            path=seen_from(folder, result.path, cwd),
            structure=result.structure,
            how=result.how,
            findings=_by_rule(places),
        )
        for result, places in known
        if places
    ]
    write_entries(path, entries)
    return sum(places.total() for _, places in known)


def read_baseline(path: Path) -> Baseline:
    """The baseline at `path`.

    Raises:
        UsageError: there is none that can be read.
    """
    files = {entry.path: entry for entry in read_entries(path)}
    return Baseline(path.absolute().parent, tuple(map(_known_file, files.values())))


def compare(results: Iterable[FileResult], baseline: Baseline, suppressed: Iterable[Suppressed] = ()) -> Comparison:
    """Tell new findings from known ones.

    A file whose path the baseline does not hold is taken for a renamed one if a known file of the same structure is
    gone: it is not of this run, and not on the disk. Each known file stands for one at most; one of the same name goes
    before others.

    Args:
        results: Those of a run.
        baseline: What is known.
        suppressed: Findings that the settings took out of the results: they are not reported, and not fixed.
    """
    cwd = Path.cwd()
    run = tuple(results)
    placed = {result.path: seen_from(baseline.folder, result.path, cwd) for result in run}
    renamed = _renamed(run, placed, baseline)
    hidden: dict[str, list[Finding]] = {}
    for one in suppressed:
        hidden.setdefault(one.path, []).append(one.finding)
    known = {file.path: file for file in baseline.files}
    pairs = [(result, known.pop(renamed.get(result.path, placed[result.path]), None)) for result in run]
    parts = [_of_file(result, file, _places(hidden.get(result.path, ()))) for result, file in pairs]
    return Comparison(
        new=tuple(one for part in parts for one in part.new),
        unchanged=tuple(one for part in parts for one in part.unchanged),
        fixed=tuple(one for part in parts for one in part.fixed),
        unchecked=tuple(one for part in parts for one in part.unchecked),
        unseen=(
            *(one for part in parts for one in part.unseen),
            *(one for file in known.values() for one in _all_known(file)),
        ),
        restructured=tuple(path for part in parts for path in part.restructured),
        renamed=renamed,
    )


def _of_file(result: FileResult, file: KnownFile | None, hidden: Counter[Place]) -> Comparison:
    same = file is not None and file.structure == result.structure
    left = Counter(file.findings if file is not None and same else {})
    new, unchanged, unchecked = [], [], []
    for finding in result.findings:
        place = (finding.code, finding.path)
        if finding.unchecked:
            unchecked.append((result.path, finding))
        elif left[place] > 0:
            left[place] -= 1
            unchanged.append((result.path, finding))
        else:
            new.append((result.path, finding))
    gone: tuple[Known, ...] = ()
    if file is not None:
        rest = Counter(file.findings) - _places(result.findings) - hidden
        gone = tuple(Known(file.path, code, layer, count) for (code, layer), count in sorted(rest.items()))
    told = file is None or _looked_as_well(result, file)
    return Comparison(
        new=tuple(new),
        unchanged=tuple(unchanged),
        fixed=gone if told else (),
        unchecked=tuple(unchecked),
        unseen=() if told else gone,
        restructured=(result.path,) if file is not None and not same and (result.structure or new) else (),
    )


def _looked_as_well(result: FileResult, file: KnownFile) -> bool:
    """Whether what is not found in `result` any more would have been seen."""
    return result.is_checked and (result.how is How.RUN or result.how is file.how)


def _renamed(results: Sequence[FileResult], placed: Mapping[str, str], baseline: Baseline) -> dict[str, str]:
    """For each renamed file of the run the path under which the baseline knows it."""
    here = set(placed.values())
    known = {file.path for file in baseline.files}
    gone = [
        file
        for file in sorted(baseline.files, key=lambda file: file.path)
        if file.structure and file.path not in here and _is_gone(baseline.folder, file.path)
    ]
    strangers = sorted((one for one in results if placed[one.path] not in known), key=lambda one: placed[one.path])
    found: dict[str, str] = {}
    for likeness in (_structure_and_name, _structure_alone):
        taken = set(found.values())
        left: dict[tuple[str, str], deque[str]] = {}
        for file in gone:
            if file.path not in taken:
                left.setdefault(likeness(file), deque()).append(file.path)
        for result in strangers:
            if result.path not in found and left.get(likeness(result)):
                found[result.path] = left[likeness(result)].popleft()
    return found


def _structure_and_name(file: KnownFile | FileResult) -> tuple[str, str]:
    return file.structure, PurePosixPath(file.path).name


def _structure_alone(file: KnownFile | FileResult) -> tuple[str, str]:
    return file.structure, ""


def _is_gone(folder: Path, path: str) -> bool:
    """Whether there is no such file. Of a file elsewhere it is not known."""
    return not is_url(path) and not (folder / path).exists()


def _places(findings: Iterable[Finding]) -> Counter[Place]:
    return Counter((finding.code, finding.path) for finding in findings if not finding.unchecked)


def _by_rule(places: Mapping[Place, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (code, layer), count in sorted(places.items()):
        found.setdefault(code, {})[layer] = count
    return found


def _known_file(entry: BaselineEntry) -> KnownFile:
    places = {(code, layer): count for code, layers in entry.findings.items() for layer, count in layers.items()}
    return KnownFile(entry.path, entry.structure, entry.how, places)


def _all_known(file: KnownFile) -> list[Known]:
    return [Known(file.path, code, layer, count) for (code, layer), count in sorted(file.findings.items())]
