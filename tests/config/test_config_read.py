"""Which file is read, and what is said of one that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from maskprobe.assumptions import assumptions, settled
from maskprobe.config.file_values import AssumedWord
from maskprobe.config.read import FileSettings, read_settings
from maskprobe.errors import UsageError
from maskprobe.finding import FailOn, Severity
from maskprobe.probe.options import Padding
from maskprobe.static.rulebook import Assumption


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(start: Path) -> FileSettings:
    found = read_settings(start=start)
    assert found is not None
    return found


def problem(folder: Path, text: str, name: str = "maskprobe.toml") -> str:
    """The message of the error that `text` gives."""
    file = write(folder / name, text)
    with pytest.raises(UsageError) as caught:
        read_settings(file)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{file}: ")
    return str(caught.value).removeprefix(f"{file}: ")


def test_the_nearest_file_upwards_is_read(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.maskprobe]\nseed = 1")
    write(tmp_path / "a" / "maskprobe.toml", "seed = 2")
    (tmp_path / "a" / "b").mkdir()
    assert read(tmp_path / "a" / "b").values.seed == 2
    assert read(tmp_path).values.seed == 1
    assert read(tmp_path).file == tmp_path / "pyproject.toml"


def test_maskprobe_toml_goes_before_the_pyproject_toml_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.maskprobe]\nseed = 1\nbatch = 4")
    write(tmp_path / "maskprobe.toml", "seed = 2")
    found = read(tmp_path)
    assert found.values.seed == 2
    assert found.values.batch is not 4  # noqa: F632 - of the two files one is read, they are not merged
    assert found.file.name == "maskprobe.toml"


def test_a_pyproject_toml_without_a_table_is_passed_by(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.maskprobe]\nseed = 1")
    write(tmp_path / "a" / "pyproject.toml", "[project]\nname = 'uses-maskprobe'")
    assert read(tmp_path / "a").values.seed == 1


def test_a_file_of_any_name_can_be_named(tmp_path: Path) -> None:
    write(tmp_path / "maskprobe.toml", "seed = 1")
    named = read_settings(write(tmp_path / "ci.toml", "seed = 5"), start=tmp_path)
    assert named is not None
    assert named.values.seed == 5


def test_a_named_pyproject_toml_must_have_the_table(tmp_path: Path) -> None:
    assert problem(tmp_path, "[tool.ruff]", "pyproject.toml") == "it has no table [tool.maskprobe]"


def test_a_file_that_is_not_there_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it cannot be read"):
        read_settings(tmp_path / "no.toml")


def test_text_that_is_no_toml_is_a_line(tmp_path: Path) -> None:
    assert problem(tmp_path, "seed = ").startswith("it cannot be read (Invalid value")


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
        select = ["MP1"]
        ignore = ["mask-dropped"]
        severity = {MP104 = "error"}
        mask-inputs = ["attention_mask"]
        intended-drops = ["encoder/pool"]
        custom-objects = ["mine:Layer"]
        imports = ["layers.py"]
        assume = {Mine = "Carry"}
        padding = "after"
        length = 7
        batch = 3
        pad-value = -1
        seed = 4
        fail-on = "error"
        fail-on-unchecked = false
        static = true
        exclude = ["old"]
        jobs = 2
        timeout = 1.5
        memory = 2048
        output = ["json"]
        cache = false
        [[ignores]]
        path = "legacy/*.h5"
        layer = "pool"
        rules = ["MP104"]
        reason = "known"
        expires = 2030-01-31
    """
    values = read(write(tmp_path / "maskprobe.toml", text).parent).values
    assert (values.padding, values.fail_on, values.severity) == (
        Padding.AFTER,
        FailOn.ERROR,
        {"MP104": Severity.ERROR},
    )
    assert (values.pad_value, values.timeout, values.assume) == (-1.0, 1.5, {"Mine": "carry"})
    assert values.ignores[0].expires == date(2030, 1, 31)  # type: ignore[index]
    keys = set(values.__struct_encode_fields__)
    assert keys == {key for key in keys if f"{key} = " in text or f"[[{key}]]" in text}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct = []", "the file has no key 'selct'; did you mean 'select'?"),
        ("fail_on = 'error'", "the file has no key 'fail_on'; did you mean 'fail-on'?"),
        ("zzzz = 1", "the file has no key 'zzzz'"),
        ("[[ignores]]\nreasn = 'x'", "[[ignores]] entry 1 has no key 'reasn'; did you mean 'reason'?"),
        ("length = '7'", "length: a whole number is wanted, not a text"),
        ("length = 0", "length: a whole number >= 1 is wanted"),
        ("select = 'MP1'", "select: a list is wanted, not a text"),
        ("select = ['MP1', 3]", "select[1]: a text is wanted, not a whole number"),
        ("cache = 3", "cache: a true or false or text is wanted, not a whole number"),
        ("severity = []", "severity: a table is wanted, not a list"),
        ("severity = {MP104 = 'bad'}", "severity.MP104: 'bad' is none of note, warning, error"),
        ("severity = {MP104 = 3}", "severity.MP104: one of note, warning, error is wanted, not 3"),
        ("padding = 'aftr'", "padding: 'aftr' is none of mixed, after, before, inside; did you mean 'after'?"),
        ("assume = {Mine = 'keep'}", "assume.Mine: 'keep' is none of carry, drop, source, use"),
        ("select = ['MP999']", "select: there is no rule 'MP999'"),
        ("severity = {mask-droped = 'note'}", "severity: there is no rule 'mask-droped'; did you mean 'mask-dropped'?"),
        ("[[ignores]]\nreason = 'x'\nrules = ['X']", "[[ignores]] entry 1: there is no rule 'X'"),
        ("[[ignores]]\nrules = ['MP104']", "[[ignores]] entry 1 has no 'reason'"),
        ("[[ignores]]\nreason = ' '\nrules = ['MP104']", "[[ignores]] entry 1 has an empty reason"),
        ("[[ignores]]\nreason = 'x'", "[[ignores]] entry 1 would ignore everything: give it a path, a layer or rules"),
        (
            "[[ignores]]\nreason = 'x'\npath = 'a'\nexpires = 2030-01-01T00:00:00",
            "ignores[0].expires: a date is wanted, not a date with a time",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text: str, message: str, tmp_path: Path) -> None:
    assert problem(tmp_path, text).startswith(message)


