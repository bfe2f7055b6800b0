"""What is given on the command line, what a file says, and the defaults: which of them counts."""

from __future__ import annotations

import pickle
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from maskprobe.config.file_values import ConfigFile
from maskprobe.config.ignore import Ignore
from maskprobe.config.merge import NAMES, merge
from maskprobe.config.read import FileSettings, read_settings
from maskprobe.config.settings import COMMAND_LINE, DEFAULT, Settings
from maskprobe.config.show import settings_lines
from maskprobe.errors import UsageError
from maskprobe.finding import FailOn, Finding, Severity
from maskprobe.probe.options import Padding, ProbeOptions

FOLDER = Path("/project")
FILE = FOLDER / "maskprobe.toml"

IN_FILE: dict[str, tuple[object, object]] = {
    "select": (["MP1"], ("MP1",)),
    "ignore": (["MP104"], ("MP104",)),
    "severity": ({"MP104": Severity.NOTE}, {"MP104": Severity.NOTE}),
    "mask_inputs": (["a"], ("a",)),
    "intended_drops": (["a/b"], ("a/b",)),
    "custom_objects": (["a:b"], ("a:b",)),
    "imports": (["a.py"], (FOLDER / "a.py",)),
    "assume": ({"A": "carry"}, {"A": "carry"}),
    "padding": (Padding.AFTER, Padding.AFTER),
    "length": (7, 7),
    "batch": (3, 3),
    "pad_value": (2.0, 2.0),
    "seed": (4, 4),
    "fail_on": (FailOn.NOTE, FailOn.NOTE),
    "fail_on_unchecked": (False, False),
    "static": (True, True),
    "exclude": (["old"], ("old",)),
    "jobs": (2, 2),
    "timeout": (5.0, 5.0),
    "memory": (100, 100),
    "output": (["json"], ("json",)),
    "cache": (".kept", FOLDER / ".kept"),
}
GIVEN: dict[str, tuple[object, object]] = {
    "select": (["MP2"], ("MP2",)),
    "ignore": (("MP201",), ("MP201",)),
    "severity": ({"MP104": "error"}, {"MP104": Severity.ERROR}),
    "mask_inputs": (["b"], ("b",)),
    "intended_drops": (["c"], ("c",)),
    "custom_objects": (["c:d"], ("c:d",)),
    "imports": ([Path("b.py")], (Path("b.py").absolute(),)),
    "assume": (["A=drop"], {"A": "drop"}),
    "padding": (Padding.BEFORE, Padding.BEFORE),
    "length": (8, 8),
    "batch": (5, 5),
    "pad_value": (0.0, 0.0),
    "seed": (0, 0),
    "fail_on": (FailOn.NEVER, FailOn.NEVER),
    "fail_on_unchecked": (True, True),
    "static": (False, False),
    "exclude": (["new"], ("new",)),
    "jobs": (1, 1),
    "timeout": (9.0, 9.0),
    "memory": (7, 7),
    "output": (["text"], ("text",)),
    "cache": (False, False),
}


def file(**values: object) -> FileSettings:
    return FileSettings(FILE, ConfigFile(**values))  # type: ignore[arg-type]


