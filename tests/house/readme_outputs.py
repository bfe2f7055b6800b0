"""The commands that the pages show with their outputs. `python tests/house/readme_outputs.py` writes them anew."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from maskprobe.cli import app

README = Path(__file__).parents[2] / "README.md"
SHOWING = (README, *(README.parent / "docs" / name for name in ("fixing.md", "reading-a-trace.md", "verify-loss.md")))
"""The pages that show outputs."""
MEASURED = (README, README.parent / "docs" / "loss-conventions.md")
"""The pages that show what a benchmark wrote."""
BLOCK = re.compile(r"(<!-- output -->\n```console\n\$ )(maskprobe [^\n]*)\n(.*?)(```)", re.DOTALL)
WIDTH = "88"
TABLE = re.compile(r"(<!-- benchmark: ([\w/.]+) -->\n)(.*?)(<!-- end of benchmark -->)", re.DOTALL)


def output_of(command: str) -> str:
    """What the command prints at the width of the pages."""
    result = CliRunner().invoke(app, shlex.split(command)[1:], env={"COLUMNS": WIDTH, "NO_COLOR": "1"})
    return str(result.stdout)


def rewritten(text: str) -> str:
    """`text` with the real output under each command, and the measured figures in each table."""
    text = BLOCK.sub(lambda block: f"{block[1]}{block[2]}\n{output_of(block[2])}{block[4]}", text)
    return TABLE.sub(lambda table: f"{table[1]}{figures(table[2])}{table[4]}", text)


def figures(path: str) -> str:
    """The results that a benchmark wrote."""
    return f"\n{(README.parent / path).read_text(encoding='utf-8')}\n"


if __name__ == "__main__":
    for page in dict.fromkeys([*SHOWING, *MEASURED]):
        page.write_text(rewritten(page.read_text(encoding="utf-8")), encoding="utf-8")
