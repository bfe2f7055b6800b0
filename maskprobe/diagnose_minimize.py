"""The smallest model that still shows a finding, as a script that was run. Prints nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskprobe.diagnose import Progress, TraceRequest, load_with, trace_live, trace_loaded
from maskprobe.errors import MaskprobeError, NotCheckedError, UsageError, one_line
from maskprobe.finding import Finding, Severity
from maskprobe.fixes.graph_edit import GraphEdit, name_of
from maskprobe.mask_trace import InputRole
from maskprobe.minimizing.code import Words
from maskprobe.minimizing.script import Given, script
from maskprobe.minimizing.shrink import smallest
from maskprobe.report.report import Report

if TYPE_CHECKING:
    from maskprobe.backend.loaded import LoadedModel

_SECONDS = 120
_KINDS = {InputRole.TOKENS: "tokens", InputRole.VALUES: "values", InputRole.MASK: "mask", InputRole.OTHER: "other"}
_RANK_WITH_TIME = 3


@dataclass(frozen=True, slots=True)
class Minimal:
    """What came of it."""

    finding: Finding
    """What the model shows."""
    script: str
    calls_before: int
    calls_after: int
    said: str
    """What the script printed."""


def minimize(path: Path, code: str, request: TraceRequest, progress: Progress | None = None) -> Minimal:
    """Make the model saved at `path` as small as it can be while it still has a finding of the rule `code`.

    Raises:
        UsageError: there is no such finding, or an option is wrong.
        NotCheckedError: the model could not be looked at, or no script shows the fault.
    """
    from maskprobe.archive import read_archive
    from maskprobe.backend.fixing.wires import bare_config

    tell = progress or (lambda _stage: None)
    archive = read_archive(path)
    loaded = load_with(archive, request, tell)
    report = trace_loaded(archive, loaded, request, tell)
    found = _finding(report, code)
    if found is None:
        known = ", ".join(dict.fromkeys(finding.code for finding in report.faults)) or "none"
        raise UsageError(f"{path} has no finding {code} above a note; it has: {known}")
    generation = loaded.engine.info.generation
    looks = _Looks(loaded, found, replace(request, inputs=None))
    config = smallest(bare_config(loaded), generation, looks.shows)
    made = looks.last
    if made is None:
        raise NotCheckedError("the finding needs the weights of the model: made anew it does not show it")
    text = _script(loaded, config, made, code)
    return Minimal(found, text, len(report.trace.calls), len(made.trace.calls), run_script(text))


class _Looks:
    """Looks at candidates, and keeps the last report that shows the finding."""

    def __init__(self, loaded: LoadedModel, finding: Finding, request: TraceRequest) -> None:
        self._loaded, self._finding, self._request = loaded, finding, request
        self.last: Report | None = None

    def shows(self, config: dict[str, Any]) -> bool:
        """Whether the model of `config`, made anew, has the finding."""
        from maskprobe.backend.fixing.rebuild import made_from

        try:
            model = made_from(self._loaded, config)
            model.compile(loss="mse")
            report = trace_live(model, self._request)
        except (MaskprobeError, ValueError, TypeError):
            return False
        found = _finding(report, self._finding.code)
        if found is None or report.trace.failure is not None or len(report.trace.outputs) != 1:
            return False
        self.last = report
        return True


def _finding(report: Report, code: str) -> Finding | None:
    return next(
        (finding for finding in report.faults if finding.code == code and finding.severity is not Severity.NOTE), None
    )


def _script(loaded: LoadedModel, config: dict[str, Any], report: Report, code: str) -> str:
    from maskprobe.backend.fixing.settings import needed_settings, operation_name

    engine = loaded.engine
    words = Words(lambda entry: needed_settings(engine, entry), lambda name: operation_name(engine, name))
    graph = GraphEdit(config, engine.info.generation)
    free = _free_inputs(graph)
    given = [
        Given(one.name, (None, None if one.name in free else one.shape[1], *one.shape[2:]), _KINDS[one.role])
        if len(one.shape) > 1
        else Given(one.name, one.shape, "other")
        for one in report.trace.probe.inputs
    ]
    output = report.trace.outputs[0]
    timed = [one for one in report.trace.probe.inputs if one.real is not None]
    steps_out = bool(timed) and len(output.shape) >= _RANK_WITH_TIME and output.shape[1] == timed[0].shape[1]
    finding = _finding(report, code) or report.findings[0]
    title = one_line(f"{finding.code} {finding.name} at '{finding.path}', {report.trace.engine}", 100)
    return script(graph, words, given, steps_out=steps_out, title=title)


def _free_inputs(graph: GraphEdit) -> set[str]:
    """Names of the inputs whose number of steps is free."""
    found = set()
    for entry in graph.entries:
        shape = entry.get("config", {}).get("batch_shape") or entry.get("config", {}).get("batch_input_shape")
        if isinstance(shape, list) and len(shape) > 1 and shape[1] is None:
            found.add(name_of(entry))
    return found


def run_script(text: str) -> str:
    """Run a script in a Python of its own; gives what it prints.

    Raises:
        NotCheckedError: it fails: what it was to show does not show.
    """
    with tempfile.TemporaryDirectory(prefix="maskprobe-") as folder:
        path = Path(folder) / "minimal.py"
        path.write_text(text, encoding="utf-8")
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        try:
            done = subprocess.run(  # noqa: S603 - the script that was just written
                [sys.executable, str(path)],
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotCheckedError(f"the script takes longer than {_SECONDS} seconds") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotCheckedError(f"the smallest model does not show it in a script: {one_line(last, 200)}")
    return done.stdout