def test_in_pyproject_toml_the_table_is_named(tmp_path: Path) -> None:
    assert problem(tmp_path, "[tool.maskprobe]\nsed = 1", "pyproject.toml") == (
        "[tool.maskprobe] has no key 'sed'; did you mean 'seed'?"
    )
    assert problem(tmp_path, "[tool.maskprobe]\nseed = 'x'", "pyproject.toml").startswith(
        "tool.maskprobe.seed: a whole"
    )
    assert problem(tmp_path, "[tool]\nmaskprobe = 3", "pyproject.toml") == "[tool.maskprobe] must be a table"


def test_the_words_to_assume_are_those_of_the_rulebook() -> None:
    assert set(AssumedWord.__args__) == set(Assumption)


def test_assumptions_come_from_the_nearest_settings(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.maskprobe.assume]\nMine = 'carry'\nYours = 'drop'")
    (tmp_path / "a").mkdir()
    assert assumptions(["Yours=use"], tmp_path / "a") == {"Mine": Assumption.CARRY, "Yours": Assumption.USE}
    write(tmp_path / "a" / "maskprobe.toml", "assume = {Other = 'SOURCE'}")
    assert assumptions((), tmp_path / "a") == {"Other": Assumption.SOURCE}


def test_settled_assumptions_read_no_file(tmp_path: Path) -> None:
    write(tmp_path / "maskprobe.toml", "assume = {Other = 'source'}")
    assert assumptions(settled({"Mine": "carry"}), tmp_path) == {"Mine": Assumption.CARRY}
    with pytest.raises(UsageError, match="'keep'"):
        settled({"Mine": "keep"})


@pytest.mark.parametrize("text", ["[tool.maskprobe]\nassume = 3", "[tool.maskprobe.assume]\nMine = 'keep'"])
def test_wrong_assumptions_are_wrong_usage(text: str, tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", text)
    with pytest.raises(UsageError):
        assumptions((), tmp_path)
