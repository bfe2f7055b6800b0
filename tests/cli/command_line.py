"""What the tests of the command line share."""

from __future__ import annotations

from typing import Protocol

from typer.testing import CliRunner

from maskprobe.cli import app


class Result(Protocol):
    """What one run of the command gave."""

    exit_code: int
    stdout: str
    stderr: str
    output: str


def run(*arguments: object, env: dict[str, str] | None = None) -> Result:
    """Run `maskprobe` in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=env)


def assert_one_line_error(result: Result, exit_code: int = 3) -> None:
    """The command failed as it should: nothing on stdout, one line on stderr, no traceback."""
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("maskprobe: error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert "internal error" not in result.stderr


def assert_not_run(result: Result) -> None:
    """The model could not be run: one line says why, one that its file was read instead, and the exit code is 3."""
    assert result.exit_code == 3, result.output
    error, instead = result.stderr.splitlines()
    assert error.startswith("maskprobe: error: ")
    assert instead == "maskprobe: read off the file instead, nothing was run"
    assert "nothing was run" in result.stdout
    assert "The model was not run" in " ".join(result.stdout.split())
    assert "Traceback" not in result.stderr + result.stdout
    assert "internal error" not in result.stderr
