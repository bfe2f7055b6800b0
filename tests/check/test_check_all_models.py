"""All samples and all files saved by old Keras versions in one command: the right verdict on each, in each format."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import legacy_truth
import pytest
from markdown_it import MarkdownIt

from maskprobe.check.formats.json import read_json
from maskprobe.check.formats.json_schema import schema
from maskprobe.check.formats.jsonl import read_jsonl
from maskprobe.check.result import FileResult, How, Trouble

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "sample_models"))
from sample_truth import read_samples  # noqa: E402 - it lies with the samples

SARIF = ROOT / "tests" / "data" / "sarif" / "sarif-schema-2.1.0.json"
LEGACY = "tests/data/legacy_models"
FORMATS = ("text", "concise", "json", "jsonl", "sarif", "junit", "github", "gitlab", "markdown")

pytestmark = pytest.mark.slow

Verdict = list[tuple[str, str, str]] | None
"""Code, severity and call of each finding; None for a file that cannot be loaded as it is, even when trusted."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the command left behind."""

    folder: Path
    code: int

    def text(self, form: str) -> str:
        return (self.folder / form).read_text(encoding="utf-8")

    @property
    def results(self) -> tuple[FileResult, ...]:
        return read_json(self.text("json"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("all")
    outputs = [f"--output={form}={folder / form}" for form in FORMATS]
    words = ["check", LEGACY, "sample_models", "--trust", "--jobs=2", "--no-cache", *outputs]
    done = subprocess.run([sys.executable, "-m", "maskprobe", *words], cwd=ROOT, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    return Run(folder, done.returncode)


def truth() -> dict[str, Verdict]:
    """The verdict on each file, as those who made the files wrote it down."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found: dict[str, Verdict] = {}
    for sample in read_samples():
        loads = set(sample.options) <= {"--trust"} and sample.python in {None, here}
        found[f"sample_models/{sample.file}"] = sorted(sample.findings) if loads else None
    refused = legacy_truth.FOREIGN_BYTECODE | legacy_truth.MISSING_FUNCTION
    for path in legacy_truth.FILES:
        loads = not (legacy_truth.has_lambda(path) and legacy_truth.tag_of(path) in refused)
        found[f"{LEGACY}/{path.name}"] = sorted(legacy_truth.expected_findings(path)) if loads else None
    return found


def findings(result: FileResult) -> list[tuple[str, str, str]]:
    return sorted((one.code, str(one.severity), one.path) for one in result.findings)


def told(run: Run) -> Counter[str]:
    """How many things are to be told of each model: findings, and that it was not looked at as asked."""
    return +Counter({one.path: len(one.findings) + (one.trouble is not None) for one in run.results})


def test_each_file_has_the_verdict_that_is_true_of_it(run: Run) -> None:
    expected = truth()
    assert len(expected) == 172
    assert sorted(result.path for result in run.results) == sorted(expected)
    for result in run.results:
        verdict = expected[result.path]
        if verdict is None:
            assert (result.trouble, result.how) in {
                (Trouble.UNTRUSTED, How.STATIC), (Trouble.NOT_LOADED, How.STATIC)
            }, result  # fmt: skip
        else:
            assert (result.trouble, result.how, findings(result)) == (None, How.RUN, verdict), result.path


def test_faults_fail_the_build_and_nothing_else_would(run: Run) -> None:
    assert run.code == 1
    exits = {f"sample_models/{sample.file}": sample.exit for sample in read_samples()}
    looked_at = [result for result in run.results if result.path in exits and result.trouble is None]
    assert len(looked_at) > 80
    for result in looked_at:
        bad = any(one.severity.rank and not one.unchecked for one in result.findings)
        assert exits[result.path] == (1 if bad else 0 if result.is_checked else 3), result.path


def test_json_and_sarif_fit_their_schemas(run: Run) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(run.text("json")))
    official = json.loads(SARIF.read_text(encoding="utf-8"))
    log = json.loads(run.text("sarif"))
    jsonschema.Draft4Validator(official, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER).validate(log)
    (one,) = log["runs"]
    notes = [note for invocation in one["invocations"] for note in invocation["toolExecutionNotifications"]]
    places = [told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for told in (*one["results"], *notes)]
    assert Counter(places) == told(run)


def test_each_other_format_is_read_by_its_parser_and_tells_all(run: Run) -> None:
    paths = [result.path for result in run.results]
    assert tuple(read_jsonl(run.text("jsonl").splitlines())) == run.results
    (suite,) = ET.fromstring(run.text("junit"))  # noqa: S314 - ours
    assert [case.get("name") for case in suite.findall("testcase")] == paths
    assert Counter(re.findall(r"^::\w+ file=([^,]*),", run.text("github"), re.MULTILINE)) == told(run)
    assert Counter(issue["location"]["path"] for issue in json.loads(run.text("gitlab"))) == told(run)
    *lines, _summary = run.text("concise").splitlines()
    assert Counter(line.partition(": ")[0] for line in lines) == told(run)
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(run.text("markdown"))
    assert sorted(re.findall(r"<td[^>]*><code>(.*?)</code></td>", page)) == sorted(paths)
    headings = [line for line in run.text("text").splitlines() if line in set(paths)]
    assert headings == sorted(told(run))
