"""From a trace to a report: all rules applied."""

from __future__ import annotations

from dataclasses import replace

from maskprobe.archive.archive import Archive
from maskprobe.finding import CallEvent
from maskprobe.mask_trace import Trace
from maskprobe.report.report import FileInfo, Report
from maskprobe.witness import Verdict


def judge_loss(trace: Trace, file: FileInfo | None = None) -> Report:
    """Apply the rules on losses and metrics to `trace`."""
    from maskprobe.rules.blamed_flow import BlamedFlow
    from maskprobe.rules.check import check_losses

    flow = BlamedFlow(trace)
    return Report(trace, flow.events, check_losses(flow), file)


def judge(trace: Trace, file: FileInfo | None = None) -> Report:
    """Apply all rules to `trace`."""
    from maskprobe.rules.blamed_flow import BlamedFlow
    from maskprobe.rules.check import check_all
    from maskprobe.rules.verdict import verdicts

    flow = BlamedFlow(trace)
    findings = check_all(flow)
    codes: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        codes[finding.path] = (*codes.get(finding.path, ()), finding.code)
    seen = verdicts(flow, findings)
    events: dict[str, CallEvent] = {
        path: replace(event, codes=codes.get(path, ()), verdict=seen.get(path, Verdict.NOTHING))
        for path, event in flow.events.items()
    }
    return Report(trace, events, findings, file)


def file_info(archive: Archive) -> FileInfo:
    """What a report says of the file."""
    return FileInfo(str(archive.path), archive.format.value, archive.keras_version)
