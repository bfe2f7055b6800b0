"""Ways to write what came of many models, one file each; they never judge.

Importing this brings in no renderer and no NumPy: each is imported when it is asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.outputs import Format, Output, parse_output, parse_outputs
from maskprobe.check.result import FileResult
from maskprobe.errors import UsageError

__all__ = [
    "Format",
    "Output",
    "RunContext",
    "parse_output",
    "parse_outputs",
    "prepare_outputs",
    "render",
    "write_outputs",
]

Renderer: TypeAlias = Callable[[Sequence[FileResult], RunContext], str]
_FOR_TERMINALS = frozenset({Format.CONCISE, Format.GITHUB})
"""Lines that go in the encoding of the terminal or log; the others are UTF-8 by their own rules."""


def write_outputs(
    results: Sequence[FileResult], outputs: Sequence[Output], context: RunContext, stdout: TextIO | None = None
) -> None:
    """Write `results` in each of `outputs`. Files are overwritten, as a whole.

    If one cannot be written, the others still are.

    Args:
        results: what came of the models, in the order to show them.
        outputs: formats and where they go, as `parse_outputs` gives them.
        context: what else is told of the run.
        stdout: where an output without a file goes; `sys.stdout` by default.

    Raises:
        UsageError: a file cannot be written, or is one of the models, or a file of others is where a page goes.
    """
    _refuse_models(results, outputs)
    refusals: list[UsageError] = []
    for output in outputs:
        try:
            _write(output, results, context, stdout or sys.stdout)
        except UsageError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]


def prepare_outputs(outputs: Sequence[Output]) -> None:
    """See that all files can be written, and make the folders on the way: before a long run, not after it.

    Raises:
        UsageError: one cannot be written.
    """
    from maskprobe.check.formats.files import prepare

    for output in outputs:
        if output.target is not None and output.format is Format.HTML:
            from maskprobe.check.formats.html import prepare_folder

            prepare_folder(output.target)
        elif output.target is not None:
            prepare(output.target)


def render(format_: Format, results: Sequence[FileResult], context: RunContext) -> str:
    """Write `results` as text that any UTF-8 file can hold."""
    return _renderer(format_)(results, context)


def _write(output: Output, results: Sequence[FileResult], context: RunContext, stdout: TextIO) -> None:
    if output.target is None:
        _to_stdout(output.format, results, context, stdout)
        return
    if output.format is Format.HTML:
        from maskprobe.check.formats.html import write_folder

        write_folder(output.target, results, context)
        return
    from maskprobe.check.formats.files import write_whole

    write_whole(output.target, render(output.format, results, context))


def _to_stdout(format_: Format, results: Sequence[FileResult], context: RunContext, stdout: TextIO) -> None:
    if format_ is Format.TEXT:
        from maskprobe.check.formats.text import render_text
        from maskprobe.report.console import make_console

        render_text(results, context, make_console(stdout))
        return
    text = render(format_, results, context)
    binary = getattr(stdout, "buffer", None)
    if binary is None:
        stdout.write(text)
        return
    stdout.flush()
    if format_ in _FOR_TERMINALS:
        binary.write(text.encode(stdout.encoding or "utf-8", "backslashreplace"))
    else:
        binary.write(text.encode("utf-8"))
    binary.flush()


def _refuse_models(results: Sequence[FileResult], outputs: Sequence[Output]) -> None:
    models = {os.path.abspath(result.path) for result in results}  # noqa: PTH100 - no link is followed in thousands
    for output in outputs:
        if output.target is not None and not models.isdisjoint(_names_of(output.target)):
            raise UsageError(f"will not write {output.format} over the model {str(output.target)!r}")


def _names_of(target: Path) -> set[str]:
    return {str(target.absolute()), os.path.abspath(target), os.path.realpath(target)}  # noqa: PTH100 - `..` goes, too


def _renderer(format_: Format) -> Renderer:  # noqa: C901, PLR0911 - one a format
    match format_:
        case Format.TEXT:
            from maskprobe.check.formats.text import render as text

            return text
        case Format.CONCISE:
            from maskprobe.check.formats.concise import render as concise

            return concise
        case Format.JSON:
            from maskprobe.check.formats.json import render as json

            return json
        case Format.JSONL:
            from maskprobe.check.formats.jsonl import render as jsonl

            return jsonl
        case Format.SARIF:
            from maskprobe.check.formats.sarif import render as sarif

            return sarif
        case Format.JUNIT:
            from maskprobe.check.formats.junit import render as junit

            return junit
        case Format.GITHUB:
            from maskprobe.check.formats.github import render as github

            return github
        case Format.GITLAB:
            from maskprobe.check.formats.gitlab import render as gitlab

            return gitlab
        case Format.MARKDOWN:
            from maskprobe.check.formats.markdown import render as markdown

            return markdown
        case Format.HTML:
            from maskprobe.check.formats.html import render as html

            return html
