"""Many models, a tenth of which hang, crash, take all memory or are cut: none is lost, and none costs another.

Eighty, or two hundred with `MASKPROBE_FAULT_RUN=200`.

All are really loaded and run. The good ones are small samples of a tenth of a second each; most of the time goes into
those that hang until their time is over, and into new processes for those that take theirs down.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import fault_models
import pytest
from markdown_it import MarkdownIt

from maskprobe.check.formats.json import read_json
from maskprobe.check.formats.jsonl import read_jsonl
from maskprobe.check.result import FileResult, How, Trouble

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at /proc")]

FAULTS = 5 if os.environ.get("MASKPROBE_FAULT_RUN") == "200" else 2
"""Of each kind. With 5 it is two hundred models; with 2, eighty: most of the time goes into those that are ended."""
COUNTS = dict.fromkeys(("hangs", "crashes", "hogs", "cut"), FAULTS) | {"clean": 24 * FAULTS, "broken": 12 * FAULTS}
MODELS = sum(COUNTS.values())
TROUBLES = {"hangs": Trouble.TIMEOUT, "crashes": Trouble.CRASHED, "hogs": Trouble.MEMORY, "cut": Trouble.UNREADABLE}
REASONS = {"hangs": "took longer than 10 s", "crashes": "the process", "hogs": "Memory|OOM", "cut": "cut or damaged"}
SECONDS = 10
"""For one model: a hundred times what a good one takes."""
ENDINGS = {
    "text": "txt",
    "concise": "lines",
    "json": "json",
    "jsonl": "jsonl",
    "sarif": "sarif",
    "junit": "xml",
    "github": "annotations",
    "gitlab": "codequality",
    "markdown": "md",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What a check left behind."""

    folder: Path
    code: int
    err: str
    left: list[int]
    """Processes that had not ended when it had."""

    def text(self, form: str) -> str:
        return (self.folder / f"out.{ENDINGS[form]}").read_text(encoding="utf-8")

    @property
    def results(self) -> tuple[FileResult, ...]:
        return read_json(self.text("json"))


def begin(folder: Path, models: Iterable[str], *more: str) -> subprocess.Popen[str]:
    """Start `maskprobe check` as its users do, with the layers of their own."""
    bring = [f"--custom-objects=own_keras:{name}3" for name in fault_models.OWN]
    limits = ["--jobs=2", f"--timeout={SECONDS}"]
    words = [*models, *limits, *bring, "--import=made/own_tf_keras.py", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "maskprobe", "check", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={
            **os.environ,
            "PYTHONPATH": python_path(folder),
            "MASKPROBE_CACHE_DIR": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
        },
    )


def end(folder: Path, process: subprocess.Popen[str]) -> Run:
    """Wait until a check is done."""
    _, err = process.communicate(timeout=400)
    return Run(folder, process.returncode, err, in_session(process.pid))


def check(folder: Path, models: Iterable[str], *more: str) -> Run:
    """Run `maskprobe check` to its end."""
    return end(folder, begin(folder, models, *more))


def python_path(folder: Path) -> str:
    """Where the layers of the user's own are found, here and on a cluster."""
    return os.pathsep.join([str(folder / "made"), *filter(None, sys.path)])


def in_session(session: int) -> list[int]:
    """The processes of a session that still run a second after it was asked to end."""
    end = time.monotonic() + 1
    while (found := [pid for pid, its_session in _sessions() if its_session == session]) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def _sessions() -> Iterable[tuple[int, int]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, session = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if state not in "ZX":
            yield int(stat.parent.name), int(session)


def kind_of(path: str) -> str:
    return Path(path).stem.partition("-")[2]


def expected_paths(run: Run) -> list[str]:
    return sorted(f"models/{path.name}" for path in (run.folder / "models").iterdir())


def told(run: Run) -> Counter[str]:
    """How many things are to be told of each model: findings, and that it was not looked at as asked."""
    counts = {result.path: len(result.findings) + (result.trouble is not None) for result in run.results}
    return +Counter(counts)


def _each_model_has_one_result(run: Run) -> None:
    assert len(expected_paths(run)) == MODELS
    assert [result.path for result in run.results] == expected_paths(run)


def _the_good_have_their_verdict_and_the_faulty_their_reason(run: Run) -> None:
    right: Counter[str] = Counter()
    for result in run.results:
        kind = kind_of(result.path)
        codes = {finding.code for finding in result.findings if not finding.unchecked}
        if kind in TROUBLES:
            assert (result.trouble, codes) == (TROUBLES[kind], set()), result
            assert re.search(REASONS[kind], result.problem), result
            assert not result.is_checked
        else:
            assert (result.how, result.trouble, result.is_checked) == (How.RUN, None, True), result
            assert codes == ({"MP101"} if kind == "broken" else set()), result
        right[kind] += 1
    assert right == COUNTS


def _what_the_file_of_a_faulty_model_says_is_kept(run: Run) -> None:
    for result in run.results:
        if kind_of(result.path) in {"hangs", "crashes"}:
            assert result.how is How.STATIC
            assert [finding.code for finding in result.findings] == ["MP901"]


def _no_process_and_no_file_is_left(run: Run) -> None:
    assert run.left == []
    # Results that hang on code of the user's own are not kept.
    names = {path.name for path in run.folder.iterdir()}
    assert list((run.folder / "tmp").iterdir()) == []
    assert names == {"made", "tmp", "models", *(f"out.{ending}" for ending in ENDINGS.values())}


def _findings_win_over_what_was_not_checked(run: Run) -> None:
    assert run.code == 1
    assert "Traceback" not in run.err


def _jsonl_holds_each_result_once(run: Run) -> None:
    assert tuple(read_jsonl(run.text("jsonl").splitlines())) == run.results


def _sarif_holds_each_model_and_all_that_is_told(run: Run) -> None:
    (log,) = json.loads(run.text("sarif"))["runs"]
    assert sorted(one["location"]["uri"] for one in log["artifacts"]) == expected_paths(run)
    notes = [one for invocation in log["invocations"] for one in invocation["toolExecutionNotifications"]]
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in (*log["results"], *notes)]
    assert Counter(places) == told(run)


