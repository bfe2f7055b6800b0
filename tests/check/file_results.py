"""Results of files, made by hand and by Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.finding import Finding, Severity
from maskprobe.rules.registry import RULES

CODES = {rule.code: rule.name for rule in RULES}
LAYERS = ("", "pool", "pool:1", "encoder/pool", "lstm")
PATHS = ("a.keras", "legacy/a.keras", "legacy/b.h5", "new/c.keras")


def finding(code: str = "MP104", layer: str = "pool", severity: Severity = Severity.WARNING) -> Finding:
    return Finding(
        code, CODES[code], severity, layer, "seen", "why", "mend it", affects=("loss",), unchecked=code == "MP901"
    )


def result(
    path: str = "a.keras",
    *findings: Finding,
    structure: str = "abc",
    how: How = How.RUN,
    trouble: Trouble | None = None,
    digest: str = "",
) -> FileResult:
    return FileResult(path, how, findings, trouble=trouble, structure=structure, digest=digest)


findings = st.builds(finding, st.sampled_from(sorted(CODES)), st.sampled_from(LAYERS), st.sampled_from(list(Severity)))
runs = st.lists(
    st.builds(
        lambda path, found, structure, how, trouble: result(
            path, *found, structure=structure, how=how, trouble=trouble
        ),
        st.sampled_from(PATHS),
        st.lists(findings, max_size=6),
        st.sampled_from(["", "abc", "def"]),
        st.sampled_from([How.RUN, How.STATIC]),
        st.sampled_from([None, None, Trouble.TIMEOUT]),
    ),
    max_size=4,
    unique_by=lambda one: one.path,
)
