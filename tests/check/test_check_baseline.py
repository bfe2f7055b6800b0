"""Known findings: written, read, and told from new ones."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from file_results import finding, result, runs
from hypothesis import HealthCheck, given, settings

from maskprobe.archive.read import read_archive
from maskprobe.check.applying import Suppressed, Why
from maskprobe.check.baseline import Known, compare, read_baseline, write_baseline
from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.diagnose_static import StaticRequest, read_off
from maskprobe.errors import UsageError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(*results: FileResult, name: str = "baseline.json") -> Path:
    path = Path(name)
    write_baseline(results, path)
    return path


def test_a_baseline_as_it_stands_in_the_file() -> None:
    run = [
        result("models/b.keras", finding("MP104"), finding("MP101", "x"), finding("MP104"), structure="s2"),
        result("models/a.keras", finding("MP201", ""), how=How.STATIC, structure="s1"),
        result("clean.keras"),
    ]
    path = Path("baseline.json")
    assert write_baseline(run, path) == 4
    assert path.read_text() == (
        '{\n "files": [\n'
        '  {\n   "findings": {\n    "MP201": {\n     "": 1\n    }\n   },\n'
        '   "how": "static",\n   "path": "models/a.keras",\n   "structure": "s1"\n  },\n'
        '  {\n   "findings": {\n    "MP101": {\n     "x": 1\n    },\n    "MP104": {\n     "pool": 2\n    }\n   },\n'
        '   "how": "run",\n   "path": "models/b.keras",\n   "structure": "s2"\n  }\n'
        ' ],\n "schema": "maskprobe/baseline/1"\n}\n'
    )


def test_the_order_of_a_run_does_not_show() -> None:
    one, other = result("a.keras", finding("MP104"), finding("MP101")), result("b.keras", finding())
    turned = replace(one, findings=one.findings[::-1])
    first = written(one, other).read_bytes()
    assert written(other, turned).read_bytes() == first


def test_a_run_against_its_own_baseline_is_unchanged() -> None:
    run = [result("a.keras", finding(), finding("MP901"), finding()), result("b.h5", finding("MP101", "x"))]
    found = compare(run, read_baseline(written(*run)))
    assert found.new == found.fixed == found.unseen == found.restructured == ()
    assert [(path, one.code) for path, one in found.unchanged] == [
        ("a.keras", "MP104"),
        ("a.keras", "MP104"),
        ("b.h5", "MP101"),
    ]
    assert [(path, one.code) for path, one in found.unchecked] == [("a.keras", "MP901")]


def test_messages_severities_and_weights_do_not_count() -> None:
    path = written(result("a.keras", finding(), digest="1"))
    other = replace(finding(), message="other numbers", severity=finding().severity, evidence=("moved by 0.3",))
    found = compare([result("a.keras", other, digest="2")], read_baseline(path))
    assert (len(found.new), len(found.unchanged), len(found.fixed)) == (0, 1, 0)


def test_more_of_the_same_are_new_and_fewer_are_fixed() -> None:
    baseline = read_baseline(written(result("a.keras", finding(), finding())))
    more = compare([result("a.keras", finding(), finding(), finding())], baseline)
    assert (len(more.new), len(more.unchanged), more.fixed) == (1, 2, ())
    fewer = compare([result("a.keras", finding())], baseline)
    assert (fewer.new, len(fewer.unchanged)) == ((), 1)
    assert fewer.fixed == (Known("a.keras", "MP104", "pool", 1),)


def test_another_layer_or_rule_is_new() -> None:
    baseline = read_baseline(written(result("a.keras", finding("MP104", "pool"))))
    found = compare([result("a.keras", finding("MP104", "lstm"), finding("MP101", "pool"))], baseline)
    assert len(found.new) == 2
    assert found.fixed == (Known("a.keras", "MP104", "pool"),)


def test_another_structure_makes_all_findings_new_and_the_file_is_named() -> None:
    baseline = read_baseline(written(result("a.keras", finding(), finding("MP101"), structure="old")))
    found = compare([result("a.keras", finding(), structure="new")], baseline)
    assert [one.code for _, one in found.new] == ["MP104"]
    assert found.restructured == ("a.keras",)
    assert found.fixed == (Known("a.keras", "MP101", "pool"),)


def test_files_that_are_not_of_the_run_are_not_fixed() -> None:
    baseline = read_baseline(written(result("a.keras", finding()), result("b.keras", finding())))
    found = compare([result("a.keras")], baseline)
    assert found.fixed == (Known("a.keras", "MP104", "pool"),)
    assert found.unseen == (Known("b.keras", "MP104", "pool"),)


@pytest.mark.parametrize(
    "now",
    [
        result("a.keras", trouble=Trouble.TIMEOUT, structure=""),
        result("a.keras", finding("MP901")),
        result("a.keras", how=How.STATIC),
    ],
)
def test_what_was_not_looked_at_as_well_is_not_fixed(now: FileResult) -> None:
    found = compare([now], read_baseline(written(result("a.keras", finding()))))
    assert (found.fixed, found.unseen) == ((), (Known("a.keras", "MP104", "pool"),))
    assert found.restructured == ()


def test_a_run_tells_what_was_fixed_of_a_static_baseline() -> None:
    found = compare([result("a.keras")], read_baseline(written(result("a.keras", finding(), how=How.STATIC))))
    assert len(found.fixed) == 1


def test_what_the_settings_took_out_is_not_fixed() -> None:
    baseline = read_baseline(written(result("a.keras", finding(), finding("MP101"))))
    out = [Suppressed("a.keras", finding(), Why.NOT_SELECTED)]
    assert compare([result("a.keras")], baseline, out).fixed == (Known("a.keras", "MP101", "pool"),)


# Renamed files.


def test_a_renamed_file_is_known_by_its_structure() -> None:
    baseline = read_baseline(written(result("old.keras", finding())))
    found = compare([result("new.keras", finding())], baseline)
    assert (found.new, found.fixed, len(found.unchanged)) == ((), (), 1)
    assert found.renamed == {"new.keras": "old.keras"}


def test_a_copy_is_not_a_renamed_file(folder: Path) -> None:
    baseline = read_baseline(written(result("old.keras", finding())))
    both = compare([result("old.keras", finding()), result("copy.keras", finding())], baseline)
    assert ([path for path, _ in both.new], both.renamed) == (["copy.keras"], {})
    (folder / "old.keras").write_bytes(b"")
    alone = compare([result("copy.keras", finding())], baseline)
    assert ([path for path, _ in alone.new], len(alone.unseen)) == (["copy.keras"], 1)


@pytest.mark.parametrize(("before", "after"), [("s1", "s2"), ("", "")])
def test_a_file_of_another_or_no_structure_is_not_a_renamed_one(before: str, after: str) -> None:
    baseline = read_baseline(written(result("old.keras", finding(), structure=before)))
    found = compare([result("new.keras", finding(), structure=after)], baseline)
    assert (len(found.new), found.renamed) == (1, {})


def test_of_many_that_are_alike_each_known_file_stands_for_one() -> None:
    known = [result(f"old/{name}.keras", finding("MP104", name)) for name in "abc"]
    run = [result(f"new/{name}.keras", finding("MP104", name)) for name in "0cab"]
    found = compare(run, read_baseline(written(*known)))
    assert found.renamed == {f"new/{name}.keras": f"old/{name}.keras" for name in "abc"}
    assert [path for path, _ in found.new] == ["new/0.keras"]


def test_paths_are_seen_from_the_folder_of_the_baseline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "ci").mkdir()
    path = written(result("models/a.keras", finding()), name="ci/baseline.json").absolute()
    assert json.loads(path.read_text())["files"][0]["path"] == "../models/a.keras"
    monkeypatch.chdir(folder / "ci")
    whole = result((folder / "models" / "a.keras").as_posix(), finding())
    assert len(compare([whole], read_baseline(path)).unchanged) == 1
    assert len(compare([result("../models/a.keras", finding())], read_baseline(path)).unchanged) == 1


def test_a_file_elsewhere_keeps_its_url_and_is_never_taken_for_gone() -> None:
    path = written(result("s3://models/a.keras", finding()))
    assert json.loads(path.read_text())["files"][0]["path"] == "s3://models/a.keras"
    assert len(compare([result("s3://models/a.keras", finding())], read_baseline(path)).unchanged) == 1
    moved = compare([result("s3://models/b.keras", finding())], read_baseline(path))
    assert (len(moved.new), moved.renamed) == (1, {})


# The file.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"<<<<<<< HEAD\n", "it is not JSON"),
        (b"[]", "its schema is not"),
        (b'{"schema": "maskprobe/report/1"}', "its schema is not"),
        (b'{"schema": "maskprobe/baseline/2", "files": []}', "another version"),
        (b'{"schema": "maskprobe/baseline/1", "files": [{}]}', "damaged"),
        (b'{"schema": "maskprobe/baseline/1"}', "damaged"),
    ],
)
def test_a_file_that_is_no_baseline_is_neither_read_nor_overwritten(content: bytes, message: str) -> None:
    path = Path("precious.json")
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_baseline(path)
    with pytest.raises(UsageError, match=f"(?s){message}.*it was not overwritten"):
        write_baseline([], path)
    assert path.read_bytes() == content
    assert [one.name for one in Path().iterdir()] == ["precious.json"]


def test_a_baseline_is_overwritten_and_nothing_is_left_beside_it() -> None:
    written(result("a.keras", finding()))
    written(result("b.keras", finding()))
    assert [file.path for file in read_baseline(Path("baseline.json")).files] == ["b.keras"]
    assert [one.name for one in Path().iterdir()] == ["baseline.json"]


def test_a_failed_write_leaves_the_old_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(result("a.keras", finding())).read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(UsageError, match="No space left on device"):
        written(result("b.keras", finding()))
    assert Path("baseline.json").read_bytes() == before
    assert [one.name for one in Path().iterdir()] == ["baseline.json"]


def test_what_is_not_there_or_no_file_is_a_line() -> None:
    with pytest.raises(UsageError, match="there is none"):
        read_baseline(Path("no.json"))
    Path("folder").mkdir()
    with pytest.raises(UsageError, match="not overwritten"):
        write_baseline([], Path("folder"))
    with pytest.raises(UsageError, match="cannot be written"):
        write_baseline([], Path("no/such/baseline.json"))


# Laws.


@given(runs)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_run_against_itself_is_unchanged(run: list[FileResult]) -> None:
    found = compare(run, read_baseline(written(*run)))
    assert found.new == found.fixed == found.unseen == found.restructured == ()
    assert found.renamed == {}
    assert len(found.unchanged) + len(found.unchecked) == sum(len(one.findings) for one in run)


@given(runs, runs)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_finding_is_new_known_or_unchecked(before: list[FileResult], after: list[FileResult]) -> None:
    found = compare(after, read_baseline(written(*before)))
    told = [*found.new, *found.unchanged, *found.unchecked]
    assert Counter((path, one.code, one.path) for path, one in told) == Counter(
        (result.path, one.code, one.path) for result in after for one in result.findings
    )
    known = sum(1 for result in before for one in result.findings if not one.unchecked)
    lost = sum(one.count for one in (*found.fixed, *found.unseen))
    assert len(found.unchanged) + lost <= known
    assert found.restructured or len(found.unchanged) + lost == known


# Real models.


def looked_at(path: Path) -> FileResult:
    """A result with what the file tells, and a stand-in for the hash of its structure."""
    graph = read_archive(path).graph
    calls = [(graph.layers[call.layer].class_name, call.layer, call.inputs) for call in graph.calls]
    structure = hashlib.sha256(repr(calls).encode()).hexdigest()
    report = read_off(path, StaticRequest())
    return FileResult(path.name, How.STATIC, report.findings, structure=structure)


def test_a_model_that_was_trained_again_has_the_same_findings(engine: Any, folder: Path) -> None:
    keras = engine.keras
    keras.backend.clear_session()
    model = keras.Sequential(
        [
            keras.layers.InputLayer((6,), dtype="int32", name="tokens"),
            keras.layers.Embedding(9, 4, mask_zero=True, name="embedding"),
            keras.layers.Conv1D(4, 3, padding="same", name="mix"),
            keras.layers.LSTM(3, name="lstm"),
        ]
    )
    path = folder / "model.h5"
    model.save(path)
    first, bytes_before = looked_at(path), path.read_bytes()
    assert [one.code for one in first.findings] == ["MP101"]
    baseline = read_baseline(written(first))
    model.set_weights([weight + 1.0 for weight in model.get_weights()])
    model.save(path)
    assert path.read_bytes() != bytes_before
    found = compare([looked_at(path)], baseline)
    assert (found.new, found.fixed, len(found.unchanged)) == ((), (), 1)
