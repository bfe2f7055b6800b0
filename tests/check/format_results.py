"""Results to write: some written by hand, and random ones with the worst of names."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from maskprobe.check.formats import RunContext
from maskprobe.check.result import Coverage, FileResult, How, Trouble
from maskprobe.finding import Confidence, FailOn, Finding, Severity

NASTY = (
    "a\nb",
    "a\r\n::error file=x::y",
    "a|b|c",
    "::warning::x",
    "100%25",
    "<script>alert('1')</script>",
    "]]></failure><failure>",
    "\x1b[31mred\x1b[0m",
    "\x00\x07\x85\u202e",
    "`code` **bold** [link](http://evil.example)",
    "```\n</details>\n# heading",
    "</code></summary></details>",
    "@everyone #1 www.evil.example",
    "層/x:1",
    "{0} {{1}}",
    "\udcff\ud800",
    "C:/models/a b.keras",
    "a, b: c = d & e",
    "$x$ ~~y~~ &lt;",
    "\u2028",
)


def finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "code": "MP101",
        "name": "mask-dropped",
        "severity": Severity.ERROR,
        "path": "encoder/lstm",
        "message": "The mask stops here.",
        "cause": "Lambda carries no mask.",
        "fix": "Use a layer.",
    }
    return Finding(**(values | changes))  # type: ignore[arg-type]


LEAK = finding(
    related=("embedding",),
    affects=("dense", "loss"),
    evidence=("row 2 of 'lstm' moved by 0.37",),
    fix="x = a(x)\n  y = b(x)",
)
LIKELY = finding(
    code="MP104", name="mask-overwritten", severity=Severity.WARNING, path="masking", confidence=Confidence.LIKELY
)
WHOLE = finding(code="MP107", name="no-mask", severity=Severity.NOTE, path="")
UNSEEN = finding(code="MP901", name="not-checked", severity=Severity.NOTE, path="odd", unchecked=True)

FAULTY = FileResult(
    "models/a.keras",
    How.RUN,
    (LEAK, LIKELY, WHOLE, UNSEEN),
    Coverage(14, 12),
    "Keras 3.15.1",
    seconds=1.5,
    digest="ab" * 32,
    structure="s1",
)
CLEAN = FileResult("models/b.h5", How.RUN, (), Coverage(6, 6), "Keras 2.21.0", seconds=0.25, structure="s2")
IN_PART = FileResult("models/c.keras", How.STATIC, (UNSEEN,), Coverage(5, 4), "Keras 3.15.1", structure="s3")
LATE = FileResult("models/d.keras", How.NOT_AT_ALL, trouble=Trouble.TIMEOUT, problem="no end after 60 s", seconds=60.0)
READ_ONLY = FileResult(
    "models/e.keras",
    How.STATIC,
    (LIKELY,),
    Coverage(3, 3),
    "Keras 3.15.1",
    Trouble.UNTRUSTED,
    "it holds code; say --trust",
)
SAMPLE = (FAULTY, CLEAN, IN_PART, LATE, READ_ONLY)


def context(**changes: object) -> RunContext:
    values: dict[str, object] = {
        "version": "0.1.0",
        "command": ("maskprobe", "check", "models"),
        "fail_on": FailOn.WARNING,
        "started": datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC),
        "seconds": 62.5,
    }
    return RunContext(**(values | changes))  # type: ignore[arg-type]


texts = st.sampled_from(NASTY) | st.text(max_size=30) | st.text(st.characters(), max_size=30)
text_tuples = st.lists(texts, max_size=3).map(tuple)
findings = st.builds(
    Finding,
    st.sampled_from(["MP101", "MP104", "MP901"]) | texts,
    texts,
    st.sampled_from(Severity),
    st.just("") | texts,
    texts,
    texts,
    texts,
    text_tuples,
    text_tuples,
    st.booleans(),
    text_tuples,
    st.sampled_from(Confidence),
)
coverages = st.integers(0, 99).flatmap(lambda calls: st.builds(Coverage, st.just(calls), st.integers(0, calls)))
results = st.builds(
    FileResult,
    texts.map(lambda text: text or "m.keras"),
    st.sampled_from(How),
    st.lists(findings, max_size=4).map(tuple),
    coverages,
    texts,
    st.none() | st.sampled_from(Trouble),
    texts,
    st.floats(0, 1e6),
    st.sampled_from(["", "cd" * 32]),
    texts,
)
result_lists = st.lists(results, max_size=4).map(lambda found: tuple(found + found[:1]))
contexts = st.builds(
    context,
    fail_on=st.sampled_from(FailOn),
    statistics=st.booleans(),
    command=text_tuples,
    exit_code=st.none() | st.integers(0, 3),
)


def said(found: tuple[FileResult, ...]) -> int:
    """How many things are to be told: findings, and models that were not looked at as asked."""
    return sum(len(result.findings) + (result.trouble is not None) for result in found)
