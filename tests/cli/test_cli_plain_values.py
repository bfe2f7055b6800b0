"""Options that are plain go past Typer's converters; what is not is still refused by them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from maskprobe.cli import app
from maskprobe.cli.plain_values import PlainCommand, PlainGroup

RUNNER = CliRunner()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--length", "0"], "--length"),
        (["--length", "many"], "--length"),
        (["--padding", "sideways"], "--padding"),
        (["--seed", "-1"], "--seed"),
        (["--pad-value", "none"], "--pad-value"),
        (["--fail-on", "sometimes"], "--fail-on"),
    ],
)
def test_a_wrong_value_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    found = RUNNER.invoke(app, ["trace", "--static", str(tmp_path), *options])
    assert found.exit_code == 2
    assert said in found.output


def test_values_arrive_as_the_types_that_the_command_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("maskprobe.cli.trace.read_off", lambda reading: seen.append(reading) or 1 / 0)
    options = "--padding after --length 7 --pad-value 2 --seed 3 --mask-input m --keras 3.4 --assume A=carry"
    RUNNER.invoke(app, ["trace", "--static", str(tmp_path), *options.split(), "--assume", "B=drop"])
    reading = seen[0]
    assert (reading.file, reading.keras, reading.assume) == (tmp_path, "3.4", ("A=carry", "B=drop"))
    probe = reading.probe
    assert (probe.padding.value, probe.length, probe.pad_value, probe.seed) == ("after", 7, 2.0, 3)
    assert probe.mask_inputs == ("m",)


@pytest.mark.parametrize("kind", [PlainCommand, PlainGroup])
def test_a_typer_without_such_converters_is_left_alone(kind: Any) -> None:
    class Option:
        """A parameter as older versions of Typer have it."""

        opts: tuple[str, ...] = ()
        secondary_opts: tuple[str, ...] = ()

    made, option = kind(name="any", add_help_option=False), Option()
    made.params.append(option)
    assert made.get_params(SimpleNamespace(help_option_names=[])) == [option]
    assert vars(option) == {}
