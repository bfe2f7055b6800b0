"""JSON Lines: a line a model, written as its result comes, and read back to go on with or to merge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import msgspec

from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.json_result import result_from_json, result_to_json
from maskprobe.check.formats.json_values import RESULT_SCHEMA, JsonResult
from maskprobe.check.result import FileResult
from maskprobe.errors import UsageError, one_line
from maskprobe.report.json import escaped

_DECODER = msgspec.json.Decoder(JsonResult)


@dataclass(frozen=True, slots=True)
class JsonlWriter:
    """Writes each result as it comes. Nothing of a finished model is lost if the run ends early."""

    stream: IO[bytes]
    """An open binary stream, such as `sys.stdout.buffer`; it is flushed after each line and never closed."""

    def write(self, result: FileResult) -> None:
        """Write one line."""
        self.stream.write(line_of(result))
        self.stream.flush()


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write `results`, a line each."""
    del context
    return b"".join(map(line_of, results)).decode("utf-8")


def line_of(result: FileResult) -> bytes:
    r"""Write one result as JSON, UTF-8, on one line that ends in `\n`."""
    return escaped(msgspec.json.encode(result_to_json(result))) + b"\n"


def read_jsonl(lines: Iterable[bytes | str]) -> Iterator[FileResult]:
    """Read back what `render` or `JsonlWriter` wrote, line by line: an open file will do. Empty lines are passed over.

    Raises:
        UsageError: a line is not such a result of this version of the format, or was cut off.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise UsageError(one_line(f"line {number} is not a {RESULT_SCHEMA} JSON line: {error}")) from error
        yield result_from_json(value)
