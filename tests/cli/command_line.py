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