def _junit_holds_each_model_and_all_that_is_told(run: Run) -> None:
    (suite,) = ET.fromstring(run.text("junit"))  # noqa: S314 - ours
    cases = suite.findall("testcase")
    assert sorted(case.get("name", "") for case in cases) == expected_paths(run)
    assert {case.get("name") for case in cases if case.find("error") is not None} == {
        path for path in expected_paths(run) if kind_of(path) in TROUBLES
    }
    assert {case.get("name") for case in cases if case.find("failure") is not None} == {
        path for path in expected_paths(run) if kind_of(path) == "broken"
    }
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == tuple(
        map(str, (MODELS, 12 * FAULTS, 4 * FAULTS))
    )


def _github_and_gitlab_hold_all_that_is_told(run: Run) -> None:
    assert Counter(re.findall(r"^::\w+ file=([^,]*),", run.text("github"), re.MULTILINE)) == told(run)
    issues = json.loads(run.text("gitlab"))
    assert Counter(issue["location"]["path"] for issue in issues) == told(run)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def _lines_for_people_hold_all_that_is_told(run: Run) -> None:
    *lines, summary = run.text("concise").splitlines()
    assert Counter(line.partition(": ")[0] for line in lines) == told(run)
    assert f"in {12 * FAULTS} of {MODELS} models; {4 * FAULTS} models not checked in full" in summary
    headings = re.findall(r"^models/\S+$", run.text("text"), re.MULTILINE)
    assert headings == sorted(told(run))
    assert len(re.findall(r"^  \S.* at \w+$", run.text("text"), re.MULTILINE)) == sum(told(run).values()) - 4 * FAULTS


def _markdown_has_a_row_for_each_model(run: Run) -> None:
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(run.text("markdown"))
    assert sorted(re.findall(r"<td[^>]*><code>(.*?)</code></td>", page)) == expected_paths(run)
    assert page.count("<h4>") == sum(told(run).values()) - 4 * FAULTS


LOOKS = (
    _each_model_has_one_result,
    _the_good_have_their_verdict_and_the_faulty_their_reason,
    _what_the_file_of_a_faulty_model_says_is_kept,
    _no_process_and_no_file_is_left,
    _findings_win_over_what_was_not_checked,
    _jsonl_holds_each_result_once,
    _sarif_holds_each_model_and_all_that_is_told,
    _junit_holds_each_model_and_all_that_is_told,
    _github_and_gitlab_hold_all_that_is_told,
    _lines_for_people_hold_all_that_is_told,
    _markdown_has_a_row_for_each_model,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("made", "tmp"):
        (tmp_path / name).mkdir()
    fault_models.make_layers(tmp_path / "made")
    return tmp_path


def test_a_fault_costs_the_result_of_its_own_model_only(folder: Path) -> None:
    # One test: the processes of a parallel run would each do the whole of it.
    fault_models.fill(folder / "models", folder / "made", COUNTS)
    outputs = [f"--output={form}=out.{ending}" for form, ending in ENDINGS.items()]
    run = check(folder, ["models"], *outputs)
    for look in LOOKS:
        look(run)


def test_on_a_cluster_that_loses_a_worker_no_model_is_lost_or_doubled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    fault_models.fill(folder / "models", folder / "made", COUNTS)
    outputs = [f"--output={form}=out.{ending}" for form, ending in ENDINGS.items()]
    # The workers begin with the path of this process.
    monkeypatch.syspath_prepend(folder / "made")
    with distributed.LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, protocol="tcp", dashboard_address=":0", silence_logs=60
    ) as cluster:
        process = begin(folder, ["models"], *outputs, f"--dask={cluster.scheduler_address}")
        wait_for_lines(folder / "out.jsonl", MODELS // 4, process)
        with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        run = end(folder, process)
    for look in LOOKS:
        look(run)


def wait_for_lines(path: Path, number: int, process: subprocess.Popen[str]) -> None:
    """Until so many results are written, of a check that still runs."""
    while not path.exists() or path.read_bytes().count(b"\n") < number:
        assert process.poll() is None
        time.sleep(0.1)


def test_the_exit_code_tells_clean_from_not_checked(folder: Path) -> None:
    fault_models.fill(folder / "good", folder / "made", {"clean": 2})
    fault_models.fill(folder / "faulty", folder / "made", {"crashes": 1, "hogs": 1, "cut": 1})
    runs = {
        ("good", "faulty"): 3,
        ("good", "faulty", "--no-fail-on-unchecked"): 0,
        ("good", "--no-fail-on-unchecked"): 0,
    }
    for words, code in runs.items():
        run = check(folder, words)
        assert (run.code, run.left) == (code, []), words
