"""A report on a model whose author put code into every name."""

from __future__ import annotations

from dataclasses import replace

from sample_reports import ABSENT, CARRIED, HOSTILE, MADE, NOTHING, SEEN, call, report

from maskprobe.finding import CallEvent, Event, Finding, Severity
from maskprobe.mask_trace import CallKind
from maskprobe.report.report import FileInfo, Report

SCRIPT = "<script>alert(1)</script>"
NAMES = (
    SCRIPT,
    "../../x",
    "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "a\u2028b\u2029c",
    "\u202egnp.exe",
    HOSTILE,
    "<!--<script>",
    "' onfocus='alert(1)",
    "javascript:alert(1)",
)


def hostile_report() -> Report:
    """A chain of calls by these names, each with a finding that repeats its name everywhere."""
    calls = [(call("tokens", "InputLayer", [], [ABSENT], kind=CallKind.INPUT), NOTHING)]
    findings = []
    for place, name in enumerate(NAMES):
        made = call(f"call_{place}", name, [SEEN], [SEEN], warnings=(name,), error=name)
        event = MADE if place == 0 else CARRIED if place % 2 else CallEvent(Event.LOST, name)
        calls.append((replace(made, path=name, name=name, parent=None), event))
        findings.append(
            Finding(
                "MP101", name, Severity.ERROR, name, name, name, name, (name, "elsewhere"), (name,), evidence=(name,)
            )
        )
    made = report(calls, tuple(findings))
    return replace(made, file=FileInfo(f"models/{SCRIPT}\u202e.keras", SCRIPT, SCRIPT))