def finding(code: str, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(code, "name", severity, "layer", "", "", "")


def test_the_tables_here_hold_every_setting() -> None:
    assert set(IN_FILE) == set(GIVEN) == set(NAMES) - {"ignores"}
    assert {field.name for field in fields(Settings)} - set(NAMES) == {"root", "file", "sources"}
    assert {name.replace("_", "-") for name in NAMES} == set(ConfigFile.__struct_encode_fields__)


@pytest.mark.parametrize("name", IN_FILE)
def test_the_command_line_goes_before_the_file_and_the_file_before_the_default(name: str) -> None:
    stated, expected = IN_FILE[name]
    given, wanted = GIVEN[name]
    default = getattr(Settings(), name)
    nothing, of_file = merge(None), merge(file(**{name: stated}))
    both, of_line = merge(file(**{name: stated}), {name: given}), merge(None, {name: given})
    assert (getattr(nothing, name), nothing.source_of(name)) == (default, DEFAULT)
    assert (getattr(of_file, name), of_file.source_of(name)) == (expected, str(FILE))
    assert (getattr(of_line, name), of_line.source_of(name)) == (wanted, COMMAND_LINE)
    assert getattr(both, name) == wanted
    assert both.source_of(name).endswith(COMMAND_LINE)
    assert expected not in (default, wanted)


@pytest.mark.parametrize("nothing", [None, [], (), {}])
def test_what_is_not_given_leaves_the_file(nothing: object) -> None:
    assert merge(file(select=["MP1"]), {"select": nothing}).select == ("MP1",)


def test_tables_are_merged_name_by_name() -> None:
    merged = merge(file(assume={"A": "carry", "B": "use"}), {"assume": ["A=Drop", "C=source"]})
    assert merged.assume == {"A": "drop", "B": "use", "C": "source"}
    assert merged.source_of("assume") == f"{FILE} and {COMMAND_LINE}"
    levels = merge(file(severity={"MP1": Severity.NOTE}), {"severity": ["MP104=error"]}).severity
    assert levels == {"MP1": Severity.NOTE, "MP104": Severity.ERROR}


@pytest.mark.parametrize(
    "given",
    [{"severity": ["MP104"]}, {"severity": ["MP104=bad"]}, {"severity": ["MP999=note"]}, {"select": ["MP999"]},
     {"ignore": ["mask-droped"]}, {"assume": ["=carry"]}],
)  # fmt: skip
def test_wrong_values_of_the_command_line_name_the_option(given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"^--{next(iter(given))}"):
        merge(None, given)


@pytest.mark.parametrize("name", ["MP901", "not-checked", "MP9"])
def test_what_was_not_checked_cannot_be_ignored_by_a_list(name: str) -> None:
    with pytest.raises(UsageError, match="with a reason"):
        merge(file(ignore=[name]))
    with pytest.raises(UsageError, match=COMMAND_LINE):
        merge(None, {"ignore": [name]})
    assert merge(None, {"ignore": ["MP"]}).ignore == ("MP",)


def test_a_setting_that_there_is_not_is_an_error_of_the_caller() -> None:
    with pytest.raises(TypeError, match="colour"):
        merge(None, {"colour": True})


@pytest.mark.parametrize(
    ("select", "ignore", "code", "reported"),
    [
        ([], [], "MP104", True),
        (["MP1"], [], "MP104", True),
        (["MP2"], [], "MP104", False),
        ([], ["MP1"], "MP104", False),
        ([], ["MP1"], "MP201", True),
        (["MP1"], ["MP104"], "MP104", False),
        (["MP104"], ["MP1"], "MP104", True),
        (["MP104"], ["MP1"], "MP101", False),
        (["mask-overwritten"], ["MP10"], "MP104", True),
        (["MP104"], ["mask-overwritten"], "MP104", False),
        (["mp104"], [], "MP104", True),
    ],
)
def test_the_closer_name_counts(select: list[str], ignore: list[str], code: str, reported: bool) -> None:  # noqa: FBT001
    assert merge(file(select=select, ignore=ignore)).reports(code) is reported
    assert merge(None, {"select": select, "ignore": ignore}).reports(code) is reported


def test_select_of_the_command_line_goes_before_ignore_of_the_file() -> None:
    assert merge(file(ignore=["MP104"]), {"select": ["MP104"]}).reports("MP104")
    assert not merge(file(ignore=["MP104"]), {"select": ["MP1"]}).reports("MP104")
    assert not merge(file(select=["MP104"]), {"ignore": ["MP104"]}).reports("MP104")
    assert not merge(file(ignore=["MP104"]), {"select": ["MP2"]}).reports("MP102")


def test_the_severity_of_the_closest_name_counts() -> None:
    settings = merge(file(severity={"MP1": Severity.NOTE, "mask-overwritten": Severity.ERROR}))
    assert settings.severity_of(finding("MP104")) is Severity.ERROR
    assert settings.severity_of(finding("MP101")) is Severity.NOTE
    assert settings.severity_of(finding("MP201")) is Severity.WARNING


def test_the_probe_is_put_together() -> None:
    merged = merge(file(length=7, mask_inputs=["m"]), {"seed": 3, "padding": Padding.AFTER})
    assert merged.probe == ProbeOptions(Padding.AFTER, 7, None, None, 3, ("m",))


def test_settings_can_be_sent_to_another_process(tmp_path: Path) -> None:
    text = "assume = {A = 'carry'}\nseverity = {MP1 = 'note'}\n[[ignores]]\npath = 'a'\nreason = 'known'"
    (tmp_path / "maskprobe.toml").write_text(text)
    merged = merge(read_settings(start=tmp_path))
    assert merged.ignores == (Ignore("known", "a"),)
    assert merged.root == tmp_path
    assert pickle.loads(pickle.dumps(merged)) == merged  # noqa: S301 - made here


def test_all_settings_are_shown_with_their_source(tmp_path: Path) -> None:
    text = (
        'select = ["MP1"]\nassume = {"my layer" = "carry"}\n'
        '[[ignores]]\npath = "a\\u001b"\nrules = ["MP104"]\nreason = "known"\nexpires = 2030-01-31\n'
    )
    (tmp_path / "maskprobe.toml").write_text(text)
    lines = settings_lines(merge(read_settings(start=tmp_path), {"seed": 3, "static": True}))
    name = str(tmp_path / "maskprobe.toml")
    assert lines[0] == f"# settings file: {name}"
    parts = [line.rpartition("  # ") for line in lines[1:]]
    shown = {text.split(" =")[0].rstrip(): (text.rstrip(), source) for text, _, source in parts}
    assert shown["seed"] == ("seed = 3", COMMAND_LINE)
    assert shown["static"] == ("static = true", COMMAND_LINE)
    assert shown["select"] == ('select = ["MP1"]', name)
    assert shown["fail-on"] == ('fail-on = "warning"', DEFAULT)
    assert shown["assume"] == ('assume = {"my layer" = "carry"}', name)
    assert shown["# length is not set"][1] == DEFAULT
    assert shown["ignores"][0] == (
        'ignores = [{reason = "known", path = "a\\u001b", rules = ["MP104"], expires = 2030-01-31}]'
    )
    assert tomllib.loads("\n".join(lines))["ignores"] == tomllib.loads(text)["ignores"]
    assert settings_lines(merge(None))[0] == "# no settings file"
    assert len(settings_lines(merge(None))) == len(NAMES) + 1
