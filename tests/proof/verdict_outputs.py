"""The traces shown in docs/verdicts.md, made from the models themselves.

`python tests/proof/verdict_outputs.py` writes them anew. Of each trace the table is kept and of each finding what was
found; the head, the evidence and the end-to-end part are left out.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import showcase_models
from typer.testing import CliRunner

from maskprobe.backend.engine import get_engine
from maskprobe.cli import app

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
BLOCK = re.compile(r"(<!-- trace: (\w+) of (\w+) -->\n```console\n\$ )(maskprobe [^\n]*)\n(.*?)(```)", re.DOTALL)
"""A model, the engine it is built of, the command, and what it printed."""
WIDTH = "88"


def built(name: str, engine: str) -> Any:
    """The model `name` of `engine`, the same weights each time."""
    from keras_limits import start_names_again

    keras = get_engine(engine).keras
    start_names_again(keras)
    keras.utils.set_random_seed(0)
    return showcase_models.BUILDERS[name](keras)


def trace_of(name: str, engine: str, command: str) -> str:
    """What `command` prints of the model, shortened. The file it names is made for it."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        built(name, engine).save(f"{name}.keras")
        result = CliRunner().invoke(app, shlex.split(command)[1:], env={"COLUMNS": WIDTH, "NO_COLOR": "1"})
    return shortened(str(result.stdout))


def shortened(output: str) -> str:
    """The table, what was found, and the sum of it all."""
    lines = output.splitlines()
    table = next(place for place, line in enumerate(lines) if line.startswith("call "))
    end = lines.index("", table)
    kept = [*lines[table : end + 1]]
    for finding in _findings(lines[end:]):
        kept += [*finding, ""]
    return "\n".join([*kept, lines[-1], ""])


def _findings(lines: list[str]) -> Iterator[list[str]]:
    """The heading and the message of each finding."""
    for place, line in enumerate(lines):
        if re.match(r"(error|warning|note) MP\d+ ", line):
            found = [line]
            for following in lines[place + 1 :]:
                if re.match(r"  (seen|why|fix):", following):
                    break
                found.append(following)
            yield found


def rewritten(text: str, trace: Callable[[str, str, str], str] = trace_of) -> str:
    """`text` with the real trace under each command."""
    return BLOCK.sub(lambda block: f"{block[1]}{block[4]}\n{trace(block[2], block[3], block[4])}{block[6]}", text)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} written\n")
